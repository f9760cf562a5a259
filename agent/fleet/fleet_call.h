/* SPDX-License-Identifier: MIT */
/*
 * The calls of one app to Consul: a transaction at a time (fleet/txn.h). A write is preceded by
 * FIND when the index of the own `up` keys is not known, as after a conflict or a lost answer.
 */
#ifndef AGENT_FLEET_FLEET_CALL_H
#define AGENT_FLEET_FLEET_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "consul/transport.h"
#include "fleet/member.h"
#include "fleet/txn.h"
#include "lib/err.h"

/* `views` of READ, CLAIM and JOIN that are OK, and of REFRESH unless they are torn; `err` of the
 * others. Another call may begin and the owner freed inside it. */
typedef void fleet_call_cb(enum fleet_result result, const struct fleet_view *views,
			   const struct err *err, void *userdata);

struct fleet_call {
	/* Not owned; it may be replaced by another one while no call is in flight. NULL: nothing is
	 * sent. */
	struct consul_transport *const *transport;
	struct fleet_keys keys; /* its texts too */
	fleet_call_cb *done;
	void *userdata;
	struct http_call *call; /* NULL: none in flight */
	enum fleet_txn kind;
	bool is_finding;
	struct fleet_write write;
	char session[FLEET_SESSION_MAX];
	bool is_known; /* `own` is what Consul had last */
	uint64_t own[FLEET_VIPS_MAX];
	bool is_lost;       /* FIND found no more what was there */
	bool was_announced; /* by what FIND found, within `window` */
	span_t window;
};

/* Zeroed, with transport, keys, done and userdata, it is ready. */
/* `write` without `own`: its leaves have to live until it is done. */
void fleet_call_begin(struct fleet_call *e, enum fleet_txn kind, const struct fleet_write *write);
/* Without a callback. A write may take effect all the same. */
void fleet_call_cancel(struct fleet_call *e);

#endif
