/* SPDX-License-Identifier: MIT */
#include "monitors/spec.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

#define EXPECTED "expected port:tcp:PORT, port:udp:PORT, exec:COMMAND or consul"

typedef int parse_fn(const char *text, const char *arg, struct monitor_spec *s, struct err *err);
static parse_fn parse_port, parse_exec, parse_consul;

/* The kinds there are. `arg` of a parser is what follows "NAME:", or NULL without a colon. */
static const struct {
	const char *name;
	parse_fn *parse;
} kinds[] = {
	[MONITOR_PORT] = { "port", parse_port },
	[MONITOR_EXEC] = { "exec", parse_exec },
	[MONITOR_CONSUL] = { "consul", parse_consul },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

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

int monitor_spec_parse(const char *text, struct monitor_spec *ret, struct err *err)
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
		if (r < 0) {
			monitor_spec_done(&s);
			return r;
		}
		*ret = s;
		return 0;
	}
	return unknown_kind(text, name, err);
}

void monitor_spec_done(struct monitor_spec *s)
{
	mem_free(&s->text);
}

void monitor_spec_copy(struct monitor_spec *dst, const struct monitor_spec *src)
{
	struct monitor_spec copy = *src;
	copy.text = mem_strdup(src->text);
	if (src->kind == MONITOR_EXEC)
		copy.exec.command = copy.text + (src->exec.command - src->text);
	*dst = copy;
}

bool monitor_spec_equal(const struct monitor_spec *a, const struct monitor_spec *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case MONITOR_PORT: /* "port:tcp:53" and "port:tcp:0053" are the same */
		return a->port.proto == b->port.proto && a->port.port == b->port.port;
	case MONITOR_EXEC:
		return str_equal(a->exec.command, b->exec.command);
	case MONITOR_CONSUL:
		return true;
	}
	return false;
}
