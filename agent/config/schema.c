/* SPDX-License-Identifier: MIT */
#include "agent/config/schema.h"

#include "agent/config/draft.h"
#include "agent/config/schema_agent.h"
#include "agent/config/schema_aggregates.h"
#include "agent/config/schema_fleet.h"
#include "agent/config/schema_hooks.h"
#include "agent/config/schema_log.h"
#include "agent/config/schema_metrics.h"
#include "agent/config/schema_api.h"
#include "agent/config/schema_apps.h"
#include "agent/config/schema_bfd.h"
#include "agent/config/schema_bgp.h"
#include "agent/config/schema_monitors.h"
#include "agent/config/schema_programs.h"
#include "agent/config/types.h"
#include "lib/mem.h"

/* ---- nat ---- */

static const struct config_key nat_keys[] = {
	{ .name = "backend",
	  .effect = CONFIG_NEEDS_RESTART,
	  .type = &config_type_nat_backend,
	  .offset = offsetof(struct config_nat, backend),
	  .default_text = "auto",
	  .doc = "Packet filter that translates. `auto` selects legacy iptables if the host "
		 "already uses it, else nftables; and the other one if the kernel lacks the first. "
		 "See [nat.md](nat.md)." },
	{ 0 },
};

const struct config_section config_nat_section = {
	.path = "nat",
	.doc = "How the `nats` of apps are translated. The section is optional.",
	.keys = nat_keys,
};

/* ---- apps ---- */

static void *add_app(void *target)
{
	struct config_draft *d = target;
	d->apps = mem_grow(d->apps, &d->cap_apps, d->n_apps + 1, sizeof(*d->apps));
	d->apps[d->n_apps].source = APP_FROM_CONFIG;
	return &d->apps[d->n_apps++];
}

/* ---- the file ---- */

static const struct config_key file_keys[] = {
	{ .name = "agent",
	  .shape = CONFIG_SECTION,
	  .section = &config_agent_section,
	  .offset = offsetof(struct config_draft, agent),
	  .doc = "The agent: HTTP API, monitors, Consul, drain." },
	{ .name = "bgp",
	  .shape = CONFIG_SECTION,
	  .section = &config_bgp_section,
	  .offset = offsetof(struct config_draft, bgp),
	  .flags = CONFIG_REQUIRED,
	  .doc = "The BGP speaker and its peers." },
	{ .name = "nat",
	  .shape = CONFIG_SECTION,
	  .section = &config_nat_section,
	  .offset = offsetof(struct config_draft, nat),
	  .doc = "NAT of VIPs." },
	{ .name = "apps",
	  .shape = CONFIG_SECTIONS,
	  .section = &config_app_section,
	  .offset = 0,
	  .add = add_app,
	  .doc = "The services of this host." },
	{ .name = "processes",
	  .shape = CONFIG_SECTIONS,
	  .section = &config_programs_section,
	  .offset = offsetof(struct config_draft, programs),
	  .add = config_add_program,
	  .doc = "Programs that announce routes." },
	{ .name = "fleet",
	  .shape = CONFIG_SECTION,
	  .section = &config_fleet_section,
	  .offset = offsetof(struct config_draft, fleet),
	  .default_words = "no guard",
	  .doc = "The guard of a fleet of agents." },
	{ .name = "include",
	  .type = &config_type_text,
	  .offset = offsetof(struct config_draft, include),
	  .type_words = "file names of one directory, with `*` and `?`",
	  .doc = "Further files with `apps`, such as `conf.d/*.yaml`, relative to this file, in "
		 "the order of their names. One with errors keeps its own apps as they were, see "
		 "[reload.md](reload.md#included-files)." },
	{ 0 },
};

const struct config_section config_schema = {
	.path = "",
	.doc = "Top-level keys.",
	.keys = file_keys,
};

const struct config_section *const config_sections[] = {
	&config_schema,
	&config_agent_section,
	&config_api_section,
	&config_api_tokens_section,
	&config_api_vips_section,
	&config_api_tls_section,
	&config_api_certificates_section,
	&config_exec_section,
	&config_hooks_section,
	&config_agent_monitors_section,
	&config_bgp_section,
	&config_peer_section,
	&config_aggregates_section,
	&config_bfd_section,
	&config_nat_section,
	&config_app_section,
	&config_vip_config_section,
	&config_states_section,
	&config_up_section,
	&config_down_section,
	&config_drain_section,
	&config_join_section,
	&config_programs_section,
	&config_fleet_section,
	/* Last: its keys are also those of others, which are meant more often. */
	&config_monitor_section,
	&config_fleet_vip_section,
	&config_vips_section,
	&config_metrics_section,
	&config_log_section,
	&config_log_modules_section,
	NULL,
};
