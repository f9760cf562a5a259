/* SPDX-License-Identifier: MIT */
/*
 * How a kind of monitor checks.
 *
 * A kind is one file, monitors/NAME.c, with its pure descriptor (monitors/kind.h) and the
 * operations below, and one line in monitors/kinds.h. Nothing else names it: the parser, the
 * schema of the configuration, admission, capabilities and the runner go by the descriptor.
 * Messages on the wire are pure files beside it (dns_message, ntp_message).
 * docs/monitors.md, "Adding a kind", goes through the steps.
 *
 * A kind answers at once (`check`), or later (`start`, then the callback; `cancel` ends a check
 * without one). What answers at once must take microseconds, as the loop waits for it; it may also
 * hint that a new check is worthwhile (`attach`). A kind that asks Consul has neither: the runner
 * reads its results from the feed (monitors/runner.h).
 */
#ifndef MONITORS_MONITOR_H
#define MONITORS_MONITOR_H

#include <stdbool.h>

#include "lib/err.h"
#include "lib/mono.h"
#include "lib/wallclock.h"
#include "monitors/env.h"
#include "monitors/spec.h"
#include "monitors/verdict.h"

#define MONITOR_SAID_MAX 512

/* One result. UNKNOWN: the check could not be made, which says nothing about the service. */
struct monitor_result {
	enum health health;
	char said[MONITOR_SAID_MAX]; /* for people; may be empty for UP, see ops->said_up */
	const char *output; /* of a command; NULL or "" for none; valid during the callback */
	wall_t cert_end;    /* when the certificate of the service ends; 0: not known */
};

/* From the loop, never from inside start(). What start() returned is freed when it returns. */
typedef void monitor_done_cb(const struct monitor_result *result, void *userdata);
/* The result may have changed. */
typedef void monitor_hint_cb(void *userdata);

struct monitor_ops {
	const char *said_up; /* shown for a pass with an empty text, which costs no memory */
	/* Many checks at one moment cost less than one by one: all are due together. */
	bool together;
	/* `attached` is what attach() returned, or NULL. */
	void (*check)(struct monitor_env *env, const struct monitor_spec *spec, void *attached,
		      struct monitor_result *ret);
	/* 0 and what cancel() takes, or -errno with the reason in `err`: the result is UNKNOWN. */
	int (*start)(struct monitor_env *env, const struct monitor_spec *spec, span_t timeout,
		     monitor_done_cb *done, void *userdata, void **ret_running, struct err *err);
	void (*cancel)(void *running);
	/* Never NULL. `spec` and `owner`, of the watch, outlive it. */
	void *(*attach)(struct monitor_env *env, const struct monitor_spec *spec, const void *owner,
			monitor_hint_cb *hint, void *userdata);
	void (*detach)(void *attached);
};

#endif
