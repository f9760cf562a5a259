/* SPDX-License-Identifier: MIT */
/*
 * Asks the local Consul agent, for ever, and keeps the last known state.
 *
 *	CONSUL_NODE, or /v1/agent/self ──> node
 *	/v1/catalog/node/NODE  ──> consul/payload ──> consul/plan ──> consul/catalog ──> changed()
 *	/v1/health/node/NODE   ──^
 *
 * Two blocking queries serve all services. Whatever goes wrong is retried with back-off, and the
 * state stays what it was.
 */
#ifndef CONSUL_CLIENT_H
#define CONSUL_CLIENT_H

#include <systemd/sd-event.h>

#include "consul/catalog.h"
#include "consul/config.h"
#include "consul/settings.h"
#include "consul/status.h"
#include "lib/err.h"
#include "lib/mono.h"
#include "net/http.h"

struct consul_client;

/* Something may have changed: a judgement, or with `services` the services or their tags. From the
 * loop, never from inside a function below. */
typedef void consul_changed_cb(bool services, void *userdata);

/* -ENOENT: no Consul is configured, which is no failure. Nothing is asked before the loop runs.
 * `config` and the environment must outlive it. */
int consul_client_new(sd_event *loop, const struct consul_config *config, consul_getenv *env,
		      consul_changed_cb *changed, void *userdata, struct consul_client **ret,
		      struct err *err);
void consul_client_free(struct consul_client *c);

const struct consul_catalog *consul_client_catalog(const struct consul_client *c);
enum consul_health consul_client_judge(const struct consul_client *c, const char *service,
				       char said[static CONSUL_SAID_MAX]);

void consul_client_status(const struct consul_client *c, struct consul_client_status *ret);

/* For what else is said to the same Consul: a call to v1/PATH[/NAME], with the token. */
int consul_client_put(struct consul_client *c, const char *path, const char *name, const char *body,
		      http_done_cb *done, void *userdata, struct http_call **ret);

#endif
