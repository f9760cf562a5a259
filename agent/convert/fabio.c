/* SPDX-License-Identifier: MIT */
/*
 * fabio announces its anycast addresses by an embedded GoBGP for as long as it runs. Here they are
 * an app whose addresses are the host's (bind: present), with fabio's process as its monitor. All
 * other properties stay with fabio.
 */
#include "agent/convert/fabio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/convert/prefix.h"
#include "agent/convert/properties.h"
#include "lib/addr.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

#define VIPS_MAX 64 /* of an app */

struct taking {
	struct convert *c;
	struct properties properties;
};

static const char *text_of(const struct property *p)
{
	return p ? p->text : "";
}

static const struct property *find(const struct taking *t, const char *key)
{
	return properties_find(&t->properties, key);
}

static bool is_true(const char *text)
{
	static const char *const words[] = { "true", "1", "t" };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

static void lost(struct taking *t, const struct property *p, const char *why)
{
	convert_lost(t->c, p->at, p->key, "%s: %s", p->text, why);
}

/* ---- peers ---- */

/* "multihop=true" of a peer; `length`: its end. */
static void carry_peer_option(struct taking *t, const struct property *p, json_t *peer,
			      const char *key, const char *value, bool *multihop, uint64_t *hops)
{
	uint64_t number;
	if (str_equal(key, "address") || str_equal(key, "neighboraddress"))
		convert_set(peer, "peer_ip", value);
	else if (str_equal(key, "asn") && str_to_u64(value, UINT32_MAX, &number) == 0)
		convert_set_number(peer, "peer_as", number);
	else if (str_equal(key, "port") && str_to_u64(value, 65535, &number) == 0)
		convert_set_number(peer, "port", number);
	else if (str_equal(key, "multihop"))
		*multihop = is_true(value);
	else if (str_equal(key, "multihoplength") && str_to_u64(value, 255, &number) == 0)
		*hops = number;
	else if (str_equal(key, "password"))
		convert_set(peer, "password", value);
	else
		convert_lost(t->c, p->at, key, "'%s': not an option of a peer", value);
}

static char *trim(char *text)
{
	text += strspn(text, " \t");
	for (size_t n = strlen(text); n > 0 && strchr(" \t", text[n - 1]); n--)
		text[n - 1] = 0;
	return text;
}

/* "address=10.0.0.1;asn=65000" */
static void carry_peer(struct taking *t, const struct property *p, char *text)
{
	json_t *peer = convert_add(t->c, "peers", p->at);
	bool multihop = false;
	uint64_t hops = 2; /* fabio's default */
	for (char *save, *word = strtok_r(text, ";", &save); word;
	     word = strtok_r(NULL, ";", &save)) {
		char *equals = strchr(word, '=');
		if (equals)
			*equals = 0;
		carry_peer_option(t, p, peer, trim(word), equals ? trim(equals + 1) : "", &multihop,
				  &hops);
	}
	if (multihop)
		convert_set_number(peer, "multihop_ttl", hops);
}

static void carry_peers(struct taking *t)
{
	const struct property *p = find(t, "bgp.peers");
	char *copy = mem_strdup(text_of(p));
	for (char *save, *word = strtok_r(copy, ",", &save); word;
	     word = strtok_r(NULL, ",", &save))
		carry_peer(t, p, word);
	free(copy);
}

/* ---- the speaker ---- */

static void set_from(struct taking *t, const char *key, const char *theirs)
{
	uint64_t number;
	json_t *bgp = convert_section(t->c, "bgp");
	const struct property *p = find(t, theirs);
	if (!*text_of(p))
		return;
	convert_place(t->c, bgp, key, p->at);
	if (str_to_u64(p->text, UINT32_MAX, &number) == 0)
		convert_set_number(bgp, key, number);
	else
		convert_set(bgp, key, p->text);
}

/* fabio's next hop is one address for all routes, its router ID unless said otherwise. */
static void carry_next_hop(struct taking *t)
{
	const char *theirs = *text_of(find(t, "bgp.nexthop")) ? "bgp.nexthop" : "bgp.routerid";
	struct addr a;
	bool v6 = addr_parse(text_of(find(t, theirs)), &a) == 0 && a.family == AF_INET6;
	set_from(t, v6 ? "next_hop6" : "next_hop", theirs);
}

static void carry_listen(struct taking *t)
{
	char text[128];
	json_t *bgp = convert_section(t->c, "bgp");
	const struct property *port = find(t, "bgp.listenport");
	const struct property *addresses = find(t, "bgp.listenaddresses");
	const char *number = *text_of(port) ? port->text : "179", *address = text_of(addresses);
	size_t n = strcspn(address, ",");
	if (*number == '-' || str_equal(number, "0"))
		return;
	bool any = strncmp(address, "0.0.0.0", n) == 0 || strncmp(address, "::", n) == 0;
	bool v6 = !any && memchr(address, ':', n);
	snprintf(text, sizeof(text), "%s%.*s%s:%.10s", v6 ? "[" : "", any ? 0 : (int)n, address,
		 v6 ? "]" : "", number);
	convert_set(bgp, "listen", text);
	convert_place(t->c, bgp, "listen", addresses ? addresses->at : (struct convert_at){ 0 });
	if (address[n] == ',')
		lost(t, addresses, "one address is listened on, the first");
}

/* ---- apps ---- */

static json_t *add_app(struct taking *t, const struct property *p, const char *bind)
{
	char name[129];
	json_t *app = convert_add(t->c, "apps", p->at);
	convert_set(app, "name", convert_app_name(t->c, "fabio", name));
	json_object_set_new(app, "vip", json_array());
	convert_set(app, "bind", bind);
	convert_append(app, "monitors", "process:fabio");
	return app;
}

/* fabio announces any prefix; a network is not an address that is on the host or not. */
static void carry_address(struct taking *t, const struct property *p, const struct prefix *prefix,
			  json_t *apps[static 2])
{
	char text[PREFIX_TEXT_MAX];
	bool network = prefix->len < 8 * addr_size(prefix->addr.family);
	json_t **app = &apps[network];
	if (network)
		convert_note(t->c, p->at, prefix_format(prefix, text),
			     "a network: announced while a process fabio runs, bind: none");
	if (!*app || json_array_size(json_object_get(*app, "vip")) >= VIPS_MAX)
		*app = add_app(t, p, network ? "none" : "present");
	convert_append(*app, "vip", prefix_format(prefix, text));
}

static void carry_addresses(struct taking *t)
{
	const struct property *p = find(t, "bgp.anycastaddresses");
	char *copy = mem_strdup(text_of(p));
	json_t *apps[2] = { NULL, NULL };
	for (char *save, *word = strtok_r(copy, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		struct prefix prefix;
		bool host_bits;
		word = trim(word);
		if (convert_prefix(word, &prefix, &host_bits) < 0)
			convert_lost(t->c, p->at, word, "not an address");
		else if (prefix.len == 0)
			convert_lost(t->c, p->at, word, "a default route is not announced");
		else
			carry_address(t, p, &prefix, apps);
	}
	free(copy);
}

/* ---- the whole ---- */

static void remark(struct taking *t)
{
	static const struct {
		const char *key, *why;
	} lost_keys[] = {
		{ "bgp.gobgpdcfgfile",
		  "GoBGP's own file is not read: its peers and policies are to be "
		  "written by hand" },
		{ "bgp.grpclistenaddress", "there is no gRPC: `vipherald peers` and the HTTP API" },
		{ "bgp.grpctls", "there is no gRPC; TLS of the HTTP API is agent.api.tls" },
		{ "bgp.certfile", "there is no gRPC; TLS of the HTTP API is agent.api.tls" },
		{ "bgp.keyfile", "there is no gRPC; TLS of the HTTP API is agent.api.tls" },
	};
	const struct property *enabled = find(t, "bgp.enabled");
	for (size_t i = 0; i < ARRAY_SIZE(lost_keys); i++) {
		const struct property *p = find(t, lost_keys[i].key);
		if (*text_of(p) && !str_equal(p->text, "false"))
			lost(t, p, lost_keys[i].why);
	}
	if (is_true(text_of(find(t, "bgp.enablegrpc"))))
		lost(t, find(t, "bgp.enablegrpc"),
		     "there is no gRPC: `vipherald peers` and the HTTP API");
	convert_note(
		t->c, enabled ? enabled->at : (struct convert_at){ 0 }, "bgp.enabled",
		"%s; vipherald announces while a process fabio runs and the addresses are there: "
		"set it to false in fabio when both are not to announce",
		is_true(text_of(enabled)) ? "true" : "not true, fabio announces nothing");
}

static void remark_unknown(struct taking *t)
{
	static const char *const keys[] = {
		"enabled",         "asn",     "anycastaddresses", "routerid",          "listenport",
		"listenaddresses", "peers",   "enablegrpc",       "grpclistenaddress", "grpctls",
		"certfile",        "keyfile", "gobgpdcfgfile",    "nexthop",
	};
	for (size_t i = 0; i < t->properties.n; i++) {
		const struct property *p = &t->properties.items[i];
		bool known = !str_starts(p->key, "bgp.");
		for (size_t j = 0; !known && j < ARRAY_SIZE(keys); j++)
			known = str_equal(p->key + 4, keys[j]);
		if (!known)
			lost(t, p, "not known");
	}
}

static bool has_bgp(const struct taking *t)
{
	for (size_t i = 0; i < t->properties.n; i++)
		if (str_starts(t->properties.items[i].key, "bgp."))
			return true;
	return false;
}

int convert_fabio(struct convert *c, const struct convert_input *inputs, size_t n,
		  const struct convert_options *options, struct err *err)
{
	struct taking t = { .c = c };
	int rc = 0;
	for (size_t i = 0; i < n; i++)
		properties_parse(&inputs[i], &t.properties);
	properties_parse_args(options->args, options->n_args, &t.properties);
	if (!has_bgp(&t)) {
		rc = err_set(err, -EINVAL, "no bgp. property, are they fabio's?");
	} else {
		set_from(&t, "local_as", "bgp.asn");
		set_from(&t, "router_id", "bgp.routerid");
		set_from(&t, "local_ip", "bgp.routerid"); /* GoBGP is told to connect from there */
		carry_next_hop(&t);
		carry_listen(&t);
		carry_peers(&t);
		carry_addresses(&t);
		remark(&t);
		remark_unknown(&t);
	}
	properties_done(&t.properties);
	return rc;
}
