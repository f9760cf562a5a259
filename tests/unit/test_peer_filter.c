/* SPDX-License-Identifier: MIT */
/* The peers that a route is for: names, filters, and what the UPDATEs of a peer make of them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/model/peer_names.h"
#include "bgp/adj_out.h"
#include "bgp/peer_filter.h"
#include "bgp/reach.h"
#include "lib/array.h"
#include "lib/mem.h"

static struct bgp_peer_config peer(const char *addr, const char *ifname, const char *description)
{
	struct bgp_peer_config p = { .description = description };
	if (addr)
		assert_int_equal(addr_parse(addr, &p.addr), 0);
	snprintf(p.ifname, sizeof(p.ifname), "%s", ifname);
	return p;
}

static struct bgp_peer_filter *filter(const char *only, const char *except)
{
	struct bgp_peer_filter *f = mem_new(1, sizeof(*f));
	if (only)
		bgp_peer_refs_add(&f->only, only);
	if (except)
		bgp_peer_refs_add(&f->except, except);
	return f;
}

static void names(void **state)
{
	(void)state;
	static const struct {
		const char *name, *addr, *ifname, *description;
		bool matches;
	} cases[] = {
		{ "10.0.0.1", "10.0.0.1", "", NULL, true },
		{ "10.0.0.1", "10.0.0.2", "", NULL, false },
		{ "2001:DB8:0::1", "2001:db8::1", "", NULL, true },
		{ "fe80::1%eth0", "fe80::1", "eth0", NULL, true },
		{ "fe80::1%eth0", "fe80::1", "eth1", NULL, false },
		{ "fe80::1", "fe80::1", "eth1", NULL, true },
		{ "fe80::1%eth0", "fe80::1", "", NULL, false },
		{ "eth0", "fe80::1", "eth0", NULL, true },
		{ "eth0", NULL, "eth0", NULL, true },
		{ "eth0", "10.0.0.1", "", NULL, false },
		{ "spine 1", "10.0.0.1", "", "spine 1", true },
		{ "spine", "10.0.0.1", "", "spine 1", false },
		/* An address is an address, whatever another peer is described as. */
		{ "10.0.0.1", "10.0.0.2", "", "10.0.0.1", false },
		{ "10.0.0.1%", "10.0.0.1", "", NULL, false },
		{ "%eth0", "fe80::1", "eth0", NULL, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_peer_config p =
			peer(cases[i].addr, cases[i].ifname, cases[i].description);
		struct bgp_peer_filter *f = filter(cases[i].name, NULL);
		if (bgp_peer_ref_matches(&f->only.items[0], &p) != cases[i].matches ||
		    bgp_peer_filter_allows(f, &p) != cases[i].matches)
			fail_msg("%s against %s%%%s", cases[i].name, cases[i].addr,
				 cases[i].ifname);
		bgp_peer_filter_free(f);
	}
}

static void filters(void **state)
{
	(void)state;
	struct bgp_peer_config a = peer("10.0.0.1", "", "a"), b = peer("10.0.0.2", "", "b");
	struct bgp_peer_filter *except = filter(NULL, "a"), *both = filter("a", "10.0.0.1");
	assert_true(bgp_peer_filter_allows(NULL, &a));
	assert_false(bgp_peer_filter_allows(except, &a));
	assert_true(bgp_peer_filter_allows(except, &b));
	assert_false(bgp_peer_filter_allows(both, &a)); /* what is excepted counts */
	assert_false(bgp_peer_filter_allows(both, &b));
	bgp_peer_refs_add(&both->only, "b");
	bgp_peer_refs_add(&both->only, "b"); /* again */
	assert_int_equal(both->only.n, 2);
	assert_true(bgp_peer_filter_allows(both, &b));
	struct bgp_peer_filter *same = filter("b", "10.0.0.1"), *copy = bgp_peer_filter_copy(both);
	assert_false(bgp_peer_filter_equal(same, both));
	bgp_peer_refs_add(&same->only, "a");
	assert_true(bgp_peer_filter_equal(same, both)); /* in another order */
	assert_true(bgp_peer_filter_equal(copy, both));
	assert_false(bgp_peer_filter_equal(both, NULL));
	bgp_peer_filter_free(copy);
	copy = filter(NULL, NULL);
	assert_true(bgp_peer_filter_equal(copy, NULL));
	bgp_peer_filter_free(copy);
	bgp_peer_filter_free(same);
	bgp_peer_filter_free(both);
	bgp_peer_filter_free(except);
}

static void names_are_checked_against_the_peers(void **state)
{
	(void)state;
	const struct bgp_peer_config a = peer("10.0.0.1", "", "spine 1"),
				     b = peer(NULL, "eth0", NULL);
	const struct bgp_peer_config *list[] = { &a, &b };
	const struct peer_names all = { list, 2 };
	struct bgp_peer_filter *good = filter("eth0", "spine 1"), *bad = filter("spine 2", NULL);
	struct err err = { "" };
	assert_int_equal(peer_names_check(&all, NULL, &err), 0);
	assert_int_equal(peer_names_check(&all, good, &err), 0);
	assert_int_equal(peer_names_count(&all, good), 1);
	assert_int_equal(peer_names_check(&all, bad, &err), -EINVAL);
	assert_string_equal(err.text, "'spine 2' is no peer, expected the address, interface or "
				      "description of one: 10.0.0.1 (spine 1), eth0");
	assert_int_equal(peer_names_count(&all, bad), 0);
	bgp_peer_filter_free(good);
	bgp_peer_filter_free(bad);
}

/* ---- what a peer is sent ---- */

struct world {
	struct rib rib;
	struct adj_out adj;
	struct bgp_peer_config peer;
	struct prefix vip;
	struct rib_route *route;
};

static const struct adj_out_session session = {
	.ipv4 = true,
	.four_octet_as = true,
	.local_as = 65001,
	.next_hop4 = { .family = AF_INET, .bytes = { 192, 0, 2, 1 } },
};

static void up(struct world *w, bool restarted)
{
	struct adj_out_session s = session;
	s.config = &w->peer;
	s.defer_end_of_rib = restarted;
	adj_out_up(&w->adj, &s);
}

static void announce(struct world *w, const struct bgp_peer_filter *f)
{
	bool changed;
	w->route = rib_announce(&w->rib, &w->vip, BGP_ORIGIN_IGP, &(struct bgp_route_attrs){ 0 },
				&changed);
	if (rib_set_filter(w->route, f) || changed)
		adj_out_mark(&w->adj, w->route);
}

static void world_init(struct world *w)
{
	*w = (struct world){ .peer = peer("10.0.0.1", "", "spine"),
			     .vip = { .addr = addr_v4(0xc0000235), .len = 32 } };
	rib_init(&w->rib);
	adj_out_init(&w->adj, &w->rib);
}

static void world_done(struct world *w)
{
	adj_out_down(&w->adj);
	adj_out_done(&w->adj);
	rib_done(&w->rib);
}

/* What is sent: "+" the route, "-" its withdrawal, "." another message. */
static const char *sent(struct world *w)
{
	static char text[16];
	uint8_t buf[BGP_MESSAGE_MAX];
	size_t n = 0, len;
	while ((len = adj_out_next(&w->adj, buf, sizeof(buf))) > 0) {
		bool withdraws = buf[BGP_HEADER_SIZE] || buf[BGP_HEADER_SIZE + 1];
		bool end_of_rib = len == BGP_HEADER_SIZE + 4;
		text[n++] = withdraws ? '-' : end_of_rib ? '.' : '+';
	}
	text[n] = 0;
	return text;
}

static void a_peer_that_is_not_named_never_has_the_route(void **state)
{
	(void)state;
	struct world w;
	struct bgp_peer_filter *other = filter("10.0.0.2", NULL), *its = filter("spine", NULL);
	world_init(&w);
	announce(&w, other);
	assert_int_equal(adj_out_state(&w.adj, w.route, &w.peer), BGP_ROUTE_FILTERED);
	up(&w, false);
	assert_string_equal(sent(&w), ".");
	adj_out_refresh(&w.adj, BGP_AFI_IPV4);
	assert_string_equal(sent(&w), "");
	adj_out_down(&w.adj);
	up(&w, false);
	assert_string_equal(sent(&w), ".");
	announce(&w, its);
	assert_string_equal(sent(&w), "+");
	assert_int_equal(adj_out_state(&w.adj, w.route, &w.peer), BGP_ROUTE_SENT);
	announce(&w, its);
	assert_string_equal(sent(&w), "");
	announce(&w, NULL);
	assert_string_equal(sent(&w), ""); /* the peer has it already */
	announce(&w, other);
	assert_string_equal(sent(&w), "-");
	world_done(&w);
	bgp_peer_filter_free(other);
	bgp_peer_filter_free(its);
}

static void another_description_is_another_name(void **state)
{
	(void)state;
	struct world w;
	struct bgp_peer_filter *its = filter("spine", NULL);
	world_init(&w);
	announce(&w, its);
	up(&w, false);
	assert_string_equal(sent(&w), "+.");
	adj_out_recheck_filters(&w.adj);
	assert_string_equal(sent(&w), "");
	w.peer.description = "leaf";
	adj_out_recheck_filters(&w.adj);
	assert_string_equal(sent(&w), "-");
	world_done(&w);
	bgp_peer_filter_free(its);
}

/* The peer keeps the route of the previous instance, in which it was for this peer. */
static void after_a_restart_it_is_withdrawn_at_once(void **state)
{
	(void)state;
	struct world w;
	struct bgp_peer_filter *other = filter("10.0.0.2", NULL);
	world_init(&w);
	up(&w, true);
	assert_string_equal(sent(&w), "");
	announce(&w, other);
	assert_string_equal(sent(&w), "-");
	adj_out_mark(&w.adj, w.route);
	assert_string_equal(sent(&w), "");
	adj_out_end_deferral(&w.adj);
	assert_string_equal(sent(&w), ".");
	world_done(&w);
	bgp_peer_filter_free(other);
}

static void reach_leaves_out_peers_that_it_is_not_for(void **state)
{
	(void)state;
	struct bgp_reach r = { 0 };
	bgp_reach_add(&r, BGP_ROUTE_FILTERED);
	assert_true(bgp_reach_is_refused(&r)); /* for no peer */
	assert_int_equal(r.peers, 0);
	bgp_reach_add(&r, BGP_ROUTE_NO_SESSION);
	assert_false(bgp_reach_is_refused(&r));
	assert_int_equal(r.peers, 1);
	assert_int_equal(r.decider, 1); /* by its place among all */
	bgp_reach_add(&r, BGP_ROUTE_SENT);
	assert_int_equal(r.peers, 2);
	assert_int_equal(r.sent, 1);
	assert_int_equal(r.decider, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(filters),
		cmocka_unit_test(names_are_checked_against_the_peers),
		cmocka_unit_test(a_peer_that_is_not_named_never_has_the_route),
		cmocka_unit_test(another_description_is_another_name),
		cmocka_unit_test(after_a_restart_it_is_withdrawn_at_once),
		cmocka_unit_test(reach_leaves_out_peers_that_it_is_not_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
