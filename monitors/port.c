/* SPDX-License-Identifier: MIT */
/*
 * "port:tcp:53": does a listener take what the clients of each VIP of the app send there, with NAT
 * what it makes of that? "port:tcp:127.0.0.1:53": does something listen at that address? The kernel
 * is asked; the port is never bound.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/monitor.h"
#include "monitors/target.h"
#include "monitors/ways.h"
#include "net/fib.h"

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

/* ---- what is watched ---- */

struct port_watch {
	struct monitor_env *env;
	const struct port_target *target;
	const void *owner;
	monitor_hint_cb *hint;
	void *userdata;
	struct monitor_ways ways;
	struct port_user **users; /* one for each way */
};

static bool is_named(const struct port_target *t)
{
	return addr_is_set(&t->at.addr);
}

static void drop_users(struct port_watch *w)
{
	for (size_t i = 0; i < w->ways.n; i++)
		ports_detach(w->users[i]);
	mem_free(&w->users);
	monitor_ways_done(&w->ways);
}

/* Takes the ways over. */
static void set_ways(struct port_watch *w, const struct monitor_ways *ways)
{
	drop_users(w);
	w->ways = *ways;
	w->users = mem_new(ways->n ? ways->n : 1, sizeof(*w->users));
	for (size_t i = 0; i < ways->n; i++) {
		const struct listener_place place = { .at = ways->items[i].at,
						      .proto = w->target->proto,
						      .local = is_named(w->target),
						      .port = ways->items[i].port };
		w->users[i] = ports_attach(w->env->ports, &place, w->hint, w->userdata);
	}
}

/* The address of the host that NAT leads to may be another one than at the last check, and so may
 * the VIPs and mappings of the app. */
static int refresh_ways(struct port_watch *w, struct err *err)
{
	struct monitor_ways now = { 0 };
	const struct monitor_env *env = w->env;
	if (is_named(w->target))
		return 0;
	if (!env->ways)
		return err_set(err, -EOPNOTSUPP, "no VIPs are known");
	int r = env->ways(w->owner, w->target->proto, w->target->at.port, &now, err,
			  env->vip_userdata);
	if (r == 0 && !monitor_ways_equal(&now, &w->ways))
		set_ways(w, &now);
	else
		monitor_ways_done(&now);
	return r;
}

static void *attach(struct monitor_env *env, const struct monitor_spec *spec, const void *owner,
		    monitor_hint_cb *hint, void *userdata)
{
	struct port_watch *w = mem_new(1, sizeof(*w));
	w->env = env;
	w->target = spec->parsed;
	w->owner = owner;
	w->hint = hint;
	w->userdata = userdata;
	if (is_named(w->target)) {
		struct monitor_ways ways = { 0 };
		const struct prefix at = prefix_of_host(&w->target->at.addr);
		const struct monitor_way way = { .vip = at, .at = at, .port = w->target->at.port };
		monitor_ways_add(&ways, &way);
		set_ways(w, &ways);
	}
	return w;
}

static void detach(void *attached)
{
	struct port_watch *w = attached;
	drop_users(w);
	free(w);
}

/* ---- the check ---- */

static const char *proto_name(const struct port_target *t)
{
	return t->proto == IPPROTO_UDP ? "udp" : "tcp";
}

/* "192.0.2.53", "198.51.100.0/24" */
static const char *format_vip(const struct prefix *p, char buf[static PREFIX_TEXT_MAX])
{
	if (p->len == 8 * addr_size(p->addr.family))
		return addr_format(&p->addr, buf);
	return prefix_format(p, buf);
}

/* "[::1]:53" */
static void format_endpoint(const struct addr *a, uint16_t port, char *buf, size_t size)
{
	char text[ADDR_TEXT_MAX];
	bool v6 = a->family == AF_INET6;
	snprintf(buf, size, "%s%s%s:%u", v6 ? "[" : "", addr_format(a, text), v6 ? "]" : "", port);
}

#define ENDPOINT_MAX (ADDR_TEXT_MAX + 16)

static const char *describe(const struct listener *l, char *buf, size_t size)
{
	char text[ADDR_TEXT_MAX];
	if (l->ifindex == LISTENER_LO_IFINDEX)
		return "is bound to lo";
	if (listener_is_wildcard(l))
		return l->addr.family == AF_INET ? "takes IPv4 only (0.0.0.0)"
						 : "takes IPv6 only (::)";
	snprintf(buf, size, "is bound to %s", addr_format(&l->addr, text));
	return buf;
}

static void say_nothing_listens(const struct port_target *t, const struct monitor_way *way,
				char said[static MONITOR_SAID_MAX])
{
	char at[PREFIX_TEXT_MAX], vip[PREFIX_TEXT_MAX], endpoint[ENDPOINT_MAX];
	const char *proto = proto_name(t);
	bool here = true;
	if (is_named(t)) {
		snprintf(said, MONITOR_SAID_MAX, "nothing listens on %s port %u of %s", proto,
			 way->port, format_vip(&way->at, at));
		return;
	}
	if (!monitor_way_is_nat(way)) {
		snprintf(said, MONITOR_SAID_MAX, "nothing listens on %s port %u", proto, way->port);
		return;
	}
	format_vip(&way->vip, vip);
	format_endpoint(&way->at.addr, way->port, endpoint, sizeof(endpoint));
	if (fib_is_local(&way->at.addr, &here, NULL) == 0 && !here)
		snprintf(said, MONITOR_SAID_MAX,
			 "NAT of %s leads to %s, which is not on this host, and port sees sockets "
			 "of this host only: use a monitor that connects there (tcp, http, dns)",
			 vip, endpoint);
	else
		snprintf(said, MONITOR_SAID_MAX,
			 "nothing listens on %s port %u of %s, where NAT of %s leads", proto,
			 way->port, format_vip(&way->at, at), vip);
}

/* Something listens on the port, but takes other packets. */
static void say_not_served(const struct port_target *t, const struct monitor_way *way,
			   const struct listener *other, char said[static MONITOR_SAID_MAX])
{
	char at[PREFIX_TEXT_MAX], vip[PREFIX_TEXT_MAX], bound[ADDR_TEXT_MAX + 16],
		named[ENDPOINT_MAX];
	bool nat = monitor_way_is_nat(way);
	format_endpoint(&other->addr, way->port, named, sizeof(named));
	snprintf(said, MONITOR_SAID_MAX,
		 "%s is not served on %s port %u%s%s%s: the listener there %s; if that one is "
		 "meant, use port:%s:%s",
		 format_vip(&way->vip, vip), proto_name(t), way->port, nat ? " of " : "",
		 nat ? format_vip(&way->at, at) : "", nat ? ", where NAT leads" : "",
		 describe(other, bound, sizeof(bound)), proto_name(t), named);
}

static void say_down(const struct port_target *t, const struct monitor_way *way,
		     const struct listener *other, char said[static MONITOR_SAID_MAX])
{
	if (is_named(t) || !addr_is_set(&other->addr))
		say_nothing_listens(t, way, said);
	else
		say_not_served(t, way, other, said);
}

/* All ways, that each is watched as what it is now; the first that is not served is the reason. */
static int check_ways(struct port_watch *w, bool *ret_served, char said[static MONITOR_SAID_MAX])
{
	bool all = true, listening;
	struct listener other;
	for (size_t i = 0; i < w->ways.n; i++) {
		int r = ports_check(w->users[i], &listening, &other);
		if (r < 0)
			return r;
		if (!listening && all)
			say_down(w->target, &w->ways.items[i], &other, said);
		all &= listening;
	}
	*ret_served = all;
	return 0;
}

static void check(struct monitor_env *env, const struct monitor_spec *spec, void *attached,
		  struct monitor_result *ret)
{
	(void)env, (void)spec;
	struct port_watch *w = attached;
	struct err err;
	bool served = false;
	if (refresh_ways(w, &err) < 0) {
		snprintf(ret->said, sizeof(ret->said), "%s", err.text);
		return;
	}
	int r = check_ways(w, &served, ret->said);
	if (r < 0)
		snprintf(ret->said, sizeof(ret->said), "cannot look up listeners on %s port %u: %s",
			 proto_name(w->target), w->target->at.port, strerror(-r));
	else
		ret->health = served ? HEALTH_UP : HEALTH_DOWN;
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
	.doc = "`tcp:53` or `udp:53`: a listener serves the port of each VIP, with `nats` where "
	       "they lead. `tcp:127.0.0.1:53`: something listens at that address.",
	.access = MONITOR_ASKS_KERNEL,
	.is_hard = true,
	.parsed_size = sizeof(struct port_target),
	.parse = parse,
	.equal = equal,
	.ops = &ops,
};
