/* SPDX-License-Identifier: MIT */
#include "agent/config/schema.h"

#include <stdlib.h>

#include "agent/config/schema_apps.h"
#include "agent/config/schema_monitors.h"
#include "agent/config/types.h"
#include "bgp/wire.h"
#include "lib/mem.h"
#include "lib/str.h"

#define MSEC(n)  ((n)*USEC_PER_MSEC)
#define SEC(n)   ((n)*USEC_PER_SEC)
#define HOURS(n) (SEC(n) * 3600)

/* ---- agent ---- */

#define FIELD(member) .offset = offsetof(struct config_agent, member)

static const struct config_key exec_keys[] = {
	{ .name = "allow_from",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_monitors_from,
	  FIELD(admission.exec),
	  .default_words = "`config` and `http-local`",
	  .doc = "From where `exec:` monitors are accepted: `config`, `consul`, `http` from "
		 "anywhere, `http-local` through a unix socket or from loopback; or `none`." },
	{ .name = "user",
	  .type = &config_type_text,
	  FIELD(exec_user),
	  .default_words = "the agent's own",
	  .doc = "The user that all commands run as, with that user's groups and without any "
		 "capability. Needs CAP_SETUID, CAP_SETGID and CAP_KILL." },
	{ 0 },
};

static const struct config_key agent_monitors_keys[] = {
	{ .name = "allow_from",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_monitors_from,
	  FIELD(admission.others),
	  .default_words = "`config`, `http-local` and `consul`",
	  .doc = "From where monitors of all kinds but `exec`, `port` and `consul` are accepted; "
		 "the words are those of `agent.exec.allow_from`." },
	{ 0 },
};

static const struct config_section agent_monitors_section = {
	.path = "agent.monitors",
	.doc = "Who may bring monitors that send requests in this host's name, like `http:`, or "
	       "reveal files and processes of it. `port:` and `consul` are accepted from "
	       "anywhere.",
	.keys = agent_monitors_keys,
};

static const struct config_section exec_section = {
	.path = "agent.exec",
	.doc = "Commands of `exec:` monitors run on this host, so who may bring one is decided "
	       "here.",
	.keys = exec_keys,
};

static const struct config_key agent_keys[] = {
	{ .name = "listen_addr",
	  .type = &config_type_endpoint,
	  FIELD(listen_addr),
	  .default_text = ":8080",
	  .doc = "Where the HTTP API listens." },
	{ .name = "monitor_interval",
	  .type = &config_type_duration,
	  FIELD(monitor_timing.interval),
	  .default_text = "10s",
	  .min = MSEC(10),
	  .max = HOURS(24),
	  .flags = CONFIG_ZERO_IS_DEFAULT,
	  .doc = "How often each monitor of an app runs. What the kernel tells by itself (`port`, "
		 "`process`) is known at once; this is how often it is looked at all the same." },
	{ .name = "fast_interval",
	  .type = &config_type_duration,
	  FIELD(monitor_timing.fast_interval),
	  .default_text = "1s",
	  .min = MSEC(10),
	  .max = HOURS(24),
	  .doc = "The same while a change is pending: results came that contradict the health, "
		 "but not `rise` or `fall` of them yet. Never longer than the interval." },
	{ .name = "timeout",
	  .type = &config_type_duration,
	  FIELD(monitor_timing.timeout),
	  .default_words = "the interval",
	  .min = MSEC(1),
	  .max = HOURS(24),
	  .doc = "A check that takes longer has failed, and what it started is killed." },
	{ .name = "rise",
	  .type = &config_type_count,
	  FIELD(monitor_timing.rise),
	  .default_text = "1",
	  .min = 1,
	  .max = 1000,
	  .doc = "How many passes in a row make a monitor healthy." },
	{ .name = "fall",
	  .type = &config_type_count,
	  FIELD(monitor_timing.fall),
	  .default_text = "1",
	  .min = 1,
	  .max = 1000,
	  .doc = "How many failures in a row make it unhealthy." },
	{ .name = "exec_max",
	  .type = &config_type_count,
	  FIELD(exec_max),
	  .default_text = "64",
	  .min = 1,
	  .max = 10000,
	  .doc = "How many commands of `exec` monitors run at once; the others wait." },
	{ .name = "tls_ca",
	  .type = &config_type_path,
	  FIELD(tls_ca),
	  .default_words = "the system's",
	  .doc = "Who may sign the certificates that `https` monitors see: a PEM file. A change of "
		 "it counts within a minute." },
	{ .name = "hold_down",
	  .type = &config_type_duration,
	  FIELD(hold_down),
	  .default_text = "0s",
	  .min = MSEC(1),
	  .max = HOURS(24),
	  .flags = CONFIG_ZERO_ALLOWED,
	  .doc = "How long an app stays down that went down again soon after it had come back; "
		 "twice as long each further time. 0: not at all." },
	{ .name = "hold_down_max",
	  .type = &config_type_duration,
	  FIELD(hold_down_max),
	  .default_text = "5m",
	  .min = MSEC(1),
	  .max = HOURS(24),
	  .doc = "The longest such hold; and how long an app must have been up not to be "
		 "flapping." },
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
	  FIELD(consul.addr),
	  .default_words = "no Consul",
	  .doc = "The local Consul agent, with or without `/v1`; `https://` and `unix://` too. Its "
		 "services become apps, see [consul.md](consul.md)." },
	{ .name = "consul_query_interval",
	  .type = &config_type_duration,
	  FIELD(consul.query_interval),
	  .default_text = "5m",
	  .min = SEC(1),
	  .flags = CONFIG_ZERO_IS_DEFAULT,
	  .doc = "The longest silence before everything is read again. Changes show at once, not "
		 "after this; one minute at most is used." },
	{ .name = "consul_token",
	  .type = &config_type_text,
	  FIELD(consul.token),
	  .flags = CONFIG_SECRET,
	  .doc = "The ACL token: it needs `node:read` and `service:read`, and `agent:read` "
		 "unless `CONSUL_NODE` is set." },
	{ .name = "consul_token_file",
	  .type = &config_type_text,
	  FIELD(consul.token_file),
	  .doc = "A file that holds the token, read for every request; `consul_token` beats it." },
	{ .name = "consul_ca_cert",
	  .type = &config_type_text,
	  FIELD(consul.ca_file),
	  .default_words = "the system's",
	  .doc = "Who signs Consul's certificate: a PEM file." },
	{ .name = "consul_client_cert",
	  .type = &config_type_text,
	  FIELD(consul.cert_file),
	  .doc = "Our certificate for Consul: a PEM file." },
	{ .name = "consul_client_key",
	  .type = &config_type_text,
	  FIELD(consul.key_file),
	  .doc = "The key of `consul_client_cert`: a PEM file." },
	{ .name = "consul_tls_verify",
	  .type = &config_type_bool,
	  FIELD(consul.tls_verify),
	  .default_text = "true",
	  .doc = "`false` takes any certificate from Consul, and with it anybody's word." },
	{ .name = "consul_datacenter",
	  .type = &config_type_text,
	  FIELD(consul.datacenter),
	  .default_words = "the local agent's",
	  .doc = "The datacenter that is asked." },
	{ .name = "consul_namespace",
	  .type = &config_type_text,
	  FIELD(consul.namespace),
	  .doc = "The namespace that is asked (Consul Enterprise)." },
	{ .name = "consul_partition",
	  .type = &config_type_text,
	  FIELD(consul.partition),
	  .doc = "The admin partition that is asked (Consul Enterprise)." },
	{ .name = "consul_match_tag",
	  .type = &config_type_text,
	  FIELD(consul.match_tag),
	  .default_text = "enable_gocast",
	  .doc = "Services with this tag become apps." },
	{ .name = "consul_warning",
	  .type = &config_type_consul_warning,
	  FIELD(consul.warning_fails),
	  .default_text = "pass",
	  .doc = "Whether a check in state `warning` passes a `consul` monitor." },
	{ .name = "consul_max_stale",
	  .type = &config_type_duration,
	  FIELD(consul.max_stale),
	  .min = SEC(1),
	  .default_words = "no limit",
	  .flags = CONFIG_ZERO_ALLOWED,
	  .doc = "When Consul has not answered for this long, `consul` monitors fail. 0 is no "
		 "limit: a Consul that is away withdraws nothing." },
	{ .name = "consul_publish",
	  .type = &config_type_bool,
	  FIELD(consul.publish),
	  .default_text = "false",
	  .doc = "Keep a service `vipherald` in the local Consul agent with a TTL check per app: "
		 "its state and reason. The token needs `service:write` for it." },
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
	{ .name = "state_file",
	  .type = &config_type_path_or_off,
	  FIELD(state_file),
	  .default_words = "`state.json` in systemd's `$STATE_DIRECTORY`, else in "
			   "`/var/lib/vipherald`",
	  .doc = "Where apps registered over HTTP, their leases, and drains over HTTP are kept "
		 "over a restart or a crash, see [state.md](state.md). `\"\"` or `off`: nowhere." },
	{ .name = "keep_last_window",
	  .type = &config_type_duration,
	  FIELD(keep_last_window),
	  .default_words = "`monitor_interval`, or as long as the checks of the group take",
	  .min = MSEC(10),
	  .max = HOURS(24),
	  .doc = "Apps of a group that go down within this time went down at the same moment, see "
		 "`keep_last`." },
	{ .name = "exec", .shape = CONFIG_SECTION, .section = &exec_section, .doc = "See below." },
	{ .name = "monitors",
	  .shape = CONFIG_SECTION,
	  .section = &agent_monitors_section,
	  .doc = "See below." },
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

/* ---- nat ---- */

static const struct config_key nat_keys[] = {
	{ .name = "backend",
	  .type = &config_type_nat_backend,
	  .offset = offsetof(struct config_nat, backend),
	  .default_text = "auto",
	  .doc = "What translates for apps with `nats`. `auto` is legacy iptables where the host "
		 "uses it already, else nftables, and the other one where the kernel lacks the "
		 "first. See [nat.md](nat.md)." },
	{ 0 },
};

static const struct config_section nat_section = {
	.path = "nat",
	.doc = "How the `nats` of apps are translated. The whole section may be left out.",
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
	  .section = &agent_section,
	  .offset = offsetof(struct config_draft, agent),
	  .doc = "The agent itself." },
	{ .name = "bgp",
	  .shape = CONFIG_SECTION,
	  .section = &bgp_section,
	  .offset = offsetof(struct config_draft, bgp),
	  .flags = CONFIG_REQUIRED,
	  .doc = "Who we are and whom we announce to." },
	{ .name = "nat",
	  .shape = CONFIG_SECTION,
	  .section = &nat_section,
	  .offset = offsetof(struct config_draft, nat),
	  .doc = "How NAT is done." },
	{ .name = "apps",
	  .shape = CONFIG_SECTIONS,
	  .section = &config_app_section,
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
	&config_schema,
	&agent_section,
	&exec_section,
	&agent_monitors_section,
	&bgp_section,
	&peer_section,
	&nat_section,
	&config_app_section,
	&config_vip_config_section,
	&config_states_section,
	&config_up_section,
	&config_down_section,
	&config_drain_section,
	&config_monitor_section,
	NULL,
};

/* ---- use ---- */

const struct config_key *config_section_keys(const struct config_section *s)
{
	return s->make_keys ? s->make_keys() : s->keys;
}

const struct config_key *config_section_find(const struct config_section *s, const char *name,
					     size_t *ret_offset)
{
	for (const struct config_key *k = config_section_keys(s); k->name; k++)
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
	for (const struct config_key *k = config_section_keys(s); k->name; k++)
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
	free(d->agent.disable_file);
	free(d->agent.state_file);
	consul_config_done(&d->agent.consul);
	free(d->agent.exec_user);
	free(d->agent.tls_ca);
	*d = (struct config_draft){ 0 };
}
