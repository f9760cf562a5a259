/* SPDX-License-Identifier: MIT */
#include "agent/model/policy.h"

/* The route without a drain. */
static enum route_form form_of(const struct policy_input *in)
{
	switch (in->health) {
	case HEALTH_UNKNOWN:
		return ROUTE_NONE;
	case HEALTH_UP:
		return in->joins ? ROUTE_JOIN : ROUTE_UP;
	case HEALTH_DOWN:
		break;
	}
	/* It is announced anyway, kept or not. */
	if (in->last_resort)
		return ROUTE_DOWN;
	return in->kept ? ROUTE_KEPT : ROUTE_NONE;
}

static void decide_off(const struct policy_input *in, struct policy_output *ret)
{
	mono_t end = usec_add(in->off_since, in->cleanup_timer);
	if (in->now < end) {
		ret->want.address = ADDRESS_RETAINED;
		ret->due = end;
		return;
	}
	/* Consul forgets its own apps when their service goes away; the file's come back. */
	ret->forget = in->source == APP_FROM_HTTP && !in->drained;
}

static void decide(const struct policy_input *in, struct policy_output *ret)
{
	*ret = (struct policy_output){ .due = USEC_NEVER };
	if (!in->registered) {
		ret->forget = true;
		ret->want.cause = "unregistered";
		return;
	}
	if (in->health == HEALTH_UNKNOWN) {
		ret->want.address = ADDRESS_RETAINED;
		ret->want.undecided = !in->drained;
		ret->want.cause = "unknown";
		return;
	}
	enum route_form form = form_of(in);
	const char *cause = "down";
	if (form != ROUTE_NONE && in->drained) {
		bool waits = in->drain_announces && in->now < in->drain_end;
		form = waits ? ROUTE_DRAIN : ROUTE_NONE;
		cause = "drain";
		ret->due = waits ? in->drain_end : USEC_NEVER;
	}
	if (form != ROUTE_NONE) {
		ret->want = (struct policy_want){ .route = form,
						  .address = ADDRESS_BOUND,
						  .joins = in->joins };
		return;
	}
	ret->want.cause = cause;
	decide_off(in, ret);
}

static bool fell_lately(const struct policy_member *m, span_t window, mono_t now)
{
	return m->health == HEALTH_DOWN && m->left_at != USEC_NEVER &&
	       usec_add(m->left_at, window) >= now;
}

bool policy_group(struct policy_member *members, size_t n, span_t window, mono_t now)
{
	size_t n_up = 0, n_kept = 0, n_fell = 0;
	for (size_t i = 0; i < n; i++) {
		n_up += members[i].health == HEALTH_UP;
		n_kept += members[i].kept;
		n_fell += fell_lately(&members[i], window, now);
	}
	bool keeps = n_up == 0 && (n_kept > 0 || n_fell >= 2), any = false;
	for (size_t i = 0; i < n; i++) {
		struct policy_member *m = &members[i];
		bool stays = m->kept || (n_kept == 0 && fell_lately(m, window, now));
		m->kept = keeps && stays && m->keep_last && m->health == HEALTH_DOWN;
		any = any || m->kept;
	}
	return any;
}

void policy_decide(const struct policy_input *in, struct policy_output *ret)
{
	decide(in, ret);
	if (in->checks_own_vip && !ret->forget)
		ret->want.address = ADDRESS_BOUND;
}
