/* SPDX-License-Identifier: MIT */
/*
 * The traffic of a VIP, from samples of counters: its rate, and whether it fits what is announced.
 * Pure.
 *
 *	idle   announced for a minute, no packet has come since, and before it was announced there had been some:
 *	       the routers do not send here what they sent here before
 *	stray  withdrawn for half a minute, and packets still come, in two samples: a static route, a router that
 *	       has not taken the withdrawal, or a neighbour on the link; an aggregate of this host would explain them
 */
#ifndef AGENT_MODEL_TRAFFIC_H
#define AGENT_MODEL_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/mono.h"

#define TRAFFIC_IDLE_AFTER  (60 * USEC_PER_SEC)
#define TRAFFIC_STRAY_AFTER (30 * USEC_PER_SEC)
/* Packets of a withdrawn VIP are an alarm as long as the last came within this time, or two
 * samples. */
#define TRAFFIC_STRAY_FOR     (15 * USEC_PER_SEC)
#define TRAFFIC_STRAY_SAMPLES 2
/* A sample says what is now for so long, or as long as three took, with a limit of its own. */
#define TRAFFIC_STALE_AFTER     (10 * USEC_PER_SEC)
#define TRAFFIC_STALE_AFTER_MAX (180 * USEC_PER_SEC)
/* The rate is that of this time at least. */
#define TRAFFIC_RATE_OVER (3 * USEC_PER_SEC)

enum traffic_route {
	TRAFFIC_WITHDRAWN,
	TRAFFIC_COVERED,   /* withdrawn, and a router has an aggregate of this host that it is in */
	TRAFFIC_ANNOUNCED, /* to a router, on its own or by the aggregate that stands for it */
};

/* Zeroed; but for a VIP that is new, traffic_init(). */
struct traffic {
	uint64_t packets, bytes; /* since it is counted */
	double packet_rate, byte_rate;
	mono_t rate_from, rate_to; /* the span of the rates; equal: there are none yet */
	mono_t sampled_at;         /* the last time; before the first, since it is counted */
	span_t sample_span;        /* since the one before: its packets came in that time */
	mono_t last_packet;        /* when a sample first had it; USEC_NEVER: none yet */
	enum traffic_route route;  /* as of the last sample */
	mono_t changed_at;         /* when that changed; USEC_NEVER: not since it is counted */
	unsigned stray_samples;    /* with packets that came while it was withdrawn */
	mono_t stray_at;           /* the last of these */
	uint64_t at_mark_packets, at_mark_bytes;
	uint64_t raw_packets, raw_bytes; /* of the counter, which another process may set back */
};

void traffic_init(struct traffic *t, enum traffic_route route, mono_t now);
void traffic_sample(struct traffic *t, uint64_t packets, uint64_t bytes, enum traffic_route route,
		    mono_t now);
/* The last sample says what is now: counting did not stop since. Without that it is neither idle
 * nor stray. */
bool traffic_is_current(const struct traffic *t, mono_t now);
/* There is a rate, and it is that of now. */
bool traffic_has_rate(const struct traffic *t, mono_t now);
bool traffic_is_idle(const struct traffic *t, mono_t now);
bool traffic_is_stray(const struct traffic *t, mono_t now);
/* There is a rate, of a time that began after `since`. */
bool traffic_is_measured(const struct traffic *t, mono_t since);

#endif
