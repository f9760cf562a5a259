/* SPDX-License-Identifier: MIT */
/* "port:tcp:53": is the port open? The kernel is asked; the port is never bound. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"
#include "monitors/monitor.h"
#include "monitors/target.h"

struct port_target {
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t port;
};

/* ---- the text ---- */

static int unknown_protocol(const char *proto, struct err *err)
{
	static const char *const protos[] = { "tcp", "udp", NULL };
	const char *near = str_nearest(proto, protos);
	return err_set(err, -EINVAL, "unknown protocol '%s'%s%s%s, expected tcp or udp", proto,
		       near ? ", did you mean '" : "", near ? near : "", near ? "'" : "");
}

static int parse(const struct monitor_spec *s, void *parsed, struct err *err)
{
	struct port_target *t = parsed;
	char proto[16];
	const char *arg = monitor_spec_argument(s);
	const char *colon = arg ? strchr(arg, ':') : NULL;
	size_t n = colon ? (size_t)(colon - arg) : 0;
	if (!colon || n >= sizeof(proto))
		return err_set(err, -EINVAL, "expected port:tcp:PORT or port:udp:PORT");
	memcpy(proto, arg, n);
	proto[n] = 0;
	if (!str_equal(proto, "tcp") && !str_equal(proto, "udp"))
		return unknown_protocol(proto, err);
	t->proto = str_equal(proto, "udp") ? IPPROTO_UDP : IPPROTO_TCP;
	return monitor_port_parse(colon + 1, &t->port, err);
}

/* "port:tcp:53" and "port:tcp:0053" are the same. */
static bool equal(const struct monitor_spec *a, const struct monitor_spec *b)
{
	const struct port_target *x = a->parsed, *y = b->parsed;
	return x->proto == y->proto && x->port == y->port;
}

/* ---- the check ---- */

static void *attach(struct monitor_env *env, const struct monitor_spec *spec, monitor_hint_cb *hint,
		    void *userdata)
{
	const struct port_target *t = spec->parsed;
	return ports_attach(env->ports, t->proto, t->port, hint, userdata);
}

static void detach(void *attached)
{
	ports_detach(attached);
}

static void check(struct monitor_env *env, const struct monitor_spec *spec, void *attached,
		  struct monitor_result *ret)
{
	(void)env;
	bool listening = false;
	const struct port_target *t = spec->parsed;
	const char *proto = t->proto == IPPROTO_UDP ? "udp" : "tcp";
	int r = ports_check(attached, &listening);
	if (r < 0) {
		snprintf(ret->said, sizeof(ret->said), "cannot look up listeners on %s port %u: %s",
			 proto, t->port, strerror(-r));
		return;
	}
	ret->health = listening ? HEALTH_UP : HEALTH_DOWN;
	if (!listening)
		snprintf(ret->said, sizeof(ret->said), "nothing listens on %s port %u", proto,
			 t->port);
}

static const struct monitor_ops ops = {
	.said_up = "listening",
	.together = true,
	.check = check,
	.attach = attach,
	.detach = detach,
};

const struct monitor_kind monitor_kind_port = {
	.name = "port",
	.format = "port:tcp:PORT, port:udp:PORT",
	.doc = "`tcp:53` or `udp:53`: the port is open.",
	.access = MONITOR_ASKS_KERNEL,
	.parsed_size = sizeof(struct port_target),
	.parse = parse,
	.equal = equal,
	.ops = &ops,
};
