/* SPDX-License-Identifier: MIT */
#include "agent/config/types_bgp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/config/format.h"
#include "agent/config/types.h"
#include "agent/model/announce_spec.h"
#include "agent/model/community.h"
#include "agent/model/weight.h"
#include "bgp/config.h"
#include "bgp/wire.h"
#include "lib/addr.h"
#include "lib/array.h"
#include "lib/endpoint.h"
#include "lib/scoped_addr.h"
#include "lib/str.h"

/* The kernel's TCP_MD5SIG_MAXKEYLEN, RFC 2385 leaves it open. */
#define PASSWORD_MAX 80

/* The other way to give it, which a default under `bgp` may be. */
static void forget(const char **text)
{
	free((char *)*text);
	*text = NULL;
}

static int set_password(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	struct bgp_peer_config *peer = target;
	if (strlen(text) > PASSWORD_MAX)
		return err_set(err, -EINVAL,
			       "the password is %zu bytes long, TCP MD5 keys are limited to %d",
			       strlen(text), PASSWORD_MAX);
	forget(&peer->password_file);
	return config_type_text.set(key, text, target, err);
}

static int set_password_file(const struct config_key *key, const char *text, void *target,
			     struct err *err)
{
	struct bgp_peer_config *peer = target;
	if (text[0] != '/' && !str_starts(text, "%d/"))
		return err_set(err, -EINVAL,
			       "'%.80s' is not an absolute file name, expected one like "
			       "/etc/vipherald/md5 or %%d/md5",
			       text);
	forget(&peer->password);
	return config_type_text.set(key, text, target, err);
}

#define AS_TRANS 23456 /* RFC 6793 */

/* 65546, AS65546, or asdot: 1.10 (RFC 5396). */
static bool parse_as(const char *text, uint64_t *ret)
{
	char high_text[8] = "";
	uint64_t high, low;
	const char *digits = strncasecmp(text, "AS", 2) == 0 ? text + 2 : text;
	const char *dot = strchr(digits, '.');
	size_t n = dot ? (size_t)(dot - digits) : 0;
	if (!dot)
		return str_to_u64(digits, UINT32_MAX, ret) == 0;
	if (n >= sizeof(high_text))
		return false;
	memcpy(high_text, digits, n);
	if (str_to_u64(high_text, UINT16_MAX, &high) < 0 ||
	    str_to_u64(dot + 1, UINT16_MAX, &low) < 0)
		return false;
	*ret = high << 16 | low;
	return true;
}

static int set_as(const struct config_key *key, const char *text, void *target, struct err *err)
{
	uint64_t v = 0;
	if (!parse_as(text, &v))
		return err_set(err, -EINVAL,
			       "'%.80s' is not an AS number, expected 1 to 4294967295, also as "
			       "AS65000 or in asdot notation (1.10)",
			       text);
	if (v == 0)
		return err_set(err, -EINVAL, "AS 0 is reserved (RFC 7607) and cannot be used");
	if (v == AS_TRANS)
		return err_set(err, -EINVAL, "AS 23456 is AS_TRANS (RFC 6793) and cannot be used");
	*(uint32_t *)config_field(key, target) = (uint32_t)v;
	if (v == UINT16_MAX || v == UINT32_MAX)
		return err_set(err, 1, "AS %s is reserved (RFC 7300), peers may reject it", text);
	return 0;
}

static int set_peer_as(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	static const struct config_word words[] = {
		{ "external", BGP_AS_EXTERNAL },
		{ "internal", BGP_AS_INTERNAL },
		{ "auto", BGP_AS_AUTO },
	};
	struct bgp_peer_config *peer = target;
	uint64_t number = 0;
	unsigned rule = BGP_AS_IS;
	if (config_parse_word(words, ARRAY_SIZE(words), "AS", text, &rule, NULL) == 0) {
		peer->as_rule = rule;
		peer->peer_as = 0;
		return 0;
	}
	peer->as_rule = BGP_AS_IS;
	if (!parse_as(text, &number))
		return err_set(err, -EINVAL,
			       "'%.80s' is not an AS number, expected 1 to 4294967295, also as "
			       "AS65000 or in asdot notation (1.10), or external, internal or auto",
			       text);
	return set_as(key, text, target, err);
}

#define DESCRIPTION_MAX 80

static int set_description(const struct config_key *key, const char *text, void *target,
			   struct err *err)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return err_set(err, -EINVAL,
				       "the description has control characters, expected a line of "
				       "text");
	if (strlen(text) > DESCRIPTION_MAX)
		return err_set(err, -EINVAL,
			       "the description is %zu bytes long, expected at most %d",
			       strlen(text), DESCRIPTION_MAX);
	return config_type_text.set(key, text, target, err);
}

static int set_origin(const struct config_key *key, const char *text, void *target, struct err *err)
{
	static const struct config_word words[] = { { "igp", BGP_ORIGIN_IGP },
						    { "egp", BGP_ORIGIN_EGP },
						    { "incomplete", BGP_ORIGIN_INCOMPLETE },
						    { "unknown", BGP_ORIGIN_INCOMPLETE } };
	unsigned origin = 0;
	int rc = config_parse_word(words, ARRAY_SIZE(words), "origin", text, &origin, err);
	if (rc == 0)
		*(enum bgp_origin *)config_field(key, target) = origin;
	return rc;
}

static int set_family(const struct config_key *key, const char *text, void *target, struct err *err)
{
	static const struct config_word words[] = { { "4", AF_INET }, { "6", AF_INET6 } };
	unsigned family = 0;
	int rc = config_parse_word(words, ARRAY_SIZE(words), "address family", text, &family, err);
	if (rc == 0)
		*(uint8_t *)config_field(key, target) = (uint8_t)family;
	return rc;
}

static int set_next_hop(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	struct addr a = { 0 };
	if (addr_parse(text, &a) < 0 || a.family != AF_INET)
		return err_set(err, -EINVAL,
			       "'%.80s' is not an IPv4 address, expected one like 192.0.2.10 (for "
			       "IPv6 VIPs: next_hop6)",
			       text);
	return config_type_addr.set(key, text, target, err);
}

static int set_ttl(const struct config_key *key, const char *text, void *target, struct err *err)
{
	uint64_t v = 0;
	if (str_to_u64(text, UINT8_MAX, &v) < 0 || v == 0)
		return err_set(err, -EINVAL, "'%.80s' is not a TTL, expected 1 to 255", text);
	*(uint8_t *)config_field(key, target) = (uint8_t)v;
	return 0;
}

static int add_family(const struct config_key *key, const char *text, void *target, struct err *err)
{
	static const struct config_word words[] = { { "ipv4", BGP_OFFER_IPV4 },
						    { "ipv6", BGP_OFFER_IPV6 } };
	unsigned family = 0;
	int rc = config_parse_word(words, ARRAY_SIZE(words), "address family", text, &family, err);
	if (rc == 0)
		*(unsigned *)config_field(key, target) |= family;
	return rc;
}

/* And the names of FRR and BIRD. */
static int set_role(const struct config_key *key, const char *text, void *target, struct err *err)
{
	static const struct config_word words[] = {
		{ "customer", BGP_ROLE_CUSTOMER },
		{ "provider", BGP_ROLE_PROVIDER },
		{ "peer", BGP_ROLE_PEER },
		{ "rs-client", BGP_ROLE_RS_CLIENT },
		{ "rs", BGP_ROLE_RS },
		{ "none", BGP_ROLE_NONE },
		{ "rs_client", BGP_ROLE_RS_CLIENT },
		{ "rs-server", BGP_ROLE_RS },
		{ "rs_server", BGP_ROLE_RS },
	};
	unsigned role = 0;
	int rc = config_parse_word(words, ARRAY_SIZE(words), "BGP role", text, &role, err);
	if (rc == 0)
		*(enum bgp_role *)config_field(key, target) = role;
	return rc;
}

static int set_router_id(const struct config_key *key, const char *text, void *target,
			 struct err *err)
{
	struct addr a = { 0 };
	if (addr_parse(text, &a) < 0 || addr_to_v4(&a) == 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is not a router ID, expected a dotted quad other than "
			       "0.0.0.0, like 192.0.2.10",
			       text);
	*(uint32_t *)config_field(key, target) = addr_to_v4(&a);
	return 0;
}

static int set_peer_ip(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	struct bgp_peer_config *peer = config_field(key, target);
	char ifname[IF_NAMESIZE] = "", host[ADDR_TEXT_MAX];
	struct addr a = { 0 };
	int r = scoped_addr_parse(text, &a, ifname);
	if (r == -ENODEV)
		return err_set(err, -EINVAL, "'%.80s': invalid interface name after '%%'", text);
	if (r < 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is not an address, expected one like 192.0.2.1, "
			       "2001:db8::1 or fe80::1%%eth0",
			       text);
	if (addr_is_unspecified(&a) || addr_is_multicast(&a) || addr_to_v4(&a) == INADDR_BROADCAST)
		return err_set(err, -EINVAL, "'%.80s' cannot be the address of a peer", text);
	bool scoped = a.family == AF_INET6 && addr_is_link_local(&a);
	if (scoped && !ifname[0])
		return err_set(err, -EINVAL,
			       "'%s' is link-local: specify the interface, like %s%%eth0", text,
			       text);
	if (!scoped && ifname[0])
		return err_set(err, -EINVAL,
			       "'%.80s': only link-local addresses take an interface, write %s, "
			       "and for a VRF device: %s",
			       text, addr_format(&a, host), ifname);
	peer->addr = a;
	if (!peer->in_vrf) /* else `device` came first */
		memcpy(peer->ifname, ifname, sizeof(ifname));
	return 0;
}

static int set_interface(const struct config_key *key, const char *text, void *target,
			 struct err *err)
{
	struct bgp_peer_config *peer = target;
	(void)key;
	if (!ifname_is_valid(text))
		return err_set(
			err, -EINVAL,
			"'%.80s' is not the name of an interface, expected one like eth0, at "
			"most %d bytes",
			text, IF_NAMESIZE - 1);
	peer->unnumbered = true;
	memset(peer->ifname, 0, sizeof(peer->ifname));
	memcpy(peer->ifname, text, strlen(text));
	return 0;
}

static int set_device(const struct config_key *key, const char *text, void *target, struct err *err)
{
	struct bgp_peer_config *peer = target;
	(void)key;
	if (!ifname_is_valid(text))
		return err_set(err, -EINVAL,
			       "'%.80s' is not the name of a VRF, expected one like vrf-blue, at "
			       "most %d bytes",
			       text, IF_NAMESIZE - 1);
	peer->in_vrf = true;
	memset(peer->ifname, 0, sizeof(peer->ifname));
	memcpy(peer->ifname, text, strlen(text));
	return 0;
}

static int set_listen(const struct config_key *key, const char *text, void *target, struct err *err)
{
	struct bgp_config *bgp = config_field(key, target);
	struct endpoint at = { .port = BGP_PORT };
	bool on = true;
	if (!config_parse_bool(text, &on) &&
	    (endpoint_parse(text, BGP_PORT, &at, NULL) < 0 || at.unix_path[0]))
		return err_set(err, -EINVAL,
			       "'%.80s' is not a listen address, expected true, false, ADDR, :PORT "
			       "or ADDR:PORT",
			       text);
	bgp->listen = on;
	bgp->listen_at = at;
	return 0;
}

/* ---- communities, and numbers of a route ---- */

static int add_community(const struct config_key *key, const char *text, void *target,
			 struct err *err)
{
	return communities_add(config_field(key, target), text, err);
}

static int add_ext_community(const struct config_key *key, const char *text, void *target,
			     struct err *err)
{
	return ext_communities_add(config_field(key, target), text, err);
}

static int add_large_community(const struct config_key *key, const char *text, void *target,
			       struct err *err)
{
	return large_communities_add(config_field(key, target), text, err);
}

static int set_u32(const struct config_key *key, const char *text, void *target, struct err *err)
{
	uint64_t v = 0;
	if (str_to_u64(text, UINT32_MAX, &v) < 0)
		return err_set(err, -EINVAL, "'%.80s' is out of range, expected 0 to 4294967295",
			       text);
	*(struct bgp_number *)config_field(key, target) = (struct bgp_number){ true, (uint32_t)v };
	return 0;
}

static int set_prepend(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	uint64_t v = 0;
	if (str_to_u64(text, BGP_PREPENDS_MAX, &v) < 0)
		return err_set(err, -EINVAL, "'%.80s' is out of range, expected 0 to %d", text,
			       BGP_PREPENDS_MAX);
	*(struct bgp_number *)config_field(key, target) = (struct bgp_number){ true, (uint32_t)v };
	return 0;
}

static int set_weight(const struct config_key *key, const char *text, void *target, struct err *err)
{
	struct bgp_number *number = config_field(key, target);
	int r = weight_parse(text, &number->value, err);
	number->given = number->given || r == 0;
	return r;
}

static void format_weight(const struct config_key *key, const void *target, FILE *out)
{
	char text[WEIGHT_TEXT_MAX];
	const struct bgp_number *number = config_value(key, target);
	if (number->given)
		fputs(weight_format(number->value, text), out);
}

static const struct config_word link_bandwidths[] = {
	{ "auto", BGP_LINK_BANDWIDTH_AUTO },
	{ "transitive", BGP_LINK_BANDWIDTH_TRANSITIVE },
	{ "non-transitive", BGP_LINK_BANDWIDTH_NON_TRANSITIVE },
};

static int set_link_bandwidth(const struct config_key *key, const char *text, void *target,
			      struct err *err)
{
	unsigned form = 0;
	int r = config_parse_word(link_bandwidths, ARRAY_SIZE(link_bandwidths),
				  "form of link bandwidth", text, &form, err);
	if (r == 0)
		*(enum bgp_link_bandwidth *)config_field(key, target) = form;
	return r;
}

static void format_link_bandwidth(const struct config_key *key, const void *target, FILE *out)
{
	const enum bgp_link_bandwidth *form = config_value(key, target);
	fputs(link_bandwidths[*form].name, out);
}

const struct config_type config_type_weight = { "number, or bits per second", set_weight,
						format_weight };
const struct config_type config_type_link_bandwidth = { "`auto`, `transitive` or `non-transitive`",
							set_link_bandwidth, format_link_bandwidth };
const struct config_type config_type_password = { "string, at most 80 bytes", set_password,
						  config_format_text };
const struct config_type config_type_password_file = { "file name, absolute or `%d/NAME`",
						       set_password_file, config_format_text };
const struct config_type config_type_as = { "AS number, 1 to 4294967295", set_as,
					    config_format_as };
const struct config_type config_type_peer_as = { "AS number, `external`, `internal` or `auto`",
						 set_peer_as, config_format_peer_as };
const struct config_type config_type_description = { "string, at most 80 bytes", set_description,
						     config_format_text };
const struct config_type config_type_router_id = { "dotted quad, like 192.0.2.10", set_router_id,
						   config_format_router_id };
const struct config_type config_type_family = { "`4` or `6`", set_family, config_format_family };
const struct config_type config_type_peer_ip = { "address, or fe80::…%INTERFACE", set_peer_ip,
						 config_format_peer_ip };
const struct config_type config_type_device = { "VRF, like `vrf-blue`", set_device,
						config_format_device };
const struct config_type config_type_interface = { "interface, like `eth0`", set_interface,
						   config_format_interface };
const struct config_type config_type_next_hop = { "IPv4 address", set_next_hop,
						  config_format_addr };
const struct config_type config_type_ttl = { "number, 1 to 255", set_ttl, config_format_ttl };
const struct config_type config_type_families = { "`ipv4`, `ipv6`", add_family,
						  config_format_families };
const struct config_type config_type_bgp_role = {
	"`customer`, `provider`, `peer`, `rs-client`, `rs`, `none`", set_role,
	config_format_bgp_role
};
const struct config_type config_type_origin = { "`igp`, `egp`, `incomplete`, `unknown`", set_origin,
						config_format_origin };
const struct config_type config_type_listen = { "`true`, `false`, ADDR, :PORT or ADDR:PORT",
						set_listen, config_format_listen };
const struct config_type config_type_communities = { "communities", add_community,
						     config_format_communities };
const struct config_type config_type_ext_communities = { "extended communities", add_ext_community,
							 config_format_ext_communities };
const struct config_type config_type_large_communities = { "large communities", add_large_community,
							   config_format_large_communities };
const struct config_type config_type_u32 = { "0 to 4294967295", set_u32, config_format_number };
const struct config_type config_type_prepend = { "0 to 32", set_prepend, config_format_number };
