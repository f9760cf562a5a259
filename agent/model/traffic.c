/* SPDX-License-Identifier: MIT */
#include "agent/model/traffic.h"

void traffic_init(struct traffic *t, enum traffic_route route, mono_t now)
{
	*t = (struct traffic){ .route = route,
			       .changed_at = USEC_NEVER,
			       .last_packet = USEC_NEVER,
			       .rate_from = now,
			       .rate_to = now };
}

/* A counter that was set back counts from 0. */
static uint64_t grown(uint64_t before, uint64_t now)
{
	return now >= before ? now - before : now;
}

static void count(struct traffic *t, uint64_t packets, uint64_t bytes, mono_t now)
{
	uint64_t more = grown(t->raw_packets, packets);
	t->packets += more;
	t->bytes += grown(t->raw_bytes, bytes);
	t->raw_packets = packets;
	t->raw_bytes = bytes;
	if (more > 0)
		t->last_packet = now;
}

static void measure(struct traffic *t, mono_t now)
{
	span_t span = usec_sub(now, t->rate_to);
	if (span < TRAFFIC_RATE_OVER)
		return;
	double seconds = (double)span / (double)USEC_PER_SEC;
	t->packet_rate = (double)(t->packets - t->at_mark_packets) / seconds;
	t->byte_rate = (double)(t->bytes - t->at_mark_bytes) / seconds;
	t->at_mark_packets = t->packets;
	t->at_mark_bytes = t->bytes;
	t->rate_from = t->rate_to;
	t->rate_to = now;
}

void traffic_sample(struct traffic *t, uint64_t packets, uint64_t bytes, enum traffic_route route,
		    mono_t now)
{
	count(t, packets, bytes, now);
	measure(t, now);
	if (t->route != route)
		t->changed_at = now;
	t->route = route;
}

bool traffic_is_idle(const struct traffic *t, mono_t now)
{
	return t->route == TRAFFIC_ANNOUNCED && t->changed_at != USEC_NEVER &&
	       t->last_packet < t->changed_at && usec_sub(now, t->changed_at) >= TRAFFIC_IDLE_AFTER;
}

bool traffic_is_stray(const struct traffic *t, mono_t now)
{
	return t->route == TRAFFIC_WITHDRAWN && t->changed_at != USEC_NEVER &&
	       t->last_packet != USEC_NEVER &&
	       t->last_packet >= usec_add(t->changed_at, TRAFFIC_STRAY_AFTER) &&
	       usec_sub(now, t->last_packet) <= TRAFFIC_STRAY_FOR;
}

bool traffic_is_measured(const struct traffic *t, mono_t since)
{
	return t->rate_to > t->rate_from && t->rate_from >= since;
}
