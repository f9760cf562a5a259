/* SPDX-License-Identifier: MIT */
#include "agent/http/slots.h"

#include "lib/array.h"

#define IPV6_SITE 64

struct slot_origin slot_origin_of(const struct addr *addr, bool own)
{
	uint8_t len = addr->family == AF_INET6 ? IPV6_SITE : 32;
	return (struct slot_origin){ .own = own, .net = addr_mask(addr, len) };
}

static bool is_in_use(const struct slot *slot)
{
	return slot->stage != SLOT_FREE && slot->stage != SLOT_CLOSING;
}

static bool is_same(const struct slot_origin *a, const struct slot_origin *b)
{
	return a->uid == b->uid && addr_equal(&a->net, &b->net);
}

size_t slots_count(const struct slots *s)
{
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(s->items); i++)
		n += is_in_use(&s->items[i]);
	return n;
}

/* The connections that a limit counts. */
enum share { SHARE_ORIGIN, SHARE_OTHERS, SHARE_ALL };

static bool counts(const struct slot *slot, enum share share, const struct slot_origin *origin)
{
	if (!is_in_use(slot))
		return false;
	switch (share) {
	case SHARE_ORIGIN:
		return origin && is_same(&slot->origin, origin);
	case SHARE_OTHERS:
		return !slot->origin.own;
	case SHARE_ALL:
		return true;
	}
	return false;
}

static size_t limit_of(enum share share, const struct slot_origin *origin)
{
	switch (share) {
	case SHARE_ORIGIN:
		if (origin->own)
			return SLOTS_PER_OWN;
		return addr_is_set(&origin->net) ? SLOTS_PER_ADDRESS : SLOTS_PER_UID;
	case SHARE_OTHERS:
		return origin->own ? SLOTS_MAX : SLOTS_MAX - SLOTS_KEPT;
	case SHARE_ALL:
		return SLOTS_MAX;
	}
	return 0;
}

/* 0: it stays; the higher, the sooner it goes. */
static unsigned laziness(const struct slot *slot, mono_t now)
{
	switch (slot->stage) {
	case SLOT_HEADER:
	case SLOT_BODY:
		return 2;
	case SLOT_SENDING:
		return usec_sub(now, slot->since) >= SLOT_READING;
	case SLOT_FREE:
	case SLOT_WAITING:
	case SLOT_FOLLOWER:
	case SLOT_CLOSING:
		break;
	}
	return 0;
}

/* NULL: none that can go. */
static struct slot *laziest(const struct slots *s, enum share share,
			    const struct slot_origin *origin, mono_t now)
{
	const struct slot *found = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(s->items); i++) {
		const struct slot *slot = &s->items[i];
		unsigned lazy = counts(slot, share, origin) ? laziness(slot, now) : 0;
		unsigned most = found ? laziness(found, now) : 0;
		if (lazy > most || (lazy && lazy == most && slot->since < found->since))
			found = slot;
	}
	return (struct slot *)found;
}

bool slots_have_room(const struct slots *s, mono_t now)
{
	return slots_count(s) < SLOTS_MAX || laziest(s, SHARE_ALL, NULL, now);
}

/* The first limit that is reached decides: who makes room for the origin makes room for all. */
enum slot_choice slots_choose(const struct slots *s, const struct slot_origin *origin, mono_t now,
			      struct slot **ret_victim)
{
	for (enum share share = SHARE_ORIGIN; share <= SHARE_ALL; share++) {
		size_t n = 0;
		for (size_t i = 0; i < ARRAY_SIZE(s->items); i++)
			n += counts(&s->items[i], share, origin);
		if (n < limit_of(share, origin))
			continue;
		struct slot *victim = laziest(s, share, origin, now);
		if (!victim)
			return SLOT_REFUSED;
		*ret_victim = victim;
		return SLOT_PUSHES_OUT;
	}
	return SLOT_COMES_IN;
}

struct slot *slots_add(struct slots *s, const struct slot_origin *origin, mono_t now)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->items); i++) {
		if (s->items[i].stage != SLOT_FREE)
			continue;
		s->items[i] = (struct slot){ SLOT_HEADER, now, *origin };
		return &s->items[i];
	}
	return NULL;
}

void slot_set(struct slot *slot, enum slot_stage stage, mono_t now)
{
	if (slot->stage == SLOT_CLOSING && stage != SLOT_FREE)
		return;
	slot->stage = stage;
	slot->since = now;
}

mono_t slot_deadline(const struct slot *slot)
{
	if (slot->stage == SLOT_HEADER)
		return usec_add(slot->since, SLOT_HEADER_MAX);
	if (slot->stage == SLOT_BODY)
		return usec_add(slot->since, SLOT_BODY_MAX);
	return USEC_NEVER;
}
