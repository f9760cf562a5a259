/* SPDX-License-Identifier: MIT */
#include "agent/vip/nat_served.h"

#include <string.h>

#include "lib/log.h"
#include "net/fib.h"
#include "net/sockdiag.h"

#define LOGGED_MAX 20
#define LOG_PERIOD (60 * USEC_PER_SEC)
/* At a time. One takes 2 µs where a socket is there, and 50 where none is. */
#define QUESTIONS_MAX 200

static enum nat_served ask(struct nat_served_asker *a, const struct nat_rule *r)
{
	bool local = false, listening = false;
	if (a->asked == QUESTIONS_MAX || (!a->diag && sockdiag_new(&a->diag, NULL) < 0))
		return NAT_SERVED_UNKNOWN;
	a->asked++;
	if (sockdiag_listening_at(a->diag, r->proto, &r->dest, r->port, &listening) < 0)
		return NAT_SERVED_UNKNOWN;
	if (listening)
		return NAT_SERVED;
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
			 "%s: no socket listens at %s (%s): right where a container engine "
			 "publishes that port by NAT rules, else connections to port %u are "
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
		log_warn("nat", "more mappings whose target nothing serves are not logged for the "
				"rest of the minute: see GET /v1/status");
}

/* ---- the alarm ---- */

struct dead_walk {
	struct nat_served_asker asker;
	struct nat_rule *first;
	size_t n;
	bool vip; /* this VIP has one */
};

static void look_at_rule(const struct nat_rule *r, bool present, void *userdata)
{
	struct dead_walk *w = userdata;
	if (!present || r->behind || w->vip || nat_served_ask(&w->asker, r) != NAT_NOT_SERVED)
		return;
	w->vip = true;
	if (w->n++ == 0)
		*w->first = *r;
}

size_t nat_served_count_dead(struct reconcile *reconcile, const struct nat *nat,
			     struct nat_rule *ret)
{
	struct dead_walk w = { .first = ret };
	struct vip_cursor cursor;
	if (nat_status(nat).wanted == 0)
		return 0;
	vip_cursor_init(reconcile, &cursor);
	for (const struct vip *vip; (vip = vip_cursor_next(&cursor));) {
		w.vip = false;
		if (vip->announced && vip->form == ROUTE_UP && vip->spec && vip->spec->n_nats > 0)
			nat_walk_rules(nat, &vip->prefix, look_at_rule, &w);
	}
	vip_cursor_done(&cursor);
	nat_served_done(&w.asker);
	return w.n;
}
