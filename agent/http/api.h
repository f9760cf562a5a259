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

#include "agent/http/api_callbacks.h"
#include "agent/http/reply.h"
#include "agent/http/request.h"
#include "agent/http/tokens.h"
#include "agent/model/api_counts.h"
#include "agent/model/principal.h"
#include "lib/addr.h"
#include "lib/endpoint.h"
#include "lib/err.h"
#include "net/tls_keys.h"

struct api;

/* `rules` must outlive it. It answers when it listens and the loop runs. */
struct api *api_new(sd_event *loop, const struct api_rules *rules,
		    const struct api_callbacks *callbacks, void *userdata);
void api_free(struct api *api);
/* TLS on the TCP sockets that it listens on from now on; on those that have TLS already, the keys
 * are replaced. */
void api_set_tls(struct api *api, struct tls_keys *keys);
/* Listens at once; unless `read_only`, at the socket that was passed if there is one. `read_only`:
 * whoever asks may change nothing. The text of -EADDRINUSE says how to find who has the address. */
int api_listen(struct api *api, const struct endpoint *at, bool read_only, struct err *err);
/* Listens on the admin socket in this directory (agent/http/admin_socket.h). */
int api_listen_admin(struct api *api, const char *directory, struct err *err);
const struct api_counts *api_counts(const struct api *api);
/* Other rules from now on. Takes their tokens over; NULL: reads them. */
void api_set_rules(struct api *api, const struct api_rules *rules, struct tokens *tokens);

/* Sends the replies that are deferred until their change is stored, up to this number. `api` may be
 * NULL, here and below. */
void api_send_stored(struct api *api, uint64_t up_to, bool stored);
/* Sends the replies of API_DEFER_LATER up to this number. */
void api_send_later(struct api *api, uint64_t up_to, unsigned status, const char *body);
void api_send_compared(struct api *api, uint64_t up_to, unsigned status, const char *body);
void api_send_checked(struct api *api, uint64_t number, unsigned status, const char *body);
/* Sends the reply of API_DEFER_FORECAST with this number. */
void api_send_forecast(struct api *api, uint64_t number, unsigned status, const char *body);
/* Of API_DEFER_FLEET. */
void api_send_fleet(struct api *api, uint64_t number, unsigned status, const char *body);
/* Has the requests of API_DEFER_RETRY answered anew. */
void api_retry(struct api *api);
/* There is a new event, for its followers. */
void api_wake_followers(struct api *api);

#endif
