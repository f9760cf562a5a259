/* SPDX-License-Identifier: MIT */
/*
 * What a kind of monitor implements. A new kind is a parser in spec.c, one of these tables in a
 * file of its own, and a line in registry.c; the runner does not change.
 *
 * A kind answers at once (`check`), or later (`start`, then the callback; `cancel` ends it
 * without one), or its results come by themselves from outside (`fed`, see runner.h). What answers
 * at once must take microseconds, as the loop waits for it.
 */
#ifndef MONITORS_MONITOR_H
#define MONITORS_MONITOR_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/mono.h"
#include "monitors/spec.h"
#include "monitors/verdict.h"
#include "net/child.h"
#include "net/sockdiag.h"

#define MONITOR_SAID_MAX 512

/* One result. UNKNOWN: the check itself could not be made, which says nothing about the service. */
struct monitor_result {
	enum health health;
	char said[MONITOR_SAID_MAX]; /* for people; may be empty for UP, see ops->said_up */
};

/* What a check may use; lives as long as the runner. */
struct monitor_env {
	sd_event *loop;
	struct sockdiag *sockdiag;
	usec_t timeout;                     /* of a check that answers later */
	const struct child_user *exec_user; /* who commands run as; NULL: as we do */
};

/* From the loop, never from inside start(). Whatever start() returned is gone when it returns. */
typedef void monitor_done_cb(const struct monitor_result *result, void *userdata);

struct monitor_ops {
	const char *said_up; /* stands for an empty text of a pass, so that it costs no memory */
	void (*check)(const struct monitor_env *env, const struct monitor_spec *spec,
		      struct monitor_result *ret);
	/* 0 and something to cancel, or -errno with the reason in `err`: the result is UNKNOWN. */
	int (*start)(const struct monitor_env *env, const struct monitor_spec *spec,
		     monitor_done_cb *done, void *userdata, void **ret_running, struct err *err);
	void (*cancel)(void *running);
	bool fed;
};

extern const struct monitor_ops monitor_port_ops, monitor_exec_ops, monitor_consul_ops;

/* Never NULL. */
const struct monitor_ops *monitor_ops_of(enum monitor_kind kind);

#endif
