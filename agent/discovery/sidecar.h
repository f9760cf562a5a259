/* SPDX-License-Identifier: MIT */
/* Sidecars: Consul gives a service's tags to the proxy that it registers with the service, and a
 * proxy that only inherited them is not an app. Pure. */
#ifndef AGENT_DISCOVERY_SIDECAR_H
#define AGENT_DISCOVERY_SIDECAR_H

#include <stdbool.h>

#include "consul/catalog.h"

/* Is the instance an app by its tags? Not without the match tag; and not a connect-proxy, unless
 * its gocast_vip tags differ from those of every instance of the service it stands for. While that
 * service is not registered there is nothing to compare with: `known` is then the result. */
bool sidecar_is_app(const struct consul_catalog *c, const struct consul_service *instance,
		    bool known);

#endif
