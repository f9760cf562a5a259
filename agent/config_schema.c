/* SPDX-License-Identifier: MIT */
#include "agent/config_schema.h"

#include <stdlib.h>

#include "agent/config_types.h"
#include "lib/mem.h"
#include "lib/str.h"

#define MSEC(n)  ((n)*USEC_PER_MSEC)
#define SEC(n)   ((n)*USEC_PER_SEC)
#define HOURS(n) (SEC(n) * 3600)

/* ---- agent ---- */

#define FIELD(member) .offset = offsetof(struct config_agent, member)

static const struct config_key agent_keys[] = {
	{ .name = "listen_addr",
	  .type = &config_type_endpoint,
	  FIELD(listen_addr),
	  .default_text = ":8080",
	  .doc = "Where the HTTP API listens." },
	{ .name = "monitor_interval",
	  .type = &config_type_duration,
	  FIELD(monitor_interval),
	  .default_text = "10s",
	  .min = MSEC(10),
	  .max = HOURS(24),
	  .flags = CONFIG_ZERO_IS_DEFAULT,
	  .doc = "How often each monitor of an app runs." },
	{ .name = "cleanup_timer",
	  .type = &config_type_duration,
	  FIELD(cleanup_timer),
	  .default_text = "15m",
	  .min = MSEC(1),
	  .flags = CONFIG_ZERO_IS_DEFAULT,
	  .doc = "How long the VIP stays on lo after the route was withdrawn, so that established "
		 "flows can end." },
	{ .name = "consul_addr",
	  .type = &config_type_consul_addr,
	  FIELD(consul_addr),
	  .doc = "The local Consul agent, with or without `/v1`; `https://` and `unix://` too. "
		 "**Coming:** this version reads it, warns, and discovers nothing." },
	{ .name = "consul_query_interval",
	  .type = &config_type_duration,
	  FIELD(consul_query_interval),
	  .default_text = "5m",
	  .min = SEC(1),
	  .flags = CONFIG_ZERO_IS_DEFAULT,
	  .doc = "How often Consul is asked for services. **Coming**, see `consul_addr`." },
	{ .name = "consul_token",
	  .type = &config_type_text,
	  FIELD(consul_token),
	  .flags = CONFIG_SECRET,
	  .doc = "The ACL token for Consul. **Coming**, see `consul_addr`." },
	{ .name = "drain_time",
	  .type = &config_type_duration,
	  FIELD(drain_time),
	  .default_text = "30s",
	  .max = HOURS(24),
	  .doc = "How long a drained app stays announced, unattractively, before it is withdrawn: "
		 "the time that the routers need to move the traffic away, see docs/drain.md." },
	{ .name = "shutdown_drain",
	  .type = &config_type_bool,
	  FIELD(shutdown_drain),
	  .default_text = "false",
	  .doc = "SIGTERM drains all apps before the stop, which then takes `drain_time` longer; a "
		 "second SIGTERM stops at once." },
	{ .name = "disable_file",
	  .type = &config_type_path,
	  FIELD(disable_file),
	  .doc = "While this file exists, all apps are drained." },
	{ .name = "keep_last_window",
	  .type = &config_type_duration,
	  FIELD(keep_last_window),
	  .default_words = "`monitor_interval`",
	  .min = MSEC(10),
	  .max = HOURS(24),
	  .doc = "Apps of a group that go down within this time went down at the same moment, see "
		 "`keep_last`." },
	{ 0 },
};
#undef FIELD

static const struct config_section agent_section = {
	.path = "agent",
	.doc = "The agent itself. The whole section may be left out.",
	.keys = agent_keys,
};

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

static const struct config_section peer_section = {
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
	  .section = &peer_section,
	  .offset = 0,
	  .add = add_peer,
	  .doc = "The routers, see below." },
	{ 0 },
};
#undef FIELD

static const struct config_section bgp_section = {
	.path = "bgp",
	.doc = "Who we are and whom we announce to. A peer is needed: a list, or the older form.",
	.keys = bgp_keys,
	.shared = &peer_section,
	.shared_offset = offsetof(struct config_draft_bgp, session),
};

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

static const struct config_section vip_config_section = {
	.path = "apps[].vip_config",
	.doc = "How the VIPs of the app are announced.",
	.keys = vip_config_keys,
};

/* ---- states: how an app is announced in each ---- */

#define FIELD(member) .offset = offsetof(struct state_spec, member)

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

static const struct config_section up_section = {
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

static const struct config_section down_section = {
	.path = "apps[].states.down",
	.doc = "How an app that is down is announced, if it is; also while its group is kept "
	       "(`keep_last`). The keys of `apps[].states.up` too.",
	.keys = down_keys,
	.shared = &up_section,
};

static const struct config_key drain_keys[] = {
	{ .name = "announce",
	  .type = &config_type_bool,
	  FIELD(announce),
	  .default_words = "`true`",
	  .doc = "`false`: a drain withdraws at once, without `drain_time`." },
	{ 0 },
};

static const struct config_section drain_section = {
	.path = "apps[].states.drain",
	.doc = "How an app is announced while it is drained, before it is withdrawn: always with "
	       "GRACEFUL_SHUTDOWN (RFC 8326), with the communities of `up`, and with what stands "
	       "here. The keys of `apps[].states.up` too.",
	.keys = drain_keys,
	.shared = &up_section,
};
#undef FIELD

#define STATE(state) .offset = offsetof(struct state_specs, of[state])

static const struct config_key states_keys[] = {
	{ .name = "up",
	  .shape = CONFIG_SECTION,
	  .section = &up_section,
	  STATE(APP_STATE_UP),
	  .doc = "While the app is healthy." },
	{ .name = "down",
	  .shape = CONFIG_SECTION,
	  .section = &down_section,
	  STATE(APP_STATE_DOWN),
	  .default_words = "withdrawn",
	  .doc = "While it is not." },
	{ .name = "drain",
	  .shape = CONFIG_SECTION,
	  .section = &drain_section,
	  STATE(APP_STATE_DRAIN),
	  .doc = "While it is drained." },
	{ 0 },
};
#undef STATE

static const struct config_section states_section = {
	.path = "apps[].states",
	.doc = "How the app is announced in each of its states. What `down` and `drain` leave open "
	       "is as in `up`.",
	.keys = states_keys,
};

static void *get_states(void *target)
{
	return app_spec_states(target);
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
	  .section = &vip_config_section,
	  .doc = "See below." },
	{ .name = "monitors",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_monitors,
	  .default_words = "none: always announced, with a warning",
	  .doc = "`port:tcp:53`, `port:udp:53`, `exec:COMMAND` or `consul` (**coming**); the app "
		 "is healthy when all of up to 32 pass." },
	{ .name = "nats",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_app_nats,
	  .doc = "`PROTO:LISTEN:DEST` or `PROTO:PORT`: VIP:LISTEN goes to the host's own "
		 "address:DEST. **Coming:** in this version an app with `nats` is never "
		 "announced." },
	{ .name = "states",
	  .shape = CONFIG_SECTION,
	  .section = &states_section,
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

static const struct config_section app_section = {
	.path = "apps[]",
	.doc = "The services of this host. More can be registered over HTTP.",
	.keys = app_keys,
};

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
	  .section = &agent_section,
	  .offset = offsetof(struct config_draft, agent),
	  .doc = "The agent itself." },
	{ .name = "bgp",
	  .shape = CONFIG_SECTION,
	  .section = &bgp_section,
	  .offset = offsetof(struct config_draft, bgp),
	  .flags = CONFIG_REQUIRED,
	  .doc = "Who we are and whom we announce to." },
	{ .name = "apps",
	  .shape = CONFIG_SECTIONS,
	  .section = &app_section,
	  .offset = 0,
	  .add = add_app,
	  .doc = "The services of this host." },
	{ 0 },
};

const struct config_section config_schema = {
	.path = "",
	.doc = "The file is one mapping with these keys.",
	.keys = file_keys,
};

const struct config_section *const config_sections[] = {
	&config_schema,  &agent_section, &bgp_section,
	&peer_section,   &app_section,   &vip_config_section,
	&states_section, &up_section,    &down_section,
	&drain_section,  NULL,
};

/* ---- use ---- */

const struct config_key *config_section_find(const struct config_section *s, const char *name,
					     size_t *ret_offset)
{
	for (const struct config_key *k = s->keys; k->name; k++)
		if (str_equal(k->name, name) || (k->alias && str_equal(k->alias, name))) {
			*ret_offset = 0;
			return k;
		}
	if (!s->shared)
		return NULL;
	const struct config_key *k = config_section_find(s->shared, name, ret_offset);
	if (!k || k->flags & CONFIG_NOT_SHARED)
		return NULL;
	*ret_offset = s->shared_offset;
	return k;
}

void config_section_defaults(const struct config_section *s, void *target)
{
	for (const struct config_key *k = s->keys; k->name; k++)
		if (k->default_text)
			k->type->set(k, k->default_text, target, NULL);
		else if (k->shape == CONFIG_SECTION)
			config_section_defaults(k->section, (char *)target + k->offset);
	if (s->shared)
		config_section_defaults(s->shared, (char *)target + s->shared_offset);
}

static void peer_done(struct bgp_peer_config *peer)
{
	free((char *)peer->password);
	free(peer->communities.values);
}

void config_draft_done(struct config_draft *d)
{
	for (size_t i = 0; i < d->n_apps; i++)
		app_spec_done(&d->apps[i]);
	for (size_t i = 0; i < d->bgp.n_peers; i++)
		peer_done(&d->bgp.peers[i]);
	peer_done(&d->bgp.session);
	free(d->bgp.peers);
	free(d->bgp.bgp.communities.values);
	free(d->apps);
	free(d->agent.consul_addr);
	free(d->agent.consul_token);
	free(d->agent.disable_file);
	*d = (struct config_draft){ 0 };
}
