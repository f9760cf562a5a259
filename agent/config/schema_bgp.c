/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_bgp.h"

#include <string.h>

#include "agent/config/draft.h"
#include "agent/config/schema_aggregates.h"
#include "agent/config/schema_bfd.h"
#include "agent/config/types.h"
#include "agent/config/types_bgp.h"
#include "bgp/wire.h"
#include "lib/mem.h"

/* ---- a BGP session: one of the list, or the defaults of all ---- */

#define FIELD(member) .offset = offsetof(struct bgp_peer_config, member)

static const struct config_key peer_keys[] = {
	{ .name = "peer_ip",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_peer_ip,
	  .offset = 0,
	  .default_words = "the default gateway",
	  .doc = "Address of the peer. A link-local address includes the interface: "
		 "`fe80::1%eth0`." },
	{ .name = "interface",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_interface,
	  .offset = 0,
	  .flags = CONFIG_NOT_SHARED,
	  .doc = "In the place of `peer_ip`: the peer is the router at the other end of this link "
		 "(\"unnumbered\"), whose link-local address is learnt. Takes CAP_NET_RAW. See "
		 "[networks.md](networks.md#unnumbered-peers)." },
	{ .name = "device",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_device,
	  .offset = 0,
	  .flags = CONFIG_NOT_SHARED,
	  .doc = "The VRF that the peer is in: its session is bound to this device, and routes are "
		 "those of the VRF. The peer is called `192.0.2.1%vrf-blue`. See "
		 "[networks.md](networks.md#peers-in-vrfs)." },
	{ .name = "peer_as",
	  .effect = CONFIG_RESETS,
	  .alias = "remote_as",
	  .type = &config_type_peer_as,
	  FIELD(peer_as),
	  .flags = CONFIG_REQUIRED,
	  .doc = "AS number of the peer, or `external` (any but ours), `internal` (ours), `auto` "
		 "(any). The session is iBGP if it is ours: [routers.md](routers.md#as-numbers)." },
	{ .name = "local_as",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_as,
	  FIELD(local_as),
	  .default_words = "that of `bgp`",
	  .flags = CONFIG_NOT_SHARED,
	  .doc = "AS number of this host towards the peer. It takes the place of that of `bgp` in "
		 "OPEN and AS_PATH, which has no other (FRR: `local-as NUMBER no-prepend "
		 "replace-as`)." },
	{ .name = "description",
	  .type = &config_type_description,
	  FIELD(description),
	  .flags = CONFIG_NOT_SHARED,
	  .doc = "Text for operators, shown with the peer." },
	{ .name = "multi_hop",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_bool,
	  FIELD(multi_hop),
	  .default_words = "`false`",
	  .flags = CONFIG_NOT_SHARED,
	  .doc = "The eBGP peer is not directly connected: packets are sent with a TTL of 255 "
		 "instead of 1." },
	{ .name = "multihop_ttl",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_ttl,
	  FIELD(multihop_ttl),
	  .default_words = "255 with `multi_hop`",
	  .doc = "TTL of packets to an eBGP peer that is not directly connected. Implies "
		 "`multi_hop`. Under `bgp` it holds for eBGP peers without `multi_hop: false` and "
		 "without `ttl_security` of their own." },
	{ .name = "families",
	  .effect = CONFIG_RESETS,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_families,
	  FIELD(families),
	  .default_words = "both",
	  .doc = "Address families that are offered to the peer. VIPs of another one are not "
		 "announced to it." },
	{ .name = "role",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_bgp_role,
	  FIELD(role),
	  .default_text = "none",
	  .doc = "BGP role (RFC 9234) of this host towards the eBGP peer: the router must have its "
		 "counterpart, `provider` for `customer`, `rs` for `rs-client`, `peer` for `peer`, "
		 "or no role. As `provider`, `peer` or `rs`, routes are sent with Only to Customer "
		 "(OTC). Under `bgp` it holds for all eBGP peers. See "
		 "[routers.md](routers.md#bgp-roles)." },
	{ .name = "role_strict",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_bool,
	  FIELD(role_strict),
	  .default_text = "false",
	  .doc = "Reject a peer that announces no role (RFC 9234, strict mode). Needs `role`." },
	{ .name = "communities",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_communities,
	  FIELD(communities),
	  .flags = CONFIG_NOT_SHARED,
	  .doc = "Communities of all routes to this peer, added after those of `bgp.communities` "
		 "and before those of the app. How the levels combine: "
		 "[routers.md](routers.md#attributes-of-a-route)." },
	{ .name = "ext_communities",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_ext_communities,
	  FIELD(ext_communities),
	  .flags = CONFIG_NOT_SHARED,
	  .doc = "Extended communities (RFC 4360) of all routes to this peer, likewise." },
	{ .name = "large_communities",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_large_communities,
	  FIELD(large_communities),
	  .flags = CONFIG_NOT_SHARED,
	  .doc = "Large communities (RFC 8092) of all routes to this peer, likewise." },
	{ .name = "med",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_u32,
	  FIELD(med),
	  .default_words = "none",
	  .doc = "MULTI_EXIT_DISC of routes to the peer whose app sets none, neither in "
		 "`vip_config` nor in `states`." },
	{ .name = "prepend",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_prepend,
	  FIELD(prepends),
	  .default_words = "0",
	  .doc = "Likewise: number of times that the local AS is prepended, to eBGP peers." },
	{ .name = "local_pref",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_u32,
	  FIELD(local_pref),
	  .default_words = "100",
	  .doc = "Likewise: LOCAL_PREF, to iBGP peers." },
	{ .name = "weight",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_weight,
	  FIELD(weight),
	  .default_words = "none",
	  .doc = "Likewise: share of the traffic that this host is to get, as the link bandwidth "
		 "community, for routers that weigh equal paths: `1Gbps`, or a number of octets "
		 "per second. See [routers.md](routers.md#weights)." },
	{ .name = "link_bandwidth",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_link_bandwidth,
	  FIELD(link_bandwidth),
	  .default_text = "auto",
	  .doc = "Form of the community that carries weights: `auto` is transitive to eBGP peers, "
		 "which may drop the other one, and non-transitive to iBGP peers." },
	{ .name = "port",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_port,
	  FIELD(port),
	  .default_text = "179",
	  .doc = "TCP port of the peer." },
	{ .name = "local_ip",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_addr,
	  FIELD(local_ip),
	  .default_words = "source address of the route to the peer",
	  .doc = "Source address of the session, and next hop of routes of its address family. "
		 "Under `bgp` it applies to the peers of its address family." },
	{ .name = "local_ip6",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_addr6,
	  FIELD(local_ip6),
	  .default_words = "address of the interface to the peer",
	  .doc = "Next hop of IPv6 VIPs, and source address of IPv6 sessions. A link-local one is "
		 "the source of sessions with link-local peers, and of their advertisements." },
	{ .name = "next_hop",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_next_hop,
	  FIELD(next_hop),
	  .default_words = "source address of the session, else of the interface",
	  .doc = "Next hop of IPv4 VIPs, in place of an address that is found. Needed for a peer "
		 "on this host, to which the session runs over lo." },
	{ .name = "next_hop6",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_addr6,
	  FIELD(next_hop6),
	  .default_words = "`local_ip6`, else as `next_hop`",
	  .doc = "Likewise for IPv6 VIPs." },
	{ .name = "hold_time",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_seconds,
	  FIELD(hold_time),
	  .default_text = "90s",
	  .min = SEC(3),
	  .max = SEC(65535),
	  .flags = CONFIG_ZERO_ALLOWED,
	  .doc = "Hold time (RFC 4271 4.2): the session is closed when nothing is received for "
		 "this long. The smaller value of both sides is used. 0 disables the hold timer." },
	{ .name = "keepalive",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_seconds,
	  FIELD(keepalive),
	  .default_words = "a third of the negotiated hold time",
	  .min = SEC(1),
	  .max = SEC(21845),
	  .flags = CONFIG_ZERO_ALLOWED,
	  .doc = "Interval between KEEPALIVE messages. 0 selects the default." },
	{ .name = "send_hold_time",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_duration,
	  FIELD(send_hold_time),
	  .default_words = "8m, or twice the hold time if that is longer",
	  .min = SEC(1),
	  .max = HOURS(24),
	  .flags = CONFIG_ZERO_ALLOWED,
	  .doc = "Send hold time (RFC 9687): the session is closed when the peer does not read for "
		 "this long. 0 selects the default." },
	{ .name = "connect_retry",
	  .type = &config_type_duration,
	  FIELD(connect_retry),
	  .default_text = "1s",
	  .min = MSEC(10),
	  .max = HOURS(1),
	  .doc = "Time before the first new attempt to connect. It doubles with each further "
		 "attempt; up to a quarter is subtracted at random." },
	{ .name = "connect_retry_max",
	  .type = &config_type_duration,
	  FIELD(connect_retry_max),
	  .default_words = "10s, or `connect_retry` if that is longer",
	  .min = MSEC(10),
	  .max = HOURS(1),
	  .doc = "Upper limit of that time." },
	{ .name = "graceful_restart",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_bool,
	  FIELD(graceful_restart),
	  .default_text = "false",
	  .doc = "Ask the peer to retain the routes while the agent restarts, also after a crash "
		 "(RFC 4724, RFC 8538). The peer must support it, see "
		 "[graceful-restart.md](graceful-restart.md)." },
	{ .name = "restart_time",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_seconds,
	  FIELD(restart_time),
	  .default_text = "120s",
	  .min = SEC(1),
	  .max = SEC(BGP_GR_TIME_MAX),
	  .doc = "Time for which the peer retains the routes if the session is not re-established, "
		 "and for which a new instance waits for the first verdicts of its apps." },
	{ .name = "long_lived_restart_time",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_seconds,
	  FIELD(long_lived_restart_time),
	  .default_text = "0",
	  .min = SEC(1),
	  .max = SEC(BGP_LLGR_TIME_MAX),
	  .flags = CONFIG_ZERO_ALLOWED,
	  .doc = "Time for which the peer retains the routes beyond `restart_time`, as the least "
		 "preferred ones (long-lived graceful restart, RFC 9494). Needs "
		 "`graceful_restart`. 0: not offered. See "
		 "[graceful-restart.md](graceful-restart.md#long-lived-graceful-restart)." },
	{ .name = "password",
	  .type = &config_type_password,
	  FIELD(password),
	  .flags = CONFIG_SECRET,
	  .doc = "TCP MD5 key (RFC 2385). An empty string means none and overrides the one of "
		 "`bgp`. With `bgp.listen`, peers with the same address (link-local, or with "
		 "different ports) need the same one." },
	{ .name = "password_file",
	  .type = &config_type_password_file,
	  FIELD(password_file),
	  .doc = "File with the TCP MD5 key, a line. It is read at the start and at a reload. "
		 "`%d/` in front stands for systemd's `$CREDENTIALS_DIRECTORY`. Overrides the "
		 "`password` of `bgp`, and is overridden by that of the peer." },
	{ .name = "ttl_security",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_bool,
	  FIELD(ttl_security),
	  .default_text = "false",
	  .doc = "GTSM (RFC 5082): packets are sent with a TTL of 255, and packets with any other "
		 "TTL are dropped. The peer must be configured accordingly. Excludes "
		 "`multi_hop`." },
	{ .name = "bfd",
	  .shape = CONFIG_SECTION,
	  .type = &config_type_bool,
	  .section = &config_bfd_section,
	  FIELD(bfd),
	  .default_text = "false",
	  .doc = "BFD (RFC 5880, 5882) with the peer: the BGP session ends as soon as BFD is down, "
		 "without waiting for the hold timer. The router must have BFD for this host, see "
		 "[bfd.md](bfd.md)." },
	{ .name = "passive",
	  .type = &config_type_bool,
	  FIELD(passive),
	  .default_text = "false",
	  .doc = "Do not open the session, wait for the peer to connect. Requires `bgp.listen`." },
	{ 0 },
};
#undef FIELD

const struct config_section config_peer_section = {
	.path = "bgp.peers[]",
	.doc = "One peer each. All keys except `interface`, `device`, `multi_hop`, the "
	       "communities, `description` and the peer's `local_as` are also accepted directly "
	       "under `bgp`: `peer_ip` and `peer_as` there are GoCast's older form of a single "
	       "peer, which is multi-hop if it is eBGP; the others are defaults of all peers. If "
	       "there is a list, `peer_ip` and `peer_as` under `bgp` are ignored with a warning.",
	.keys = peer_keys,
};

/* The next peer of the list: what `bgp` says about sessions, without whom it is with. */
static void *add_peer(void *target)
{
	struct config_draft_bgp *d = target;
	d->peers = mem_grow(d->peers, &d->cap_peers, d->n_peers + 1, sizeof(*d->peers));
	struct bgp_peer_config *peer = &d->peers[d->n_peers++];
	*peer = d->session;
	peer->addr = (struct addr){ 0 };
	memset(peer->ifname, 0, sizeof(peer->ifname));
	peer->unnumbered = peer->in_vrf = false;
	peer->peer_as = 0;
	peer->as_rule = BGP_AS_IS;
	peer->families = 0; /* those of the peer replace the default */
	if (peer->password)
		peer->password = mem_strdup(peer->password);
	if (peer->password_file)
		peer->password_file = mem_strdup(peer->password_file);
	return peer;
}

/* ---- bgp ---- */

#define FIELD(member) .offset = offsetof(struct config_draft_bgp, member)

static const struct config_key bgp_keys[] = {
	{ .name = "local_as",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_as,
	  FIELD(bgp.local_as),
	  .flags = CONFIG_REQUIRED,
	  .doc = "Local AS number: `65001`, `AS65001`, or asdot like `1.10`." },
	{ .name = "router_id",
	  .effect = CONFIG_RESETS,
	  .type = &config_type_router_id,
	  FIELD(bgp.router_id),
	  .default_words = "an IPv4 address of the host, else derived",
	  .doc = "BGP identifier (RFC 6286), unique within the AS. Without an IPv4 address towards "
		 "a peer it is derived from the machine-id and the MAC address of the interface to "
		 "the first peer." },
	{ .name = "listen",
	  .type = &config_type_listen,
	  FIELD(bgp),
	  .default_text = "false",
	  .doc = "Accept sessions that peers open, in addition to opening sessions. `true` listens "
		 "on port 179 of all addresses." },
	{ .name = "communities",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_communities,
	  FIELD(bgp.communities),
	  .doc = "Communities of all routes to all peers." },
	{ .name = "ext_communities",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_ext_communities,
	  FIELD(bgp.ext_communities),
	  .doc = "Extended communities (RFC 4360) of all routes to all peers." },
	{ .name = "large_communities",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_VALUES,
	  .type = &config_type_large_communities,
	  FIELD(bgp.large_communities),
	  .doc = "Large communities (RFC 8092) of all routes to all peers." },
	{ .name = "origin",
	  .effect = CONFIG_SENDS_UPDATE,
	  .type = &config_type_origin,
	  FIELD(bgp.origin),
	  .default_text = "igp",
	  .doc = "ORIGIN of all routes. `unknown` is GoCast's name for `incomplete`." },
	{ .name = "family",
	  .effect = CONFIG_NEEDS_RESTART,
	  .type = &config_type_family,
	  FIELD(gateway_family),
	  .default_words = "IPv4, else IPv6",
	  .doc = "Address family of the default gateway that is used where a peer has no "
		 "`peer_ip`." },
	{ .name = "peers",
	  .shape = CONFIG_SECTIONS,
	  .section = &config_peer_section,
	  .offset = 0,
	  .add = add_peer,
	  .doc = "List of peers, see below." },
	{ .name = "aggregates",
	  .effect = CONFIG_SENDS_UPDATE,
	  .shape = CONFIG_SECTIONS,
	  .section = &config_aggregates_section,
	  .type = &config_type_aggregates,
	  FIELD(aggregates),
	  .add = config_add_aggregate,
	  .doc = "Routes that stand for the VIPs in them, see below." },
	{ 0 },
};
#undef FIELD

const struct config_section config_bgp_section = {
	.path = "bgp",
	.doc = "The BGP speaker. At least one peer is required: a list, or the older form.",
	.keys = bgp_keys,
	.shared = &config_peer_section,
	.shared_offset = offsetof(struct config_draft_bgp, session),
};
