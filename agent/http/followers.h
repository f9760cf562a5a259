/* SPDX-License-Identifier: MIT */
/*
 * The clients that follow the events (agent/status/event_feed.h): replies without an end.
 *
 * libmicrohttpd asks a follower's feed for octets when its connection takes some. When there are
 * none the connection is suspended, until an event passes its filter or a beat is due. So a client
 * that does not read costs a connection, which ends after FOLLOWER_STUCK, and nothing waits for it.
 *
 * They are limited in all and by principal. One that has closed its end makes room.
 */
#ifndef AGENT_HTTP_FOLLOWERS_H
#define AGENT_HTTP_FOLLOWERS_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/http/listener.h"
#include "agent/http/reply.h"
#include "lib/err.h"

#define FOLLOWERS_MAX           32
#define FOLLOWERS_PER_PRINCIPAL 8

#define FOLLOWER_BEAT  (15 * USEC_PER_SEC)
#define FOLLOWER_STUCK 60 /* seconds without an octet sent */

struct followers;

struct followers *followers_new(sd_event *loop);
/* There must be none any more. */
void followers_free(struct followers *all);

/* 0, or -EAGAIN with the limit that is reached. */
int followers_check(struct followers *all, const char *principal, struct err *err);
/* Sends the feed of the reply, which it takes over; to be called for the request of the connection.
 * False: libmicrohttpd has no memory for it, and the connection is to be closed. */
bool followers_add(struct followers *all, struct listener *listener, struct MHD_Connection *conn,
		   const char *principal, struct api_reply *reply);
/* There may be a new event: they are looked at in a later turn of the loop. */
void followers_wake(struct followers *all);
/* Ends those that may not read any more. */
typedef bool follower_may_cb(const struct listener *listener, struct MHD_Connection *conn,
			     void *userdata);
void followers_review(struct followers *all, follower_may_cb *may, void *userdata);
/* Ends all, after the events that there are. Their listeners have to run for that. */
void followers_end(struct followers *all);

size_t followers_count(const struct followers *all);

#endif
