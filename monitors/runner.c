/* SPDX-License-Identifier: MIT */
/*
 * A probe (one monitor of one app) is always in exactly one place:
 *
 *	scheduled ──due, hinted──> checked at once ──────────────────────────> scheduled
 *	             └──due──> waiting in its lane ──> running ──done, timed out──^
 *	fed (consul): looked at when its feed says so, scheduled only while a change is pending
 *
 * A lane starts what waited longest, as long as not too many of it run and nothing else is to be
 * done: a host that cannot keep up with its commands still announces, withdraws and answers. A
 * turn of the loop checks or starts for a few milliseconds at most; the rest follows in the next
 * turn, after anything more urgent.
 *
 * A hint (monitors/monitor.h) puts a probe on a list that the next step of the loop works off, so
 * that nothing is checked, and no app judged, inside the callback of something else.
 */
#include "monitors/runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/deadlines.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/monitor.h"
#include "process/loop.h"

#define EXEC_MAX_DEFAULT 64
#define NETWORK_MAX      256 /* sockets of checks that are open at once */
#define FAST_DEFAULT     USEC_PER_SEC
#define TURN_MAX         (2 * USEC_PER_MSEC)
/* What is due this soon rides along, to wake up less often. */
#define SLACK_MAX (10 * USEC_PER_MSEC)
/* Commands of apps that come together begin one after the other. */
#define FIRST_PACE USEC_PER_MSEC

/* Checks of which only so many run at once. */
struct lane {
	unsigned max, n_running, n_waiting;
	struct list waiting;
	struct load load;
};

struct monitor_runner {
	struct monitor_env env;
	struct runner_config config; /* defaults filled in */
	usec_t slack, next_first;
	struct deadlines sched;
	struct list hinted;
	struct list fed;
	struct lane lanes[N_LANES];
	monitor_feed_cb *feed;
	void *feed_userdata;
	/* Checks outrank most of the loop, so they leave it as much as they took. */
	usec_t rest_until;
	sd_event_source *timer, *hints, *launch;
};

struct probe {
	struct deadline due;
	struct list_node waiting, hinted;
	struct list_node fed; /* of those whose results come by themselves */
	struct monitor_watch *watch;
	struct monitor_spec spec;
	struct verdict verdict;
	enum health told; /* the last result */
	usec_t since, started, ended, took;
	uint64_t checks, failures;
	void *running;  /* what ops->cancel() takes */
	void *attached; /* what ops->detach() takes */
	char *said;     /* NULL: see probe_said() */
	char *output;   /* NULL: none */
};

struct monitor_watch {
	struct monitor_runner *runner;
	monitor_verdict_cb *verdict;
	void *userdata;
	char *subject; /* NULL when nobody asks for it */
	usec_t since;
	enum health health;
	size_t n, quorum;
	struct probe probes[];
};

static struct probe *probe_of(struct deadline *e)
{
	return (struct probe *)((char *)e - offsetof(struct probe, due));
}

static const struct monitor_ops *ops_of(const struct probe *p)
{
	return monitor_ops_of(p->spec.kind);
}

static const char *probe_said(const struct probe *p)
{
	if (p->said)
		return p->said;
	return p->checks > 0 ? ops_of(p)->said_up : "";
}

/* Kept only when there is something to say, and not copied again when it says the same. */
static void probe_set_said(struct probe *p, const char *said)
{
	if (p->said && str_equal(p->said, said))
		return;
	free(p->said);
	p->said = said[0] ? mem_strdup(said) : NULL;
}

static void probe_set_output(struct probe *p, const char *output)
{
	const char *old = p->output ? p->output : "";
	if (!output)
		output = "";
	if (str_equal(old, output))
		return;
	free(p->output);
	p->output = output[0] ? mem_strdup(output) : NULL;
}

static usec_t or_default(usec_t said, usec_t otherwise)
{
	return said ? said : otherwise;
}

static usec_t probe_interval(const struct probe *p)
{
	return or_default(p->spec.timing.interval, p->watch->runner->config.interval);
}

/* Never slower than the interval that it is to be faster than. */
static usec_t probe_fast_interval(const struct probe *p)
{
	return usec_min(
		or_default(p->spec.timing.fast_interval, p->watch->runner->config.fast_interval),
		probe_interval(p));
}

static usec_t probe_timeout(const struct probe *p)
{
	usec_t otherwise = or_default(p->watch->runner->config.timeout, probe_interval(p));
	return or_default(p->spec.timing.timeout, otherwise);
}

/* True when the probe's health changed. */
static bool probe_take(struct probe *p, const struct monitor_result *result)
{
	p->ended = loop_clock();
	p->took = usec_sub(p->ended, p->started);
	p->checks++;
	p->told = result->health;
	if (result->health == HEALTH_DOWN)
		p->failures++;
	probe_set_said(p, result->said);
	probe_set_output(p, result->output);
	if (!verdict_step(&p->verdict, result->health))
		return false;
	p->since = p->ended;
	return true;
}

static void probe_schedule(struct probe *p)
{
	struct monitor_runner *r = p->watch->runner;
	usec_t now = loop_clock(), interval = probe_interval(p);
	if (ops_of(p)->fed && !verdict_is_pending(&p->verdict)) {
		deadlines_remove(&r->sched, &p->due);
		return;
	}
	usec_t next = deadline_advance(p->due.due, now, interval);
	if (verdict_is_pending(&p->verdict))
		next = usec_add(now, probe_fast_interval(p));
	else if (ops_of(p)->together)
		next = deadline_align(now, interval);
	deadlines_set(&r->sched, &p->due, next);
}

static enum health combined_health(const struct monitor_watch *w)
{
	struct health_tally tally = { { 0 } };
	for (size_t i = 0; i < w->n; i++)
		tally.n[w->probes[i].verdict.health]++;
	return health_of_quorum(&tally, w->quorum);
}

/* The probe to name as the reason: the one that changed if it has the watch's new health, else
 * the first that has (one passes, but another is still down or unknown). */
static const struct probe *reason_for(const struct monitor_watch *w, const struct probe *changed)
{
	for (size_t i = 0; i < w->n && changed->verdict.health != w->health; i++)
		changed = &w->probes[i];
	return changed;
}

/* The callback may free the watch. */
static void watch_judge(struct monitor_watch *w, const struct probe *changed)
{
	char reason[MONITOR_SAID_MAX + 128];
	enum health h = combined_health(w);
	if (h == w->health)
		return;
	w->health = h;
	w->since = loop_clock();
	const struct probe *p = reason_for(w, changed);
	snprintf(reason, sizeof(reason), "%.100s: %s", p->spec.text, probe_said(p));
	w->verdict(w, h, reason, w->userdata);
}

/* ---- lanes ---- */

static struct lane *lane_of(const struct probe *p)
{
	return &p->watch->runner->lanes[ops_of(p)->lane];
}

static void lane_leave(struct probe *p)
{
	if (!list_linked(&p->waiting))
		return;
	list_remove(&p->waiting);
	lane_of(p)->n_waiting--;
}

static bool lane_is_open(const struct lane *lane)
{
	return lane->n_running < lane->max && !list_empty(&lane->waiting);
}

static int on_launch(sd_event_source *source, void *userdata);

/* To be called when something may start that could not before. */
static void lane_wake(struct monitor_runner *r, struct lane *lane)
{
	if (lane_is_open(lane))
		loop_defer(r->env.loop, &r->launch, LOOP_IDLE, on_launch, r);
}

static void lane_join(struct probe *p)
{
	struct lane *lane = lane_of(p);
	list_append(&lane->waiting, &p->waiting);
	lane->n_waiting++;
	lane_wake(p->watch->runner, lane);
}

/* A check of this lane began now. */
static void lane_take_load(struct monitor_runner *r, struct lane *lane, const struct probe *p)
{
	usec_t late = usec_sub(p->started, p->due.due);
	bool changed = load_take(&lane->load, late, probe_interval(p), p->started);
	if (changed && r->config.load_changed)
		r->config.load_changed(ops_of(p)->lane, &lane->load, r->config.userdata);
}

/* ---- checks ---- */

/* The probe and its watch may be gone afterwards. */
static void probe_finish(struct probe *p, const struct monitor_result *result)
{
	bool changed = probe_take(p, result);
	probe_schedule(p);
	if (ops_of(p)->start)
		lane_wake(p->watch->runner, lane_of(p));
	if (changed)
		watch_judge(p->watch, p);
}

static int on_due(sd_event_source *source, uint64_t now, void *userdata);

static void arm(struct monitor_runner *r)
{
	usec_t due = deadlines_next_due(&r->sched);
	loop_timer_set(r->env.loop, &r->timer, due > r->rest_until ? due : r->rest_until,
		       LOOP_HEALTH, on_due, r);
}

static void on_done(const struct monitor_result *result, void *userdata)
{
	struct probe *p = userdata;
	struct monitor_runner *r = p->watch->runner;
	p->running = NULL;
	lane_of(p)->n_running--;
	probe_finish(p, result);
	arm(r);
}

static void probe_launch(struct probe *p)
{
	struct monitor_runner *r = p->watch->runner;
	struct monitor_result result = { .health = HEALTH_UNKNOWN };
	struct lane *lane = lane_of(p);
	struct err err;
	p->started = loop_clock();
	lane_take_load(r, lane, p);
	if (ops_of(p)->start(&r->env, &p->spec, probe_timeout(p), on_done, p, &p->running, &err) <
	    0) {
		snprintf(result.said, sizeof(result.said), "%s", err.text);
		probe_finish(p, &result);
		return;
	}
	lane->n_running++;
}

static int on_launch(sd_event_source *source, void *userdata)
{
	(void)source;
	struct monitor_runner *r = userdata;
	usec_t began = loop_clock();
	for (size_t i = 0; i < N_LANES; i++)
		while (lane_is_open(&r->lanes[i]) && loop_clock() - began < TURN_MAX) {
			struct probe *p = list_first(&r->lanes[i].waiting, struct probe, waiting);
			lane_leave(p);
			probe_launch(p);
		}
	for (size_t i = 0; i < N_LANES; i++)
		lane_wake(r, &r->lanes[i]);
	arm(r);
	return 0;
}

static void probe_read(struct probe *p, struct monitor_result *ret)
{
	struct monitor_runner *r = p->watch->runner;
	if (r->feed)
		ret->health =
			r->feed(p->watch->subject, ret->said, sizeof(ret->said), r->feed_userdata);
	else
		snprintf(ret->said, sizeof(ret->said), "no Consul is configured, set consul_addr");
}

static void probe_check(struct probe *p, struct monitor_result *ret)
{
	*ret = (struct monitor_result){ .health = HEALTH_UNKNOWN };
	p->started = loop_clock();
	if (ops_of(p)->fed)
		probe_read(p, ret);
	else
		ops_of(p)->check(&p->watch->runner->env, &p->spec, p->attached, ret);
}

static void probe_run(struct probe *p)
{
	struct monitor_result result;
	if (ops_of(p)->start) {
		lane_join(p);
		return;
	}
	probe_check(p, &result);
	probe_finish(p, &result);
}

static int on_due(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	struct monitor_runner *r = userdata;
	struct deadline *e;
	usec_t began = loop_clock();
	while ((e = deadlines_pop(&r->sched, usec_add(began, r->slack)))) {
		probe_run(probe_of(e));
		if (loop_clock() - began > TURN_MAX)
			break;
	}
	usec_t ended = loop_clock();
	if (ended - began > TURN_MAX)
		r->rest_until = ended + (ended - began);
	arm(r);
	return 0;
}

/* ---- hints ---- */

static int on_hints(sd_event_source *source, void *userdata)
{
	(void)source;
	struct monitor_runner *r = userdata;
	struct probe *p;
	usec_t began = loop_clock();
	while ((p = list_first(&r->hinted, struct probe, hinted))) {
		list_remove(&p->hinted);
		/* A change that is pending is counted at its pace, not at that of the hints. */
		if (!verdict_is_pending(&p->verdict))
			probe_run(p);
		if (loop_clock() - began > TURN_MAX)
			break;
	}
	arm(r);
	if (!list_empty(&r->hinted))
		return loop_defer(r->env.loop, &r->hints, LOOP_HEALTH, on_hints, r);
	return 0;
}

static void on_hint(void *userdata)
{
	struct probe *p = userdata;
	struct monitor_runner *r = p->watch->runner;
	if (!list_linked(&p->hinted))
		list_append(&r->hinted, &p->hinted);
	loop_defer(r->env.loop, &r->hints, LOOP_HEALTH, on_hints, r);
}

/* ---- the runner ---- */

static void fill_in_config(struct monitor_runner *r, const struct runner_config *config)
{
	r->config = *config;
	r->config.fast_interval = or_default(config->fast_interval, FAST_DEFAULT);
	r->config.exec_max = config->exec_max ? config->exec_max : EXEC_MAX_DEFAULT;
	r->slack = usec_min(SLACK_MAX, config->interval / 16);
	r->lanes[LANE_COMMAND].max = r->config.exec_max;
	r->lanes[LANE_NETWORK].max = NETWORK_MAX;
	r->env.is_vip = config->is_vip;
	r->env.vip_userdata = config->userdata;
}

int monitor_runner_new(sd_event *loop, const struct runner_config *config,
		       struct monitor_runner **ret, struct err *err)
{
	if (config->interval == 0)
		return err_set(err, -EINVAL, "the monitor interval is 0, expected more");
	struct monitor_runner *r = mem_new(1, sizeof(*r));
	r->env.loop = sd_event_ref(loop);
	r->env.exec_user = config->exec_user;
	r->env.tls_ca = config->tls_ca;
	list_init(&r->hinted);
	list_init(&r->fed);
	for (size_t i = 0; i < N_LANES; i++)
		list_init(&r->lanes[i].waiting);
	fill_in_config(r, config);
	int code = ports_new(loop, &r->env.ports, err);
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
	deadlines_done(&r->sched);
	http_free(r->env.http);
	ports_free(r->env.ports);
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
	};
}

/* ---- the feed ---- */

/* A feed repeats itself: what it said already is no new result. */
static bool probe_is_told(const struct probe *p, const struct monitor_result *result)
{
	return p->checks > 0 && result->health == p->told &&
	       str_equal(result->said, p->said ? p->said : "");
}

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
		/* As with hints: what is pending is counted at its pace. */
		if (verdict_is_pending(&p->verdict))
			continue;
		probe_check(p, &result);
		if (!probe_is_told(p, &result))
			probe_finish(p, &result);
	}
	arm(r);
}

/* ---- watches ---- */

/* One app is looked at as soon as it is there; a thousand that come together share the time. */
static usec_t first_start(struct monitor_runner *r, usec_t now)
{
	usec_t first = r->next_first > now ? r->next_first : now;
	r->next_first = first + FIRST_PACE;
	return first;
}

static void probe_init(struct probe *p, struct monitor_watch *w, const struct monitor_spec *spec,
		       const char *subject)
{
	struct monitor_runner *r = w->runner;
	const struct monitor_timing *timing = &spec->timing;
	struct monitor_result result;
	p->watch = w;
	p->since = w->since;
	p->verdict.rise = timing->rise ? timing->rise : r->config.rise;
	p->verdict.fall = timing->fall ? timing->fall : r->config.fall;
	monitor_spec_copy(&p->spec, spec);
	if (ops_of(p)->start) {
		deadlines_set(&r->sched, &p->due, first_start(r, w->since));
		return;
	}
	if (ops_of(p)->fed) {
		if (!w->subject)
			w->subject = mem_strdup(subject);
		list_append(&r->fed, &p->fed);
		probe_check(p, &result);
		probe_take(p, &result);
		probe_schedule(p);
		return;
	}
	if (ops_of(p)->attach)
		p->attached = ops_of(p)->attach(&r->env, &p->spec, on_hint, p);
	probe_check(p, &result);
	probe_take(p, &result);
	p->due.due = deadline_spread(w->since, probe_interval(p), loop_random());
	if (verdict_is_pending(&p->verdict) || ops_of(p)->together)
		probe_schedule(p);
	else
		deadlines_set(&r->sched, &p->due, p->due.due);
}

struct monitor_watch *monitor_watch_new(struct monitor_runner *r, const char *subject,
					const struct monitor_spec *specs, size_t n_specs,
					size_t quorum, monitor_verdict_cb *verdict, void *userdata)
{
	struct monitor_watch *w = mem_new(1, sizeof(*w) + n_specs * sizeof(w->probes[0]));
	w->runner = r;
	w->verdict = verdict;
	w->userdata = userdata;
	w->since = loop_clock();
	w->n = n_specs;
	w->quorum = quorum;
	for (size_t i = 0; i < n_specs; i++)
		probe_init(&w->probes[i], w, &specs[i], subject);
	w->health = combined_health(w);
	arm(r);
	return w;
}

static void probe_done(struct probe *p)
{
	struct monitor_runner *r = p->watch->runner;
	deadlines_remove(&r->sched, &p->due);
	list_remove(&p->hinted);
	list_remove(&p->fed);
	lane_leave(p);
	if (p->attached)
		ops_of(p)->detach(p->attached);
	if (p->running) {
		ops_of(p)->cancel(p->running);
		lane_of(p)->n_running--;
	}
	monitor_spec_done(&p->spec);
	free(p->said);
	free(p->output);
}

void monitor_watch_free(struct monitor_watch *w)
{
	if (!w)
		return;
	struct monitor_runner *r = w->runner;
	for (size_t i = 0; i < w->n; i++)
		probe_done(&w->probes[i]);
	free(w->subject);
	free(w);
	for (size_t i = 0; i < N_LANES; i++)
		lane_wake(r, &r->lanes[i]);
	arm(r);
}

/* ---- what is asked of it ---- */

enum health monitor_watch_health(const struct monitor_watch *w)
{
	return w->health;
}

usec_t monitor_watch_since(const struct monitor_watch *w)
{
	return w->since;
}

size_t monitor_watch_n(const struct monitor_watch *w)
{
	return w->n;
}

usec_t monitor_watch_notice(const struct monitor_watch *w)
{
	usec_t longest = 0;
	for (size_t i = 0; i < w->n; i++) {
		const struct probe *p = &w->probes[i];
		unsigned again = p->verdict.fall > 1 ? p->verdict.fall - 1U : 0;
		usec_t span = usec_add(probe_interval(p), again * probe_fast_interval(p));
		if (!p->attached && !ops_of(p)->fed && span > longest)
			longest = span;
	}
	return longest;
}

void monitor_watch_status(const struct monitor_watch *w, size_t i, struct monitor_status *ret)
{
	const struct probe *p = &w->probes[i];
	*ret = (struct monitor_status){
		.text = p->spec.text,
		.health = p->verdict.health,
		.since = p->since,
		.last_check = p->checks > 0 ? p->ended : USEC_NEVER,
		.took = p->took,
		.checks = p->checks,
		.failures = p->failures,
		.running = p->running != NULL,
		.said = probe_said(p),
		.output = p->output,
		.interval = probe_interval(p),
		.fast_interval = probe_fast_interval(p),
		.timeout = probe_timeout(p),
		.rise = p->verdict.rise ? p->verdict.rise : 1,
		.fall = p->verdict.fall ? p->verdict.fall : 1,
		.streak = verdict_is_pending(&p->verdict) ? p->verdict.streak : 0,
	};
}
