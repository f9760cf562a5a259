/* SPDX-License-Identifier: MIT */
/* What all views share: text that may be anything, and times as people read them. Pure. */
#ifndef AGENT_STATUS_VIEW_JSON_H
#define AGENT_STATUS_VIEW_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "bgp/config.h"
#include "lib/addr.h"
#include "lib/mono.h"

/* One moment on both clocks, so that a usec_t can be shown as a date. */
struct view_clock {
	usec_t now;         /* CLOCK_MONOTONIC */
	uint64_t real_usec; /* CLOCK_REALTIME, since 1970 */
};

/* Never NULL: what is not valid UTF-8 (the output of a check, a command) is made printable. */
json_t *view_text(const char *text);
json_t *view_addr(const struct addr *a); /* null for family 0 */
json_t *view_prefix(const struct prefix *p);

/* Puts "KEY": a date and "KEY_seconds": the distance from now in seconds, both
 * null for USEC_NEVER. Distances are positive, whether the time is past or to come. */
void view_add_time(json_t *object, const struct view_clock *clock, const char *key, usec_t at);
/* The same for what began `earlier` before `at`, in a former run: before the clock of `at` may have
 * begun to count. */
void view_add_past(json_t *object, const struct view_clock *clock, const char *key, usec_t at,
		   usec_t earlier);
/* Of the lists together, in their order, each once; as an array of "a:b". */
json_t *view_communities(const struct bgp_communities *const lists[], size_t n);

#endif
