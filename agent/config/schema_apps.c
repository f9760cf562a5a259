/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_apps.h"

#include "agent/config/schema_monitors.h"
#include "agent/config/types.h"
#include "agent/config/types_app.h"
#include "agent/config/types_bgp.h"
#include "agent/model/announce_spec.h"
#include "agent/model/app_spec.h"

/* ---- apps: most types fill the whole app_spec, hence no offsets ---- */

static const struct config_key vip_config_keys[] = {
	{ .name = "bgp_communities",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_communities,
	  .doc = "Communities of the routes of this app, added after those of `bgp` and of the "
		 "peer." },
	{ .name = "bgp_ext_communities",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_ext_communities,
	  .doc = "Extended communities (RFC 4360) of the routes of this app: `rt:AS:N` or "
		 "`soo:AS:N`, also with an IPv4 address instead of the AS; or eight octets like "
		 "`0x0002fde900000064`." },
	{ .name = "bgp_large_communities",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_large_communities,
	  .doc = "Large communities (RFC 8092) of the routes of this app, `A:B:C`." },
	{ .name = "med",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_app_u32,
	  .offset = offsetof(struct announce_specs, med),
	  .default_words = "that of the peer",
	  .doc = "MULTI_EXIT_DISC of the routes of this app, where `states` sets none. How the "
		 "levels combine: [routers.md](routers.md#attributes-of-a-route)." },
	{ .name = "increase",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_app_u32,
	  .offset = offsetof(struct announce_specs, increase),
	  .default_words = "0",
	  .doc = "The MED of each further VIP of this app is larger by so much, in the order of "
		 "`vip` and in every state: with `med: 100` and `increase: 10`, 100, 110, 120 … "
		 "at most 4294967295. So routers prefer another host for each VIP, where the "
		 "hosts have the VIPs in different orders. Nothing where the app sets no MED." },
	{ .name = "prepend",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_app_prepend,
	  .offset = offsetof(struct announce_specs, prepends),
	  .default_words = "that of the peer",
	  .doc = "Likewise: number of times that the local AS is prepended, to eBGP peers." },
	{ .name = "local_pref",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_app_u32,
	  .offset = offsetof(struct announce_specs, local_pref),
	  .default_words = "that of the peer",
	  .doc = "Likewise: LOCAL_PREF, to iBGP peers." },
	{ .name = "weight",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_app_weight,
	  .offset = offsetof(struct announce_specs, weight),
	  .default_words = "that of the peer",
	  .doc = "Likewise: share of the traffic, `1Gbps` or a number. See "
		 "[routers.md](routers.md#weights)." },
	{ 0 },
};

const struct config_section config_vip_config_section = {
	.path = "apps[].vip_config",
	.doc = "Attributes of the routes of the app in every state.",
	.keys = vip_config_keys,
};

/* ---- states: how an app is announced in each ---- */

#define FIELD(member) .offset = offsetof(struct announce_spec, member)

static const struct config_key up_keys[] = {
	{ .name = "med",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_u32,
	  FIELD(med),
	  .default_words = "that of `vip_config`; `down`, `drain` and `join`: that of `up`",
	  .doc = "MULTI_EXIT_DISC. Many routers treat a missing MED as 0, the most preferred." },
	{ .name = "prepend",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_prepend,
	  FIELD(prepends),
	  .default_words = "that of `vip_config`; `down`, `drain` and `join`: that of `up`",
	  .doc = "Number of times that the local AS is prepended to the AS path, to eBGP peers." },
	{ .name = "local_pref",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_u32,
	  FIELD(local_pref),
	  .default_words = "that of `vip_config`; `down` and `join`: that of `up`; `drain`, and "
			   "`join` without any attribute: 0",
	  .doc = "LOCAL_PREF, to iBGP peers." },
	{ .name = "weight",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_weight,
	  FIELD(weight),
	  .default_words = "that of `vip_config`; `down`, `drain` and `join`: that of `up`",
	  .doc = "Share of the traffic that this host is to get, as the link bandwidth "
		 "community." },
	{ .name = "communities",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_communities,
	  FIELD(communities),
	  .doc = "Communities, in addition to those of `vip_config`." },
	{ .name = "ext_communities",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_ext_communities,
	  FIELD(ext_communities),
	  .doc = "Extended communities, in addition to those of `vip_config`." },
	{ .name = "large_communities",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_large_communities,
	  FIELD(large_communities),
	  .doc = "Large communities, in addition to those of `vip_config`." },
	{ 0 },
};

const struct config_section config_up_section = {
	.path = "apps[].states.up",
	.doc = "Attributes while the app is healthy.",
	.keys = up_keys,
};

static const struct config_key down_keys[] = {
	{ .name = "announce",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_bool,
	  FIELD(announce),
	  .default_words = "`false`",
	  .doc = "Keep an app that is down announced, as a last resort." },
	{ 0 },
};

const struct config_section config_down_section = {
	.path = "apps[].states.down",
	.doc = "Attributes while the app is down, if it stays announced: as a last resort, or "
	       "because its whole group is kept (`keep_last`). The keys of `apps[].states.up` are "
	       "accepted too.",
	.keys = down_keys,
	.shared = &config_up_section,
};

static const struct config_key drain_keys[] = {
	{ .name = "announce",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_bool,
	  FIELD(announce),
	  .default_words = "`true`",
	  .doc = "Announce a drained app for `drain_time`. With `false` it is withdrawn at once." },
	{ 0 },
};

const struct config_section config_drain_section = {
	.path = "apps[].states.drain",
	.doc = "Attributes while the app is drained and not yet withdrawn. GRACEFUL_SHUTDOWN (RFC "
	       "8326) and the communities of `up` are always added. The keys of `apps[].states.up` "
	       "are accepted too.",
	.keys = drain_keys,
	.shared = &config_up_section,
};

/* A scalar in place of the mapping is written to `announce`. */
_Static_assert(offsetof(struct announce_spec, announce) == 0, "states.join is a boolean, too");

static const struct config_key join_keys[] = { { 0 } };

const struct config_section config_join_section = {
	.path = "apps[].states.join",
	.doc = "Attributes while the app joins: it is healthy, and registered anew or by another "
	       "definition than the one promoted last on this host, for `join_time`. "
	       "The communities of `up` are always added; without any attribute also "
	       "GRACEFUL_SHUTDOWN (RFC 8326). The keys of `apps[].states.up` are accepted. See "
	       "[drain.md](drain.md#joining).",
	.keys = join_keys,
	.shared = &config_up_section,
};
#undef FIELD

#define STATE(state) .offset = offsetof(struct announce_specs, of[state])

static const struct config_key states_keys[] = {
	{ .name = "up",
	  .shape = CONFIG_SECTION,
	  .section = &config_up_section,
	  STATE(ANNOUNCE_UP),
	  .doc = "The app is healthy." },
	{ .name = "down",
	  .shape = CONFIG_SECTION,
	  .section = &config_down_section,
	  STATE(ANNOUNCE_DOWN),
	  .default_words = "withdrawn",
	  .doc = "The app is not healthy." },
	{ .name = "drain",
	  .shape = CONFIG_SECTION,
	  .section = &config_drain_section,
	  STATE(ANNOUNCE_DRAIN),
	  .doc = "The app is drained." },
	{ .name = "join",
	  .shape = CONFIG_SECTION,
	  .type = &config_type_bool,
	  .effect = CONFIG_SENDS_UPDATE,
	  .flags = CONFIG_MAPPING_IS_TRUE,
	  .section = &config_join_section,
	  STATE(ANNOUNCE_JOIN),
	  .default_words = "`false`: as `up`",
	  .doc = "The app is new on this host, or its definition is." },
	{ 0 },
};
#undef STATE

const struct config_section config_states_section = {
	.path = "apps[].states",
	.doc = "Attributes of the routes of the app in each state. A MED, prepend or LOCAL_PREF "
	       "that `down`, `drain` or `join` does not set is that of `up`, unless noted "
	       "otherwise below.",
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
	  .doc = "Name of the app: unique, at most 128 bytes, no `/`, no control characters." },
	{ .name = "vip",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_vips,
	  .flags = CONFIG_REQUIRED,
	  .doc = "Address that is announced while the app is healthy, like `192.0.2.53/32`, or a "
		 "list of up to 64." },
	{ .name = "bind",
	  .type = &config_type_bind,
	  .offset = offsetof(struct app_spec, bind),
	  .default_words = "`agent.bind`",
	  .doc = "Whose the address of the VIP is on this host. `address`: the agent's, which adds "
		 "it to lo and removes it. `route`: likewise a local route, for networks and for "
		 "thousands of VIPs. `present`: another process's, and the VIP is announced "
		 "only while the host has it. `none`: the host needs none, the VIP is announced "
		 "without. See [addresses.md](addresses.md)." },
	{ .name = "interface",
	  .type = &config_type_app_interface,
	  .default_words = "lo; with `bind: present` any",
	  .doc = "Interface that the VIPs are bound to, or with `bind: present` are looked for on: "
		 "a dummy, a bridge or any other, which need not be there yet. Not lo: VIPs of a "
		 "single address only." },
	{ .name = "nonlocal",
	  .type = &config_type_app_nonlocal,
	  .default_text = "required",
	  .doc = "IPv6 VIPs with `bind: route`: whether net.ipv6.ip_nonlocal_bind has to be on, "
		 "without which no service can bind them. `ok`: none does." },
	{ .name = "vip_config",
	  .shape = CONFIG_SECTION,
	  .section = &config_vip_config_section,
	  .doc = "Attributes of the routes, see below." },
	{ .name = "monitors",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_monitors,
	  .section = &config_monitor_section,
	  .item = &config_item_monitor,
	  .default_words = "none: always announced, with a warning",
	  .doc = "Monitors that decide whether the app is healthy, like `port:udp:53` or "
		 "`http://127.0.0.1/health`, or mappings; up to 32. See "
		 "[monitors.md](monitors.md)." },
	{ .name = "quorum",
	  .type = &config_type_app_quorum,
	  .default_words = "`all`",
	  .doc = "Number of monitors that must be healthy." },
	{ .name = "hold_down",
	  .type = &config_type_duration,
	  .offset = offsetof(struct app_spec, hold_down),
	  .min = MSEC(1),
	  .max = HOURS(24),
	  .default_words = "`agent.hold_down`",
	  .doc = "Flap damping of this app, see `agent.hold_down`." },
	{ .name = "hold_down_max",
	  .type = &config_type_duration,
	  .offset = offsetof(struct app_spec, hold_down_max),
	  .min = MSEC(1),
	  .max = HOURS(24),
	  .default_words = "`agent.hold_down_max`",
	  .doc = "Upper limit of that time." },
	{ .name = "join_time",
	  .type = &config_type_duration,
	  .offset = offsetof(struct app_spec, join_time),
	  .min = MSEC(100),
	  .max = HOURS(24),
	  .default_words = "`agent.join_time`",
	  .doc = "With `states.join`: how long the checks of a new app, or of another definition "
		 "of it, pass before it is promoted to `states.up`. See "
		 "[drain.md](drain.md#joining)." },
	{ .name = "nats",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_nats,
	  .doc = "NAT mappings, `PROTO:LISTEN:DEST` or `PROTO:PORT`, up to 64. VIP:LISTEN is "
		 "translated to port DEST of the host's own address: `local_ip` (`local_ip6` for "
		 "an IPv6 VIP), else the source address towards the first peer. "
		 "`PROTO:LISTEN:ADDRESS:DEST` names another address, of a container for example, "
		 "IPv6 in brackets. See [nat.md](nat.md)." },
	{ .name = "states",
	  .shape = CONFIG_SECTION,
	  .section = &config_states_section,
	  .add = get_states,
	  .doc = "Attributes of the routes while the app is up, down, drained or joining, see "
		 "below." },
	{ .name = "peers",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_peers,
	  .default_words = "all",
	  .doc = "Peers that the VIPs are announced to, and no others: address, "
		 "`ADDRESS%INTERFACE`, "
		 "interface (of a peer that is configured with one) or `description`; up to 64. "
		 "See "
		 "[routers.md](routers.md#vips-for-some-routers-only)." },
	{ .name = "except_peers",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_except_peers,
	  .doc = "Peers that the VIPs are not announced to, named in the same way." },
	{ .name = "group",
	  .type = &config_type_app_group,
	  .doc = "Name of a group of apps that are judged together, see `keep_last`." },
	{ .name = "keep_last",
	  .type = &config_type_bool,
	  .offset = offsetof(struct app_spec, keep_last),
	  .default_words = "`false`",
	  .doc = "Keep the app announced when all apps of its group go down at the same moment "
		 "(`keep_last_window`): with the attributes of `states.down`, else with "
		 "GRACEFUL_SHUTDOWN. See [drain.md](drain.md)." },
	{ .name = "disable_file",
	  .type = &config_type_path,
	  .offset = offsetof(struct app_spec, disable_file),
	  .doc = "The app is drained while this file exists." },
	{ 0 },
};

const struct config_section config_app_section = {
	.path = "apps[]",
	.doc = "The services of this host. Further apps can be registered over HTTP.",
	.keys = app_keys,
};
