/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_apps.h"

#include "agent/config/schema_monitors.h"
#include "agent/config/types.h"
#include "agent/config/types_app.h"
#include "agent/config/types_bgp.h"
#include "agent/model/announce_spec.h"
#include "agent/model/app_spec.h"

#define MSEC(n)  ((n)*USEC_PER_MSEC)
#define HOURS(n) ((n)*USEC_PER_SEC * 3600)

/* ---- apps: most types take the whole app_spec, hence no offsets ---- */

static const struct config_key vip_config_keys[] = {
	{ .name = "bgp_communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_communities,
	  .doc = "Added to the routes of this app, after those of `bgp` and of the peer." },
	{ .name = "bgp_ext_communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_ext_communities,
	  .doc = "Extended communities (RFC 4360) of the routes of this app: `rt:AS:N`, "
		 "`soo:AS:N`, an IPv4 address instead of the AS, or eight octets like "
		 "`0x0002fde900000064`." },
	{ .name = "bgp_large_communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_large_communities,
	  .doc = "Large communities (RFC 8092) of the routes of this app, `A:B:C`." },
	{ 0 },
};

const struct config_section config_vip_config_section = {
	.path = "apps[].vip_config",
	.doc = "How the VIPs of the app are announced.",
	.keys = vip_config_keys,
};

/* ---- states: how an app is announced in each ---- */

#define FIELD(member) .offset = offsetof(struct announce_spec, member)

static const struct config_key up_keys[] = {
	{ .name = "med",
	  .type = &config_type_u32,
	  FIELD(med),
	  .default_words = "none; for `down` and `drain` as for `up`",
	  .doc = "MULTI_EXIT_DISC. Many routers take none for 0, which is the best." },
	{ .name = "prepend",
	  .type = &config_type_prepend,
	  FIELD(prepends),
	  .default_words = "0; for `down` and `drain` as for `up`",
	  .doc = "The own AS is this many times more in the AS_PATH, to eBGP peers." },
	{ .name = "local_pref",
	  .type = &config_type_u32,
	  FIELD(local_pref),
	  .default_words = "100; for `down` as for `up`; for `drain` 0",
	  .doc = "LOCAL_PREF, to iBGP peers." },
	{ .name = "communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_communities,
	  FIELD(communities),
	  .doc = "Communities besides those of `vip_config`." },
	{ .name = "ext_communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_ext_communities,
	  FIELD(ext_communities),
	  .doc = "Extended communities besides those of `vip_config`." },
	{ .name = "large_communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_large_communities,
	  FIELD(large_communities),
	  .doc = "Large communities besides those of `vip_config`." },
	{ 0 },
};

const struct config_section config_up_section = {
	.path = "apps[].states.up",
	.doc = "How a healthy app is announced.",
	.keys = up_keys,
};

static const struct config_key down_keys[] = {
	{ .name = "announce",
	  .type = &config_type_bool,
	  FIELD(announce),
	  .default_words = "`false`",
	  .doc = "`true`: an app that is down stays announced, as a last resort." },
	{ 0 },
};

const struct config_section config_down_section = {
	.path = "apps[].states.down",
	.doc = "How an app that is down is announced, if it is; also while its group is kept "
	       "(`keep_last`). The keys of `apps[].states.up` too.",
	.keys = down_keys,
	.shared = &config_up_section,
};

static const struct config_key drain_keys[] = {
	{ .name = "announce",
	  .type = &config_type_bool,
	  FIELD(announce),
	  .default_words = "`true`",
	  .doc = "`false`: a drain withdraws at once, without `drain_time`." },
	{ 0 },
};

const struct config_section config_drain_section = {
	.path = "apps[].states.drain",
	.doc = "How an app is announced while it is drained, before it is withdrawn: always with "
	       "GRACEFUL_SHUTDOWN (RFC 8326), with the communities of `up`, and with what stands "
	       "here. The keys of `apps[].states.up` too.",
	.keys = drain_keys,
	.shared = &config_up_section,
};
#undef FIELD

#define STATE(state) .offset = offsetof(struct announce_specs, of[state])

static const struct config_key states_keys[] = {
	{ .name = "up",
	  .shape = CONFIG_SECTION,
	  .section = &config_up_section,
	  STATE(ANNOUNCE_UP),
	  .doc = "While the app is healthy." },
	{ .name = "down",
	  .shape = CONFIG_SECTION,
	  .section = &config_down_section,
	  STATE(ANNOUNCE_DOWN),
	  .default_words = "withdrawn",
	  .doc = "While it is not." },
	{ .name = "drain",
	  .shape = CONFIG_SECTION,
	  .section = &config_drain_section,
	  STATE(ANNOUNCE_DRAIN),
	  .doc = "While it is drained." },
	{ 0 },
};
#undef STATE

const struct config_section config_states_section = {
	.path = "apps[].states",
	.doc = "How the app is announced in each of its states. What `down` and `drain` leave open "
	       "is as in `up`.",
	.keys = states_keys,
};

static void *get_states(void *target)
{
	return app_spec_announce(target);
}

static const struct config_key app_keys[] = {
	{ .name = "name",
	  .type = &config_type_app_name,
	  .flags = CONFIG_REQUIRED,
	  .doc = "What the app is called: unique, at most 128 bytes, no `/`, no control "
		 "characters." },
	{ .name = "vip",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_vips,
	  .flags = CONFIG_REQUIRED,
	  .doc = "The address that is announced while the app is healthy, like `192.0.2.53/32`; "
		 "or a list of up to 64." },
	{ .name = "vip_config",
	  .shape = CONFIG_SECTION,
	  .section = &config_vip_config_section,
	  .doc = "See below." },
	{ .name = "monitors",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_monitors,
	  .section = &config_monitor_section,
	  .item = &config_item_monitor,
	  .default_words = "none: always announced, with a warning",
	  .doc = "Texts like `port:udp:53` or `http://127.0.0.1/health`, or mappings; up to 32. "
		 "See [monitors.md](monitors.md)." },
	{ .name = "quorum",
	  .type = &config_type_app_quorum,
	  .default_words = "`all`",
	  .doc = "How many of the monitors must pass: `all`, `any` or a number." },
	{ .name = "hold_down",
	  .type = &config_type_duration,
	  .offset = offsetof(struct app_spec, hold_down),
	  .min = MSEC(1),
	  .max = HOURS(24),
	  .default_words = "`agent.hold_down`",
	  .doc = "How long the app stays down when it flaps." },
	{ .name = "hold_down_max",
	  .type = &config_type_duration,
	  .offset = offsetof(struct app_spec, hold_down_max),
	  .min = MSEC(1),
	  .max = HOURS(24),
	  .default_words = "`agent.hold_down_max`",
	  .doc = "The longest such hold." },
	{ .name = "nats",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_nats,
	  .doc = "`PROTO:LISTEN:DEST` or `PROTO:PORT`, up to 64: VIP:LISTEN goes to the host's own "
		 "address:DEST, which is `local_ip` (`local_ip6` for an IPv6 VIP) or what the "
		 "host has towards the first peer. See [nat.md](nat.md)." },
	{ .name = "states",
	  .shape = CONFIG_SECTION,
	  .section = &config_states_section,
	  .add = get_states,
	  .doc = "How it is announced when it is up, down or drained, see below." },
	{ .name = "group",
	  .type = &config_type_app_group,
	  .doc = "Apps with the same group are judged together, see `keep_last`." },
	{ .name = "keep_last",
	  .type = &config_type_bool,
	  .offset = offsetof(struct app_spec, keep_last),
	  .default_words = "`false`",
	  .doc = "When all apps of the group go down at the same moment (`keep_last_window`), this "
		 "one stays announced: as `states.down` says, else with GRACEFUL_SHUTDOWN. See "
		 "docs/drain.md." },
	{ .name = "disable_file",
	  .type = &config_type_path,
	  .offset = offsetof(struct app_spec, disable_file),
	  .doc = "While this file exists, the app is drained." },
	{ 0 },
};

const struct config_section config_app_section = {
	.path = "apps[]",
	.doc = "The services of this host. More can be registered over HTTP.",
	.keys = app_keys,
};
