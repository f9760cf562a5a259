/* SPDX-License-Identifier: MIT */
/* "port:tcp:53": is the port open to other hosts? "port:tcp:127.0.0.1:53": does something listen at
 * that address? The kernel is asked; the port is never bound. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"
#include "monitors/monitor.h"
#include "monitors/target.h"

struct port_target {
	uint8_t proto;              /* IPPROTO_TCP or IPPROTO_UDP */
	struct monitor_endpoint at; /* family 0: no address */
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
		return err_set(err, -EINVAL,
			       "expected port:tcp:PORT or port:tcp:ADDRESS:PORT, or udp");
	memcpy(proto, arg, n);
	proto[n] = 0;
	if (!str_equal(proto, "tcp") && !str_equal(proto, "udp"))
		return unknown_protocol(proto, err);
	t->proto = str_equal(proto, "udp") ? IPPROTO_UDP : IPPROTO_TCP;
	colon++;
	if (!strchr(colon, ':'))
		return monitor_port_parse(colon, &t->at.port, err);
	int r = monitor_endpoint_parse(colon, strlen(colon), &t->at, err);
	return r < 0 ? r : monitor_endpoint_check_address(colon, &t->at, err);
}

/* "port:tcp:53" and "port:tcp:0053" are the same. */
static bool equal(const struct monitor_spec *a, const struct monitor_spec *b)
{
	const struct port_target *x = a->parsed, *y = b->parsed;
	return x->proto == y->proto && x->at.port == y->at.port &&
	       addr_equal(&x->at.addr, &y->at.addr);
}

/* ---- the check ---- */

static void *attach(struct monitor_env *env, const struct monitor_spec *spec, monitor_hint_cb *hint,
		    void *userdata)
{
	const struct port_target *t = spec->parsed;
	return ports_attach(env->ports, t->proto, &t->at.addr, t->at.port, hint, userdata);
}

static void detach(void *attached)
{
	ports_detach(attached);
}

/* "tcp port 53", with " of 127.0.0.1" where an address is named. */
#define PLACE_MAX (ADDR_TEXT_MAX + 32)

static const char *format_place(const struct port_target *t, char buf[static PLACE_MAX])
{
	char addr[ADDR_TEXT_MAX];
	bool named = addr_is_set(&t->at.addr);
	snprintf(buf, PLACE_MAX, "%s port %u%s%s", t->proto == IPPROTO_UDP ? "udp" : "tcp",
		 t->at.port, named ? " of " : "", named ? addr_format(&t->at.addr, addr) : "");
	return buf;
}

static void say_down(const struct port_target *t, const struct addr *loopback,
		     char said[static MONITOR_SAID_MAX])
{
	char place[PLACE_MAX], addr[ADDR_TEXT_MAX];
	const char *proto = t->proto == IPPROTO_UDP ? "udp" : "tcp";
	bool v6 = loopback->family == AF_INET6;
	format_place(t, place);
	if (!addr_is_set(loopback)) {
		snprintf(said, MONITOR_SAID_MAX, "nothing listens on %s", place);
		return;
	}
	addr_format(loopback, addr);
	snprintf(
		said, MONITOR_SAID_MAX,
		"on %s only this host is served (a listener is bound to %s or to lo), clients of a "
		"VIP are not; if that is meant, use port:%s:%s%s%s:%u",
		place, addr, proto, v6 ? "[" : "", addr, v6 ? "]" : "", t->at.port);
}

static void check(struct monitor_env *env, const struct monitor_spec *spec, void *attached,
		  struct monitor_result *ret)
{
	(void)env;
	bool listening = false;
	char place[PLACE_MAX];
	struct addr loopback = { 0 };
	const struct port_target *t = spec->parsed;
	int r = ports_check(attached, &listening, &loopback);
	if (r < 0) {
		snprintf(ret->said, sizeof(ret->said), "cannot look up listeners on %s: %s",
			 format_place(t, place), strerror(-r));
		return;
	}
	ret->health = listening ? HEALTH_UP : HEALTH_DOWN;
	if (!listening)
		say_down(t, &loopback, ret->said);
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
	.format = "port:tcp:PORT, port:udp:PORT, port:tcp:ADDRESS:PORT, port:udp:ADDRESS:PORT",
	.doc = "`tcp:53` or `udp:53`: the port is open to other hosts. `tcp:127.0.0.1:53`: "
	       "something listens at that address.",
	.access = MONITOR_ASKS_KERNEL,
	.parsed_size = sizeof(struct port_target),
	.parse = parse,
	.equal = equal,
	.ops = &ops,
};
