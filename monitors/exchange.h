/* SPDX-License-Identifier: MIT */
/*
 * A check that talks to a host over a socket, within a time limit: what such kinds have in common.
 * The kind's own struct begins with a struct exchange and says in its ops what is sent and what an
 * answer is worth.
 *
 * A host may be a name. Its addresses are tried in the order of the resolver until one answers;
 * each has half of the time that is left, the last one all of it.
 */
#ifndef MONITORS_EXCHANGE_H
#define MONITORS_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "monitors/monitor.h"
#include "monitors/target.h"
#include "process/time_limit.h"

struct exchange;

struct exchange_ops {
	/* Opens a socket to x->to and hands it to exchange_connect(). -errno as from that. */
	int (*open)(struct exchange *x, struct err *err);
	/* A datagram may get lost: sent when a socket is open, and every `again` after it until
	 * the check ends. NULL for kinds that only react to on_ready(). */
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
	struct addr to; /* the address that is tried */
	uint16_t port;
	char *name;                /* NULL: the host is an address */
	struct names_query *query; /* NULL: none waits for an answer */
	struct addr addresses[NAMES_ADDRESSES_MAX];
	size_t n, next;                /* of the addresses */
	size_t n_untried;              /* those before that this host has no IPv6 for */
	char failed[MONITOR_SAID_MAX]; /* the errors of those before */
	int fd;                        /* -1: none yet */
	int error; /* errno of a connect() that failed at once and says that `to` is down */
	span_t timeout;
	mono_t deadline;
	sd_event_source *io, *repeat;
	struct time_limit limit;
	monitor_done_cb *done;
	void *userdata;
};

void exchange_init(struct exchange *x, const struct exchange_ops *ops, struct monitor_env *env,
		   span_t timeout, monitor_done_cb *done, void *userdata);
/* Looks the host up if need be, opens a socket, starts the clock and sends. To be called last in
 * start(). -errno when the check cannot be made. */
int exchange_start(struct exchange *x, const struct monitor_spec *spec,
		   const struct monitor_endpoint *host, struct err *err);
/* Adopts `fd` (or -1, with the reason in errno) in place of an earlier one, connects it to x->to
 * and waits for `events`. -errno when the check cannot be made. */
int exchange_connect(struct exchange *x, int fd, uint32_t events, struct err *err);
/* No more `send`. */
void exchange_stop_sending(struct exchange *x);

/* These end the check and free it, or may. Only from the loop. */
void exchange_finish(struct exchange *x, enum health health, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The address does not answer: the next one is tried. Without one the check ends, as DOWN. */
void exchange_unanswered(struct exchange *x, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void exchange_unreachable(struct exchange *x, int error);
/* This address is the one: it has all the time that is left. False when that ended the check. */
bool exchange_settle(struct exchange *x);

/* Without a result; takes half-built ones too. For ops->cancel of the kind. */
void exchange_cancel(void *running);

#endif
