/* SPDX-License-Identifier: MIT */
/*
 * HTTP calls to the local Consul agent: where it is, the token, TLS, and the part of an answer that
 * does not depend on the query.
 */
#ifndef CONSUL_TRANSPORT_H
#define CONSUL_TRANSPORT_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "consul/config.h"
#include "consul/plan.h"
#include "consul/settings.h"
#include "lib/err.h"
#include "lib/mono.h"
#include "net/http.h"

struct consul_transport;

/* -ENOENT: no Consul is configured. `config` and the environment must outlive it. */
int consul_transport_new(sd_event *loop, const struct consul_config *config, consul_getenv *env,
			 struct consul_transport **ret, struct err *err);
/* Cancels all calls, without callbacks. */
void consul_transport_free(struct consul_transport *t);

/* From now on reads are of what the leader has confirmed; one that has just been elected may
 * otherwise say that there is nothing. */
void consul_transport_be_consistent(struct consul_transport *t);

const char *consul_transport_address(const struct consul_transport *t); /* without secrets */
/* The name of the node as configured; NULL: the local agent knows it. */
const char *consul_transport_node(const struct consul_transport *t);

/* GET v1/PATH[/NAME]. With `index` a blocking query of at most `wait`. */
int consul_transport_get(struct consul_transport *t, const char *path, const char *name,
			 uint64_t index, span_t wait, http_done_cb *done, void *userdata,
			 struct http_call **ret, struct err *err);
/* GET v1/PATH/NAME in another namespace than that of the settings, answered at once. */
int consul_transport_get_in(struct consul_transport *t, const char *namespace, const char *path,
			    const char *name, http_done_cb *done, void *userdata,
			    struct http_call **ret, struct err *err);
/* PUT v1/PATH[/NAME]. */
int consul_transport_put(struct consul_transport *t, const char *path, const char *name,
			 const char *body, http_done_cb *done, void *userdata,
			 struct http_call **ret);

/* Fills in all but what is in the body. ret->error is err->text. */
void consul_transport_answer(const struct http_response *r, struct consul_answer *ret,
			     struct err *err);

#endif
