/* SPDX-License-Identifier: MIT */
#include "bgp/router_link.h"

#include "lib/array.h"
#include "lib/backoff.h"

#define MS USEC_PER_MSEC

/* The waits between solicitations; the last one repeats. RFC 4861 6.3.7 has 4 s. */
static const span_t solicit_waits[] = { 250 * MS,  250 * MS,  500 * MS,
					1000 * MS, 2000 * MS, 4000 * MS };
/* Between our advertisements: as often as FRR's. Some at first, as one may be lost. */
static const span_t advert_waits[] = { 250 * MS, 1000 * MS, 10000 * MS };
#define ADVERT_MIN   (250 * MS) /* not more often, whatever is heard */
#define SILENT_WAIT  (1000 * MS)
#define PROBES_MAX   3
#define PROBES_ALONE 1 /* unanswered, before others are asked for */
#define PROBE_WAIT   (300 * MS)
#define PROBE_EVERY  (1000 * MS)
/* A router that has not advertised itself for so long is there no more (RFC 4861 6.2.1). */
#define OTHER_MAX (1800 * USEC_PER_SEC)

static span_t wait_of(const span_t *waits, size_t n, unsigned done)
{
	return waits[done < n ? done : n - 1];
}

static void search(struct router_link *l, mono_t now)
{
	l->router = l->silent = (struct addr){ 0 };
	l->advertises = false;
	l->solicits = l->probes = 0;
	l->searching_since = l->solicit_at = now;
	l->adopt_silent_at = l->probe_at = USEC_NEVER;
}

static void forget_other(struct router_link *l)
{
	l->other = (struct addr){ 0 };
	l->other_advertises = l->both = false;
}

/* Our own advertisement, as early as the limit lets it. */
static void advertise_soon(struct router_link *l, mono_t now)
{
	mono_t earliest = l->adverts > 0 ? usec_add(l->advertised_at, ADVERT_MIN) : now;
	mono_t at = earliest > now ? earliest : now;
	l->advertise_at = usec_min(l->advertise_at, at);
}

static void adopt(struct router_link *l, const struct addr *router, bool advertises, mono_t now)
{
	l->router = *router;
	l->advertises = advertises;
	l->silent = (struct addr){ 0 };
	if (addr_equal(&l->other, router))
		forget_other(l);
	l->probes = 0;
	l->solicit_at = l->adopt_silent_at = USEC_NEVER;
	l->probe_at = usec_add(now, PROBE_EVERY);
	advertise_soon(l, now);
}

static void is_alive(struct router_link *l, mono_t now)
{
	l->both = l->other_advertises;
	l->probes = 0;
	l->probe_at = usec_add(now, PROBE_EVERY);
}

static void ask(struct router_link *l, mono_t now)
{
	if (l->probes == 0)
		l->probe_at = now;
}

void router_link_init(struct router_link *l)
{
	*l = (struct router_link){ 0 };
	router_link_down(l);
}

void router_link_up(struct router_link *l, mono_t now)
{
	router_link_init(l);
	l->up = true;
	l->advertise_at = now;
	search(l, now);
}

void router_link_down(struct router_link *l)
{
	*l = (struct router_link){ 0 };
	l->solicit_at = l->advertise_at = l->probe_at = l->adopt_silent_at = USEC_NEVER;
}

void router_link_advert(struct router_link *l, const struct addr *from, mono_t now)
{
	if (!l->up)
		return;
	bool known = addr_is_set(&l->router), same = addr_equal(&l->router, from);
	if (!known || (!same && !l->advertises && !l->has_session)) {
		adopt(l, from, true, now);
	} else if (same) {
		l->advertises = true;
		is_alive(l, now);
		if (!l->has_session) /* it may have forgotten us with its last start */
			advertise_soon(l, now);
	} else {
		l->both = l->both && addr_equal(&l->other, from);
		l->other = *from;
		l->other_advertises = true;
		l->other_at = now;
		ask(l, now);
	}
}

void router_link_neighbor(struct router_link *l, const struct addr *target, mono_t now)
{
	if (l->up && addr_is_set(&l->router) && addr_equal(&l->router, target))
		is_alive(l, now);
}

void router_link_echo(struct router_link *l, const struct addr *from, mono_t now)
{
	bool asked = l->probes > PROBES_ALONE && !addr_equal(&l->router, from);
	if (!l->up)
		return;
	if (addr_is_set(&l->router) && asked) {
		l->other_advertises = l->other_advertises && addr_equal(&l->other, from);
		l->other = *from;
		l->other_at = now;
		l->both = false;
	}
	if (addr_is_set(&l->router) || addr_is_set(&l->silent))
		return;
	l->silent = *from;
	l->adopt_silent_at = usec_add(now, SILENT_WAIT);
}

void router_link_session(struct router_link *l, bool up, mono_t now)
{
	if (!l->up || !addr_is_set(&l->router) || l->has_session == up)
		return;
	l->has_session = up;
	l->probes = 0;
	l->probe_at = up ? usec_add(now, PROBE_EVERY) : now;
}

/* It answered no solicitation. */
static void lose(struct router_link *l, mono_t now)
{
	struct addr other = l->other;
	bool advertises = l->other_advertises;
	l->has_session = false;
	search(l, now);
	if (addr_is_set(&other))
		adopt(l, &other, advertises, now);
}

static void probe(struct router_link *l, mono_t now, struct router_link_actions *ret)
{
	bool replaced = addr_is_set(&l->other) && l->other_at >= l->asked_at;
	if (l->probes >= PROBES_MAX && (replaced || !l->has_session)) {
		lose(l, now);
		return;
	}
	if (l->probes >= PROBES_MAX || l->probes == 0) {
		l->probes = 0;
		l->asked_at = now;
	}
	if (l->probes == PROBES_ALONE && l->has_session)
		ret->solicit = true;
	l->probes++;
	l->probe_at = usec_add(now, PROBE_WAIT);
	ret->probe = true;
}

static void solicit(struct router_link *l, mono_t now, uint32_t random,
		    struct router_link_actions *ret)
{
	span_t wait = wait_of(solicit_waits, ARRAY_SIZE(solicit_waits), l->solicits++);
	l->solicit_at = usec_add(now, jitter(wait, random));
	ret->solicit = true;
}

static void advertise(struct router_link *l, mono_t now, uint32_t random,
		      struct router_link_actions *ret)
{
	span_t wait = wait_of(advert_waits, ARRAY_SIZE(advert_waits), l->adverts++);
	l->advertise_at = usec_add(now, jitter(wait, random));
	l->advertised_at = now;
	ret->advert = true;
}

void router_link_step(struct router_link *l, mono_t now, uint32_t random,
		      struct router_link_actions *ret)
{
	*ret = (struct router_link_actions){ 0 };
	if (addr_is_set(&l->other) && usec_sub(now, l->other_at) >= OTHER_MAX)
		forget_other(l);
	if (now >= l->adopt_silent_at) {
		struct addr silent = l->silent;
		adopt(l, &silent, false, now);
	}
	if (now >= l->probe_at)
		probe(l, now, ret);
	if (now >= l->solicit_at)
		solicit(l, now, random, ret);
	if (now >= l->advertise_at)
		advertise(l, now, random, ret);
}

mono_t router_link_deadline(const struct router_link *l)
{
	mono_t at = usec_min(l->solicit_at, l->advertise_at);
	return usec_min(at, usec_min(l->probe_at, l->adopt_silent_at));
}

bool router_link_is_overdue(const struct router_link *l, mono_t now)
{
	return l->up && !addr_is_set(&l->router) &&
	       usec_sub(now, l->searching_since) >= ROUTER_LINK_OVERDUE;
}
