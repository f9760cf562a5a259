/* SPDX-License-Identifier: MIT */
#include "nat/sides.h"

#include <errno.h>

#include "lib/log.h"

void nat_sides_init(struct nat_sides *s, enum nat_choice choice,
		    const struct nat_side_events *events)
{
	*s = (struct nat_sides){ .choice = choice };
	nat_side_init(&s->of[NAT_SIDE_IPTABLES], &nat_iptables, events);
	nat_side_init(&s->of[NAT_SIDE_NFTABLES], &nat_nftables, events);
}

void nat_sides_done(struct nat_sides *s)
{
	for (size_t i = 0; i < NAT_SIDES; i++)
		nat_side_close(&s->of[i]);
}

int nat_sides_choose(struct nat_sides *s, struct err *err)
{
	enum nat_choice c = nat_choose(s->choice, nat_iptables_legacy(), s->lacks, &s->why);
	size_t i = c == NAT_IPTABLES ? NAT_SIDE_IPTABLES : NAT_SIDE_NFTABLES;
	int r = nat_side_open(&s->of[i], err);
	if (r == -EOPNOTSUPP && s->choice == NAT_AUTO && s->lacks == NAT_AUTO) {
		s->lacks = c;
		return nat_sides_choose(s, err);
	}
	if (r < 0)
		return r;
	s->active = &s->of[i];
	log_info("nat", "using %s: %s", s->active->ops->name, s->why);
	return 0;
}

bool nat_sides_can_fall_back(const struct nat_sides *s)
{
	return s->active && s->choice == NAT_AUTO && s->lacks == NAT_AUTO &&
	       s->active->ledger.n_there == 0;
}

int nat_sides_fall_back(struct nat_sides *s, struct err *err)
{
	struct nat_side *before = s->active;
	s->lacks = before == &s->of[NAT_SIDE_IPTABLES] ? NAT_IPTABLES : NAT_NFTABLES;
	s->active = NULL;
	int r = nat_sides_choose(s, err);
	if (r < 0)
		s->active = before;
	return r;
}

int nat_sides_apply(struct nat_sides *s, const struct prefix *only, struct err *err)
{
	int r = s->active ? nat_side_apply(s->active, only, err) : 0;
	for (size_t i = 0; i < NAT_SIDES && r == 0; i++)
		if (&s->of[i] != s->active && s->of[i].backend)
			r = nat_side_apply(&s->of[i], only, err);
	return r;
}

void nat_sides_set_stale(struct nat_sides *s)
{
	for (size_t i = 0; i < NAT_SIDES; i++)
		s->of[i].stale = true;
}
