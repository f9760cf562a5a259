/* SPDX-License-Identifier: MIT */
#include "lib/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"

static int bad(struct err *err, const char *text)
{
	return err_set(err, -EINVAL,
		       "'%.100s' is not a listen address, expected HOST:PORT, :PORT, [V6]:PORT or "
		       "unix:/path, with an address as HOST and 1 to 65535 as PORT",
		       text);
}

static int parse_unix(const char *text, struct endpoint *ret, struct err *err)
{
	struct endpoint ep = { 0 };
	const char *path = text + strlen("unix:");
	if (str_starts(path, "//")) /* unix:///run/x.sock is what URL writers expect */
		path += 2;
	if (path[0] != '/')
		return err_set(err, -EINVAL,
			       "'%.100s': the path of a unix socket must be absolute, like "
			       "unix:/run/vipherald.sock",
			       text);
	if (str_copy(ep.unix_path, sizeof(ep.unix_path), path) < 0)
		return err_set(err, -EINVAL,
			       "'%.100s…': the path of a unix socket is limited to %zu bytes", text,
			       sizeof(ep.unix_path) - 1);
	*ret = ep;
	return 0;
}

/* Splits at the colon before the port; a bare v6 address has none. */
static const char *port_of(const char *text)
{
	if (text[0] == '[') {
		const char *close = strchr(text, ']');
		return close && close[1] == ':' ? close + 1 : NULL;
	}
	const char *first = strchr(text, ':');
	return first && first == strrchr(text, ':') ? first : NULL;
}

int endpoint_parse(const char *text, uint16_t default_port, struct endpoint *ret, struct err *err)
{
	if (str_starts(text, "unix:"))
		return parse_unix(text, ret, err);
	struct endpoint ep = { .port = default_port };
	char host[ADDR_TEXT_MAX + 2];
	const char *colon = port_of(text), *h = host;
	size_t n = colon ? (size_t)(colon - text) : strlen(text);
	if (n >= sizeof(host))
		return bad(err, text);
	memcpy(host, text, n);
	host[n] = 0;
	if (host[0] == '[') {
		if (n < 3 || host[n - 1] != ']')
			return bad(err, text);
		host[n - 1] = 0;
		h++;
	}
	if (str_equal(h, "localhost"))
		ep.addr = addr_v4(INADDR_LOOPBACK);
	else if (*h && addr_parse(h, &ep.addr) < 0)
		return bad(err, text);
	uint64_t port;
	if (colon && str_to_u64(colon + 1, UINT16_MAX, &port) < 0)
		return bad(err, text);
	if (colon)
		ep.port = (uint16_t)port;
	if (ep.port == 0)
		return bad(err, text);
	*ret = ep;
	return 0;
}

const char *endpoint_format(const struct endpoint *ep, char buf[static ENDPOINT_TEXT_MAX])
{
	char a[ADDR_TEXT_MAX];
	if (ep->unix_path[0])
		snprintf(buf, ENDPOINT_TEXT_MAX, "unix:%s", ep->unix_path);
	else if (!addr_is_set(&ep->addr))
		snprintf(buf, ENDPOINT_TEXT_MAX, ":%u", ep->port);
	else
		snprintf(buf, ENDPOINT_TEXT_MAX, ep->addr.family == AF_INET6 ? "[%s]:%u" : "%s:%u",
			 addr_format(&ep->addr, a), ep->port);
	return buf;
}
