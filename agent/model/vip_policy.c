/* SPDX-License-Identifier: MIT */
#include "agent/model/vip_policy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/model/community.h"
#include "lib/array.h"

#define BLACKHOLE 0xffff029aU /* RFC 7999 */

/* The narrower one first. Loopback, link-local and multicast addresses are no VIPs of anyone
 * (agent/model/app_spec_parse.h). */
static const struct {
	struct prefix range;
	const char *what;
} special[] = {
	{ PREFIX4(32, 100, 100, 100, 200), "the address of a cloud's metadata service" },
	{ PREFIX4(32, 168, 63, 129, 16), "the address of a cloud's metadata service" },
	{ PREFIX4(32, 192, 0, 0, 192), "the address of a cloud's metadata service" },
	{ PREFIX4(8, 0), "0.0.0.0/8, which is not an address of a host" },
	{ PREFIX4(24, 192, 0, 0), "192.0.0.0/24, reserved for protocols" },
	{ PREFIX4(24, 192, 88, 99), "the addresses of 6to4 relays" },
	{ PREFIX4(4, 240), "240.0.0.0/4, which is not allocated" },
	{ PREFIX6(64, 0xfd, 0, 0x0e, 0xc2), "the addresses of a cloud's metadata service" },
	{ PREFIX6(128, 0xfd, 0x20, 0, 0xce, [15] = 0x54),
	  "the address of a cloud's metadata service" },
	{ PREFIX6(128, 0xfd, 0x20, 0, 0xce, [14] = 0x02, [15] = 0x54),
	  "the address of a cloud's metadata service" },
	{ PREFIX6(96, [10] = 0xff, [11] = 0xff), "IPv4-mapped addresses" },
	{ PREFIX6(96, 0, 0x64, 0xff, 0x9b), "the addresses of NAT64 (RFC 6052)" },
	{ PREFIX6(48, 0, 0x64, 0xff, 0x9b, 0, 1), "the addresses of NAT64 (RFC 8215)" },
	{ PREFIX6(16, 0x20, 0x02), "the addresses of 6to4" },
	{ PREFIX6(32, 0x20, 0x01), "the addresses of Teredo" },
};
static const struct prefix allocated6[] = { PREFIX6(3, 0x20), PREFIX6(7, 0xfc) };

static uint8_t host_length(const struct prefix *vip)
{
	return (uint8_t)(addr_size(vip->addr.family) * 8);
}

/* Is `inner` the same as `outer`, or part of it? */
static bool covers(const struct prefix *outer, const struct prefix *inner)
{
	return outer->len <= inner->len && prefix_contains(outer, &inner->addr);
}

static bool overlap(const struct prefix *a, const struct prefix *b)
{
	return covers(a, b) || covers(b, a);
}

/* ---- the list ---- */

static bool is_named(const struct vip_policy *policy, const struct prefix *vip)
{
	for (size_t i = 0; i < policy->allow.n; i++)
		if (prefix_equal(&policy->allow.items[i], vip))
			return true;
	return false;
}

/* By an entry that is part of `range`, which is NULL: by any. */
static bool is_listed(const struct vip_policy *policy, const struct prefix *vip,
		      const struct prefix *range)
{
	for (size_t i = 0; i < policy->allow.n; i++) {
		const struct prefix *entry = &policy->allow.items[i];
		if (covers(entry, vip) && (!range || covers(range, entry)))
			return true;
	}
	return false;
}

/* ---- refusals ---- */

/* An entry that merely contains the VIP does not mean this one. */
static int __attribute__((format(printf, 3, 4)))
refuse(const struct prefix *vip, struct err *err, const char *fmt, ...)
{
	char text[PREFIX_TEXT_MAX], reason[200];
	va_list args;
	va_start(args, fmt);
	vsnprintf(reason, sizeof(reason), fmt, args);
	va_end(args);
	prefix_format(vip, text);
	return err_set(err, -EACCES, "vip %s %s; to allow it, add '%s' itself to agent.vips.allow",
		       text, reason, text);
}

static int check_special(const struct vip_policy *policy, const struct prefix *vip, struct err *err)
{
	bool allocated = vip->addr.family == AF_INET;
	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		if (overlap(&special[i].range, vip) && !is_listed(policy, vip, &special[i].range))
			return refuse(vip, err, "covers %s", special[i].what);
	for (size_t i = 0; i < ARRAY_SIZE(allocated6); i++)
		allocated = allocated || covers(&allocated6[i], vip);
	return allocated || is_listed(policy, vip, NULL)
		       ? 0
		       : refuse(vip, err, "is outside the IPv6 addresses that are allocated");
}

/* The first address of a subnet, and the last one of IPv4: a host that has one of them as its own
 * answers for all. Links of two addresses have neither. */
static bool is_end_of(const struct prefix *vip, const struct prefix *address)
{
	uint8_t bits = host_length(vip);
	if (address->addr.family != vip->addr.family || address->len + 1 >= bits)
		return false;
	struct addr first = addr_mask(&address->addr, address->len), last = first;
	for (size_t i = address->len; i < bits; i++)
		last.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return prefix_contains(vip, &first) || (bits == 32 && prefix_contains(vip, &last));
}

/* `present`: the VIP itself is to be there. An address with the length of its subnet is one by
 * which the host is reached. */
static int check_addresses(const struct vip_host *host, const struct prefix *vip, bool present,
			   struct err *err)
{
	char text[ADDR_TEXT_MAX];
	for (size_t i = 0; i < host->n_addresses; i++) {
		const struct vip_host_net *a = &host->addresses[i];
		if (present && prefix_equal(vip, &a->prefix))
			continue;
		if (prefix_contains(vip, &a->prefix.addr))
			return refuse(vip, err, "covers %s, an address of interface %s",
				      addr_format(&a->prefix.addr, text), a->ifname);
	}
	for (size_t i = 0; i < host->n_next_hops; i++)
		if (prefix_contains(vip, &host->next_hops[i]))
			return refuse(vip, err, "covers %s, the next hop of a route of this host",
				      addr_format(&host->next_hops[i], text));
	if (addr_is_set(&host->consul) && prefix_contains(vip, &host->consul))
		return refuse(vip, err, "covers %s, the address of Consul",
			      addr_format(&host->consul, text));
	return 0;
}

/* A subnet may be connected by a route alone, without an address in it. */
static int check_ends(const struct vip_host_net *nets, size_t n, const struct prefix *vip,
		      struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (is_end_of(vip, &nets[i].prefix))
			return refuse(vip, err,
				      "covers the network or broadcast address of interface %s",
				      nets[i].ifname);
	return 0;
}

static int check_subnets(const struct vip_host *host, const struct prefix *vip, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	bool is_host_route = vip->len == host_length(vip);
	for (size_t i = 0; i < host->n_connected; i++) {
		const struct vip_host_net *c = &host->connected[i];
		prefix_format(&c->prefix, text);
		if (covers(vip, &c->prefix))
			return refuse(vip, err, "covers %s, which is connected to interface %s",
				      text, c->ifname);
		if (covers(&c->prefix, vip) && !is_host_route)
			return refuse(vip, err,
				      "is a part of %s, which is connected to interface %s", text,
				      c->ifname);
	}
	int r = check_ends(host->addresses, host->n_addresses, vip, err);
	return r == 0 ? check_ends(host->connected, host->n_connected, vip, err) : r;
}

static const char *allow_key(const struct vip_policy *policy)
{
	return policy->allow_key ? policy->allow_key : "agent.vips.allow";
}

static uint8_t of_family(const struct vip_lengths *lengths, bool v4)
{
	return v4 ? lengths->v4 : lengths->v6;
}

static int check_length(const struct vip_policy *policy, const struct prefix *vip, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	bool v4 = vip->addr.family == AF_INET;
	uint8_t least = of_family(&policy->min_length, v4);
	uint8_t own = policy->own ? of_family(&policy->own->min_length, v4) : 0;
	prefix_format(vip, text);
	if (!is_listed(policy, vip, NULL) && policy->allow.n > 0)
		return err_set(err, -EACCES, "vip %s is not in %s; to allow it, add it there", text,
			       allow_key(policy));
	if (policy->allow.n == 0 && vip->len < host_length(vip))
		return err_set(err, -EACCES,
			       "vip %s is not a host route (/%u), and only those are accepted over "
			       "HTTP and from Consul; to allow it, add it to agent.vips.allow",
			       text, host_length(vip));
	if (vip->len < own)
		return err_set(err, -EACCES,
			       "vip %s is wider than /%u; to allow it, lower min_length in %s",
			       text, own, policy->own_key);
	if (vip->len < least)
		return err_set(err, -EACCES,
			       "vip %s is wider than /%u; to allow it, lower agent.vips.min_length",
			       text, least);
	return 0;
}

/* With `none` nothing on this host answers for the VIP, and its packets go where the host's routes
 * lead; with `present` it may be any address of the host's. */
static int check_bind(const struct vip_policy *policy, const struct app_spec *spec, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	enum bind bind = app_spec_bind(spec);
	bool needs_list = !bind_is_ours(bind);
	for (size_t i = 0; needs_list && i < spec->n_vips; i++)
		if (!is_listed(policy, &spec->vips[i], NULL))
			return err_set(err, -EACCES,
				       "vip %s: bind: %s is accepted for VIPs of a list only; to "
				       "allow it, add the VIP to %s",
				       prefix_format(&spec->vips[i], text), bind_name(bind),
				       allow_key(policy));
	return 0;
}

/* Neighbours ask for it by ARP or ND, and bypass BGP. */
static void warn_of_subnet(const struct vip_host *host, const struct prefix *vip,
			   struct err *warning)
{
	char text[PREFIX_TEXT_MAX], subnet[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < host->n_connected; i++)
		if (covers(&host->connected[i].prefix, vip))
			err_set(warning, 0,
				"vip %s is inside %s of interface %s: neighbours look for it on "
				"the link and bypass BGP",
				prefix_format(vip, text),
				prefix_format(&host->connected[i].prefix, subnet),
				host->connected[i].ifname);
}

static int check_vip(const struct vip_policy *policy, const struct vip_host *host,
		     const struct prefix *vip, bool present, struct err *err, struct err *warning)
{
	if (is_named(policy, vip))
		return 0;
	int r = check_special(policy, vip, err);
	if (r == 0)
		r = check_addresses(host, vip, present, err);
	if (r == 0)
		r = check_subnets(host, vip, err);
	if (r == 0)
		r = check_length(policy, vip, err);
	if (r == 0)
		warn_of_subnet(host, vip, warning);
	return r;
}

/* ---- communities ---- */

static bool has_community(const struct bgp_communities *list, uint32_t value)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->values[i] == value)
			return true;
	return false;
}

struct community_list {
	const struct bgp_communities *allowed; /* empty: all but BLACKHOLE */
	const char *key;
};

static int check_list(const struct community_list *l, const struct bgp_communities *list,
		      struct err *err)
{
	char text[COMMUNITY_TEXT_MAX];
	for (size_t i = 0; i < list->n; i++) {
		uint32_t value = list->values[i];
		bool limited = l->allowed->n > 0;
		if (limited ? has_community(l->allowed, value) : value != BLACKHOLE)
			continue;
		return err_set(err, -EACCES, "community %s%s%s; to allow it, add it to %s",
			       community_format(value, text),
			       limited ? " is not in "
				       : " (BLACKHOLE) makes routers drop all traffic",
			       limited ? l->key : "", l->key);
	}
	return 0;
}

/* The list has standard ones only: where it is given, there are no others. Of the file, they are
 * what the operator wrote. */
static int check_others(const struct community_list *l, const struct app_spec *spec,
			struct err *err)
{
	const struct announce_specs *s = spec->announce;
	size_t n = s->ext_communities.n + s->large_communities.n;
	for (size_t i = 0; i < ANNOUNCE_STATES; i++)
		n += s->of[i].ext_communities.n + s->of[i].large_communities.n;
	if (n == 0 || l->allowed->n == 0 || spec->source == APP_FROM_CONFIG)
		return 0;
	return err_set(err, -EACCES,
		       "extended and large communities are not in %s; an app of the configuration "
		       "file may have them",
		       l->key);
}

static int check_against(const struct community_list *l, const struct app_spec *spec,
			 struct err *err)
{
	int rc = check_list(l, &spec->communities, err);
	for (size_t i = 0; rc == 0 && spec->announce && i < ANNOUNCE_STATES; i++)
		rc = check_list(l, &spec->announce->of[i].communities, err);
	return rc == 0 && spec->announce ? check_others(l, spec, err) : rc;
}

static int check_communities(const struct vip_policy *policy, const struct app_spec *spec,
			     struct err *err)
{
	const struct community_list all = { &policy->communities, "agent.vips.communities" };
	int rc = check_against(&all, spec, err);
	if (rc < 0 || !policy->own || policy->own->communities.n == 0)
		return rc;
	char key[100];
	const struct community_list own = { &policy->own->communities, key };
	snprintf(key, sizeof(key), "communities in %s", policy->own_key);
	return check_against(&own, spec, err);
}

/* ---- how many ---- */

static int check_max(const struct vip_policy *policy, const struct app_spec *spec, size_t n_others,
		     struct err *err)
{
	size_t own = policy->own_others + spec->n_vips;
	if (spec->source <= APP_FROM_PROCESS)
		return 0;
	if (policy->max > 0 && n_others + spec->n_vips > policy->max)
		return err_set(err, -EACCES,
			       "%zu VIPs would be registered over HTTP and from Consul, and "
			       "agent.vips.max is %u; to allow it, raise that",
			       n_others + spec->n_vips, policy->max);
	if (policy->own && policy->own->max > 0 && own > policy->own->max)
		return err_set(err, -EACCES,
			       "%zu VIPs would be registered by this principal, and its maximum is "
			       "%u; to allow it, raise max in %s",
			       own, policy->own->max, policy->own_key);
	return 0;
}

bool vip_limits_any(const struct vip_limits *limits)
{
	return limits->allow.n > 0 || limits->max > 0 || limits->min_length.v4 > 0 ||
	       limits->communities.n > 0;
}

void vip_limits_done(struct vip_limits *limits)
{
	free(limits->allow.items);
	free(limits->communities.values);
	*limits = (struct vip_limits){ 0 };
}

void vip_policy_limit(struct vip_policy *policy, const struct vip_limits *own, const char *key)
{
	policy->own = own;
	policy->own_key = key;
	if (own->allow.n == 0)
		return;
	policy->allow = own->allow;
	policy->allow_key = key;
}

bool vip_policy_binds(const struct vip_policy *policy, enum app_source source)
{
	return source > APP_FROM_PROCESS || policy->strict;
}

int vip_policy_check(const struct vip_policy *policy, const struct vip_host *host,
		     const struct app_spec *spec, size_t n_others, struct err *err,
		     struct err *warning)
{
	if (!vip_policy_binds(policy, spec->source))
		return 0;
	bool present = app_spec_bind(spec) == BIND_PRESENT;
	int r = check_max(policy, spec, n_others, err);
	if (r == 0)
		r = check_communities(policy, spec, err);
	if (r == 0)
		r = check_bind(policy, spec, err);
	for (size_t i = 0; r == 0 && i < spec->n_vips; i++)
		r = check_vip(policy, host, &spec->vips[i], present, err, warning);
	return r;
}
