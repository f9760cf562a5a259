/* SPDX-License-Identifier: MIT */
#include "agent/vip/traffic_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "nat/counters.h"
#include "process/loop.h"

#define INTERVAL      USEC_PER_SEC
#define VIPS_A_SECOND 1000
#define RETRY         (60 * USEC_PER_SEC)
#define VIPS_A_TURN   500

struct traffic_watch {
	sd_event *loop;
	struct reconcile *reconcile;
	const struct bgp_speaker *speaker;
	const struct aggregates *aggregates;
	traffic_sampled_cb *sampled;
	void *userdata;
	struct counters *counters; /* NULL: cannot count at the moment */
	struct err trouble;
	sd_event_source *timer, *walk;
	uint32_t round; /* of reading; 0 is none */
	bool whole;     /* the table was read and completed once */
	int result;     /* of reading, when it failed */
	bool walks;
	struct vip_cursor cursor;
	struct prefix missing[COUNTERS_CHANGE_MAX]; /* VIPs without a counter */
	size_t n_missing;
	struct prefix gone[COUNTERS_CHANGE_MAX]; /* counters without a VIP; the others next time */
	size_t n_gone;
};

static int on_timer(sd_event_source *source, uint64_t now, void *userdata);

static void set_timer(struct traffic_watch *w, span_t span)
{
	loop_timer_set(w->loop, &w->timer, usec_add(loop_now(w->loop), span), LOOP_IDLE, on_timer,
		       w);
}

/* ---- what routers have ---- */

static bool has_aggregate_of(const struct traffic_watch *w, size_t peer, const struct vip *vip)
{
	const struct aggregate_list *list = aggregates_list(w->aggregates);
	for (size_t i = 0; i < list->n; i++)
		if (aggregate_covers(&list->items[i], &vip->prefix) &&
		    bgp_speaker_route_state(w->speaker, peer, &list->items[i].prefix) ==
			    BGP_ROUTE_SENT)
			return true;
	return false;
}

static enum traffic_route route_of(const struct traffic_watch *w, const struct vip *vip)
{
	enum traffic_route route = TRAFFIC_WITHDRAWN;
	size_t n = bgp_speaker_n_peers(w->speaker);
	for (size_t i = 0; i < n; i++) {
		enum bgp_route_state state = bgp_speaker_route_state(w->speaker, i, &vip->prefix);
		if (state == BGP_ROUTE_SENT)
			return TRAFFIC_ANNOUNCED;
		if (!has_aggregate_of(w, i, vip))
			continue;
		if (state == BGP_ROUTE_SUPPRESSED)
			return TRAFFIC_ANNOUNCED;
		route = TRAFFIC_COVERED;
	}
	return route;
}

/* ---- trouble ---- */

static void stop_counting(struct traffic_watch *w)
{
	counters_free(w->counters);
	w->counters = NULL;
	w->n_missing = w->n_gone = 0;
}

/* Not from inside a callback of the counters. */
static void fail(struct traffic_watch *w, int r, const struct err *err)
{
	stop_counting(w);
	bool was_whole = w->whole;
	w->whole = false;
	if (r == -ENOENT && was_whole) {
		log_warn("vip", "another process removed the nftables table that counts VIP "
				"traffic, creating it again");
		set_timer(w, INTERVAL);
		return;
	}
	if (!str_equal(w->trouble.text, err->text))
		log_error("vip", "VIP traffic is not counted: %s", err->text);
	w->trouble = *err;
	set_timer(w, RETRY);
}

/* ---- reading ---- */

static void on_count(const struct traffic_count *count, void *userdata)
{
	struct traffic_watch *w = userdata;
	mono_t now = loop_now(w->loop);
	struct vip *vip = vip_find(w->reconcile, &count->vip);
	if (!vip) {
		if (w->n_gone < COUNTERS_CHANGE_MAX)
			w->gone[w->n_gone++] = count->vip;
		return;
	}
	if (!vip->traffic) { /* it went and came again meanwhile */
		vip->traffic = mem_new(1, sizeof(*vip->traffic));
		traffic_init(vip->traffic, route_of(w, vip), now);
		vip->traffic->raw_packets = count->packets;
		vip->traffic->raw_bytes = count->bytes;
	}
	vip->traffic_round = w->round;
	traffic_sample(vip->traffic, count->packets, count->bytes, route_of(w, vip), now);
}

/* ---- what has changed since ---- */

static int add_missing(struct traffic_watch *w, struct err *err)
{
	int r = w->n_missing > 0 ? counters_add(w->counters, w->missing, w->n_missing, err) : 0;
	w->n_missing = 0;
	return r;
}

/* One that was read may have been removed by another process since, which fails all: next time. */
static void remove_gone(struct traffic_watch *w)
{
	struct err err = { "" };
	if (w->n_gone > 0 && counters_del(w->counters, w->gone, w->n_gone, &err) < 0)
		log_debug("vip", "%s", err.text);
	w->n_gone = 0;
}

static int check_vip(struct traffic_watch *w, struct vip *vip, struct err *err)
{
	if (vip->traffic && vip->traffic_round == w->round)
		return 0;
	if (!vip->traffic) {
		vip->traffic = mem_new(1, sizeof(*vip->traffic));
		traffic_init(vip->traffic, route_of(w, vip), loop_now(w->loop));
	}
	w->missing[w->n_missing++] = vip->prefix;
	return w->n_missing == COUNTERS_CHANGE_MAX ? add_missing(w, err) : 0;
}

static void end_round(struct traffic_watch *w)
{
	size_t vips = reconcile_counts(w->reconcile).vips;
	vip_cursor_done(&w->cursor);
	w->walks = false;
	w->whole = true;
	w->trouble.text[0] = '\0';
	remove_gone(w);
	set_timer(w, INTERVAL * (1 + vips / VIPS_A_SECOND));
	w->sampled(w->userdata);
}

static int on_walk(sd_event_source *source, void *userdata)
{
	(void)source;
	struct traffic_watch *w = userdata;
	struct err err = { "" };
	int r = 0;
	for (size_t i = 0; i < VIPS_A_TURN && r == 0; i++) {
		struct vip *vip = vip_cursor_next(&w->cursor);
		if (vip) {
			r = check_vip(w, vip, &err);
			continue;
		}
		r = add_missing(w, &err);
		if (r == 0) {
			end_round(w);
			return 0;
		}
	}
	if (r == 0) {
		loop_defer(w->loop, &w->walk, LOOP_IDLE, on_walk, w);
		return 0;
	}
	vip_cursor_done(&w->cursor);
	w->walks = false;
	fail(w, r, &err);
	return 0;
}

/* In a turn of its own, as the counters are freed. */
static int on_failed(sd_event_source *source, void *userdata)
{
	(void)source;
	struct traffic_watch *w = userdata;
	const struct err err = w->trouble;
	w->trouble = (struct err){ "" }; /* so that it is logged */
	fail(w, w->result, &err);
	return 0;
}

static void on_done(int result, const struct err *err, void *userdata)
{
	struct traffic_watch *w = userdata;
	if (result < 0) {
		w->result = result;
		w->trouble = *err;
		loop_defer(w->loop, &w->walk, LOOP_IDLE, on_failed, w);
		return;
	}
	vip_cursor_init(w->reconcile, &w->cursor);
	w->walks = true;
	loop_defer(w->loop, &w->walk, LOOP_IDLE, on_walk, w);
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	static const struct counters_ops ops = { on_count, on_done };
	struct traffic_watch *w = userdata;
	struct err err = { "" };
	int r = w->counters ? 0 : counters_new(w->loop, &ops, w, &w->counters, &err);
	if (r == 0)
		r = counters_read(w->counters, &err);
	if (r < 0) {
		fail(w, r, &err);
		return 0;
	}
	w->round += w->round == UINT32_MAX ? 2 : 1;
	return 0;
}

/* ---- */

struct traffic_watch *traffic_watch_new(sd_event *loop, struct reconcile *reconcile,
					const struct bgp_speaker *speaker,
					const struct aggregates *aggregates,
					traffic_sampled_cb *sampled, void *userdata)
{
	struct traffic_watch *w = mem_new(1, sizeof(*w));
	w->loop = sd_event_ref(loop);
	w->reconcile = reconcile;
	w->speaker = speaker;
	w->aggregates = aggregates;
	w->sampled = sampled;
	w->userdata = userdata;
	set_timer(w, 0);
	return w;
}

void traffic_watch_free(struct traffic_watch *w)
{
	struct vip_cursor cursor;
	if (!w)
		return;
	if (w->walks)
		vip_cursor_done(&w->cursor);
	stop_counting(w);
	vip_cursor_init(w->reconcile, &cursor);
	for (struct vip *vip; (vip = vip_cursor_next(&cursor));)
		mem_free(&vip->traffic);
	vip_cursor_done(&cursor);
	sd_event_source_disable_unref(w->timer);
	sd_event_source_disable_unref(w->walk);
	sd_event_unref(w->loop);
	free(w);
}

const char *traffic_watch_trouble(const struct traffic_watch *w)
{
	return w->trouble.text;
}
