/* SPDX-License-Identifier: MIT */
#include "monitors/spec.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/options.h"

#define EXPECTED                                                                                   \
	"expected port:tcp:PORT, port:udp:PORT, http://HOST/PATH, https://HOST/PATH, "             \
	"tcp:HOST:PORT, dns:HOST:PORT:NAME:TYPE, process:PIDFILE, process:NAME, file:PATH, "       \
	"exec:COMMAND or consul"

typedef int parse_fn(const char *text, const char *arg, struct monitor_spec *s, struct err *err);
static parse_fn parse_port, parse_exec, parse_consul, parse_http, parse_tcp, parse_dns,
	parse_process, parse_file;

/* The kinds there are. `arg` of a parser is what follows "NAME:", or NULL without a colon. */
static const struct {
	const char *name;
	parse_fn *parse;
} kinds[MONITOR_N_KINDS] = {
	[MONITOR_PORT] = { "port", parse_port },
	[MONITOR_EXEC] = { "exec", parse_exec },
	[MONITOR_CONSUL] = { "consul", parse_consul },
	[MONITOR_HTTP] = { "http", parse_http },
	[MONITOR_HTTPS] = { "https", parse_http },
	[MONITOR_TCP] = { "tcp", parse_tcp },
	[MONITOR_DNS] = { "dns", parse_dns },
	[MONITOR_PROCESS] = { "process", parse_process },
	[MONITOR_FILE] = { "file", parse_file },
};

#define N_KINDS MONITOR_N_KINDS

const char *monitor_kind_name(enum monitor_kind k)
{
	return kinds[k].name;
}

static int parse_port(const char *text, const char *arg, struct monitor_spec *s, struct err *err)
{
	static const char *const protos[] = { "tcp", "udp", NULL };
	char proto[16];
	const char *colon = arg ? strchr(arg, ':') : NULL;
	size_t n = colon ? (size_t)(colon - arg) : 0;
	if (!colon || n >= sizeof(proto))
		return err_set(err, -EINVAL,
			       "monitor '%.100s': expected port:tcp:PORT or port:udp:PORT", text);
	memcpy(proto, arg, n);
	proto[n] = 0;
	if (!str_equal(proto, "tcp") && !str_equal(proto, "udp")) {
		const char *near = str_nearest(proto, protos);
		return err_set(err, -EINVAL,
			       "monitor '%.100s': unknown protocol '%s'%s%s%s, expected tcp or udp",
			       text, proto, near ? ", did you mean '" : "", near ? near : "",
			       near ? "'" : "");
	}
	uint64_t port;
	if (str_to_u64(colon + 1, UINT16_MAX, &port) < 0 || port == 0)
		return err_set(err, -EINVAL,
			       "monitor '%.100s': bad port '%.80s', expected 1 to 65535", text,
			       colon + 1);
	s->port.proto = str_equal(proto, "udp") ? IPPROTO_UDP : IPPROTO_TCP;
	s->port.port = (uint16_t)port;
	return 0;
}

static int parse_exec(const char *text, const char *arg, struct monitor_spec *s, struct err *err)
{
	if (!arg || arg[strspn(arg, " \t\r\n")] == 0)
		return err_set(err, -EINVAL,
			       "monitor '%.100s' has no command, expected exec:COMMAND like "
			       "exec:/usr/local/bin/check -v",
			       text);
	s->exec.command = arg;
	return 0;
}

static int parse_consul(const char *text, const char *arg, struct monitor_spec *s, struct err *err)
{
	(void)s;
	if (arg)
		return err_set(err, -EINVAL,
			       "monitor '%.100s': consul takes nothing after it, expected consul",
			       text);
	return 0;
}

/* ---- monitors of the network ---- */

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
	if (n == 0 || n >= size || n > all || (bracket && start[n] != ']'))
		return false;
	memcpy(buf, start, n);
	buf[n] = 0;
	*ret_after = start + n + bracket;
	return true;
}

static bool has_blank(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (*p <= ' ' || *p == 0x7f)
			return true;
	return false;
}

/* "::ffff:192.0.2.1" is asked for as IPv4, and would pass by every rule for 192.0.2.1. */
static int check_mapped(const char *text, const struct addr *a, struct err *err)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char v4[ADDR_TEXT_MAX];
	if (a->family != AF_INET6 || memcmp(a->bytes, mapped, sizeof(mapped)) != 0)
		return 0;
	const struct addr plain = addr_from_bytes(AF_INET, a->bytes + sizeof(mapped));
	addr_format(&plain, v4);
	return err_set(err, -EINVAL,
		       "monitor '%.100s': an IPv4 address in the form of IPv6, write %s", text, v4);
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

static int parse_http(const char *text, const char *arg, struct monitor_spec *s, struct err *err)
{
	char host[256];
	const char *name = kinds[s->kind].name, *after;
	size_t n = strlen(name);
	struct addr addr;
	/* "http://HOST" is the text as it stands, of "http:http://HOST" it is the argument. */
	if (arg && str_starts(arg, "//"))
		s->http.url = text;
	else if (arg && str_starts(arg, name) && str_starts(arg + n, "://"))
		s->http.url = arg;
	if (!s->http.url || has_blank(text) || !url_host(s->http.url, host, sizeof(host), &after))
		return err_set(err, -EINVAL,
			       "monitor '%.100s': expected a URL like %s://127.0.0.1/health, with "
			       "blanks as %%20",
			       text, name);
	if (!is_url_port(after))
		return err_set(err, -EINVAL,
			       "monitor '%.100s': bad port '%.*s', expected 1 to 65535", text,
			       (int)strcspn(after, "/?#"), after);
	return addr_parse(host, &addr) == 0 ? check_mapped(text, &addr, err) : 0;
}

static int bad_host(const char *text, const char *host, struct err *err)
{
	return err_set(err, -EINVAL,
		       "monitor '%.100s': '%.80s' is not an address, expected one like 127.0.0.1 "
		       "or [::1], or localhost; names are not looked up, or the name server's "
		       "death would be every service's",
		       text, host);
}

/* "HOST:PORT" of `len` bytes. */
static int parse_endpoint(const char *text, const char *arg, size_t len,
			  struct monitor_endpoint *ret, struct err *err)
{
	char buf[80], *host = buf;
	uint64_t port;
	if (len >= sizeof(buf))
		return bad_host(text, arg, err);
	memcpy(buf, arg, len);
	buf[len] = 0;
	char *colon = strrchr(buf, ':');
	if (!colon)
		return err_set(err, -EINVAL, "monitor '%.100s': '%.80s' has no port", text, buf);
	*colon = 0;
	if (str_to_u64(colon + 1, UINT16_MAX, &port) < 0 || port == 0)
		return err_set(err, -EINVAL,
			       "monitor '%.100s': bad port '%.80s', expected 1 to 65535", text,
			       colon + 1);
	size_t n = strlen(host);
	if (n > 1 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = 0;
		host++;
	}
	struct addr addr = addr_v4(INADDR_LOOPBACK);
	if (!str_equal(host, "localhost") && addr_parse(host, &addr) < 0)
		return bad_host(text, host, err);
	*ret = (struct monitor_endpoint){ .addr = addr, .port = (uint16_t)port };
	return check_mapped(text, &addr, err);
}

static int parse_tcp(const char *text, const char *arg, struct monitor_spec *s, struct err *err)
{
	if (!arg)
		return err_set(err, -EINVAL, "monitor '%.100s': expected tcp:HOST:PORT", text);
	return parse_endpoint(text, arg, strlen(arg), &s->tcp, err);
}

/* From the right, because HOST may hold colons. */
static int parse_dns(const char *text, const char *arg, struct monitor_spec *s, struct err *err)
{
	const char *type = arg ? strrchr(arg, ':') : NULL;
	const char *name = type ? memrchr(arg, ':', (size_t)(type - arg)) : NULL;
	if (!name || name == arg)
		return err_set(err, -EINVAL,
			       "monitor '%.100s': expected dns:HOST:PORT:NAME:TYPE like "
			       "dns:127.0.0.1:53:example.com:A",
			       text);
	size_t n = (size_t)(type - name) - 1;
	if (n == 0 || n > 254 || has_blank(name + 1))
		return err_set(err, -EINVAL, "monitor '%.100s': '%.*s' is not a name to ask for",
			       text, (int)(n < 80 ? n : 80), name + 1);
	if (dns_type_parse(type + 1, &s->dns.type) < 0)
		return err_set(
			err, -EINVAL,
			"monitor '%.100s': unknown type '%.40s', expected A, AAAA, SOA, … or "
			"TYPE and a number",
			text, type + 1);
	s->dns.name = name + 1;
	return parse_endpoint(text, arg, (size_t)(name - arg), &s->dns.server, err);
}

/* ---- monitors of this host ---- */

static int parse_process(const char *text, const char *arg, struct monitor_spec *s, struct err *err)
{
	if (!arg || !*arg || (strchr(arg, '/') && arg[0] != '/'))
		return err_set(err, -EINVAL,
			       "monitor '%.100s': expected process:/PATH/OF/PIDFILE or "
			       "process:NAME",
			       text);
	s->process.who = arg;
	return 0;
}

static int parse_file(const char *text, const char *arg, struct monitor_spec *s, struct err *err)
{
	s->file.absent = arg && arg[0] == '!';
	s->file.path = arg ? arg + s->file.absent : "";
	if (s->file.path[0] != '/')
		return err_set(err, -EINVAL,
			       "monitor '%.100s': expected file:/PATH, or file:!/PATH for a file "
			       "that must not be there",
			       text);
	return 0;
}

static int unknown_kind(const char *text, const char *name, struct err *err)
{
	const char *names[N_KINDS + 1] = { 0 };
	for (size_t i = 0; i < N_KINDS; i++)
		names[i] = kinds[i].name;
	if (!*text)
		return err_set(err, -EINVAL, "monitor '' is empty, " EXPECTED);
	const char *near = str_nearest(name, names);
	return err_set(err, -EINVAL, "monitor '%.100s': unknown kind '%.40s'%s%s%s, " EXPECTED,
		       text, name, near ? ", did you mean '" : "", near ? near : "",
		       near ? "'" : "");
}

/* ---- the whole ---- */

static int take_options(const char *text, const struct monitor_options *options,
			struct monitor_spec *s, struct err *err)
{
	for (size_t i = 0; options && i < MONITOR_N_OPTIONS; i++) {
		const char *value = options->texts[i];
		struct err why = { "" };
		if (!value)
			continue;
		int r = monitor_option_check(s->kind, (enum monitor_option)i, value, &why);
		if (r < 0)
			return err_set(err, r, "monitor '%.100s': %s", text, why.text);
		if (!s->options)
			s->options = mem_new(1, sizeof(*s->options));
		s->options->texts[i] = mem_strdup(value);
	}
	return 0;
}

int monitor_spec_parse_with(const char *text, const struct monitor_timing *timing,
			    const struct monitor_options *options, struct monitor_spec *ret,
			    struct err *err)
{
	char name[MONITOR_TEXT_MAX + 1];
	size_t len = strlen(text), n = strcspn(text, ":");
	if (len > MONITOR_TEXT_MAX)
		return err_set(err, -EINVAL,
			       "monitor '%.40s…' is %zu bytes long, at most %d are allowed", text,
			       len, MONITOR_TEXT_MAX);
	memcpy(name, text, n);
	name[n] = 0;
	for (size_t i = 0; i < N_KINDS; i++) {
		if (!str_equal(name, kinds[i].name))
			continue;
		/* Parsed in place, so that a view into the text is one into the owned copy. */
		struct monitor_spec s = { .kind = (enum monitor_kind)i, .text = mem_strdup(text) };
		int r = kinds[i].parse(s.text, s.text[n] ? s.text + n + 1 : NULL, &s, err);
		if (r == 0)
			r = take_options(text, options, &s, err);
		if (r < 0) {
			monitor_spec_done(&s);
			return r;
		}
		if (timing)
			s.timing = *timing;
		*ret = s;
		return 0;
	}
	return unknown_kind(text, name, err);
}

int monitor_spec_parse(const char *text, struct monitor_spec *ret, struct err *err)
{
	return monitor_spec_parse_with(text, NULL, NULL, ret, err);
}

void monitor_spec_done(struct monitor_spec *s)
{
	if (s->options)
		monitor_options_done(s->options);
	mem_free(&s->options);
	mem_free(&s->text);
}

/* The one view into the text that a kind has; NULL for none. */
static const char **view_of(struct monitor_spec *s)
{
	switch (s->kind) {
	case MONITOR_EXEC:
		return &s->exec.command;
	case MONITOR_HTTP:
	case MONITOR_HTTPS:
		return &s->http.url;
	case MONITOR_DNS:
		return &s->dns.name;
	case MONITOR_PROCESS:
		return &s->process.who;
	case MONITOR_FILE:
		return &s->file.path;
	case MONITOR_PORT:
	case MONITOR_CONSUL:
	case MONITOR_TCP:
		return NULL;
	}
	return NULL;
}

void monitor_spec_copy(struct monitor_spec *dst, const struct monitor_spec *src)
{
	struct monitor_spec copy = *src;
	const char **view = view_of(&copy);
	copy.text = mem_strdup(src->text);
	if (view)
		*view = copy.text + (*view - src->text);
	if (src->options) {
		copy.options = mem_new(1, sizeof(*copy.options));
		for (size_t i = 0; i < MONITOR_N_OPTIONS; i++)
			if (src->options->texts[i])
				copy.options->texts[i] = mem_strdup(src->options->texts[i]);
	}
	*dst = copy;
}

static bool timing_equal(const struct monitor_timing *a, const struct monitor_timing *b)
{
	return a->interval == b->interval && a->fast_interval == b->fast_interval &&
	       a->timeout == b->timeout && a->rise == b->rise && a->fall == b->fall;
}

static bool options_equal(const struct monitor_spec *a, const struct monitor_spec *b)
{
	for (size_t i = 0; (a->options || b->options) && i < MONITOR_N_OPTIONS; i++) {
		const char *x = monitor_spec_option(a, (enum monitor_option)i);
		const char *y = monitor_spec_option(b, (enum monitor_option)i);
		if (!x != !y || (x && !str_equal(x, y)))
			return false;
	}
	return true;
}

bool monitor_spec_equal(const struct monitor_spec *a, const struct monitor_spec *b)
{
	if (a->kind != b->kind || !timing_equal(&a->timing, &b->timing) || !options_equal(a, b))
		return false;
	switch (a->kind) {
	case MONITOR_PORT: /* "port:tcp:53" and "port:tcp:0053" are the same */
		return a->port.proto == b->port.proto && a->port.port == b->port.port;
	case MONITOR_HTTP:
	case MONITOR_HTTPS:
		return str_equal(a->http.url, b->http.url);
	case MONITOR_TCP:
		return a->tcp.port == b->tcp.port && addr_equal(&a->tcp.addr, &b->tcp.addr);
	case MONITOR_CONSUL:
		return true;
	case MONITOR_EXEC:
	case MONITOR_DNS:
	case MONITOR_PROCESS:
	case MONITOR_FILE:
		return str_equal(a->text, b->text);
	}
	return false;
}

const char *monitor_spec_option(const struct monitor_spec *s, enum monitor_option o)
{
	return s->options ? s->options->texts[o] : NULL;
}

bool monitor_spec_target(const struct monitor_spec *s, struct addr *ret)
{
	char host[256];
	const char *after;
	switch (s->kind) {
	case MONITOR_HTTP:
	case MONITOR_HTTPS:
		return url_host(s->http.url, host, sizeof(host), &after) &&
		       addr_parse(host, ret) == 0;
	case MONITOR_TCP:
		*ret = s->tcp.addr;
		return true;
	case MONITOR_DNS:
		*ret = s->dns.server.addr;
		return true;
	case MONITOR_PORT:
	case MONITOR_EXEC:
	case MONITOR_CONSUL:
	case MONITOR_PROCESS:
	case MONITOR_FILE:
		return false;
	}
	return false;
}
