/* SPDX-License-Identifier: MIT */
/*
 * Requests whose answer takes a while. Their number is bounded, in all and for one principal, and a
 * client that goes gives its place back (struct api_reply.abandoned).
 */
#ifndef AGENT_DAEMON_WAITING_H
#define AGENT_DAEMON_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/http/reply.h"
#include "agent/http/request.h"
#include "agent/model/principal.h"
#include "lib/list.h"

struct waiting {
	struct list list; /* struct waiter */
	size_t n, max, max_of_one;
	const char *what; /* "comparisons" */
	uint64_t number;  /* of the last request */
	bool stopped;     /* none is taken any more */
};

/* The first member of a request. */
struct waiter {
	struct list_node node;
	uint64_t number; /* of the reply */
	char principal[PRINCIPAL_NAME_MAX];
};

void waiting_init(struct waiting *w, size_t max, size_t max_of_one, const char *what);
/* False: there is no place for it, which the reply says. */
bool waiting_has_room(const struct waiting *w, const struct api_call *call, struct api_reply *ret);
/* At the end of the list; the reply comes later. */
void waiting_add(struct waiting *w, struct waiter *x, const struct api_call *call,
		 enum api_defer kind, struct api_reply *ret);
void waiting_remove(struct waiting *w, struct waiter *x);
/* NULL: it has been answered. */
struct waiter *waiting_find(const struct waiting *w, uint64_t number);
struct waiter *waiting_first(const struct waiting *w);

#endif
