/* SPDX-License-Identifier: MIT */
#include "agent/vip/nat_served.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "net/fib.h"
#include "net/sockdiag.h"
#include "process/loop.h"

#define LOGGED_MAX 20
#define LOG_PERIOD (60 * USEC_PER_SEC)
/* Of a question to the kernel: 2 µs where a socket is there, and 50 where none is. */
#define COST_SERVED 1
#define COST_DEAD   25
/* Of an asker, some 10 ms; of a turn of the loop, some 2 ms. */
#define COST_MAX    5000
#define COST_A_TURN 1000
#define VIPS_A_TURN 1000
/* All VIPs are looked at this often at most, and each turn of that is followed by so much for
 * others. */
#define CENSUS_EVERY USEC_PER_SEC
#define CENSUS_PAUSE (200 * USEC_PER_MSEC)

static enum nat_served ask(struct nat_served_asker *a, const struct nat_rule *r)
{
	bool local = false, listening = false;
	if (a->cost >= COST_MAX || (!a->diag && sockdiag_new(&a->diag, NULL) < 0))
		return NAT_SERVED_UNKNOWN;
	a->cost += COST_DEAD;
	if (sockdiag_listening_at(a->diag, r->proto, &r->dest, r->port, &listening) < 0)
		return NAT_SERVED_UNKNOWN;
	if (listening) {
		a->cost -= COST_DEAD - COST_SERVED;
		return NAT_SERVED;
	}
	if (fib_is_local(&r->dest, &local, NULL) < 0 || !local)
		return NAT_SERVED_UNKNOWN;
	return NAT_NOT_SERVED;
}

enum nat_served nat_served_ask(struct nat_served_asker *a, const struct nat_rule *r)
{
	bool same = a->last.proto == r->proto && a->last.port == r->port &&
		    addr_equal(&a->last.dest, &r->dest);
	if (!same)
		a->answer = ask(a, r);
	a->last = *r;
	return a->answer;
}

void nat_served_done(struct nat_served_asker *a)
{
	sockdiag_free(a->diag);
	*a = (struct nat_served_asker){ 0 };
}

/* ---- the log ---- */

struct log_walk {
	struct nat_served_asker asker;
	bool any;
};

static void log_rule(const struct nat_rule *r, bool present, void *userdata)
{
	struct log_walk *w = userdata;
	char vip[PREFIX_TEXT_MAX], target[NAT_TARGET_TEXT_MAX];
	(void)present;
	if (nat_served_ask(&w->asker, r) != NAT_NOT_SERVED)
		return;
	w->any = true;
	prefix_format(&r->vip, vip);
	nat_rule_format_target(r, target);
	if (r->behind)
		log_info("nat",
			 "%s: no socket listens at %s (%s): expected where a container engine "
			 "publishes that port by NAT rules, otherwise connections to port %u are "
			 "refused",
			 vip, target, nat_proto_name(r->proto), r->listen);
	else
		log_warn("nat",
			 "%s: no socket listens at %s (%s), connections to port %u are refused; "
			 "a port that a container engine publishes by NAT rules is not reached "
			 "by a mapping from another port: map to the container's address",
			 vip, target, nat_proto_name(r->proto), r->listen);
}

void nat_served_log(struct nat_served_log *l, const struct nat *nat, const struct prefix *vip,
		    mono_t now)
{
	struct log_walk w = { .any = false };
	if (l->n > 0 && now - l->since >= LOG_PERIOD)
		l->n = 0;
	if (l->n >= LOGGED_MAX)
		return;
	nat_walk_rules(nat, vip, log_rule, &w);
	nat_served_done(&w.asker);
	if (!w.any)
		return;
	if (l->n++ == 0)
		l->since = now;
	if (l->n == LOGGED_MAX)
		log_warn("nat", "further mappings without a listening target are not logged for "
				"the rest of the minute, see GET /v1/status");
}

/* ---- all of them ---- */

struct nat_served_census {
	sd_event *loop;
	struct reconcile *reconcile;
	const struct nat *nat;
	sd_event_source *turn;
	bool walks;
	struct vip_cursor cursor;
	struct nat_served_asker asker;
	unsigned turns; /* of the present walk */
	struct nat_dead found, last;
	bool vip;      /* the VIP being inspected has one */
	mono_t due_at; /* the next walk, when the result is asked for */
};

static void inspect_rule(const struct nat_rule *r, bool present, void *userdata)
{
	struct nat_served_census *c = userdata;
	if (!present || r->behind || c->vip || nat_served_ask(&c->asker, r) != NAT_NOT_SERVED)
		return;
	c->vip = true;
	if (c->found.n++ == 0)
		c->found.first = *r;
}

static void inspect_vip(struct nat_served_census *c, const struct vip *vip)
{
	c->vip = false;
	bool serves = vip->form == ROUTE_UP || vip->form == ROUTE_JOIN;
	if (vip->announced && serves && vip->spec && vip->spec->n_nats > 0)
		nat_walk_rules(c->nat, &vip->prefix, inspect_rule, c);
}

static void end_walk(struct nat_served_census *c)
{
	if (!c->walks)
		return;
	vip_cursor_done(&c->cursor);
	nat_served_done(&c->asker);
	c->walks = false;
}

static int on_turn(sd_event_source *source, void *userdata)
{
	struct nat_served_census *c = userdata;
	const struct vip *vip = NULL;
	(void)source;
	c->turns++;
	c->asker.cost = 0;
	for (size_t i = 0; i < VIPS_A_TURN && c->asker.cost < COST_A_TURN; i++) {
		vip = vip_cursor_next(&c->cursor);
		if (!vip)
			break;
		inspect_vip(c, vip);
	}
	if (vip) {
		loop_defer(c->loop, &c->turn, LOOP_IDLE, on_turn, c);
		return 0;
	}
	end_walk(c);
	c->last = c->found;
	span_t pause = c->turns * CENSUS_PAUSE;
	c->due_at = usec_add(loop_now(c->loop), usec_max(pause, CENSUS_EVERY));
	return 0;
}

static void begin_walk(struct nat_served_census *c)
{
	c->walks = true;
	c->turns = 0;
	c->found.n = 0;
	vip_cursor_init(c->reconcile, &c->cursor);
	loop_defer(c->loop, &c->turn, LOOP_IDLE, on_turn, c);
}

const struct nat_dead *nat_served_dead(struct nat_served_census *c)
{
	bool any = nat_status(c->nat).wanted > 0;
	if (!any)
		c->last.n = 0;
	if (any && !c->walks && loop_now(c->loop) >= c->due_at)
		begin_walk(c);
	return &c->last;
}

struct nat_served_census *nat_served_census_new(sd_event *loop, struct reconcile *reconcile,
						const struct nat *nat)
{
	struct nat_served_census *c = mem_new(1, sizeof(*c));
	c->loop = loop;
	c->reconcile = reconcile;
	c->nat = nat;
	return c;
}

void nat_served_census_free(struct nat_served_census *c)
{
	if (!c)
		return;
	end_walk(c);
	sd_event_source_disable_unref(c->turn);
	free(c);
}
