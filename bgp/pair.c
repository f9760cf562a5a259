/* SPDX-License-Identifier: MIT */
#include "bgp/pair.h"

#include "bgp/collision.h"

static void add(struct bgp_pair_actions *out, enum bgp_pair_action_type type)
{
	out->items[out->n++].type = type;
}

static void defer_out(struct bgp_pair_actions *out, mono_t until)
{
	out->items[out->n++] =
		(struct bgp_pair_action){ .type = BGP_PAIR_DEFER_OUT, .until = until };
}

static void drop(struct bgp_pair_actions *out, bool incoming)
{
	add(out, incoming ? BGP_PAIR_DROP_IN : BGP_PAIR_DROP_OUT);
}

/* Deferred before the other one is opened: if that fails at once, its own deferral is later and
 * counts. */
static void open_one_at_a_time(const struct bgp_pair *pair, bool incoming, mono_t now,
			       struct bgp_pair_actions *out)
{
	if (pair->in->state != BGP_IDLE)
		defer_out(out, usec_add(now, bgp_fsm_connect_timeout(pair->out)));
	else if (incoming) /* the peer may not know yet that its connection ended */
		defer_out(out, usec_add(now, pair->out->config.connect_retry));
	if (!incoming && pair->out->state == BGP_IDLE && !pair->stopped)
		add(out, BGP_PAIR_OPEN_IN);
}

static void resolve_collision(const struct bgp_pair *pair, bool incoming,
			      struct bgp_pair_actions *out)
{
	const struct bgp_fsm *self = incoming ? pair->in : pair->out;
	const struct bgp_fsm *other = incoming ? pair->out : pair->in;
	switch (bgp_collision_check(self, other)) {
	case BGP_COLLISION_NONE:
		break;
	case BGP_COLLISION_DROP_THIS:
		drop(out, incoming);
		break;
	case BGP_COLLISION_DROP_OTHER:
		drop(out, !incoming);
		break;
	}
}

void bgp_pair_step(const struct bgp_pair *pair, bool incoming, enum bgp_state from, mono_t now,
		   struct bgp_pair_actions *ret)
{
	const struct bgp_fsm *self = incoming ? pair->in : pair->out;
	const struct bgp_fsm *other = incoming ? pair->out : pair->in;
	enum bgp_state to = self->state;
	*ret = (struct bgp_pair_actions){ 0 };
	open_one_at_a_time(pair, incoming, now, ret);
	if (to == BGP_OPENCONFIRM) {
		resolve_collision(pair, incoming, ret);
		return;
	}
	if (to == BGP_ESTABLISHED && !bgp_fsm_is_resting(other))
		drop(ret, !incoming); /* also an attempt that is only due */
	bool failed = to == BGP_IDLE || (to == BGP_ACTIVE && from != BGP_IDLE);
	if (failed && self->why[0] && !pair->has_session)
		add(ret, BGP_PAIR_NOTE_FAILURE);
	if (incoming && to == BGP_IDLE && !pair->guest && !pair->stopped &&
	    bgp_fsm_is_resting(pair->out))
		add(ret, BGP_PAIR_START_OUT);
	add(ret, BGP_PAIR_REPORT);
}

mono_t bgp_pair_open_due(const struct bgp_pair *pair, mono_t now)
{
	const struct bgp_fsm *ours = pair->out;
	bool undecided = ours->state == BGP_CONNECT || ours->state == BGP_OPENSENT;
	bool young = usec_sub(now, ours->state_since) < BGP_DELAY_OPEN;
	return undecided && young ? usec_add(now, BGP_DELAY_OPEN) : 0;
}
