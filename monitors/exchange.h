/* SPDX-License-Identifier: MIT */
/*
 * A check that talks to one address over a socket, within a time limit: what such kinds have in
 * common. The kind's own struct begins with a struct exchange and says in its ops what is sent and
 * what an answer is worth.
 */
#ifndef MONITORS_EXCHANGE_H
#define MONITORS_EXCHANGE_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "monitors/monitor.h"
#include "process/time_limit.h"

struct exchange;

struct exchange_ops {
	/* A datagram may get lost: called by exchange_begin() and every `again` after it until the
	 * check ends. NULL for kinds that only react to on_ready(). */
	void (*send)(struct exchange *x);
	span_t again;
	/* The socket is ready, or has an error. */
	void (*on_ready)(struct exchange *x, uint32_t revents);
	/* Names what is missing at the time-out; NULL: "no answer". */
	const char *(*missing)(const struct exchange *x);
	/* Frees the kind's struct and what it owns. */
	void (*free)(struct exchange *x);
};

struct exchange {
	const struct exchange_ops *ops;
	struct monitor_env *env;
	struct addr to;
	int fd;    /* -1: none yet */
	int error; /* errno of a connect() that failed at once and says that `to` is down */
	span_t timeout;
	sd_event_source *io, *repeat;
	struct time_limit limit;
	monitor_done_cb *done;
	void *userdata;
};

void exchange_init(struct exchange *x, const struct exchange_ops *ops, struct monitor_env *env,
		   span_t timeout, monitor_done_cb *done, void *userdata);
/* Adopts `fd` (or -1, with the reason in errno) in place of an earlier one, connects it and waits
 * for `events`. -errno when the check cannot be made. */
int exchange_connect(struct exchange *x, int fd, const struct addr *to, uint16_t port,
		     uint32_t events, struct err *err);
/* Starts the clock, and sends. To be called last in start(). */
int exchange_begin(struct exchange *x, struct err *err);
/* No more `send`. */
void exchange_stop_sending(struct exchange *x);

/* These end the check and free it. Only from the loop. */
void exchange_finish(struct exchange *x, enum health health, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void exchange_unreachable(struct exchange *x, int error);

/* Without a result; takes half-built ones too. For ops->cancel of the kind. */
void exchange_cancel(void *running);

#endif
