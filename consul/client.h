/* SPDX-License-Identifier: MIT */
/*
 * Keeps the catalog up to date with the local Consul agent.
 *
 *	CONSUL_NODE, or /v1/agent/self ──> name of the node
 *	/v1/catalog/node/NODE  ──> consul/payload ──> consul/plan ──> consul/catalog ──> changed()
 *	/v1/health/node/NODE   ──^
 *
 * Two blocking queries serve all services. After a failure they are repeated with back-off, and the
 * catalog stays what it was.
 */
#ifndef CONSUL_CLIENT_H
#define CONSUL_CLIENT_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "consul/catalog.h"
#include "consul/config.h"
#include "consul/settings.h"
#include "consul/status.h"
#include "consul/transport.h"
#include "lib/err.h"

struct consul_client;

/* Something may have changed: the health of a service, or with `services` the services or their
 * tags. From the loop, never from inside a function below. */
typedef void consul_changed_cb(bool services, void *userdata);

/* -ENOENT: no Consul is configured. Nothing is queried before the loop runs. `config` and the
 * environment must outlive it. */
int consul_client_new(sd_event *loop, const struct consul_config *config, consul_getenv *env,
		      consul_changed_cb *changed, void *userdata, struct consul_client **ret,
		      struct err *err);
void consul_client_free(struct consul_client *c);

const struct consul_catalog *consul_client_catalog(const struct consul_client *c);
enum consul_health consul_client_judge(const struct consul_client *c, const char *service,
				       char said[static CONSUL_SAID_MAX]);
void consul_client_status(const struct consul_client *c, struct consul_client_status *ret);
/* For other calls to the same Consul; owned by the client. */
struct consul_transport *consul_client_transport(const struct consul_client *c);

#endif
