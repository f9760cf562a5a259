/* SPDX-License-Identifier: MIT */
/*
 * The line of those that join a VIP: agents whose app has a definition that is not promoted there
 * yet. Pure; docs/decisions/fleet-guard.md has the reasons.
 *
 * A joiner stands in the lines of all its VIPs, at the end of each at once, as soon as its
 * definition joins, so that one whose checks never pass holds up those behind it. Its turn has come
 * when its checks have passed for long enough and fewer than `max_joining` stand before it in each
 * line. Those before it only become fewer, so a view that is old says too many, never too few. A
 * claim whose session has ended does not count, nor does one of an agent that is announced by a
 * promoted definition and has not given it back yet.
 */
#ifndef FLEET_JOINER_H
#define FLEET_JOINER_H

#include <stdbool.h>
#include <stddef.h>

#include "fleet/guard.h"
#include "lib/mono.h"

enum fleet_join {
	FLEET_JOIN_NONE,
	FLEET_JOIN_STANDS, /* its checks do not pass, or not for long enough */
	FLEET_JOIN_PASSED,
};

/* Part of a member (fleet/member.h). */
struct fleet_joiner {
	enum fleet_join join;
	bool is_promoted;  /* by the last view; the owner has to say so by FLEET_JOIN_NONE */
	bool may_stand;    /* claims of this session may be in `.join` */
	bool is_unsettled; /* the answer to a claim was lost: it may yet take effect */
	struct fleet_claim claim;
	struct fleet_decision decision; /* of the last view */
	mono_t read_at;
};

void fleet_joiner_init(struct fleet_joiner *j, const char *node);
/* False: it is so already. */
bool fleet_joiner_want(struct fleet_joiner *j, enum fleet_join join);
/* Another one, "" for none: claims of the former are void. */
void fleet_joiner_session(struct fleet_joiner *j, const char *session, mono_t now);
/* Pending decisions are void: another view is needed. */
void fleet_joiner_forget(struct fleet_joiner *j, mono_t now);
/* By a view of each VIP. `may`: nothing else stands against promoting it. */
void fleet_joiner_judge(struct fleet_joiner *j, const struct fleet_view *views,
			const struct fleet_rule *rules, size_t n, bool may);
bool fleet_joiner_stands(const struct fleet_joiner *j); /* it is not promoted */
/* When something is to be written (0) or read; USEC_NEVER: nothing. */
mono_t fleet_joiner_deadline(const struct fleet_joiner *j);
/* Until the next look at its place. */
span_t fleet_joiner_wait(const struct fleet_joiner *j, span_t poll, span_t poll_max);

#endif
