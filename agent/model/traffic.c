/* SPDX-License-Identifier: MIT */
#include "agent/model/traffic.h"

void traffic_init(struct traffic *t, enum traffic_route route, mono_t now)
{
	*t = (struct traffic){ .route = route,
			       .changed_at = USEC_NEVER,
			       .last_packet = USEC_NEVER,
			       .rate_from = now,
			       .rate_to = now,
			       .sampled_at = now };
}

/* A counter that was set back counts from 0. */
static uint64_t grown(uint64_t before, uint64_t now)
{
	return now >= before ? now - before : now;
}

/* How many packets more there are. */
static uint64_t count(struct traffic *t, uint64_t packets, uint64_t bytes, mono_t now)
{
	uint64_t more = grown(t->raw_packets, packets);
	t->sample_span = usec_sub(now, t->sampled_at);
	t->sampled_at = now;
	t->packets += more;
	t->bytes += grown(t->raw_bytes, bytes);
	t->raw_packets = packets;
	t->raw_bytes = bytes;
	if (more > 0)
		t->last_packet = now;
	return more;
}

static bool is_recent(const struct traffic *t, mono_t stray_at, mono_t now)
{
	return usec_sub(now, stray_at) <= usec_max(TRAFFIC_STRAY_FOR, 2 * t->sample_span);
}

/* All of the sample must be of the time that the routers no longer had it. */
static void count_strays(struct traffic *t, uint64_t more, enum traffic_route route, mono_t now)
{
	mono_t from = usec_sub(now, t->sample_span);
	if (route != TRAFFIC_WITHDRAWN || t->route != route || t->changed_at == USEC_NEVER) {
		t->stray_samples = 0;
		return;
	}
	if (more == 0 || from < usec_add(t->changed_at, TRAFFIC_STRAY_AFTER))
		return;
	if (!is_recent(t, t->stray_at, now))
		t->stray_samples = 0;
	t->stray_samples++;
	t->stray_at = now;
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
	uint64_t more = count(t, packets, bytes, now);
	measure(t, now);
	count_strays(t, more, route, now);
	if (t->route != route)
		t->changed_at = now;
	t->route = route;
}

bool traffic_is_current(const struct traffic *t, mono_t now)
{
	span_t limit = usec_max(TRAFFIC_STALE_AFTER, 3 * t->sample_span);
	return usec_sub(now, t->sampled_at) <= usec_min(limit, TRAFFIC_STALE_AFTER_MAX);
}

bool traffic_has_rate(const struct traffic *t, mono_t now)
{
	return t->rate_to > t->rate_from && traffic_is_current(t, now);
}

bool traffic_is_idle(const struct traffic *t, mono_t now)
{
	return traffic_is_current(t, now) && t->route == TRAFFIC_ANNOUNCED &&
	       t->changed_at != USEC_NEVER && t->last_packet < t->changed_at &&
	       usec_sub(now, t->changed_at) >= TRAFFIC_IDLE_AFTER;
}

bool traffic_is_stray(const struct traffic *t, mono_t now)
{
	return traffic_is_current(t, now) && t->stray_samples >= TRAFFIC_STRAY_SAMPLES &&
	       is_recent(t, t->stray_at, now);
}

bool traffic_is_measured(const struct traffic *t, mono_t since)
{
	return t->rate_to > t->rate_from && t->rate_from >= since;
}
