/* SPDX-License-Identifier: MIT */
/*
 * Runs the monitors of all apps.
 *
 * One timer serves all watches (monitors/watch.h); due times are spread; a check that hangs delays
 * no other.
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

int monitor_runner_new(sd_event *loop, const struct runner_config *config,
		       struct monitor_runner **ret, struct err *err);
/* Another configuration for checks to come; those that run keep theirs. Call monitor_watch_change()
 * for every watch when the timing differs. `exec_user` and the like are not used afterwards, except
 * by the running checks' children, which have them already. */
void monitor_runner_change(struct monitor_runner *r, const struct runner_config *config);
/* All watches must be freed before. */
void monitor_runner_free(struct monitor_runner *r);
void monitor_runner_status(const struct monitor_runner *r, struct monitor_runner_status *ret);

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
