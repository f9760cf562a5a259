/* SPDX-License-Identifier: MIT */
#include "monitors/target.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/str.h"
#include "monitors/match.h"
#include "net/url.h"

bool monitor_has_blank(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p <= ' ' || *p == 0x7f)
			return true;
	return false;
}

/* A socket connects to "::ffff:192.0.2.1" over IPv4, but no rule for 192.0.2.1 would apply. */
static int refuse_mapped(const struct addr *a, struct err *err)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char v4[ADDR_TEXT_MAX];
	if (a->family != AF_INET6 || memcmp(a->bytes, mapped, sizeof(mapped)) != 0)
		return 0;
	const struct addr plain = addr_from_bytes(AF_INET, a->bytes + sizeof(mapped));
	addr_format(&plain, v4);
	return err_set(err, -EINVAL, "an IPv4 address in the form of IPv6, write %s", v4);
}

/* ---- HOST:PORT ---- */

int monitor_port_parse(const char *text, uint16_t *ret, struct err *err)
{
	uint64_t port;
	if (str_to_u64(text, UINT16_MAX, &port) < 0 || port == 0)
		return err_set(err, -EINVAL, "bad port '%.80s', expected 1 to 65535", text);
	*ret = (uint16_t)port;
	return 0;
}

static int bad_host(const char *host, struct err *err)
{
	return err_set(err, -EINVAL,
		       "'%.80s' is not an address or a host name, expected one like 127.0.0.1, "
		       "[::1], localhost or www.example.com",
		       host);
}

/* The last label of a name is not a number: "300.0.0.1" is an address with a mistake, and the
 * resolver would read "127.1" and "0x7f000001" as addresses. */
static bool is_name(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *last = dot ? dot + 1 : host;
	bool number = strspn(last, "0123456789") == strlen(last) || strncasecmp(last, "0x", 2) == 0;
	return host_name_is_valid(host) && !number;
}

int monitor_host_parse(const char *text, size_t len, struct monitor_endpoint *ret, struct err *err)
{
	char buf[256], *host = buf;
	if (len >= sizeof(buf))
		return bad_host(text, err);
	memcpy(buf, text, len);
	buf[len] = 0;
	if (is_name(host) && !str_equal(host, "localhost")) {
		ret->name_len = (uint8_t)len;
		return 0;
	}
	if (len > 1 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = 0;
		host++;
	}
	ret->addr = addr_v4(INADDR_LOOPBACK);
	if (!str_equal(host, "localhost") && addr_parse(host, &ret->addr) < 0)
		return bad_host(host, err);
	return refuse_mapped(&ret->addr, err);
}

int monitor_endpoint_check_address(const char *text, const struct monitor_endpoint *e,
				   struct err *err)
{
	if (addr_is_set(&e->addr))
		return 0;
	return err_set(err, -EINVAL,
		       "'%.*s' is not an address, expected one like 127.0.0.1 or [::1]",
		       e->name_len, text);
}

int monitor_endpoint_parse(const char *text, size_t len, struct monitor_endpoint *ret,
			   struct err *err)
{
	char port[64];
	const char *colon = memrchr(text, ':', len);
	size_t n = colon ? (size_t)(text + len - colon - 1) : 0;
	if (!colon)
		return err_set(err, -EINVAL, "'%.*s' has no port", (int)(len < 80 ? len : 80),
			       text);
	if (n >= sizeof(port))
		return err_set(err, -EINVAL, "bad port '%.80s', expected 1 to 65535", colon + 1);
	memcpy(port, colon + 1, n);
	port[n] = 0;
	int r = monitor_port_parse(port, &ret->port, err);
	return r < 0 ? r : monitor_host_parse(text, (size_t)(colon - text), ret, err);
}

bool monitor_endpoint_spec_equal(const struct monitor_spec *a, const struct monitor_spec *b)
{
	const struct monitor_endpoint *x = a->parsed, *y = b->parsed;
	return x->port == y->port && x->name_len == y->name_len && addr_equal(&x->addr, &y->addr) &&
	       strncasecmp(monitor_spec_argument(a), monitor_spec_argument(b), x->name_len) == 0;
}

bool monitor_endpoint_spec_target(const struct monitor_spec *s, struct addr *ret)
{
	const struct monitor_endpoint *to = s->parsed;
	*ret = to->addr;
	return addr_is_set(ret);
}

/* ---- URLs ---- */

/* The host of "//HOST:PORT/…", without brackets, and what follows it; false when there is none or
 * it is too long. */
static bool url_host(const char *url, char *buf, size_t size, const char **ret_after)
{
	const char *start = strstr(url, "//");
	start = start ? start + 2 : url;
	size_t all = strcspn(start, "/?#");
	const char *at = memchr(start, '@', all);
	if (at) {
		all -= (size_t)(at + 1 - start);
		start = at + 1;
	}
	bool bracket = *start == '[';
	start += bracket;
	size_t n = bracket ? strcspn(start, "]") : strcspn(start, ":/?#");
	if (n == 0 || n >= size || (bracket && (start[n] != ']' || n + 2 > all)))
		return false;
	memcpy(buf, start, n);
	buf[n] = 0;
	*ret_after = start + n + bracket;
	return true;
}

/* "", ":" or ":8080", up to the path. */
static bool is_url_port(const char *after_host)
{
	char digits[8] = "";
	uint64_t port;
	size_t n = strcspn(after_host, "/?#");
	if (n == 0 || (n == 1 && *after_host == ':'))
		return true;
	if (*after_host != ':' || n > sizeof(digits))
		return false;
	memcpy(digits, after_host + 1, n - 1);
	return str_to_u64(digits, UINT16_MAX, &port) == 0 && port > 0;
}

int monitor_url_check(const char *url, const char *example, struct err *err)
{
	char host[256];
	const char *after;
	struct addr addr;
	if (monitor_has_blank(url) || !url_host(url, host, sizeof(host), &after))
		return err_set(err, -EINVAL, "expected a URL like %s, with blanks as %%20",
			       example);
	if (!is_url_port(after))
		return err_set(err, -EINVAL, "bad port '%.*s', expected 1 to 65535",
			       (int)strcspn(after, "/?#"), after);
	if (addr_parse(host, &addr) == 0)
		return refuse_mapped(&addr, err);
	uint16_t port;
	return url_server(url, host, &port, err);
}

bool monitor_url_target(const char *url, struct addr *ret)
{
	char host[256];
	const char *after;
	if (!url_host(url, host, sizeof(host), &after))
		return false;
	*ret = addr_v4(INADDR_LOOPBACK);
	return str_equal(host, "localhost") || addr_parse(host, ret) == 0;
}
