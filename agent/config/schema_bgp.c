/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_bgp.h"

#include "agent/config/draft.h"
#include "agent/config/types.h"
#include "agent/config/types_bgp.h"
#include "bgp/wire.h"
#include "lib/mem.h"

#define MSEC(n)  ((n)*USEC_PER_MSEC)
#define SEC(n)   ((n)*USEC_PER_SEC)
#define HOURS(n) (SEC(n) * 3600)

/* ---- a BGP session: one of the list, or the defaults of all ---- */

#define FIELD(member) .offset = offsetof(struct bgp_peer_config, member)

static const struct config_key peer_keys[] = {
	{ .name = "peer_ip",
	  .type = &config_type_peer_ip,
	  .offset = 0,
	  .default_words = "the default gateway",
	  .doc = "The router's address. A link-local one names its interface: `fe80::1%eth0`." },
	{ .name = "peer_as",
	  .alias = "remote_as",
	  .type = &config_type_as,
	  FIELD(peer_as),
	  .flags = CONFIG_REQUIRED,
	  .doc = "The router's AS. Equal to `local_as` makes the session iBGP." },
	{ .name = "multi_hop",
	  .type = &config_type_bool,
	  FIELD(multi_hop),
	  .default_words = "`false`",
	  .flags = CONFIG_NOT_SHARED,
	  .doc = "The eBGP peer is not on a connected network: TTL 255 instead of 1." },
	{ .name = "communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_communities,
	  FIELD(communities),
	  .flags = CONFIG_NOT_SHARED,
	  .doc = "Added to every route to this peer, after those of `bgp.communities` and before "
		 "those of the app." },
	{ .name = "port",
	  .type = &config_type_port,
	  FIELD(port),
	  .default_text = "179",
	  .doc = "The TCP port of the peer." },
	{ .name = "local_ip",
	  .type = &config_type_addr,
	  FIELD(local_ip),
	  .default_words = "the kernel's source address towards the peer",
	  .doc = "The session's source address and the next hop of routes of its family. Under "
		 "`bgp` it counts for the peers of its family." },
	{ .name = "local_ip6",
	  .type = &config_type_addr6,
	  FIELD(local_ip6),
	  .default_words = "found on the interface towards the peer",
	  .doc = "The next hop of IPv6 VIPs, and the source address of IPv6 sessions." },
	{ .name = "hold_time",
	  .type = &config_type_seconds,
	  FIELD(hold_time),
	  .default_text = "90s",
	  .min = SEC(3),
	  .max = SEC(65535),
	  .flags = CONFIG_ZERO_ALLOWED,
	  .doc = "A peer that says nothing for this long is down; the smaller of both sides "
		 "counts. 0 switches it off (RFC 4271 4.2)." },
	{ .name = "keepalive",
	  .type = &config_type_seconds,
	  FIELD(keepalive),
	  .default_words = "a third of the negotiated hold time",
	  .min = SEC(1),
	  .max = SEC(21845),
	  .flags = CONFIG_ZERO_ALLOWED,
	  .doc = "How often we say that we live. 0 is the default." },
	{ .name = "send_hold_time",
	  .type = &config_type_duration,
	  FIELD(send_hold_time),
	  .default_words = "8m or twice the hold time, whichever is longer",
	  .min = SEC(1),
	  .max = HOURS(24),
	  .flags = CONFIG_ZERO_ALLOWED,
	  .doc = "A peer that reads nothing for this long is down (RFC 9687). 0 is the default." },
	{ .name = "connect_retry",
	  .type = &config_type_duration,
	  FIELD(connect_retry),
	  .default_text = "1s",
	  .min = MSEC(10),
	  .max = HOURS(1),
	  .doc = "The wait before the first new attempt to connect; each further one waits twice "
		 "as long, less up to a quarter of it at random." },
	{ .name = "connect_retry_max",
	  .type = &config_type_duration,
	  FIELD(connect_retry_max),
	  .default_words = "10s, or `connect_retry` if that is longer",
	  .min = MSEC(10),
	  .max = HOURS(1),
	  .doc = "The longest such wait." },
	{ .name = "graceful_restart",
	  .type = &config_type_bool,
	  FIELD(graceful_restart),
	  .default_text = "false",
	  .doc = "Ask the router to keep our routes while we restart (RFC 4724, RFC 8538), after "
		 "a crash, too. It must be willing to: see graceful-restart.md." },
	{ .name = "restart_time",
	  .type = &config_type_seconds,
	  FIELD(restart_time),
	  .default_text = "120s",
	  .min = SEC(1),
	  .max = SEC(BGP_GR_TIME_MAX),
	  .doc = "How long the router keeps them when we do not come back, and how long a new "
		 "start may take until its apps have their first verdicts." },
	{ .name = "password",
	  .type = &config_type_password,
	  FIELD(password),
	  .flags = CONFIG_SECRET,
	  .doc = "The TCP MD5 key (RFC 2385). An empty text is none, also where `bgp` has one." },
	{ .name = "ttl_security",
	  .type = &config_type_bool,
	  FIELD(ttl_security),
	  .default_text = "false",
	  .doc = "GTSM (RFC 5082): send with TTL 255 and take only what arrives with it. The "
		 "router must do the same. Excludes `multi_hop`." },
	{ .name = "passive",
	  .type = &config_type_bool,
	  FIELD(passive),
	  .default_text = "false",
	  .doc = "Never connect, wait for the peer to do so. Needs `bgp.listen`." },
	{ 0 },
};
#undef FIELD

const struct config_section config_peer_section = {
	.path = "bgp.peers[]",
	.doc = "One router each. All keys but `multi_hop` and `communities` may also stand "
	       "directly under `bgp`. There, `peer_ip` and `peer_as` are GoCast's older form with "
	       "one peer, which is multi-hop if it is eBGP; the others are the defaults of all "
	       "peers. Where there is a list, `peer_ip` and `peer_as` under `bgp` are ignored "
	       "with a warning.",
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
	peer->ifname[0] = 0;
	peer->peer_as = 0;
	if (peer->password)
		peer->password = mem_strdup(peer->password);
	return peer;
}

/* ---- bgp ---- */

#define FIELD(member) .offset = offsetof(struct config_draft_bgp, member)

static const struct config_key bgp_keys[] = {
	{ .name = "local_as",
	  .type = &config_type_as,
	  FIELD(bgp.local_as),
	  .flags = CONFIG_REQUIRED,
	  .doc = "Our AS." },
	{ .name = "router_id",
	  .type = &config_type_router_id,
	  FIELD(bgp.router_id),
	  .default_words = "an IPv4 address of this host",
	  .doc = "Our BGP identifier (RFC 6286), unique in the AS." },
	{ .name = "listen",
	  .type = &config_type_listen,
	  FIELD(bgp),
	  .default_text = "false",
	  .doc = "Accept sessions that peers open, besides opening our own. `true` is port 179 on "
		 "every address." },
	{ .name = "communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_communities,
	  FIELD(bgp.communities),
	  .doc = "Put on every route to every peer." },
	{ .name = "origin",
	  .type = &config_type_origin,
	  FIELD(bgp.origin),
	  .default_text = "igp",
	  .doc = "The ORIGIN of every route. `unknown` is GoCast's word for `incomplete`." },
	{ .name = "family",
	  .type = &config_type_family,
	  FIELD(gateway_family),
	  .default_words = "IPv4, else IPv6",
	  .doc = "Which default gateway is the peer when a peer has no `peer_ip`." },
	{ .name = "peers",
	  .shape = CONFIG_SECTIONS,
	  .section = &config_peer_section,
	  .offset = 0,
	  .add = add_peer,
	  .doc = "The routers, see below." },
	{ 0 },
};
#undef FIELD

const struct config_section config_bgp_section = {
	.path = "bgp",
	.doc = "Who we are and whom we announce to. A peer is needed: a list, or the older form.",
	.keys = bgp_keys,
	.shared = &config_peer_section,
	.shared_offset = offsetof(struct config_draft_bgp, session),
};
