/* SPDX-License-Identifier: MIT */
/*
 * Replies that are deferred (enum api_defer). Their connections are suspended; libmicrohttpd calls
 * the request handler again for each that is resumed, and the reply is sent from there.
 */
#ifndef AGENT_HTTP_DEFERRED_H
#define AGENT_HTTP_DEFERRED_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/http/reply.h"
#include "lib/list.h"

/* A member of its request; zeroed memory is a request that was not deferred. */
struct deferred {
	struct list_node node;
	struct MHD_Connection *conn;
	struct api_reply reply;
	size_t endpoint; /* of its call */
	bool ready;      /* resumed, and the reply can be sent */
};

/* Takes over the reply and suspends the connection. */
void deferred_add(struct list *all, struct deferred *d, struct MHD_Connection *conn,
		  const struct api_reply *reply);
/* Resumes the replies of one kind up to a number. `stored` is of API_DEFER_STORED. */
void deferred_resume(struct list *all, enum api_defer kind, uint64_t up_to, bool stored);
/* Resumes the replies of one kind up to a number, or of API_DEFER_CHECKED the one with it, with this
 * status and a copy of the body. */
void deferred_answer(struct list *all, enum api_defer kind, uint64_t up_to, unsigned status,
		     const char *body);
void deferred_done(struct deferred *d);

#endif
