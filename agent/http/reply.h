/* SPDX-License-Identifier: MIT */
/* A reply, and how libmicrohttpd sends it. */
#ifndef AGENT_HTTP_REPLY_H
#define AGENT_HTTP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/page/file.h"
#include "agent/status/event_feed.h"
#include "agent/status/stream.h"

/* When the reply is sent. */
enum api_defer {
	API_SEND_NOW,
	API_DEFER_STORED,   /* when api_send_stored() says whether the change is on the disk */
	API_DEFER_LATER,    /* api_send_later() has status and body, JSON */
	API_DEFER_COMPARED, /* api_send_compared() has them */
	API_DEFER_CHECKED,  /* api_send_checked() has them, for one of them */
	API_DEFER_FORECAST, /* api_send_forecast() has them, for one of them */
	API_DEFER_FLEET,    /* api_send_fleet() has them, for one of them */
	API_DEFER_RETRY,    /* there is no reply yet: api_retry() has the request answered anew */
};

struct MHD_Connection;

struct api_reply {
	unsigned status;
	const char *content_type;
	const char *allow;                /* of 405: the methods */
	char *body;                       /* owned; or */
	struct stream *stream;            /* owned; or */
	const struct page_octets *octets; /* with status 304 not sent; or */
	struct event_feed *feed;          /* owned: agent/http/followers.h sends it */
	bool packed;                      /* the octets are, by gzip */
	bool for_browsers; /* a page, or a file of it: with headers that confine it */
	char *refused;     /* the reason for the log, of a registration; owned; NULL: none */
	enum api_defer defer;
	uint64_t number; /* of a deferred one: of the change, or of the request */
	/* Called once, from the loop, when the client goes before a deferred reply is sent: it is
	 * not wanted any more. NULL: not told. */
	void (*abandoned)(uint64_t number, void *userdata);
	void *abandoned_userdata;
	char *body_unstored; /* of API_DEFER_STORED: the body if it could not be stored; owned */
};

/* Frees the reply. False: libmicrohttpd has no memory for it, and the connection is to be closed.
 */
bool reply_send(struct api_reply *reply, struct MHD_Connection *conn);
bool reply_send_text(struct MHD_Connection *conn, unsigned status, const char *text);
void reply_done(struct api_reply *reply);

/* Sends "HTTP/1.1 STATUS" past the library and ends the connection. */
void reply_refuse(struct MHD_Connection *conn, const char *status, const char *text);
void reply_refuse_fd(int fd, const char *status, const char *text);

#endif
