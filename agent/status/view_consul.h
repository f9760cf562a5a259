/* SPDX-License-Identifier: MIT */
/* GET /v1/consul: since when Consul answers or does not, and the state of each service. */
#ifndef AGENT_STATUS_VIEW_CONSUL_H
#define AGENT_STATUS_VIEW_CONSUL_H

#include <jansson.h>

#include "agent/discovery/discovery.h"
#include "agent/status/status_sources.h"
#include "consul/status.h"

json_t *view_consul(const struct status_sources *in);
/* GET /v1/nomad: the same of Nomad. */
json_t *view_nomad(const struct status_sources *in);
/* All but the services. */
json_t *view_consul_client(const struct consul_client_status *c, const struct view_clock *clock);
/* An element of "found". */
json_t *view_consul_service(const struct discovered *s, const struct view_clock *clock);

#endif
