/* SPDX-License-Identifier: MIT */
/*
 * What a kind of monitor implements. A new kind is a parser in spec.c, one of these tables in a
 * file of its own, and a line in registry.c; the runner does not change.
 *
 * A kind answers at once (`check`), or later (`start`, then the callback; `cancel` ends it
 * without one), or its results come by themselves from outside (`fed`, see runner.h). What answers
 * at once must take microseconds, as the loop waits for it; it may also know when there is
 * something new to see (`attach`, then hints).
 */
#ifndef MONITORS_MONITOR_H
#define MONITORS_MONITOR_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/mono.h"
#include "monitors/ports.h"
#include "monitors/spec.h"
#include "monitors/verdict.h"
#include "net/http.h"
#include "process/child.h"

#define MONITOR_SAID_MAX 512

/* One result. UNKNOWN: the check itself could not be made, which says nothing about the service. */
struct monitor_result {
	enum health health;
	char said[MONITOR_SAID_MAX]; /* for people; may be empty for UP, see ops->said_up */
	const char *output;          /* of a command; NULL or "" for none; lives as the callback */
};

/* Is the address a VIP of an app, bound or not? */
typedef bool monitor_is_vip_fn(const struct addr *a, void *userdata);

/* What a check may use; lives as long as the runner. */
struct monitor_env {
	sd_event *loop;
	struct ports *ports;
	struct http *http;                  /* made on first use, see monitor_env_http() */
	const struct child_user *exec_user; /* who commands run as; NULL: as we do */
	const char *tls_ca;                 /* PEM file of `https`; NULL: the system's */
	monitor_is_vip_fn *is_vip;          /* NULL: there are none */
	void *vip_userdata;
};

/* From the loop, never from inside start(). Whatever start() returned is gone when it returns. */
typedef void monitor_done_cb(const struct monitor_result *result, void *userdata);
/* A check may say something else than before. */
typedef void monitor_hint_cb(void *userdata);

/* Whom a check has to wait for. */
enum monitor_lane { LANE_NONE, LANE_COMMAND, LANE_NETWORK };
#define N_LANES 3

struct monitor_ops {
	const char *said_up;    /* stands for an empty text of a pass, so that it costs no memory */
	enum monitor_lane lane; /* of kinds that answer later */
	/* Many checks in one moment cost less than one by one: all are due together. */
	bool together;
	/* `attached` is what attach() gave, or NULL. */
	void (*check)(struct monitor_env *env, const struct monitor_spec *spec, void *attached,
		      struct monitor_result *ret);
	/* 0 and something to cancel, or -errno with the reason in `err`: the result is UNKNOWN. */
	int (*start)(struct monitor_env *env, const struct monitor_spec *spec, usec_t timeout,
		     monitor_done_cb *done, void *userdata, void **ret_running, struct err *err);
	void (*cancel)(void *running);
	/* Never NULL. `spec` outlives it. */
	void *(*attach)(struct monitor_env *env, const struct monitor_spec *spec,
			monitor_hint_cb *hint, void *userdata);
	void (*detach)(void *attached);
	bool fed;
};

extern const struct monitor_ops monitor_port_ops, monitor_exec_ops, monitor_consul_ops,
	monitor_http_ops, monitor_tcp_ops, monitor_dns_ops, monitor_process_ops, monitor_file_ops;

/* Never NULL. */
const struct monitor_ops *monitor_ops_of(enum monitor_kind kind);

/* The client that all checks share. */
int monitor_env_http(struct monitor_env *env, struct http **ret, struct err *err);

/*
 * To be called for a socket before it is connected to `to`. A VIP of ours that is not on this host
 * at the moment is on others, and asking one of those would prove nothing about the service here:
 * -EADDRNOTAVAIL, the check cannot be made. One that is here is only reached here, even if it
 * goes away a moment later.
 */
int monitor_guard(struct monitor_env *env, int fd, const struct addr *to, struct err *err);

/* Whether a connect() that failed says that who is asked cannot be reached. Else it says something
 * about us (no port left, no memory), and the check could not be made. */
bool monitor_errno_is_down(int error);

#endif
