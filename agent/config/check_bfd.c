/* SPDX-License-Identifier: MIT */
#include "agent/config/check_bfd.h"

#include "agent/config/schema_bfd.h"
#include "lib/array.h"
#include "lib/mono.h"
#include "lib/str.h"

/* Below this, a busy host or router may miss its turn. */
#define DETECTION_MIN (150 * USEC_PER_MSEC)

/* By any of its names. */
static const struct config_node *find_key(const struct config_node *mapping, const char *name)
{
	size_t offset;
	const struct config_key *key = config_section_find(&config_bfd_section, name, &offset);
	const char *const names[] = { key->name, key->alias, key->alias2 };
	const struct config_node *node = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(names) && names[i] && !node; i++)
		node = config_node_get(mapping, names[i]);
	return node;
}

/* Where `bfd`, or a key in it, is written: at the peer, else under `bgp`. `key` "": `bfd` itself.
 * NULL: nowhere. */
static const struct config_node *find(const struct config_node *bgp, const struct config_node *own,
				      const char *key)
{
	const struct config_node *mappings[] = { config_node_get(own, "bfd"),
						 config_node_get(bgp, "bfd") };
	for (size_t i = 0; i < 2 && key[0]; i++) {
		const struct config_node *node = find_key(mappings[i], key);
		if (node)
			return node;
	}
	return mappings[0] ? mappings[0] : mappings[1];
}

void config_settle_bfd(const struct config_node *bgp, const struct config_node *own,
		       struct bgp_peer_config *p)
{
	const struct config_node *node = config_node_get(own, "bfd");
	if (!node)
		node = config_node_get(bgp, "bfd");
	if (node && node->kind == CONFIG_MAPPING)
		p->bfd.on = true;
	if (p->bfd.on)
		return;
	/* The keys of `bgp` have no effect then, those without a default included. */
	p->bfd = (struct bgp_bfd_config){ 0 };
	config_section_defaults(&config_bfd_section, &p->bfd);
}

static bool is_multihop(const struct bgp_peer_config *p, bool ibgp)
{
	if (p->bfd.hops == BGP_BFD_AUTO)
		return !ibgp && p->multi_hop;
	return p->bfd.hops == BGP_BFD_MULTIHOP;
}

static void check_times(const struct config_node *bgp, const struct config_node *own,
			const struct bgp_peer_config *p, struct config_findings *findings)
{
	char detection[DURATION_TEXT_MAX], interval[DURATION_TEXT_MAX];
	span_t d = p->bfd.interval * p->bfd.multiplier;
	duration_format(d, detection);
	duration_format(p->bfd.interval, interval);
	if (d < DETECTION_MIN)
		config_warn(findings, config_at(find(bgp, own, "interval")),
			    "%s times %u is a detection time of %s: below 150ms a busy router or "
			    "host takes the session down without a fault",
			    interval, p->bfd.multiplier, detection);
	else if (p->hold_time > 0 && d >= p->hold_time)
		config_warn(findings, config_at(find(bgp, own, "interval")),
			    "%s times %u is a detection time of %s, not less than the hold time: "
			    "BFD would not find anything sooner than BGP",
			    interval, p->bfd.multiplier, detection);
}

/* FRR learns the address of such a neighbor from the connection that this host would not make. */
static void check_required(const struct config_node *bgp, const struct config_node *own,
			   const struct bgp_peer_config *p, struct config_findings *findings)
{
	if (p->bfd.required && p->unnumbered)
		config_warn(findings, config_at(find(bgp, own, "required")),
			    "with a peer by its interface there is never a session where the "
			    "router is FRR, which begins BFD with it only after BGP was up: remove "
			    "it, unless the router is another one");
}

static void check_hops(const struct config_node *bgp, const struct config_node *own,
		       const struct bgp_peer_config *p, const struct bgp_config *bgp_config,
		       struct config_findings *findings)
{
	bool ibgp = bgp_peer_is_internal(bgp_config, p);
	bool link_local =
		p->unnumbered || (p->addr.family == AF_INET6 && addr_is_link_local(&p->addr));
	const struct config_node *hops = find(bgp, own, "multihop");
	const struct config_node *ttl = find(bgp, own, "min_ttl");
	if (p->bfd.hops == BGP_BFD_MULTIHOP && link_local)
		config_error(findings, config_at(hops),
			     "true for a link-local peer, which is on the link: remove it");
	else if (p->bfd.hops == BGP_BFD_MULTIHOP && p->ttl_security)
		config_error(findings, config_at(hops),
			     "true conflicts with ttl_security, which accepts directly connected "
			     "peers only: remove one of them");
	if (p->bfd.min_ttl && !ibgp && !is_multihop(p, ibgp))
		config_warn(findings, config_at(ttl),
			    "has no effect without multihop: single hop requires a TTL of 255");
}

static void check_auth(const struct config_node *bgp, const struct config_node *own,
		       const struct bgp_peer_config *p, struct config_findings *findings)
{
	const bool has_password = p->bfd.password[0];
	if (p->bfd.auth != BGP_BFD_AUTH_NONE && !has_password)
		config_error(findings, config_at(find(bgp, own, "authentication")),
			     "needs a password: add the router's");
	else if (p->bfd.auth == BGP_BFD_AUTH_NONE && has_password)
		config_error(findings, config_at(find(bgp, own, "password")),
			     "has no effect without authentication: add the router's, sha1 or "
			     "meticulous-sha1");
}

void config_check_bfd(const struct config_node *bgp, const struct config_node *own,
		      const struct bgp_peer_config *p, const struct bgp_config *bgp_config,
		      struct config_findings *findings)
{
	if (!p->bfd.on)
		return;
	if (addr_is_set(&p->addr) && addr_is_loopback(&p->addr))
		config_warn(findings, config_at(find(bgp, own, "")),
			    "for a peer on this host, to which no path can fail: its own BFD has "
			    "the UDP port already, remove it");
	check_times(bgp, own, p, findings);
	check_required(bgp, own, p, findings);
	check_hops(bgp, own, p, bgp_config, findings);
	check_auth(bgp, own, p, findings);
}

static bool bfd_equal(const struct bgp_bfd_config *a, const struct bgp_bfd_config *b)
{
	return a->on == b->on && a->passive == b->passive && a->hops == b->hops &&
	       a->min_ttl == b->min_ttl && a->multiplier == b->multiplier &&
	       a->interval == b->interval && a->min_receive == b->min_receive &&
	       a->auth == b->auth && a->key_id == b->key_id && str_equal(a->password, b->password);
}

void config_check_bfd_pair(const struct bgp_peer_config *a, const struct bgp_peer_config *b,
			   const struct config_node *own_of_b, struct config_findings *findings)
{
	char text[BGP_PEER_NAME_MAX];
	const struct config_node *node = config_node_get(own_of_b, "bfd");
	if (a->port == b->port || bfd_equal(&a->bfd, &b->bfd))
		return;
	config_error(findings, config_at(node ? node : own_of_b),
		     "peers %s port %u and port %u share a BFD session: give both the same bfd",
		     bgp_peer_name(a, text), a->port, b->port);
}
