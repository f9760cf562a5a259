/* SPDX-License-Identifier: MIT */
#include "agent/config/types.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/admission.h"
#include "agent/model/app_spec_parse.h"
#include "agent/model/community.h"
#include "lib/array.h"
#include "lib/endpoint.h"
#include "lib/mem.h"
#include "lib/str.h"

static void *field_of(const struct config_key *key, void *target)
{
	return (char *)target + key->offset;
}

/* ---- texts ---- */

static int set_text(const struct config_key *key, const char *text, void *target, struct err *err)
{
	char **field = field_of(key, target);
	(void)err;
	free(*field);
	*field = *text ? mem_strdup(text) : NULL;
	return 0;
}

static int set_path(const struct config_key *key, const char *text, void *target, struct err *err)
{
	size_t len = strlen(text);
	if (text[0] != '/' || text[len - 1] == '/' || len >= PATH_MAX)
		return err_set(err, -EINVAL,
			       "'%.80s' is not the absolute path of a file, expected one like "
			       "/run/vipherald/disable",
			       text);
	return set_text(key, text, target, err);
}

static int set_path_or_off(const struct config_key *key, const char *text, void *target,
			   struct err *err)
{
	char **field = field_of(key, target);
	if (*text && !str_equal(text, "off"))
		return set_path(key, text, target, err);
	free(*field);
	*field = mem_strdup("");
	return 0;
}

/* The kernel's TCP_MD5SIG_MAXKEYLEN, RFC 2385 leaves it open. */
#define PASSWORD_MAX 80

static int set_password(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	if (strlen(text) > PASSWORD_MAX)
		return err_set(err, -EINVAL,
			       "a password of %zu bytes, the kernel takes at most %d (TCP MD5)",
			       strlen(text), PASSWORD_MAX);
	return set_text(key, text, target, err);
}

static int set_consul_addr(const struct config_key *key, const char *text, void *target,
			   struct err *err)
{
	static const char *const schemes[] = { "http://", "https://", "unix://" };
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (str_starts(text, schemes[i]) && text[strlen(schemes[i])])
			return set_text(key, text, target, err);
	return err_set(err, -EINVAL,
		       "'%.100s' is not an address of Consul, expected http://HOST:PORT, "
		       "https://HOST:PORT or unix:///PATH, with or without /v1",
		       text);
}

/* ---- numbers and words ---- */

static int set_consul_warning(const struct config_key *key, const char *text, void *target,
			      struct err *err)
{
	if (!str_equal(text, "pass") && !str_equal(text, "fail"))
		return err_set(err, -EINVAL, "'%.80s' is neither pass nor fail", text);
	*(bool *)field_of(key, target) = str_equal(text, "fail");
	return 0;
}

static int add_monitors_from(const struct config_key *key, const char *text, void *target,
			     struct err *err)
{
	return monitor_admission_add(field_of(key, target), text, err);
}

/* What YAML 1.1 and GoCast's parser take; the letter case as they do. */
static const struct {
	bool value;
	const char *names[11];
} bool_names[] = {
	{ true, { "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y" } },
	{ false, { "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N" } },
};

static bool parse_bool(const char *text, bool *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(bool_names); i++)
		for (size_t j = 0; j < ARRAY_SIZE(bool_names[i].names); j++)
			if (str_equal(text, bool_names[i].names[j])) {
				*ret = bool_names[i].value;
				return true;
			}
	return false;
}

static int set_bool(const struct config_key *key, const char *text, void *target, struct err *err)
{
	if (!parse_bool(text, field_of(key, target)))
		return err_set(err, -EINVAL, "'%.80s' is not a truth value, expected true or false",
			       text);
	return 0;
}

static int out_of_range(const struct config_key *key, const char *text, struct err *err)
{
	char min[DURATION_TEXT_MAX], max[DURATION_TEXT_MAX];
	const char *zero = key->flags & CONFIG_ZERO_ALLOWED ? "0, or " : "";
	duration_format(key->min, min);
	if (key->max == 0)
		return err_set(err, -EINVAL, "'%.80s' is out of range, expected %s%s or more", text,
			       zero, min);
	return err_set(err, -EINVAL, "'%.80s' is out of range, expected %s%s to %s", text, zero,
		       min, duration_format(key->max, max));
}

static int set_duration(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	span_t span = 0;
	int r = duration_parse(text, &span, err);
	if (r < 0)
		return r;
	if (span == 0 && key->flags & CONFIG_ZERO_IS_DEFAULT) {
		duration_parse(key->default_text, field_of(key, target), NULL);
		return err_set(err, 1, "'%.80s' means the default of %s here", text,
			       key->default_text);
	}
	bool zero_taken = span == 0 && key->flags & CONFIG_ZERO_ALLOWED;
	if (!zero_taken && (span < key->min || (key->max > 0 && span > key->max)))
		return out_of_range(key, text, err);
	memcpy(field_of(key, target), &span, sizeof(span));
	return 0;
}

static int set_seconds(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	span_t span = 0;
	int r = duration_parse(text, &span, err);
	if (r < 0)
		return r;
	if (span % USEC_PER_SEC != 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is not a whole number of seconds, which is what BGP "
			       "counts in",
			       text);
	return set_duration(key, text, target, err);
}

static int set_count(const struct config_key *key, const char *text, void *target, struct err *err)
{
	uint64_t v = 0;
	if (str_to_u64(text, key->max, &v) < 0 || v < key->min)
		return err_set(err, -EINVAL, "'%.80s' is out of range, expected %u to %u", text,
			       (unsigned)key->min, (unsigned)key->max);
	*(uint16_t *)field_of(key, target) = (uint16_t)v;
	return 0;
}

static int set_port(const struct config_key *key, const char *text, void *target, struct err *err)
{
	uint64_t v = 0;
	if (str_to_u64(text, UINT16_MAX, &v) < 0 || v == 0)
		return err_set(err, -EINVAL, "'%.80s' is not a port, expected 1 to 65535", text);
	*(uint16_t *)field_of(key, target) = (uint16_t)v;
	return 0;
}

static int set_u32(const struct config_key *key, const char *text, void *target, struct err *err)
{
	uint64_t v = 0;
	if (str_to_u64(text, UINT32_MAX, &v) < 0)
		return err_set(err, -EINVAL, "'%.80s' is out of range, expected 0 to 4294967295",
			       text);
	*(struct announce_number *)field_of(key, target) =
		(struct announce_number){ true, (uint32_t)v };
	return 0;
}

static int set_prepend(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	uint64_t v = 0;
	if (str_to_u64(text, BGP_PREPENDS_MAX, &v) < 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is not a number of prepends, expected 0 to %d", text,
			       BGP_PREPENDS_MAX);
	*(struct announce_number *)field_of(key, target) =
		(struct announce_number){ true, (uint32_t)v };
	return 0;
}

#define AS_TRANS 23456 /* RFC 6793 */

static int set_as(const struct config_key *key, const char *text, void *target, struct err *err)
{
	uint64_t v = 0;
	if (str_to_u64(text, UINT32_MAX, &v) < 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is not an AS number, expected 1 to 4294967295", text);
	if (v == 0)
		return err_set(err, -EINVAL,
			       "AS 0 stands for no AS (RFC 7607), expected 1 to 4294967295");
	if (v == AS_TRANS)
		return err_set(err, -EINVAL,
			       "AS 23456 stands in for AS numbers above 65535 (RFC 6793) and "
			       "belongs to nobody");
	*(uint32_t *)field_of(key, target) = (uint32_t)v;
	if (v == UINT16_MAX || v == UINT32_MAX)
		return err_set(err, 1, "AS %s is reserved (RFC 7300), routers may refuse it", text);
	return 0;
}

/* One table parses and prints; the first name of a value is its own, the others are aliases. */
static const struct {
	enum bgp_origin value;
	const char *name;
} origins[] = {
	{ BGP_ORIGIN_IGP, "igp" },
	{ BGP_ORIGIN_EGP, "egp" },
	{ BGP_ORIGIN_INCOMPLETE, "incomplete" },
	{ BGP_ORIGIN_INCOMPLETE, "unknown" },
};

static int set_origin(const struct config_key *key, const char *text, void *target, struct err *err)
{
	char names[64];
	struct strbuf sb = strbuf_over(names, sizeof(names));
	for (size_t i = 0; i < ARRAY_SIZE(origins); i++) {
		if (str_equal(text, origins[i].name)) {
			*(enum bgp_origin *)field_of(key, target) = origins[i].value;
			return 0;
		}
		strbuf_add(&sb, "%s%s", i > 0 ? ", " : "", origins[i].name);
	}
	return err_set(err, -EINVAL, "'%.80s' is not an origin, expected one of %s", text, names);
}

static const struct {
	enum nat_choice value;
	const char *name;
} nat_backends[] = {
	{ NAT_AUTO, "auto" },
	{ NAT_IPTABLES, "iptables" },
	{ NAT_NFTABLES, "nftables" },
};

static int set_nat_backend(const struct config_key *key, const char *text, void *target,
			   struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(nat_backends); i++)
		if (str_equal(text, nat_backends[i].name)) {
			*(enum nat_choice *)field_of(key, target) = nat_backends[i].value;
			return 0;
		}
	return err_set(err, -EINVAL,
		       "'%.80s' is not a NAT back end, expected auto, iptables or "
		       "nftables",
		       text);
}

/* ---- addresses ---- */

static int set_router_id(const struct config_key *key, const char *text, void *target,
			 struct err *err)
{
	struct addr a = { 0 };
	if (addr_parse(text, &a) < 0 || addr_to_v4(&a) == 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is not a router id, expected four bytes like 192.0.2.10, "
			       "not all of them zero",
			       text);
	*(uint32_t *)field_of(key, target) = addr_to_v4(&a);
	return 0;
}

static int set_family(const struct config_key *key, const char *text, void *target, struct err *err)
{
	if (!str_equal(text, "4") && !str_equal(text, "6"))
		return err_set(err, -EINVAL, "'%.80s' is not an address family, expected 4 or 6",
			       text);
	*(uint8_t *)field_of(key, target) = text[0] == '4' ? AF_INET : AF_INET6;
	return 0;
}

static int set_addr(const struct config_key *key, const char *text, void *target, struct err *err)
{
	struct addr a = { 0 };
	if (addr_parse(text, &a) < 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is not an address, expected one like 192.0.2.10 or "
			       "2001:db8::10",
			       text);
	if (addr_is_unspecified(&a) || addr_is_multicast(&a))
		return err_set(err, -EINVAL, "'%s' is not an address that a host can have", text);
	*(struct addr *)field_of(key, target) = a;
	return 0;
}

static int set_addr6(const struct config_key *key, const char *text, void *target, struct err *err)
{
	struct addr a = { 0 };
	if (addr_parse(text, &a) < 0 || a.family != AF_INET6)
		return err_set(err, -EINVAL,
			       "'%.80s' is not an IPv6 address, expected one like 2001:db8::10",
			       text);
	return set_addr(key, text, target, err);
}

static int set_peer_ip(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	struct bgp_peer_config *peer = field_of(key, target);
	char host[ADDR_TEXT_MAX] = "";
	struct addr a = { 0 };
	const char *percent = strchr(text, '%');
	size_t n = percent ? (size_t)(percent - text) : strlen(text);
	if (n < sizeof(host))
		memcpy(host, text, n);
	if (addr_parse(host, &a) < 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is not an address, expected one like 192.0.2.1, "
			       "2001:db8::1 or fe80::1%%eth0",
			       text);
	if (addr_is_unspecified(&a) || addr_is_multicast(&a) || addr_to_v4(&a) == INADDR_BROADCAST)
		return err_set(err, -EINVAL, "'%.80s' is not an address that a peer can have",
			       text);
	bool scoped = a.family == AF_INET6 && addr_is_link_local(&a);
	if (scoped && !percent)
		return err_set(err, -EINVAL,
			       "'%s' is link-local and needs its interface: write %s%%eth0", text,
			       text);
	if (!scoped && percent)
		return err_set(err, -EINVAL,
			       "'%.80s' names an interface, which only link-local addresses have: "
			       "write %s",
			       text, host);
	char ifname[IF_NAMESIZE] = "";
	if (percent && (!percent[1] || strpbrk(percent + 1, "/: %") ||
			str_copy(ifname, sizeof(ifname), percent + 1) < 0))
		return err_set(err, -EINVAL, "'%.80s' does not name an interface after the %%",
			       text);
	peer->addr = a;
	memcpy(peer->ifname, ifname, sizeof(ifname));
	return 0;
}

static int set_endpoint(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	return endpoint_parse(text, 0, field_of(key, target), err);
}

static int set_listen(const struct config_key *key, const char *text, void *target, struct err *err)
{
	struct bgp_config *bgp = field_of(key, target);
	struct endpoint at = { .port = BGP_PORT };
	bool on = true;
	if (!parse_bool(text, &on) &&
	    (endpoint_parse(text, BGP_PORT, &at, NULL) < 0 || at.unix_path[0]))
		return err_set(err, -EINVAL,
			       "'%.80s' is not a place to listen, expected true, false, ADDR, "
			       ":PORT or ADDR:PORT",
			       text);
	bgp->listen = on;
	bgp->listen_at = at;
	return 0;
}

/* ---- communities and apps: the parsers of agent/model/app_spec.c ---- */

static int add_community(const struct config_key *key, const char *text, void *target,
			 struct err *err)
{
	return communities_add(field_of(key, target), text, err);
}

static int set_app_name(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	return app_spec_set_name(field_of(key, target), text, err);
}

static int add_app_vip(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	return app_spec_add_vip(field_of(key, target), text, err);
}

static int add_app_community(const struct config_key *key, const char *text, void *target,
			     struct err *err)
{
	return app_spec_add_community(field_of(key, target), text, err);
}

static int add_app_monitor(const struct config_key *key, const char *text, void *target,
			   struct err *err)
{
	return app_spec_add_monitor(field_of(key, target), text, err);
}

static int set_app_quorum(const struct config_key *key, const char *text, void *target,
			  struct err *err)
{
	return app_spec_set_quorum(field_of(key, target), text, err);
}

static int add_app_nat(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	return app_spec_add_nat(field_of(key, target), text, err);
}

static int add_ext_community(const struct config_key *key, const char *text, void *target,
			     struct err *err)
{
	return ext_communities_add(field_of(key, target), text, err);
}

static int add_large_community(const struct config_key *key, const char *text, void *target,
			       struct err *err)
{
	return large_communities_add(field_of(key, target), text, err);
}

static int add_app_ext_community(const struct config_key *key, const char *text, void *target,
				 struct err *err)
{
	struct announce_specs *s = app_spec_announce(field_of(key, target));
	return ext_communities_add(&s->ext_communities, text, err);
}

static int add_app_large_community(const struct config_key *key, const char *text, void *target,
				   struct err *err)
{
	struct announce_specs *s = app_spec_announce(field_of(key, target));
	return large_communities_add(&s->large_communities, text, err);
}

static int set_app_group(const struct config_key *key, const char *text, void *target,
			 struct err *err)
{
	return app_spec_set_group(field_of(key, target), text, err);
}

const struct config_type config_type_path = { "absolute path of a file", set_path };
const struct config_type config_type_path_or_off = { "absolute path of a file, or `off`",
						     set_path_or_off };
const struct config_type config_type_u32 = { "0 to 4294967295", set_u32 };
const struct config_type config_type_prepend = { "0 to 32", set_prepend };
const struct config_type config_type_ext_communities = { "extended communities",
							 add_ext_community };
const struct config_type config_type_large_communities = { "large communities",
							   add_large_community };
const struct config_type config_type_app_ext_communities = { "extended communities",
							     add_app_ext_community };
const struct config_type config_type_app_large_communities = { "large communities",
							       add_app_large_community };
const struct config_type config_type_app_group = { "text", set_app_group };
const struct config_type config_type_text = { "text", set_text };
const struct config_type config_type_password = { "text, at most 80 bytes", set_password };
const struct config_type config_type_consul_addr = { "URL", set_consul_addr };
const struct config_type config_type_consul_warning = { "`pass` or `fail`", set_consul_warning };
const struct config_type config_type_monitors_from = {
	"`config`, `http`, `http-local`, `consul`, `none`", add_monitors_from
};
const struct config_type config_type_bool = { "`true` or `false`", set_bool };
const struct config_type config_type_duration = { "duration", set_duration };
const struct config_type config_type_seconds = { "whole seconds", set_seconds };
const struct config_type config_type_count = { "number", set_count };
const struct config_type config_type_port = { "port, 1 to 65535", set_port };
const struct config_type config_type_as = { "AS number, 1 to 4294967295", set_as };
const struct config_type config_type_router_id = { "four bytes, like 192.0.2.10", set_router_id };
const struct config_type config_type_family = { "`4` or `6`", set_family };
const struct config_type config_type_addr = { "address", set_addr };
const struct config_type config_type_addr6 = { "IPv6 address", set_addr6 };
const struct config_type config_type_peer_ip = { "address, or fe80::…%INTERFACE", set_peer_ip };
const struct config_type config_type_origin = { "`igp`, `egp`, `incomplete`, `unknown`",
						set_origin };
const struct config_type config_type_nat_backend = { "`auto`, `iptables`, `nftables`",
						     set_nat_backend };
const struct config_type config_type_endpoint = { "HOST:PORT, :PORT, [V6]:PORT or unix:/PATH",
						  set_endpoint };
const struct config_type config_type_listen = { "`true`, `false`, ADDR, :PORT or ADDR:PORT",
						set_listen };
const struct config_type config_type_communities = { "communities", add_community };
const struct config_type config_type_app_name = { "text", set_app_name };
const struct config_type config_type_app_vips = { "prefixes", add_app_vip };
const struct config_type config_type_app_communities = { "communities", add_app_community };
const struct config_type config_type_app_monitors = { "monitors", add_app_monitor };
const struct config_type config_type_app_quorum = { "`all`, `any` or a number", set_app_quorum };
const struct config_type config_type_app_nats = { "NAT mappings", add_app_nat };
