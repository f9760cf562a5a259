/* SPDX-License-Identifier: MIT */
/*
 * A probe (one monitor of one app) is always in exactly one place:
 *
 *	scheduled ──due──> checked at once ──────────────────────────────> scheduled
 *	             └──> running (a child) ──done, timed out──────────────^
 *	             └──> waiting (exec_max children run) ──one ends──> scheduled, overdue
 *	fed (consul): in no schedule, looked at when its feed says so
 *
 * What waits goes back into the schedule with the due time that it had, so that whoever waited
 * longest is first. A turn of the loop starts checks for a few milliseconds at most; the rest of
 * what is due follows in the next turn, after anything more urgent.
 */
#include "monitors/runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/list.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/monitor.h"
#include "monitors/sched.h"
#include "net/loop.h"

#define EXEC_MAX_DEFAULT 64
#define TURN_MAX         (2 * USEC_PER_MSEC)
/* What is due this soon rides along, to wake up less often. */
#define SLACK_MAX (10 * USEC_PER_MSEC)

struct monitor_runner {
	struct monitor_env env;
	usec_t interval, slack;
	unsigned exec_max, n_running;
	struct sched sched;
	struct list waiting;
	struct list fed;
	monitor_feed_cb *feed;
	void *feed_userdata;
	sd_event_source *timer;
};

struct probe {
	struct sched_entry due;
	struct list_node waiting;
	struct list_node fed; /* the only list of a probe whose results come by themselves */
	struct monitor_watch *watch;
	struct monitor_spec spec;
	struct verdict verdict;
	enum health told; /* the last result */
	usec_t since, started, ended, took;
	uint64_t checks, failures;
	void *running; /* what ops->cancel() takes */
	char *said;    /* NULL: see probe_said() */
};

struct monitor_watch {
	struct monitor_runner *runner;
	monitor_verdict_cb *verdict;
	void *userdata;
	char *subject; /* NULL when nobody asks for it */
	usec_t since;
	enum health health;
	size_t n;
	struct probe probes[];
};

static struct probe *probe_of(struct sched_entry *e)
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
	if (!verdict_step(&p->verdict, result->health))
		return false;
	p->since = p->ended;
	return true;
}

static enum health combined_health(const struct monitor_watch *w)
{
	enum health h = HEALTH_UP;
	for (size_t i = 0; i < w->n; i++)
		h = health_combine(h, w->probes[i].verdict.health);
	return h;
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

/* Some of what waits for a child to end may go. More than can run do no harm: they wait again. */
static void wake_waiting(struct monitor_runner *r)
{
	for (unsigned n = r->n_running; n < r->exec_max && !list_empty(&r->waiting); n++) {
		struct probe *p = list_first(&r->waiting, struct probe, waiting);
		list_remove(&p->waiting);
		sched_set(&r->sched, &p->due, p->due.due);
	}
}

/* The probe and its watch may be gone afterwards. */
static void probe_finish(struct probe *p, const struct monitor_result *result)
{
	struct monitor_runner *r = p->watch->runner;
	sched_set(&r->sched, &p->due, sched_advance(p->due.due, loop_clock(), r->interval));
	if (ops_of(p)->start)
		wake_waiting(r);
	if (probe_take(p, result))
		watch_judge(p->watch, p);
}

static int on_due(sd_event_source *source, uint64_t now, void *userdata);

static void arm(struct monitor_runner *r)
{
	loop_timer_set(r->env.loop, &r->timer, sched_next_due(&r->sched), LOOP_HEALTH, on_due, r);
}

static void on_done(const struct monitor_result *result, void *userdata)
{
	struct probe *p = userdata;
	struct monitor_runner *r = p->watch->runner;
	p->running = NULL;
	r->n_running--;
	probe_finish(p, result);
	arm(r);
}

static void probe_launch(struct probe *p)
{
	struct monitor_runner *r = p->watch->runner;
	struct monitor_result result = { .health = HEALTH_UNKNOWN };
	struct err err;
	if (r->n_running >= r->exec_max) {
		list_append(&r->waiting, &p->waiting);
		return;
	}
	p->started = loop_clock();
	if (ops_of(p)->start(&r->env, &p->spec, on_done, p, &p->running, &err) < 0) {
		snprintf(result.said, sizeof(result.said), "%s", err.text);
		probe_finish(p, &result);
		return;
	}
	r->n_running++;
}

static void probe_check(struct probe *p, struct monitor_result *ret)
{
	p->started = loop_clock();
	ops_of(p)->check(&p->watch->runner->env, &p->spec, ret);
}

static void probe_run(struct probe *p)
{
	struct monitor_result result;
	if (ops_of(p)->start) {
		probe_launch(p);
		return;
	}
	probe_check(p, &result);
	probe_finish(p, &result);
}

static int on_due(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	struct monitor_runner *r = userdata;
	struct sched_entry *e;
	usec_t began = loop_clock();
	while ((e = sched_pop(&r->sched, usec_add(began, r->slack)))) {
		probe_run(probe_of(e));
		if (loop_clock() - began > TURN_MAX)
			break;
	}
	arm(r);
	return 0;
}

int monitor_runner_new(sd_event *loop, const struct runner_config *config,
		       struct monitor_runner **ret, struct err *err)
{
	if (config->interval == 0)
		return err_set(err, -EINVAL, "the monitor interval is 0, expected more");
	struct monitor_runner *r = mem_new(1, sizeof(*r));
	r->interval = config->interval;
	r->slack = usec_min(SLACK_MAX, config->interval / 16);
	r->exec_max = config->exec_max ? config->exec_max : EXEC_MAX_DEFAULT;
	r->env.loop = sd_event_ref(loop);
	r->env.timeout = config->exec_timeout ? config->exec_timeout : config->interval;
	r->env.exec_user = config->exec_user;
	list_init(&r->waiting);
	list_init(&r->fed);
	int code = sockdiag_new(&r->env.sockdiag, err);
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
	sched_done(&r->sched);
	sockdiag_free(r->env.sockdiag);
	sd_event_unref(r->env.loop);
	free(r);
}

/* The feed */

static void probe_read(struct probe *p, struct monitor_result *ret)
{
	struct monitor_runner *r = p->watch->runner;
	ret->said[0] = 0;
	ret->health = HEALTH_UNKNOWN;
	p->started = loop_clock();
	if (r->feed)
		ret->health =
			r->feed(p->watch->subject, ret->said, sizeof(ret->said), r->feed_userdata);
	else
		snprintf(ret->said, sizeof(ret->said), "no Consul is configured, set consul_addr");
}

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
		probe_read(p, &result);
		if (!probe_is_told(p, &result) && probe_take(p, &result))
			watch_judge(p->watch, p);
	}
}

/* Watches */

static void probe_init(struct probe *p, struct monitor_watch *w, const struct monitor_spec *spec,
		       const char *subject)
{
	struct monitor_runner *r = w->runner;
	struct monitor_result result;
	p->watch = w;
	p->since = w->since;
	monitor_spec_copy(&p->spec, spec);
	if (ops_of(p)->start) {
		sched_set(&r->sched, &p->due, w->since);
		return;
	}
	if (ops_of(p)->fed) {
		if (!w->subject)
			w->subject = mem_strdup(subject);
		list_append(&r->fed, &p->fed);
		probe_read(p, &result);
		probe_take(p, &result);
		return;
	}
	probe_check(p, &result);
	probe_take(p, &result);
	sched_set(&r->sched, &p->due, sched_spread(w->since, r->interval, loop_random()));
}

struct monitor_watch *monitor_watch_new(struct monitor_runner *r, const char *subject,
					const struct monitor_spec *specs, size_t n_specs,
					monitor_verdict_cb *verdict, void *userdata)
{
	struct monitor_watch *w = mem_new(1, sizeof(*w) + n_specs * sizeof(w->probes[0]));
	w->runner = r;
	w->verdict = verdict;
	w->userdata = userdata;
	w->since = loop_clock();
	w->n = n_specs;
	for (size_t i = 0; i < n_specs; i++)
		probe_init(&w->probes[i], w, &specs[i], subject);
	w->health = combined_health(w);
	arm(r);
	return w;
}

static void probe_done(struct probe *p)
{
	struct monitor_runner *r = p->watch->runner;
	sched_remove(&r->sched, &p->due);
	list_remove(&p->waiting);
	list_remove(&p->fed);
	if (p->running) {
		ops_of(p)->cancel(p->running);
		r->n_running--;
	}
	monitor_spec_done(&p->spec);
	free(p->said);
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
	wake_waiting(r);
	arm(r);
}

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
	};
}
