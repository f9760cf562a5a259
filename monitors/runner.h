/* SPDX-License-Identifier: MIT */
/*
 * Runs the monitors of all apps and reports verdicts.
 *
 * A watch is the monitors of one app. Its health is UP when enough of them pass (all, unless a
 * quorum is given), DOWN when that has become impossible, and unchanged while a check cannot be
 * made (its result is unknown, not "bad"). A watch without monitors is UP from the start.
 * One timer serves all watches; due times are spread; a check that hangs delays no other.
 */
#ifndef MONITORS_RUNNER_H
#define MONITORS_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/err.h"
#include "lib/mono.h"
#include "monitors/env.h"
#include "monitors/lane.h"
#include "monitors/spec.h"
#include "monitors/status.h"
#include "monitors/verdict.h"

struct runner_config {
	/* Of monitors that say nothing else. The interval is required; 0 means 1 s for the fast
	 * interval, the interval for the timeout, and 1 for rise and fall. */
	struct monitor_timing timing;
	unsigned exec_max;                  /* commands that run at once; 0: 64 */
	const struct child_user *exec_user; /* see struct monitor_env; must outlive the runner */
	char *const *exec_env;              /* the same */
	const char *tls_ca;                 /* the same */
	monitor_is_vip_fn *is_vip;          /* called from inside checks; NULL: there are none */
	monitor_ways_fn *ways;              /* the same */
	/* A check has ended, or a watch is gone. Also from inside a function below; may call none
	 * of them. May be NULL. */
	void (*checked)(void *userdata);
	/* Checks of a lane begin later than configured, or in time again. May be NULL. */
	void (*load_changed)(enum monitor_lane lane, const struct load *load, void *userdata);
	/* The kernel takes no filter for its socket events (-errno), or does again (0). May be
	 * NULL. */
	void (*port_filter_changed)(int error, void *userdata);
	void *userdata; /* of all of them */
};

struct monitor_runner;
struct monitor_watch;

/* Called from the loop when the health of a watch changed, or whether it is hard, never from inside
 * a function below; `reason` names the monitor and its result. The watch may be freed inside it. */
typedef void monitor_verdict_cb(struct monitor_watch *w, enum health health, const char *reason,
				void *userdata);

int monitor_runner_new(sd_event *loop, const struct runner_config *config,
		       struct monitor_runner **ret, struct err *err);
/* Another configuration for checks to come; those that run keep theirs. Call monitor_watch_change()
 * for every watch when the timing differs. `exec_user` and the like are not used afterwards, except
 * by the running checks' children, which have them already. */
void monitor_runner_change(struct monitor_runner *r, const struct runner_config *config);
/* All watches must be freed before. */
void monitor_runner_free(struct monitor_runner *r);
void monitor_runner_status(const struct monitor_runner *r, struct monitor_runner_status *ret);

/* Copies the specs. `subject` is what the feed is asked for: the name of the app. `quorum` of the
 * specs must pass, 0 is all. Monitors that answer at once (ports) are checked here: read
 * monitor_watch_health() afterwards, there is no callback for this first health. Others start in
 * the next turn of the loop. */
struct monitor_watch *monitor_watch_new(struct monitor_runner *r, const char *subject,
					const struct monitor_spec *specs, size_t n_specs,
					size_t quorum, monitor_verdict_cb *verdict, void *userdata);
/* The runner's timing changed: probes whose specs (those of monitor_watch_new()) leave it to the
 * runner follow. Results, streaks and running checks stay; the next check is due within the new
 * interval. */
void monitor_watch_change(struct monitor_watch *w, const struct monitor_spec *specs);
/* Other monitors, or another quorum, in the place of `former`, those of monitor_watch_new() or of
 * the call before. A monitor that is in both, wherever, keeps its health, its streak, its running
 * check and when the next one is due; the others end and start as with monitor_watch_new(). The
 * owner of the watch may have changed, too (monitor_ways_fn): what depends on it is looked up here.
 * There is no callback. */
void monitor_watch_replace(struct monitor_watch *w, const char *subject,
			   const struct monitor_spec *former, const struct monitor_spec *specs,
			   size_t n_specs, size_t quorum);
/* Every monitor is checked now. One whose check runs is checked again when that has ended: it may
 * have begun before what is asked about. The results count as all others do. */
void monitor_watch_check_now(struct monitor_watch *w);
/* Ends running checks without a verdict. */
void monitor_watch_free(struct monitor_watch *w);

enum health monitor_watch_health(const struct monitor_watch *w);
/* DOWN by monitors alone whose failures are hard evidence (monitor_spec_is_hard()). */
bool monitor_watch_is_hard(const struct monitor_watch *w);
mono_t monitor_watch_since(const struct monitor_watch *w); /* of the present health */
size_t monitor_watch_n(const struct monitor_watch *w);
/* Monitor `i` of monitor_watch_n(); the texts in *ret are valid until the loop runs again. */
void monitor_watch_status(const struct monitor_watch *w, size_t i, struct monitor_status *ret);
/* Its status says so, too; this costs less. */
bool monitor_watch_is_unable(const struct monitor_watch *w, size_t i);
/* How long a failure may stay unnoticed if the first check after it fails; 0 when events tell of
 * all failures. */
span_t monitor_watch_notice(const struct monitor_watch *w);
/* The same of monitor `i` alone. */
span_t monitor_watch_notice_of(const struct monitor_watch *w, size_t i);

/*
 * Results that are pushed. The feed is asked for the present result of a subject whenever a watch
 * is made and after each monitor_runner_feed_changed(); that is level-triggered, so no change is
 * lost when one call stands for many. Without a feed `consul` monitors are unknown.
 */
typedef enum health monitor_feed_cb(const char *subject, char *said, size_t size, void *userdata);
void monitor_runner_set_feed(struct monitor_runner *r, monitor_feed_cb *feed, void *userdata);
/* From the loop; verdicts may be reported from inside it. They may free their own watch only. */
void monitor_runner_feed_changed(struct monitor_runner *r);

#endif
