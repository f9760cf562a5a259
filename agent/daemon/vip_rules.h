/* SPDX-License-Identifier: MIT */
/* The rules for VIPs as the agent applies them, with what it knows of its host and its
 * configuration. */
#ifndef AGENT_DAEMON_VIP_RULES_H
#define AGENT_DAEMON_VIP_RULES_H

#include "agent/config/config.h"
#include "agent/daemon/parts.h"

/* agent.vips of a configuration, the one in effect or the next one, and the prefixes of the token
 * that registers the app. `self`: the app as it is registered, NULL: it is not. The host's
 * addresses are as of the last host_changes_catch_up(). -EACCES; `warning` is filled where the app
 * is accepted. */
int vip_rules_check(const struct agent *a, const struct config *c, const struct app_spec *spec,
		    const struct app *self, struct err *err, struct err *warning);

/* Mappings that lead to the agent's own API, at the host's addresses as the kernel has them.
 * -EACCES. */
int vip_rules_check_nats(struct host_addresses *identity, const struct config *c,
			 const struct app_spec *spec, struct err *err);

/* A VIP and an aggregate of the same prefix would be one route. -EEXIST. */
int vip_rules_check_aggregates(const struct aggregate_list *list, const struct prefix *vip,
			       struct err *err);

/* registry_guard and registry_policy, of the configuration in effect. */
int vip_rules_guard(const struct prefix *vip, struct err *err, void *agent);
int vip_rules_policy(const struct app_spec *spec, const struct app *self, struct err *err,
		     void *agent);

#endif
