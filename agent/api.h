/* SPDX-License-Identifier: MIT */
/*
 * The HTTP API: libmicrohttpd in our loop. Requests are parsed by route.h; what answers them is
 * the caller's.
 */
#ifndef AGENT_API_H
#define AGENT_API_H

#include <systemd/sd-event.h>

#include "agent/route.h"
#include "agent/stream.h"
#include "lib/endpoint.h"
#include "lib/err.h"

struct api_reply {
	unsigned status;
	const char *content_type;
	char *body;            /* freed by the API; or */
	struct stream *stream; /* freed by the API, after the answer has left */
};

/* Called from the loop; fills in the reply. */
typedef void api_answer_cb(const struct api_call *call, struct api_reply *ret, void *userdata);

struct api;

/* Listens at once and answers when the loop runs. -EADDRINUSE: the text says who may have it. */
int api_new(sd_event *loop, const struct endpoint *at, api_answer_cb *answer, void *userdata,
	    struct api **ret, struct err *err);
void api_free(struct api *api);

#endif
