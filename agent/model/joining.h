/* SPDX-License-Identifier: MIT */
/*
 * Joining: an app with `states.join` is announced with those attributes while its definition is not
 * promoted, so that a broken release is seen on one host first. Pure.
 *
 *	defined    another definition than the one promoted last: it joins
 *	passes     its checks pass; a failure and a drain begin the time anew
 *	is_due     they have passed for join_time: the fleet, if there is one, has the last word
 *	promoted   from now on as any other app; the state file remembers it
 */
#ifndef AGENT_MODEL_JOINING_H
#define AGENT_MODEL_JOINING_H

#include <stdbool.h>

#include "lib/mono.h"
#include "lib/sha256.h"

/* Zeroed memory is an app that does not join. Texts are SHA-256 of a definition, "": none. */
struct joining {
	bool on;
	bool is_judged; /* by the monitors of this definition: they have said up */
	bool is_due;
	mono_t since;                   /* it joins */
	mono_t passes_since;            /* USEC_NEVER: not at present */
	char defined[SHA256_TEXT_MAX];  /* of the present definition */
	char promoted[SHA256_TEXT_MAX]; /* the last one that was */
};

/* The definition is this one from now on; NULL: it has no states.join. `carries_on`: the former
 * one, which did not join, was the same but for that. */
void joining_define(struct joining *j, const char *hash, bool carries_on, mono_t now);
/* Time has passed, or something has changed. Returns when it is due, USEC_NEVER while that is open
 * or over. */
mono_t joining_step(struct joining *j, bool passes, span_t join_time, mono_t now);
void joining_promote(struct joining *j);

#endif
