/* SPDX-License-Identifier: MIT */
/*
 * Replies that are deferred (enum api_defer). Their connections are suspended; libmicrohttpd calls
 * the request handler again for each that is resumed, and the reply is sent from there.
 */
#ifndef AGENT_HTTP_DEFERRED_H
#define AGENT_HTTP_DEFERRED_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/http/reply.h"
#include "lib/list.h"

/* The client of a reply has gone, and what it waited for was abandoned: the reply was resumed. */
typedef void deferred_gone_cb(void *userdata);

/* A member of its request; zeroed memory is a request that was not deferred. */
struct deferred {
	struct list_node node;
	struct MHD_Connection *conn;
	struct api_reply reply;
	size_t endpoint;        /* of its call */
	bool ready;             /* resumed, and the reply can be sent */
	sd_event_source *watch; /* NULL: the client is not watched */
	deferred_gone_cb *gone;
	void *userdata;
};

/* Takes over the reply and suspends the connection. */
void deferred_add(struct list *all, struct deferred *d, struct MHD_Connection *conn,
		  const struct api_reply *reply);
/* Watches the client of one that is on the list, if the reply is to be abandoned with it.
 * libmicrohttpd does not see it go while the connection is suspended. One that has only shut down
 * its sending side counts as gone, too, and gets a refusal. */
void deferred_watch(struct deferred *d, sd_event *loop, int fd, deferred_gone_cb *gone,
		    void *userdata);
/* Resumes the replies of one kind up to a number. `stored` is of API_DEFER_STORED. */
void deferred_resume(struct list *all, enum api_defer kind, uint64_t up_to, bool stored);
/* Resumes the replies of one kind up to a number, or of API_DEFER_CHECKED, API_DEFER_FORECAST and
 * API_DEFER_FLEET the one with it, with this status and a copy of the body. */
void deferred_answer(struct list *all, enum api_defer kind, uint64_t up_to, unsigned status,
		     const char *body);
void deferred_done(struct deferred *d);

#endif
