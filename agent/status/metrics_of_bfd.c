/* SPDX-License-Identifier: MIT */
#include "agent/status/metrics_of_bfd.h"

#include "lib/array.h"

static uint64_t bfd_is_up(const struct bfd_status *s)
{
	return s->state == BFD_UP;
}

static uint64_t bfd_up_events(const struct bfd_status *s)
{
	return s->up_events;
}

static uint64_t bfd_down_events(const struct bfd_status *s)
{
	return s->down_events;
}

static uint64_t bfd_sent(const struct bfd_status *s)
{
	return s->sent;
}

static uint64_t bfd_send_errors(const struct bfd_status *s)
{
	return s->send_errors;
}

static uint64_t bfd_received(const struct bfd_status *s)
{
	return s->received;
}

static const struct {
	const char *name, *type, *help;
	uint64_t (*value)(const struct bfd_status *s);
} bfd_families[] = {
	{ "bfd_session_up", "gauge", "1 while BFD with the peer is up.", bfd_is_up },
	{ "bfd_session_up_events_total", "counter", "Times BFD with the peer came up.",
	  bfd_up_events },
	{ "bfd_session_down_events_total", "counter", "Times BFD with the peer went down.",
	  bfd_down_events },
	{ "bfd_packets_sent_total", "counter", "BFD packets sent to the peer.", bfd_sent },
	{ "bfd_send_errors_total", "counter", "BFD packets that could not be sent.",
	  bfd_send_errors },
	{ "bfd_packets_received_total", "counter", "BFD packets of the peer that were accepted.",
	  bfd_received },
};

static void add(struct metric_page *page, const char *name, const struct metrics_bfd *of,
		uint64_t value)
{
	char text[BGP_PEER_NAME_MAX];
	const struct metric_label labels[] = { { "peer", bgp_peer_name(of->peer, text) }, { 0 } };
	metric_sample(page, name, labels, value);
}

static void add_detection_times(struct metric_page *page, const struct metrics_bfd *items, size_t n)
{
	char text[BGP_PEER_NAME_MAX];
	metric_head(
		page, "bfd_detection_time_seconds", "gauge",
		"Silence of the peer after which BFD goes down; 0 until a packet was received.");
	for (size_t i = 0; i < n; i++) {
		const struct metric_label labels[] = {
			{ "peer", bgp_peer_name(items[i].peer, text) }, { 0 }
		};
		metric_sample_double(page, "bfd_detection_time_seconds", labels,
				     (double)items[i].status.detection_time / (double)USEC_PER_SEC,
				     6);
	}
}

static void add_changes(struct metric_page *page, const struct metrics_bfd *items, size_t n,
			mono_t now, wall_t wall)
{
	static const char name[] = "bfd_session_state_changed_timestamp_seconds";
	char text[BGP_PEER_NAME_MAX];
	metric_head(
		page, name, "gauge",
		"When the state of BFD with the peer last changed; 0: there is no session yet.");
	for (size_t i = 0; i < n; i++) {
		const struct metric_label labels[] = {
			{ "peer", bgp_peer_name(items[i].peer, text) }, { 0 }
		};
		mono_t since = items[i].status.since;
		wall_t at = since ? wall - usec_sub(now, since) : 0;
		metric_sample_double(page, name, labels, (double)at / (double)USEC_PER_SEC, 3);
	}
}

static void add_drops(struct metric_page *page, const struct metrics_bfd *items, size_t n)
{
	char text[BGP_PEER_NAME_MAX];
	metric_head(page, "bfd_packets_dropped_total", "counter",
		    "BFD packets of the peer that were dropped, by cause (RFC 5880 6.8.6).");
	for (size_t i = 0; i < n; i++)
		for (size_t d = 0; d < BFD_DROP_N; d++) {
			const struct metric_label labels[] = {
				{ "peer", bgp_peer_name(items[i].peer, text) },
				{ "cause", bfd_drop_name((enum bfd_drop)d) },
				{ 0 }
			};
			metric_sample(page, "bfd_packets_dropped_total", labels,
				      items[i].status.dropped[d]);
		}
}

static void add_unmatched(struct metric_page *page, const struct bfd_counts *counts)
{
	metric_head(page, "bfd_packets_unmatched_total", "counter",
		    "BFD packets of no session that were dropped, by cause.");
	for (size_t d = 0; counts && d < BFD_DROP_N; d++) {
		const struct metric_label labels[] = { { "cause", bfd_drop_name((enum bfd_drop)d) },
						       { 0 } };
		metric_sample(page, "bfd_packets_unmatched_total", labels, counts->dropped[d]);
	}
}

void metrics_of_bfd(struct metric_page *page, const struct metrics_bfd *items, size_t n,
		    const struct bfd_counts *counts, uint64_t restarts, mono_t now, wall_t wall)
{
	if (n == 0)
		return;
	for (size_t f = 0; f < ARRAY_SIZE(bfd_families); f++) {
		metric_head(page, bfd_families[f].name, bfd_families[f].type, bfd_families[f].help);
		for (size_t i = 0; i < n; i++)
			add(page, bfd_families[f].name, &items[i],
			    bfd_families[f].value(&items[i].status));
	}
	add_detection_times(page, items, n);
	add_changes(page, items, n, now, wall);
	add_drops(page, items, n);
	add_unmatched(page, counts);
	metric_head(page, "bfd_process_restarts_total", "counter",
		    "Times the process that speaks BFD ended unexpectedly and was started again.");
	metric_sample(page, "bfd_process_restarts_total", NULL, restarts);
}
