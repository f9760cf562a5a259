/* SPDX-License-Identifier: MIT */
/*
 * A probe is always in exactly one place:
 *
 *	scheduled ──due, hinted──> checked at once ──────────────────────────> scheduled
 *	             └──due──> waiting in its lane ──> running ──done, timed out──^
 *	fed (consul): checked when the feed changed, scheduled only while a change is pending
 *
 * Checks of lanes start only when the loop has nothing else to do: a host that cannot keep up with
 * its commands still announces, withdraws and answers. One turn of the loop checks or starts for a
 * few milliseconds at most; the rest follows in the next turn, after anything more urgent.
 *
 * A failure of a check whose time fell into a gap (lib/gap.h) is unknown, and the check is
 * made again at once. The second one in a row counts: a host that is starved for good must not keep
 * a dead service announced.
 *
 * A hint (monitors/monitor.h) puts a probe on a list for the next turn of the loop, so that no
 * check is made and no app judged inside another module's callback.
 */
#include "monitors/runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/deadlines.h"
#include "lib/gap.h"
#include "lib/log.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/kinds.h"
#include "monitors/lane.h"
#include "monitors/probe.h"
#include "monitors/runner_probe.h"
#include "process/fd_limit.h"
#include "process/loop.h"

#define EXEC_MAX_DEFAULT 64
#define NETWORK_MAX      256 /* sockets of checks that are open at once */
#define FAST_DEFAULT     USEC_PER_SEC
#define TURN_MAX         (2 * USEC_PER_MSEC)
/* Checks due within this time run in the same turn, for fewer wake-ups. */
#define SLACK_MAX (10 * USEC_PER_MSEC)
/* First checks of apps that are registered together start this far apart. */
#define FIRST_PACE USEC_PER_MSEC

struct monitor_runner {
	struct monitor_env env;
	struct runner_config config; /* defaults filled in */
	span_t slack;
	mono_t next_first;
	struct gap gap;
	struct deadlines schedule;
	struct list hinted;
	struct list fed;
	struct lane lanes[N_LANES];
	/* Also of monitors that are gone. */
	uint64_t checks, failures, timeouts;
	uint64_t gone_checks, gone_failures; /* of monitors that are gone */
	struct histogram took[MONITOR_N_KINDS];
	monitor_feed_cb *feed;
	void *feed_userdata;
	/* Checks outrank most of the loop, so they leave it as much time as they used. */
	mono_t rest_until;
	sd_event_source *timer, *hints, *launch;
};

/* ---- lanes ---- */

static struct lane *lane_of(const struct probe *p)
{
	return &p->runner->lanes[lane_of_access(p->spec.kind->access)];
}

static int on_launch(sd_event_source *source, void *userdata);

/* To be called when something may start that could not before. */
static void lane_wake(struct monitor_runner *r, struct lane *lane)
{
	if (lane_is_open(lane))
		loop_defer(r->env.loop, &r->launch, LOOP_IDLE, on_launch, r);
}

static void wake_all_lanes(struct monitor_runner *r)
{
	for (size_t i = 0; i < N_LANES; i++)
		lane_wake(r, &r->lanes[i]);
}

/* A check of this lane began now. */
static void account_load(struct monitor_runner *r, struct lane *lane, const struct probe *p)
{
	/* A check that became due during a gap is not late because of load. */
	mono_t due = p->due.due > r->gap.ended ? p->due.due : r->gap.ended;
	span_t late = usec_sub(p->started, due);
	bool changed = load_add(&lane->load, late, p->spec.timing.interval, p->started);
	if (changed && r->config.load_changed)
		r->config.load_changed((enum monitor_lane)(lane - r->lanes), &lane->load,
				       r->config.userdata);
}

/* ---- checks ---- */

static void reschedule(struct probe *p)
{
	struct monitor_runner *r = p->runner;
	mono_t next = probe_next_due(p, loop_clock());
	if (next == USEC_NEVER)
		deadlines_remove(&r->schedule, &p->due);
	else
		deadlines_set(&r->schedule, &p->due, next);
}

static void tell_checked(const struct monitor_runner *r)
{
	if (r->config.checked)
		r->config.checked(r->config.userdata);
}

/* True when the probe's health changed. */
static bool apply(struct probe *p, const struct monitor_result *result)
{
	struct monitor_runner *r = p->runner;
	r->checks++;
	r->failures += result->health == HEALTH_DOWN;
	bool changed = probe_apply(p, result, loop_clock());
	r->timeouts += result->health != HEALTH_UP && p->took >= p->spec.timing.timeout;
	histogram_add(&r->took[monitor_kind_index(p->spec.kind)], p->took);
	tell_checked(r);
	return changed;
}

/* The probe and its watch may be gone afterwards. */
static void finish(struct probe *p, const struct monitor_result *result)
{
	log_trace("monitor", "%s: %s: %s", p->spec.text, health_name(result->health), result->said);
	bool changed = apply(p, result);
	reschedule(p);
	if (p->again)
		deadlines_set(&p->runner->schedule, &p->due, loop_clock());
	p->again = false;
	if (probe_ops(p)->start)
		lane_wake(p->runner, lane_of(p));
	if (changed)
		p->changed(p);
}

static int on_due(sd_event_source *source, uint64_t now, void *userdata);

static bool any_runs(const struct monitor_runner *r)
{
	return r->lanes[LANE_COMMAND].n_running + r->lanes[LANE_NETWORK].n_running > 0;
}

void runner_arm(struct monitor_runner *r)
{
	mono_t now = loop_clock(), due = deadlines_next_due(&r->schedule);
	mono_t when = due > r->rest_until ? due : r->rest_until;
	gap_note(&r->gap, now);
	if (any_runs(r))
		when = usec_min(when, deadline_align(now, GAP_TICK));
	gap_expect(&r->gap, when > now ? when : now);
	loop_timer_set(r->env.loop, &r->timer, when, LOOP_HEALTH, on_due, r);
}

/* True when the failure says nothing. */
static bool is_doubtful(struct probe *p, const struct monitor_result *result)
{
	struct monitor_runner *r = p->runner;
	bool again = p->doubted;
	gap_note(&r->gap, loop_clock());
	p->doubted = result->health == HEALTH_DOWN && r->gap.lost > p->lost_before;
	return p->doubted && !again;
}

static void check_again(struct probe *p, const struct monitor_result *result)
{
	struct monitor_runner *r = p->runner;
	struct monitor_result unknown = { .health = HEALTH_UNKNOWN, .output = result->output };
	span_t lost = r->gap.lost - p->lost_before;
	char span[DURATION_TEXT_MAX];
	snprintf(unknown.said, sizeof(unknown.said),
		 "%.400s (checked again: the agent was paused for %s)", result->said,
		 duration_format(lost - lost % (10 * USEC_PER_MSEC), span));
	finish(p, &unknown); /* changes no health, so that the probe is still there */
	deadlines_set(&r->schedule, &p->due, loop_clock());
}

static void on_done(const struct monitor_result *result, void *userdata)
{
	struct probe *p = userdata;
	struct monitor_runner *r = p->runner;
	p->running = NULL;
	lane_of(p)->n_running--;
	if (is_doubtful(p, result))
		check_again(p, result);
	else
		finish(p, result);
	runner_arm(r);
}

static void launch(struct probe *p)
{
	struct monitor_runner *r = p->runner;
	struct monitor_result result = { .health = HEALTH_UNKNOWN };
	struct lane *lane = lane_of(p);
	struct err err;
	p->started = loop_clock();
	gap_note(&r->gap, p->started);
	p->lost_before = r->gap.lost;
	account_load(r, lane, p);
	if (fd_limit_check(FD_FOR_CHECKS, &err) < 0 ||
	    probe_ops(p)->start(&r->env, &p->spec, p->spec.timing.timeout, on_done, p, &p->running,
				&err) < 0) {
		snprintf(result.said, sizeof(result.said), "%s", err.text);
		finish(p, &result);
		return;
	}
	lane->n_running++;
}

static int on_launch(sd_event_source *source, void *userdata)
{
	(void)source;
	struct monitor_runner *r = userdata;
	struct list_node *next;
	mono_t began = loop_clock();
	for (size_t i = 0; i < N_LANES; i++)
		while (loop_clock() - began < TURN_MAX && (next = lane_next(&r->lanes[i])))
			launch(list_entry(next, struct probe, waiting));
	wake_all_lanes(r);
	runner_arm(r);
	return 0;
}

static void read_feed(const struct probe *p, struct monitor_result *ret)
{
	struct monitor_runner *r = p->runner;
	if (r->feed)
		ret->health = r->feed(p->subject, ret->said, sizeof(ret->said), r->feed_userdata);
	else
		snprintf(ret->said, sizeof(ret->said), "no Consul is configured, set consul_addr");
}

static void check_now(struct probe *p, struct monitor_result *ret)
{
	*ret = (struct monitor_result){ .health = HEALTH_UNKNOWN };
	p->started = loop_clock();
	if (probe_is_fed(p))
		read_feed(p, ret);
	else
		probe_ops(p)->check(&p->runner->env, &p->spec, p->attached, ret);
}

static void run(struct probe *p)
{
	struct monitor_result result;
	if (probe_ops(p)->start) {
		lane_join(lane_of(p), &p->waiting);
		lane_wake(p->runner, lane_of(p));
		return;
	}
	check_now(p, &result);
	finish(p, &result);
}

static struct probe *due_probe(struct deadline *d)
{
	return (struct probe *)((char *)d - offsetof(struct probe, due));
}

static int on_due(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	struct monitor_runner *r = userdata;
	struct deadline *d;
	mono_t began = loop_clock();
	gap_note(&r->gap, began);
	while ((d = deadlines_pop(&r->schedule, usec_add(began, r->slack)))) {
		run(due_probe(d));
		if (loop_clock() - began > TURN_MAX)
			break;
	}
	mono_t ended = loop_clock();
	if (ended - began > TURN_MAX)
		r->rest_until = ended + (ended - began);
	runner_arm(r);
	return 0;
}

/* ---- hints ---- */

static int on_hints(sd_event_source *source, void *userdata)
{
	(void)source;
	struct monitor_runner *r = userdata;
	struct probe *p;
	mono_t began = loop_clock();
	while ((p = list_first(&r->hinted, struct probe, hinted))) {
		list_remove(&p->hinted);
		/* A pending change is counted at its own pace, not at that of the hints. */
		if (!verdict_is_pending(&p->verdict))
			run(p);
		if (loop_clock() - began > TURN_MAX)
			break;
	}
	runner_arm(r);
	if (!list_empty(&r->hinted))
		return loop_defer(r->env.loop, &r->hints, LOOP_HEALTH, on_hints, r);
	return 0;
}

static void on_hint(void *userdata)
{
	struct probe *p = userdata;
	struct monitor_runner *r = p->runner;
	if (!list_linked(&p->hinted))
		list_append(&r->hinted, &p->hinted);
	loop_defer(r->env.loop, &r->hints, LOOP_HEALTH, on_hints, r);
}

/* ---- the runner ---- */

static void fill_in_config(struct monitor_runner *r, const struct runner_config *config)
{
	r->config = *config;
	if (r->config.timing.fast_interval == 0)
		r->config.timing.fast_interval = FAST_DEFAULT;
	r->slack = usec_min(SLACK_MAX, config->timing.interval / 16);
	r->lanes[LANE_COMMAND].max = config->exec_max ? config->exec_max : EXEC_MAX_DEFAULT;
	r->env.exec_user = config->exec_user;
	r->env.exec_env = config->exec_env;
	r->env.tls_ca = config->tls_ca;
	r->env.is_vip = config->is_vip;
	r->env.ways = config->ways;
	r->env.vip_userdata = config->userdata;
}

void monitor_runner_change(struct monitor_runner *r, const struct runner_config *config)
{
	fill_in_config(r, config);
	wake_all_lanes(r);
}

int monitor_runner_new(sd_event *loop, const struct runner_config *config,
		       struct monitor_runner **ret, struct err *err)
{
	if (config->timing.interval == 0)
		return err_set(err, -EINVAL, "the monitor interval is 0, expected more");
	struct monitor_runner *r = mem_new(1, sizeof(*r));
	r->env.loop = sd_event_ref(loop);
	gap_init(&r->gap);
	for (size_t i = 0; i < MONITOR_N_KINDS; i++)
		r->took[i].scale = &histogram_of_checks;
	list_init(&r->hinted);
	list_init(&r->fed);
	lane_init(&r->lanes[LANE_COMMAND], EXEC_MAX_DEFAULT);
	lane_init(&r->lanes[LANE_NETWORK], NETWORK_MAX);
	fill_in_config(r, config);
	r->env.pidfds = pidfds_new(loop);
	int code =
		ports_new(loop, config->port_filter_changed, config->userdata, &r->env.ports, err);
	if (code < 0) {
		monitor_runner_free(r);
		return code;
	}
	*ret = r;
	return 0;
}

void monitor_runner_free(struct monitor_runner *r)
{
	if (!r)
		return;
	sd_event_source_disable_unref(r->timer);
	sd_event_source_disable_unref(r->hints);
	sd_event_source_disable_unref(r->launch);
	deadlines_done(&r->schedule);
	http_free(r->env.http);
	names_free(r->env.names);
	ports_free(r->env.ports);
	pidfds_free(r->env.pidfds);
	sd_event_unref(r->env.loop);
	free(r);
}

void monitor_runner_status(const struct monitor_runner *r, struct monitor_runner_status *ret)
{
	const struct lane *lane = &r->lanes[LANE_COMMAND];
	*ret = (struct monitor_runner_status){
		.running = lane->n_running,
		.waiting = lane->n_waiting,
		.max = lane->max,
		.load = lane->load,
		.network = r->lanes[LANE_NETWORK].load,
		.checks = r->checks,
		.failures = r->failures,
		.present_checks = r->checks - r->gone_checks,
		.present_failures = r->failures - r->gone_failures,
		.timeouts = r->timeouts,
		.took = r->took,
	};
}

/* ---- the feed ---- */

void monitor_runner_set_feed(struct monitor_runner *r, monitor_feed_cb *feed, void *userdata)
{
	r->feed = feed;
	r->feed_userdata = userdata;
}

void monitor_runner_feed_changed(struct monitor_runner *r)
{
	struct monitor_result result;
	list_for_each (it, &r->fed) {
		struct probe *p = list_entry(it, struct probe, fed);
		/* As with hints: a pending change is counted at its own pace. */
		if (verdict_is_pending(&p->verdict))
			continue;
		check_now(p, &result);
		if (!probe_repeats(p, &result))
			finish(p, &result);
	}
	runner_arm(r);
}

/* ---- probes come and go ---- */

const struct monitor_timing *runner_timing(const struct monitor_runner *r)
{
	return &r->config.timing;
}

/* One app is checked as soon as it is registered; a thousand together are spread. */
static mono_t first_start(struct monitor_runner *r, mono_t now)
{
	mono_t first = r->next_first > now ? r->next_first : now;
	r->next_first = first + FIRST_PACE;
	return first;
}

/* The first result of what answers at once. */
static void check_first(struct probe *p)
{
	struct monitor_result result;
	check_now(p, &result);
	apply(p, &result);
}

static void start_fed(struct probe *p)
{
	list_append(&p->runner->fed, &p->fed);
	check_first(p);
	reschedule(p);
}

static void start_polled(struct probe *p, const void *owner)
{
	struct monitor_runner *r = p->runner;
	const struct monitor_ops *ops = probe_ops(p);
	if (ops->attach)
		p->attached = ops->attach(&r->env, &p->spec, owner, on_hint, p);
	check_first(p);
	p->due.due = deadline_spread(p->since, p->spec.timing.interval, loop_random());
	if (verdict_is_pending(&p->verdict) || ops->together)
		reschedule(p);
	else
		deadlines_set(&r->schedule, &p->due, p->due.due);
}

void runner_begin(struct monitor_runner *r, struct probe *p, const void *owner)
{
	p->runner = r;
	if (probe_ops(p)->start)
		deadlines_set(&r->schedule, &p->due, first_start(r, p->since));
	else if (probe_is_fed(p))
		start_fed(p);
	else
		start_polled(p, owner);
}

void runner_change_timing(struct probe *p, const struct monitor_spec *spec)
{
	struct monitor_runner *r = p->runner;
	if (!probe_set_timing(p, spec, &r->config.timing) || p->running ||
	    list_linked(&p->waiting) || p->due.slot == 0)
		return;
	mono_t latest = usec_add(loop_clock(), p->spec.timing.interval);
	if (p->due.due > latest)
		deadlines_set(&r->schedule, &p->due, latest);
	else if (verdict_is_pending(&p->verdict))
		reschedule(p);
}

void runner_check_soon(struct probe *p)
{
	if (p->running)
		p->again = true;
	else if (!list_linked(&p->waiting))
		deadlines_set(&p->runner->schedule, &p->due, loop_clock());
}

static void stop_probe(struct probe *p)
{
	struct monitor_runner *r = p->runner;
	deadlines_remove(&r->schedule, &p->due);
	list_remove(&p->hinted);
	list_remove(&p->fed);
	lane_leave(lane_of(p), &p->waiting);
	if (p->attached)
		probe_ops(p)->detach(p->attached);
	if (p->running) {
		probe_ops(p)->cancel(p->running);
		lane_of(p)->n_running--;
	}
}

void runner_end(struct probe *p)
{
	struct monitor_runner *r = p->runner;
	stop_probe(p);
	r->gone_checks += p->checks;
	r->gone_failures += p->failures;
	probe_done(p);
	free(p);
}

void runner_probes_are_gone(struct monitor_runner *r)
{
	wake_all_lanes(r);
	runner_arm(r);
	tell_checked(r);
}

/* The schedule of the checks stays as it was. */
void runner_check_of_owner(struct probe *p)
{
	struct monitor_result result;
	/* A pending change is counted at its own pace. */
	if (!p->attached || verdict_is_pending(&p->verdict))
		return;
	check_now(p, &result);
	apply(p, &result);
	if (verdict_is_pending(&p->verdict))
		reschedule(p);
}
