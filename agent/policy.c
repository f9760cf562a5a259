/* SPDX-License-Identifier: MIT */
#include "agent/policy.h"

static void decide_down(const struct policy_input *in, struct policy_output *ret)
{
	usec_t end = usec_add(in->down_since, in->cleanup_timer);
	if (in->now < end) {
		ret->want.address = ADDRESS_KEPT;
		ret->look_again = end;
		return;
	}
	/* Consul forgets its own apps when their service goes away; the file's come back. */
	ret->forget = in->source == APP_FROM_HTTP;
}

static void decide(const struct policy_input *in, struct policy_output *ret)
{
	*ret = (struct policy_output){ .look_again = USEC_NEVER };
	if (!in->registered) {
		ret->forget = true;
		return;
	}
	switch (in->health) {
	case HEALTH_UNKNOWN:
		ret->want.address = ADDRESS_KEPT;
		return;
	case HEALTH_UP:
		ret->want = (struct policy_want){ .route = true, .address = ADDRESS_BOUND };
		return;
	case HEALTH_DOWN:
		decide_down(in, ret);
		return;
	}
}

void policy_decide(const struct policy_input *in, struct policy_output *ret)
{
	decide(in, ret);
	if (in->checks_own_vip && !ret->forget)
		ret->want.address = ADDRESS_BOUND;
}
