/* SPDX-License-Identifier: MIT */
/*
 * Runs the monitors of all apps and reports verdicts.
 *
 * A watch is the monitors of one app. Its health is UP when enough of them pass (all, unless a
 * quorum is given), DOWN when that is not to be had any more, and stays what it was while a check
 * could not run (its result is unknown, not "bad"). A watch without monitors is UP from the start.
 * One timer serves all watches; due times are spread; a check that hangs delays nobody.
 */
#ifndef MONITORS_RUNNER_H
#define MONITORS_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/err.h"
#include "lib/mono.h"
#include "monitors/load.h"
#include "monitors/monitor.h"
#include "monitors/spec.h"
#include "monitors/status.h"
#include "monitors/verdict.h"

struct runner_config {
	usec_t interval;                    /* between two checks of one monitor; not 0 */
	usec_t fast_interval;               /* while its health is about to change; 0: 1 s */
	usec_t timeout;                     /* 0: the interval */
	uint16_t rise, fall;                /* 0: 1 */
	unsigned exec_max;                  /* commands that run at once; 0: the default of 64 */
	const struct child_user *exec_user; /* who they run as; must outlive it; NULL: as we do */
	const char *tls_ca; /* PEM file of `https` monitors that name none; must outlive it */
	/* Is this address a VIP of an app? NULL: none is. From inside checks. */
	monitor_is_vip_fn *is_vip;
	/* Checks of a lane cannot be made as often as they should; or they can be again. May be
	 * NULL. */
	void (*load_changed)(enum monitor_lane lane, const struct load *load, void *userdata);
	void *userdata; /* of both */
};

struct child_user;
struct monitor_runner;
struct monitor_watch;

/* Called from the loop when the health of a watch changed, never from inside a function below;
 * `reason` says which monitor and what it said. The watch may be freed inside it. */
typedef void monitor_verdict_cb(struct monitor_watch *w, enum health health, const char *reason,
				void *userdata);

int monitor_runner_new(sd_event *loop, const struct runner_config *config,
		       struct monitor_runner **ret, struct err *err);
/* All watches must be gone. */
void monitor_runner_free(struct monitor_runner *r);

/* Copies the specs. `subject` is what `consul` monitors ask for: the name of the app. `quorum` of
 * the specs must pass, 0 is all. What can be answered at once (ports) is: read
 * monitor_watch_health() after it, there is no callback for this first health, and a service that
 * listens is UP already. Commands start in the next turn of the loop. */
struct monitor_watch *monitor_watch_new(struct monitor_runner *r, const char *subject,
					const struct monitor_spec *specs, size_t n_specs,
					size_t quorum, monitor_verdict_cb *verdict, void *userdata);
/* Ends running checks without a verdict. */
void monitor_watch_free(struct monitor_watch *w);

enum health monitor_watch_health(const struct monitor_watch *w);
usec_t monitor_watch_since(const struct monitor_watch *w); /* of the present health */

/*
 * Results that come by themselves. Who has them is asked for the present one of a subject whenever
 * a watch is made and whenever it says that something may have changed; that is level-triggered,
 * so nothing is lost when it says so once for many. Without a feed `consul` monitors are unknown.
 */
typedef enum health monitor_feed_cb(const char *subject, char *said, size_t size, void *userdata);
void monitor_runner_set_feed(struct monitor_runner *r, monitor_feed_cb *feed, void *userdata);
/* From the loop; verdicts may be reported from inside it. They may free their own watch only. */
void monitor_runner_feed_changed(struct monitor_runner *r);

size_t monitor_watch_n(const struct monitor_watch *w);
/* How long a failure may stay unnoticed, for one that is there at the first check after it; 0 when
 * nothing of it has to be asked for. */
usec_t monitor_watch_notice(const struct monitor_watch *w);
/* The texts in *ret are valid until the loop runs again. */
void monitor_watch_status(const struct monitor_watch *w, size_t i, struct monitor_status *ret);

void monitor_runner_status(const struct monitor_runner *r, struct monitor_runner_status *ret);

#endif
