/* SPDX-License-Identifier: MIT */
/*
 * The HTTP server: libmicrohttpd on the event loop. request.h parses what it receives, the caller
 * answers it.
 */
#ifndef AGENT_HTTP_API_H
#define AGENT_HTTP_API_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/http/reply.h"
#include "agent/http/request.h"
#include "lib/endpoint.h"
#include "lib/err.h"

/* Called from the loop; fills in the reply. */
typedef void api_answer_cb(const struct api_call *call, struct api_reply *ret, void *userdata);

struct api;

/* Listens at once and answers when the loop runs. The text of -EADDRINUSE says how to find who has
 * the address. */
int api_new(sd_event *loop, const struct endpoint *at, api_answer_cb *answer, void *userdata,
	    struct api **ret, struct err *err);
void api_free(struct api *api);

/* Sends the replies that are deferred until their change is stored, up to this number. `api` may be
 * NULL, here and below. */
void api_send_stored(struct api *api, uint64_t up_to, bool stored);
/* Sends the replies of API_DEFER_LATER up to this number. */
void api_send_later(struct api *api, uint64_t up_to, unsigned status, const char *body);
/* Has the requests of API_DEFER_RETRY answered anew. */
void api_retry(struct api *api);

#endif
