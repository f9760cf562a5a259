/* SPDX-License-Identifier: MIT */
#include "agent/daemon/vip_rules.h"

#include <errno.h>

#include "agent/app/budgets.h"
#include "agent/config/app_index.h"
#include "agent/config/nat_api.h"
#include "agent/model/vrf_reach.h"
#include "agent/status/outside_vrf.h"
#include "lib/log.h"
#include "process/loop.h"

int vip_rules_check(const struct agent *a, const struct config *c, const struct app_spec *spec,
		    const struct app *self, struct err *err, struct err *warning)
{
	const struct vip_limits *own = principal_vips(&c->agent.api, spec->by);
	struct vip_policy policy = c->agent.vips;
	if (!vip_policy_binds(&policy, spec->source))
		return 0;
	if (own) {
		vip_policy_limit(&policy, own, principal_vips_key(spec->by));
		policy.own_others = budget_vips(a->registry, spec, self);
	}
	const struct vip_host *host = host_facts_get(
		a->facts, spec, host_changes_count(a->host_changes), loop_now(a->loop));
	size_t others = policy.max > 0 ? registry_requested_vips(a->registry, self) : 0;
	return vip_policy_check(&policy, host, spec, others, err, warning);
}

static bool find_own(uint8_t family, struct addr *ret, void *userdata)
{
	struct err err;
	return host_addresses_own(userdata, family, ret, &err) == 0;
}

int vip_rules_check_nats(struct host_addresses *identity, const struct config *c,
			 const struct app_spec *spec, struct err *err)
{
	return nat_api_check(&c->agent, spec, find_own, identity, err);
}

/* Of the file, `check` and the start have told, and of a program's routes the alarm tells: here
 * they have no peers yet. */
static void warn_of_vrf(const struct agent *a, const struct app_spec *spec)
{
	char text[VRF_REACH_TEXT_MAX];
	struct peer_list peers;
	if (!a->speaker || spec->source <= APP_FROM_PROCESS)
		return;
	peer_list_init(&peers, a->speaker);
	const struct bgp_peer_status *peer = outside_vrf_app(spec, &peers, a->host_changes);
	if (peer)
		log_warn("app", "%s: %s", spec->name,
			 vrf_reach_text(peer, app_spec_place(spec), text));
	peer_list_done(&peers);
}

int vip_rules_policy(const struct app_spec *spec, const struct app *self, struct err *err,
		     void *agent)
{
	struct agent *a = agent;
	struct err warning = { "" };
	int rc = vip_rules_check_nats(&a->identity, a->config, spec, err);
	if (rc < 0 || !vip_policy_binds(&a->config->agent.vips, spec->source))
		return rc;
	host_changes_catch_up(a->host_changes);
	rc = vip_rules_check(a, a->config, spec, self, err, &warning);
	if (rc == 0 && warning.text[0])
		log_warn("app", "%s: %s", spec->name, warning.text);
	if (rc == 0)
		warn_of_vrf(a, spec);
	return rc;
}

int vip_rules_check_aggregates(const struct aggregate_list *list, const struct prefix *vip,
			       struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	if (!aggregate_list_find(list, vip))
		return 0;
	return err_set(err, -EEXIST,
		       "vip %s is an aggregate of the configuration (bgp.aggregates), expected an "
		       "address or a prefix in it",
		       prefix_format(vip, text));
}

int vip_rules_guard(const struct prefix *vip, struct err *err, void *agent)
{
	const struct agent *a = agent;
	host_changes_catch_up(a->host_changes);
	int rc = host_addresses_check_vip(&a->identity, vip, err);
	if (rc == 0 && a->next_identity) /* a reload has checked the apps of before */
		rc = host_addresses_check_vip(a->next_identity, vip, err);
	if (rc == 0)
		rc = vip_rules_check_aggregates(&a->config->aggregates, vip, err);
	if (rc == 0 && a->next_aggregates)
		rc = vip_rules_check_aggregates(a->next_aggregates, vip, err);
	/* Those of the file were checked with it; one that has an owner is known. */
	if (rc == 0 && host_changes_subnet_of(a->host_changes, vip) &&
	    !registry_owner(a->registry, vip) && !config_has_vip(a->config, vip))
		host_changes_warn_of_subnet(a->host_changes, vip);
	return rc;
}
