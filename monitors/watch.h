/* SPDX-License-Identifier: MIT */
/*
 * The monitors of one app. Their health is UP when enough of them pass (all, unless a quorum is
 * given), DOWN when that has become impossible, and unchanged while a check cannot be made (its
 * result is unknown, not "bad"). A watch without monitors is UP from the start.
 */
#ifndef MONITORS_WATCH_H
#define MONITORS_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/mono.h"
#include "monitors/runner.h"
#include "monitors/spec.h"
#include "monitors/status.h"
#include "monitors/verdict.h"

struct monitor_watch;

/* Called from the loop when the health of a watch changed, or whether it is hard, never from inside
 * a function below; `reason` names the monitor and its result. The watch may be freed inside it. */
typedef void monitor_verdict_cb(struct monitor_watch *w, enum health health, const char *reason,
				void *userdata);

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

#endif
