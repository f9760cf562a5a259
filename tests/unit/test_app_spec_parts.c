/* SPDX-License-Identifier: MIT */
/* The definition of an app: its size, where its VIPs are bound, its peers, and its refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "agent/model/app_spec.h"
#include "agent/model/app_spec_parse.h"
#include "agent/model/community.h"
#include "lib/array.h"
#include "lib/mem.h"

#define X10 "xxxxxxxxxx"
#define X40 X10 X10 X10 X10
#define X80 X40 X40

/* ---- the size ---- */

static void one_vip(struct app_spec *s)
{
	assert_int_equal(app_spec_add_vip(s, s->n_vips ? "192.0.2.2/32" : "192.0.2.1/32", NULL), 0);
}

static void one_nat(struct app_spec *s)
{
	assert_int_equal(app_spec_add_nat(s, s->n_nats ? "tcp:2" : "tcp:1", NULL), 0);
}

static void one_community(struct app_spec *s)
{
	assert_int_equal(app_spec_add_community(s, s->communities.n ? "1:2" : "1:1", NULL), 0);
}

static void one_monitor(struct app_spec *s)
{
	const char *text = s->n_monitors ? "http:http://192.0.2.1/" : "http:http://192.0.2.2/";
	assert_int_equal(app_spec_add_monitor(s, text, NULL), 0);
}

static void one_option(struct app_spec *s)
{
	bool second = s->monitors[1].options != NULL;
	assert_int_equal(monitor_spec_set_option(&s->monitors[1], second ? "body" : "status",
						 second ? "h" : "200", NULL),
			 0);
}

static void a_name(struct app_spec *s)
{
	assert_int_equal(app_spec_set_name(s, s->name ? "four" : "is", NULL), 0);
}

static void a_group(struct app_spec *s)
{
	assert_int_equal(app_spec_set_group(s, s->group ? "threethree" : "three", NULL), 0);
}

static void text_of(char **text, const char *first, const char *then)
{
	const char *next = *text ? then : first;
	free(*text);
	*text = mem_strdup(next);
}

static void a_principal(struct app_spec *s)
{
	text_of(&s->by, "by", "they");
}

static void a_file(struct app_spec *s)
{
	text_of(&s->disable_file, "/a", "/a/b");
}

static void the_announce_specs(struct app_spec *s)
{
	app_spec_announce(s);
}

static void a_community_of(struct bgp_communities *list)
{
	assert_int_equal(communities_add(list, list->n ? "2:2" : "2:1", NULL), 0);
}

static void an_ext_community_of(struct bgp_ext_communities *list)
{
	assert_int_equal(ext_communities_add(list, list->n ? "rt:2:2" : "rt:2:1", NULL), 0);
}

static void a_large_community_of(struct bgp_large_communities *list)
{
	assert_int_equal(large_communities_add(list, list->n ? "2:2:2" : "2:2:1", NULL), 0);
}

static void one_ext_community(struct app_spec *s)
{
	an_ext_community_of(&s->announce->ext_communities);
}

static void one_large_community(struct app_spec *s)
{
	a_large_community_of(&s->announce->large_communities);
}

static void one_community_of_up(struct app_spec *s)
{
	a_community_of(&s->announce->of[ANNOUNCE_UP].communities);
}

static void one_ext_community_of_join(struct app_spec *s)
{
	an_ext_community_of(&s->announce->of[ANNOUNCE_JOIN].ext_communities);
}

static void one_large_community_of_join(struct app_spec *s)
{
	a_large_community_of(&s->announce->of[ANNOUNCE_JOIN].large_communities);
}

static void one_peer(struct app_spec *s)
{
	const char *text = app_spec_peers(s)->only.n ? "b" : "a";
	assert_int_equal(app_spec_add_peers(s, text, NULL), 0);
}

static void one_peer_less(struct app_spec *s)
{
	const char *text = app_spec_peers(s)->except.n ? "dd" : "cc";
	assert_int_equal(app_spec_add_except_peers(s, text, NULL), 0);
}

/* Each step is done twice, and adds the same number of octets both times. */
static void the_size_is_that_of_all_parts(void **state)
{
	static const struct {
		const char *name;
		void (*add)(struct app_spec *s);
		size_t first, then;
	} steps[] = {
		{ "a VIP", one_vip, sizeof(struct prefix), sizeof(struct prefix) },
		{ "a NAT mapping", one_nat, sizeof(struct nat_spec), sizeof(struct nat_spec) },
		{ "a community", one_community, 4, 4 },
		{ "a monitor", one_monitor, sizeof(struct monitor_spec) + 22,
		  sizeof(struct monitor_spec) + 22 },
		{ "an option", one_option, 3, 1 },
		{ "a name", a_name, 2, 2 },
		{ "a group", a_group, 5, 5 },
		{ "a principal", a_principal, 2, 2 },
		{ "a disable_file", a_file, 2, 2 },
		{ "announce specs", the_announce_specs, sizeof(struct announce_specs), 0 },
		{ "an extended one", one_ext_community, 8, 8 },
		{ "a large one", one_large_community, 12, 12 },
		{ "one of up", one_community_of_up, 4, 4 },
		{ "an extended one of join", one_ext_community_of_join, 8, 8 },
		{ "a large one of join", one_large_community_of_join, 12, 12 },
		{ "a peer", one_peer, sizeof(struct bgp_peer_ref) + 1,
		  sizeof(struct bgp_peer_ref) + 1 },
		{ "a peer less", one_peer_less, sizeof(struct bgp_peer_ref) + 2,
		  sizeof(struct bgp_peer_ref) + 2 },
	};
	struct app_spec s = { 0 };
	size_t n = sizeof(s);
	(void)state;
	assert_int_equal(app_spec_bytes(&s), n);
	for (size_t i = 0; i < 2 * ARRAY_SIZE(steps); i++) {
		steps[i / 2].add(&s);
		n += i % 2 ? steps[i / 2].then : steps[i / 2].first;
		if (app_spec_bytes(&s) != n)
			fail_msg("%s: %zu instead of %zu", steps[i / 2].name, app_spec_bytes(&s),
				 n);
	}
	app_spec_done(&s);
}

static void a_copy_has_one_of_each(void **state)
{
	struct app_spec s = { 0 }, copy;
	(void)state;
	one_vip(&s);
	one_nat(&s);
	one_community(&s);
	one_monitor(&s);
	one_peer(&s);
	the_announce_specs(&s);
	one_ext_community(&s);
	one_large_community_of_join(&s);
	app_spec_copy(&copy, &s);
	assert_true(app_spec_equal(&copy, &s));
	assert_int_equal(app_spec_bytes(&copy), app_spec_bytes(&s));
	app_spec_done(&s);
	assert_int_equal(copy.vips[0].len, 32);
	assert_int_equal(copy.nats[0].listen, 1);
	assert_int_equal(copy.communities.values[0], 1 << 16 | 1);
	assert_string_equal(copy.monitors[0].text, "http:http://192.0.2.2/");
	assert_string_equal(copy.peers->only.items[0].text, "a");
	app_spec_done(&copy);
	app_spec_copy(&copy, &s); /* of an empty one */
	assert_null(copy.peers);
	app_spec_done(&copy);
}

/* ---- where it is bound ---- */

static const struct {
	enum bind own, agents;
	const char *interface;
	enum bind bind;
	const char *at, *place; /* NULL: nowhere */
} places[] = {
	{ BIND_UNSET, BIND_UNSET, "", BIND_ADDRESS, "lo", "lo" },
	{ BIND_UNSET, BIND_UNSET, "eth0", BIND_ADDRESS, "eth0", "eth0" },
	{ BIND_UNSET, BIND_ROUTE, "eth0", BIND_ROUTE, "eth0", "lo" },
	{ BIND_UNSET, BIND_UNSET, "e", BIND_ADDRESS, "e", "e" },
	{ BIND_ADDRESS, BIND_ROUTE, "eth0", BIND_ADDRESS, "eth0", "eth0" },
	{ BIND_ROUTE, BIND_UNSET, "", BIND_ROUTE, "lo", "lo" },
	{ BIND_PRESENT, BIND_ROUTE, "eth0", BIND_PRESENT, "eth0", NULL },
	{ BIND_NONE, BIND_UNSET, "", BIND_NONE, "lo", NULL },
	{ BIND_UNSET, BIND_NONE, "", BIND_NONE, "lo", NULL },
};

static struct app_spec bound(size_t i)
{
	struct app_spec s = { .bind = places[i].own, .agent_bind = places[i].agents };
	snprintf(s.interface, sizeof(s.interface), "%s", places[i].interface);
	return s;
}

static void the_agents_bind_counts_where_there_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct app_spec s = bound(i);
		assert_int_equal(app_spec_bind(&s), places[i].bind);
		assert_string_equal(app_spec_interface(&s), places[i].at);
		if (places[i].place)
			assert_string_equal(app_spec_place(&s), places[i].place);
		else
			assert_null(app_spec_place(&s));
	}
}

static void vips_are_bound_alike_at_the_same_place_in_the_same_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places) * ARRAY_SIZE(places); i++) {
		size_t x = i / ARRAY_SIZE(places), y = i % ARRAY_SIZE(places);
		struct app_spec a = bound(x), b = bound(y);
		bool alike =
			places[x].bind == places[y].bind && strcmp(places[x].at, places[y].at) == 0;
		if (app_spec_bound_alike(&a, &b) != alike)
			fail_msg("%zu and %zu", x, y);
		a.nonlocal_ok = true;
		assert_false(app_spec_bound_alike(&a, &b));
	}
	struct app_spec lo = { .interface = "lo" }, none = { 0 };
	assert_true(app_spec_bound_alike(&lo, &none));
}

/* As written; the agent's counts only where both know it. */
static void the_way_of_binding_is_part_of_the_definition(void **state)
{
	static const struct {
		struct app_spec a, b;
		bool equal;
	} cases[] = {
		{ { 0 }, { .bind = BIND_ADDRESS }, false },
		{ { .interface = "eth0" }, { 0 }, false },
		{ { .nonlocal_ok = true }, { 0 }, false },
		{ { .agent_bind = BIND_ROUTE }, { 0 }, true },
		{ { .agent_bind = BIND_ROUTE }, { .agent_bind = BIND_ROUTE }, true },
		{ { .agent_bind = BIND_ROUTE }, { .agent_bind = BIND_ADDRESS }, false },
		{ { .bind = BIND_ROUTE, .agent_bind = BIND_ROUTE },
		  { .bind = BIND_ROUTE, .agent_bind = BIND_ADDRESS },
		  true },
		{ { .join_time = 1 }, { 0 }, false },
		{ { .quorum = 1 }, { 0 }, false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (app_spec_equal(&cases[i].a, &cases[i].b) != cases[i].equal ||
		    app_spec_equal(&cases[i].b, &cases[i].a) != cases[i].equal)
			fail_msg("case %zu", i);
	}
}

static void peers_are_part_of_the_definition(void **state)
{
	struct app_spec a = { 0 }, b = { 0 };
	(void)state;
	assert_int_equal(app_spec_add_peers(&a, "x", NULL), 0);
	assert_false(app_spec_equal(&a, &b));
	assert_int_equal(app_spec_add_peers(&b, "x", NULL), 0);
	assert_true(app_spec_equal(&a, &b));
	app_spec_done(&a);
	app_spec_done(&b);
}

static struct app_spec with_vips(const char *first, const char *second)
{
	struct app_spec s = { 0 };
	assert_int_equal(app_spec_add_vip(&s, first, NULL), 0);
	if (second)
		assert_int_equal(app_spec_add_vip(&s, second, NULL), 0);
	return s;
}

static void a_network_is_bound_to_lo_or_not_at_all(void **state)
{
	static const struct {
		const char *first, *second;
		enum bind bind;
		const char *interface, *error;
	} cases[] = {
		{ "192.0.2.1/32", "2001:db8::1/128", BIND_PRESENT, "", NULL },
		{ "192.0.2.1/32", "2001:db8::1/128", BIND_ADDRESS, "eth0", NULL },
		{ "192.0.2.0/31", NULL, BIND_PRESENT, "",
		  "vip 192.0.2.0/31 is a network, and 'bind: present' is about single addresses "
		  "(/32, /128): use 'bind: none' where the host's routes lead to it" },
		{ "192.0.2.1/32", "2001:db8::/127", BIND_PRESENT, "",
		  "vip 2001:db8::/127 is a network, and" },
		{ "192.0.2.1/32", "2001:db8::/32", BIND_PRESENT, "",
		  "vip 2001:db8::/32 is a network, and" },
		{ "192.0.2.0/24", "198.51.100.0/24", BIND_ADDRESS, "eth0",
		  "vip 192.0.2.0/24 is a network, which is bound to lo only: remove "
		  "'interface: eth0'" },
		{ "192.0.2.0/24", NULL, BIND_UNSET, "eth0", "remove 'interface: eth0'" },
		{ "192.0.2.0/24", NULL, BIND_ADDRESS, "lo", NULL },
		{ "192.0.2.0/24", NULL, BIND_ADDRESS, "", NULL },
		{ "192.0.2.0/24", NULL, BIND_ROUTE, "eth0", NULL },
		{ "192.0.2.0/24", NULL, BIND_NONE, "eth0", NULL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct app_spec s = with_vips(cases[i].first, cases[i].second);
		struct err err = { "" };
		s.bind = cases[i].bind;
		snprintf(s.interface, sizeof(s.interface), "%s", cases[i].interface);
		int r = app_spec_check_bind(&s, &err);
		if (r != (cases[i].error ? -EINVAL : 0) ||
		    (cases[i].error && !strstr(err.text, cases[i].error)))
			fail_msg("case %zu: %d, %s", i, r, err.text);
		assert_int_equal(app_spec_set_name(&s, "a", NULL), 0);
		assert_int_equal(app_spec_check(&s, NULL), r);
		app_spec_done(&s);
	}
}

static void ways_of_binding_have_names(void **state)
{
	static const struct {
		enum bind bind;
		const char *name;
		bool ours;
	} ways[] = {
		{ BIND_ADDRESS, "address", true },
		{ BIND_ROUTE, "route", true },
		{ BIND_PRESENT, "present", false },
		{ BIND_NONE, "none", false },
	};
	enum bind b = BIND_UNSET;
	struct err err = { "" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		assert_string_equal(bind_name(ways[i].bind), ways[i].name);
		assert_int_equal(bind_is_ours(ways[i].bind), ways[i].ours);
		assert_int_equal(bind_parse(ways[i].name, &b, &err), 0);
		assert_int_equal(b, ways[i].bind);
	}
	assert_string_equal(bind_name(BIND_UNSET), "");
	assert_true(bind_is_ours(BIND_UNSET));
	assert_int_equal(bind_parse("adress", &b, &err), -EINVAL);
	assert_string_equal(err.text, "unknown bind 'adress', did you mean 'address'?");
	assert_int_equal(bind_parse("nome", &b, &err), -EINVAL);
	assert_string_equal(err.text, "unknown bind 'nome', did you mean 'none'?");
	assert_int_equal(bind_parse("everywhere", &b, &err), -EINVAL);
	assert_string_equal(err.text,
			    "unknown bind 'everywhere', expected address, route, present or none");
	assert_int_equal(b, BIND_NONE);
}

static void bind_is_set_once(void **state)
{
	struct app_spec s = { 0 };
	struct err err = { "" };
	(void)state;
	assert_int_equal(app_spec_set_bind(&s, "roote", &err), -EINVAL);
	assert_int_equal(s.bind, BIND_UNSET);
	assert_int_equal(app_spec_set_bind(&s, "route", &err), 0);
	assert_int_equal(app_spec_set_bind(&s, "route", &err), 0);
	assert_int_equal(app_spec_set_bind(&s, "none", &err), -EINVAL);
	assert_string_equal(err.text, "bind is given more than once ('route' and 'none')");
	assert_int_equal(s.bind, BIND_ROUTE);
}

/* ---- VIPs ---- */

static void vips_of_which_the_order_matters(void **state)
{
	struct app_spec one = with_vips("192.0.2.1/32", NULL);
	struct app_spec two = with_vips("192.0.2.1/32", "192.0.2.2/32");
	struct app_spec other_first = with_vips("192.0.2.3/32", "192.0.2.2/32");
	struct app_spec other_last = with_vips("192.0.2.1/32", "192.0.2.3/32");
	const struct prefix unknown = { .len = 32 };
	(void)state;
	for (int ordered = 0; ordered < 2; ordered++) {
		assert_false(app_spec_vips_alike(&one, &two));
		assert_false(app_spec_vips_alike(&two, &one));
		assert_true(app_spec_vips_alike(&two, &two));
		assert_false(app_spec_vips_alike(&two, &other_first));
		assert_false(app_spec_vips_alike(&two, &other_last));
		app_spec_announce(&one)->increase = (struct bgp_number){ true, 1 };
		app_spec_announce(&two)->increase = (struct bgp_number){ true, 1 };
	}
	assert_int_equal(app_spec_vip_place(&two, &unknown), 2);
	app_spec_done(&one);
	app_spec_done(&two);
	app_spec_done(&other_first);
	app_spec_done(&other_last);
}

static void a_family_is_that_of_any_vip(void **state)
{
	struct app_spec both = with_vips("192.0.2.1/32", "2001:db8::1/128");
	struct app_spec v4 = with_vips("192.0.2.1/32", "192.0.2.2/32");
	(void)state;
	assert_true(app_spec_has_family(&both, AF_INET));
	assert_true(app_spec_has_family(&both, AF_INET6));
	assert_true(app_spec_has_family(&v4, AF_INET));
	assert_false(app_spec_has_family(&v4, AF_INET6));
	app_spec_done(&both);
	app_spec_done(&v4);
}

/* A mapping of one port says nothing of another, nor of the same one of the other protocol. */
static void each_port_needs_a_mapping_for_every_family(void **state)
{
	static const struct {
		const char *nats[3], *error;
	} cases[] = {
		{ { "tcp:1:10.0.0.1:1", "tcp:1:[fd00::1]:1" }, NULL },
		{ { "tcp:1:[fd00::1]:1", "tcp:1:10.0.0.1:1", "udp:2" }, NULL },
		{ { "tcp:1:10.0.0.1:1", "udp:1:[fd00::1]:1" },
		  "NAT mapping udp:1:[fd00::1]:1 does not cover vip 192.0.2.1/32, add one to an "
		  "IPv4 address" },
		{ { "tcp:1", "tcp:2:10.0.0.1:1" },
		  "NAT mapping tcp:2:10.0.0.1:1 does not cover vip 2001:db8::1/128, add one to an "
		  "IPv6 address" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct app_spec s = with_vips("192.0.2.1/32", "2001:db8::1/128");
		struct err err = { "" };
		assert_int_equal(app_spec_set_name(&s, "a", NULL), 0);
		for (size_t k = 0; k < 3 && cases[i].nats[k]; k++)
			assert_int_equal(app_spec_add_nat(&s, cases[i].nats[k], NULL), 0);
		assert_int_equal(app_spec_check(&s, &err), cases[i].error ? -EINVAL : 0);
		assert_string_equal(err.text, cases[i].error ? cases[i].error : "");
		app_spec_done(&s);
	}
}

/* ---- monitors ---- */

static void a_quorum_is_at_most_the_number_of_monitors(void **state)
{
	struct app_spec s = with_vips("192.0.2.1/32", NULL);
	struct err err = { "" };
	(void)state;
	assert_int_equal(app_spec_set_name(&s, "a", NULL), 0);
	s.quorum = 1;
	assert_int_equal(app_spec_check(&s, &err), -EINVAL);
	one_monitor(&s);
	assert_int_equal(app_spec_check(&s, &err), 0);
	one_monitor(&s);
	s.quorum = 2;
	assert_int_equal(app_spec_check(&s, &err), 0);
	s.quorum = 3;
	assert_int_equal(app_spec_check(&s, &err), -EINVAL);
	assert_string_equal(err.text, "quorum 3 exceeds the number of monitors, 2");
	app_spec_done(&s);
}

static void the_same_monitors_in_the_same_order(void **state)
{
	struct app_spec a = { 0 }, b = { 0 };
	(void)state;
	one_monitor(&a);
	assert_false(app_spec_monitors_equal(&a, &b));
	one_monitor(&a);
	app_spec_copy(&b, &a);
	assert_true(app_spec_monitors_equal(&a, &b));
	b.quorum = 1;
	assert_false(app_spec_monitors_equal(&a, &b));
	b.quorum = 0;
	b.monitors[1].timing.rise = 7;
	assert_false(app_spec_monitors_equal(&a, &b));
	assert_false(app_spec_equal(&a, &b));
	b.monitors[1].timing.rise = 0;
	b.monitors[0].timing.rise = 7;
	assert_false(app_spec_monitors_equal(&a, &b));
	b.monitors[0].timing.rise = 0;
	struct monitor_spec first = b.monitors[0];
	b.monitors[0] = b.monitors[1];
	b.monitors[1] = first;
	assert_false(app_spec_monitors_equal(&a, &b));
	assert_true(app_spec_equal(&a, &b));
	app_spec_done(&a);
	app_spec_done(&b);
}

/* ---- texts ---- */

typedef int set_fn(struct app_spec *s, const char *text, struct err *err);

/* An error is the whole of it. */
static const struct {
	set_fn *set;
	const char *text, *error;
} texts[] = {
	{ app_spec_set_name, X80 X40 "12345678", NULL },
	{ app_spec_set_name, X80 X40 "123456789",
	  "the name '" X40 "…' has 129 bytes, at most 128 are allowed" },
	{ app_spec_set_name, "", "the name is empty" },
	{ app_spec_set_name, "a/..",
	  "the name 'a/..' cannot stand in a URL: it must not contain '/' or be '.' or '..'" },
	{ app_spec_set_group, "a/b", NULL },
	{ app_spec_set_group, "", "the group is empty" },
	{ app_spec_set_group, X80 X40 "123456789",
	  "the group '" X40 "…' has 129 bytes, at most 128 are allowed" },
	{ app_spec_set_group, "a\n", "the group 'a\\x0a' holds U+000A, a control character" },
	{ app_spec_add_vip, "0.0.0.0/0",
	  "'0.0.0.0/0' is the default route, not a VIP; expected the service's address like "
	  "192.0.2.53/32 or 2001:db8::53/128" },
	{ app_spec_add_vip, "128.0.0.0/1",
	  "'128.0.0.0/1' cannot be a VIP: it covers link-local addresses" },
	{ app_spec_add_peers, X80, NULL },
	{ app_spec_add_peers, X80 "x", "peers: '" X40 "…' has 81 bytes, at most 80 are allowed" },
	{ app_spec_add_peers, X80 X40 "1234567",
	  "peers: '" X40 "…' has 127 bytes, at most 80 are allowed" },
	{ app_spec_add_peers, X80 X40 "12345678",
	  "peers: '" X40 "…' has 127 bytes, at most 80 are allowed" },
	{ app_spec_add_peers, X80 X80, "peers: '" X40 "…' has 127 bytes, at most 80 are allowed" },
	{ app_spec_add_peers, "",
	  "peers names no peer, expected an address, an interface or the description of a "
	  "peer" },
	{ app_spec_add_peers, " , a",
	  "peers names no peer, expected an address, an interface or the description of a "
	  "peer" },
	{ app_spec_add_except_peers, "a,",
	  "except_peers names no peer, expected an address, an interface or the description of "
	  "a peer" },
	{ app_spec_add_except_peers, "a\x7f",
	  "except_peers: 'a\\x7f' holds U+007F, a control character" },
	{ app_spec_add_nat, "tcp:80", NULL },
	{ app_spec_set_quorum, "33", "'33' is not a quorum, expected all, any or 1 to 32" },
	{ app_spec_set_lease, "721h",
	  "ttl '721h' is out of range, expected 1s to 720h; omit it for an app that stays until it "
	  "is unregistered" },
};

static void a_refusal_says_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct app_spec s = { 0 };
		struct err err = { "" };
		int r = texts[i].set(&s, texts[i].text, &err);
		if (r != (texts[i].error ? -EINVAL : 0))
			fail_msg("'%s': %d, %s", texts[i].text, r, err.text);
		assert_string_equal(err.text, texts[i].error ? texts[i].error : "");
		app_spec_done(&s);
	}
}

static void the_last_text_counts(void **state)
{
	struct app_spec s = { 0 };
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(app_spec_set_name(&s, i ? "b" : "a", NULL), 0);
		assert_int_equal(app_spec_set_group(&s, i ? "h" : "g", NULL), 0);
	}
	assert_string_equal(s.name, "b");
	assert_string_equal(s.group, "h");
	app_spec_done(&s);
}

static void peers_are_a_list(void **state)
{
	static const char *const wanted[] = { "a", "b c", "192.0.2.1", "e" };
	struct app_spec s = { 0 };
	struct err err = { "" };
	char text[16];
	int r = 0;
	(void)state;
	assert_int_equal(app_spec_add_peers(&s, "  a, b c  ,192.0.2.1", NULL), 0);
	assert_int_equal(app_spec_add_peers(&s, "e", NULL), 0);
	assert_int_equal(s.peers->only.n, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_string_equal(s.peers->only.items[i].text, wanted[i]);
	for (int i = 0; i < APP_PEERS_MAX + 1; i++) {
		assert_int_equal(r, 0);
		snprintf(text, sizeof(text), "p%d", i);
		r = app_spec_add_except_peers(&s, text, &err);
	}
	assert_int_equal(r, -EINVAL);
	assert_string_equal(err.text, "except_peers: 'p64' exceeds the limit of 64 peers");
	assert_int_equal(s.peers->except.n, APP_PEERS_MAX);
	app_spec_done(&s);
}

static void a_refused_one_leaves_the_others(void **state)
{
	struct app_spec s = { 0 };
	struct err err = { "" };
	char text[64];
	(void)state;
	for (int i = 0; i < APP_MONITORS_MAX; i++) {
		snprintf(text, sizeof(text), "port:tcp:%d", i + 1);
		assert_int_equal(app_spec_add_monitor(&s, text, NULL), 0);
	}
	assert_int_equal(app_spec_add_monitor(&s, "port:tcp:99", &err), -EINVAL);
	assert_string_equal(err.text, "'port:tcp:99' exceeds the limit of 32 monitors per app");
	for (int i = 0; i < APP_NATS_MAX; i++) {
		snprintf(text, sizeof(text), "tcp:%d", i + 1);
		assert_int_equal(app_spec_add_nat(&s, text, NULL), 0);
	}
	assert_int_equal(app_spec_add_nat(&s, "tcp:99", &err), -EINVAL);
	assert_string_equal(err.text, "'tcp:99' exceeds the limit of 64 NAT mappings per app");
	assert_int_equal(app_spec_add_nat(&s, "tcp:2:9", &err), -EINVAL);
	assert_string_equal(err.text, "'tcp:2:9': port 2 is already translated by tcp:2:2");
	assert_int_equal(app_spec_add_nat(&s, "tcp:2", &err), 0);
	assert_int_equal(s.n_nats, APP_NATS_MAX);
	app_spec_done(&s);
}

static void every_source_has_a_name(void **state)
{
	static const char *const source_names[] = { "config", "process", "http", "consul",
						    "nomad" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(source_names); i++)
		assert_string_equal(app_source_name((enum app_source)i), source_names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_size_is_that_of_all_parts),
		cmocka_unit_test(a_copy_has_one_of_each),
		cmocka_unit_test(the_agents_bind_counts_where_there_is_none),
		cmocka_unit_test(vips_are_bound_alike_at_the_same_place_in_the_same_way),
		cmocka_unit_test(the_way_of_binding_is_part_of_the_definition),
		cmocka_unit_test(peers_are_part_of_the_definition),
		cmocka_unit_test(a_network_is_bound_to_lo_or_not_at_all),
		cmocka_unit_test(ways_of_binding_have_names),
		cmocka_unit_test(bind_is_set_once),
		cmocka_unit_test(vips_of_which_the_order_matters),
		cmocka_unit_test(a_family_is_that_of_any_vip),
		cmocka_unit_test(each_port_needs_a_mapping_for_every_family),
		cmocka_unit_test(a_quorum_is_at_most_the_number_of_monitors),
		cmocka_unit_test(the_same_monitors_in_the_same_order),
		cmocka_unit_test(a_refusal_says_what_is_wrong),
		cmocka_unit_test(the_last_text_counts),
		cmocka_unit_test(peers_are_a_list),
		cmocka_unit_test(a_refused_one_leaves_the_others),
		cmocka_unit_test(every_source_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
