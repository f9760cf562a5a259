/* SPDX-License-Identifier: MIT */
/*
 * The HTTP API: libmicrohttpd in our loop. Requests are parsed by route.h; what answers them is
 * the caller's.
 */
#ifndef AGENT_HTTP_API_H
#define AGENT_HTTP_API_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/http/request.h"
#include "agent/status/stream.h"
#include "lib/endpoint.h"
#include "lib/err.h"

/* When the reply leaves. */
enum api_defer {
	API_SEND_NOW,
	API_DEFER_STORED, /* until api_release() says whether the change is on the disk */
	API_DEFER_RETRY,  /* there is no reply yet: api_retry() has the request answered anew */
};

struct api_reply {
	unsigned status;
	const char *content_type;
	char *body;            /* freed by the API; or */
	struct stream *stream; /* freed by the API, after the answer has left */
	enum api_defer defer;
	uint64_t number;     /* of API_DEFER_STORED: of the change */
	char *body_unstored; /* of API_DEFER_STORED: what is sent instead when it is not; freed by
				the API */
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
void api_retry(struct api *api);

#endif
