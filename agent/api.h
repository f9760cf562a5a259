/* SPDX-License-Identifier: MIT */
/*
 * The HTTP API: libmicrohttpd in our loop. Requests are parsed by route.h; what answers them is
 * the caller's.
 */
#ifndef AGENT_API_H
#define AGENT_API_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/route.h"
#include "agent/stream.h"
#include "lib/endpoint.h"
#include "lib/err.h"

/* When the reply leaves. */
enum api_hold {
	API_HOLD_NOT,
	API_HOLD_STORED,    /* api_release() says whether what it tells is on the disk */
	API_HOLD_ASK_AGAIN, /* there is none yet: api_ask_again() has the call answered anew */
};

struct api_reply {
	unsigned status;
	const char *content_type;
	char *body;            /* freed by the API; or */
	struct stream *stream; /* freed by the API, after the answer has left */
	enum api_hold hold;
	uint64_t number;     /* of HOLD_STORED: of the change */
	char *body_unstored; /* of HOLD_STORED: what is sent instead when it is not; freed by the
				API */
};

/* Called from the loop; fills in the reply. */
typedef void api_answer_cb(const struct api_call *call, struct api_reply *ret, void *userdata);

struct api;

/* Listens at once and answers when the loop runs. -EADDRINUSE: the text says who may have it. */
int api_new(sd_event *loop, const struct endpoint *at, api_answer_cb *answer, void *userdata,
	    struct api **ret, struct err *err);
void api_free(struct api *api);

/* Lets go of the replies up to this number. NULL is fine, here and below. */
void api_release(struct api *api, uint64_t up_to, bool stored);
void api_ask_again(struct api *api);

#endif
