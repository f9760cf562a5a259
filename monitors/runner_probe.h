/* SPDX-License-Identifier: MIT */
/*
 * The runner as watches see it (monitors/watch.c): the probes that they give it.
 *
 * runner_arm(), after the last of these calls, sees to the probes that they made due.
 */
#ifndef MONITORS_RUNNER_PROBE_H
#define MONITORS_RUNNER_PROBE_H

#include "monitors/probe.h"
#include "monitors/spec.h"

/* Of monitors that leave it to the runner. */
const struct monitor_timing *runner_timing(const struct monitor_runner *r);

/* After probe_init(), with `changed` set and `subject` if it is fed: its first check if it answers
 * at once, without a call of `changed`; its schedule. `owner`: see monitor_ways_fn. */
void runner_begin(struct monitor_runner *r, struct probe *p, const void *owner);
/* Another timing, of `spec` or the runner's. A check that waits in its lane or runs is due again
 * when it has ended. */
void runner_change_timing(struct probe *p, const struct monitor_spec *spec);
/* Due now; once more when the one that runs has ended. */
void runner_check_soon(struct probe *p);
/* The owner is another now: checks anew, as results depend on it. Does not call `changed`. */
void runner_check_of_owner(struct probe *p);
/* Frees it; its running check is cancelled. */
void runner_end(struct probe *p);
/* After runner_end() of one or more, in the place of runner_arm(). */
void runner_probes_are_gone(struct monitor_runner *r);
void runner_arm(struct monitor_runner *r);

#endif
