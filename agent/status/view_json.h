/* SPDX-License-Identifier: MIT */
/* The JSON that all views have in common: text, addresses, dates, spans, communities. Pure. */
#ifndef AGENT_STATUS_VIEW_JSON_H
#define AGENT_STATUS_VIEW_JSON_H

#include <jansson.h>

#include "bgp/config.h"
#include "lib/addr.h"
#include "lib/mono.h"
#include "lib/wallclock.h"

/* For "I" of json_pack(). */
#define VIEW_INT(n) ((json_int_t)(n))

/* One moment on both clocks, so that a mono_t can be shown as a date. */
struct view_clock {
	mono_t now;
	wall_t wall;
};

/* Never NULL: text that is not valid UTF-8 (the output of a command) is made printable. Secrets in
 * it are redacted (lib/redact.h). */
json_t *view_text(const char *text);
json_t *view_text_or_null(const char *text); /* null for NULL */
json_t *view_addr(const struct addr *a);     /* null for family 0 */
/* "fe80::1%eth0" */
json_t *view_peer_name(const struct bgp_peer_config *peer);
json_t *view_prefix(const struct prefix *p);
json_t *view_span(span_t span); /* in seconds */
/* A member of an object that was made by a view; "" for one that is not there, or is not text. */
const char *view_member(const json_t *object, const char *key);

/* The date of that time, and its distance from now; not of USEC_NEVER. */
wall_t view_wall_of(const struct view_clock *clock, mono_t at, span_t *ret_distance);
/* Adds "KEY", a date, and "KEY_seconds", the distance from now in seconds; both null for
 * USEC_NEVER. The distance is positive, whether the time is past or to come. */
void view_add_time(json_t *object, const struct view_clock *clock, const char *key, mono_t at);
/* The same for something that began `earlier` before `at`, under a previous instance: that may be
 * before the host booted, where CLOCK_MONOTONIC has no value. */
void view_add_past(json_t *object, const struct view_clock *clock, const char *key, mono_t at,
		   span_t earlier);
/* The communities of all lists, in their order and without doubles; an array of "a:b". */
json_t *view_communities(const struct bgp_communities *const lists[], size_t n);

#endif
