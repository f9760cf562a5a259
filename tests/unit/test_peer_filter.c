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
		{ "eth0", NULL, "eth1", NULL, false },
		{ "eth0", NULL, "eth1", "spine 1", false },
		{ "a", NULL, "a", NULL, true },
		{ "fe80::1%a", "fe80::1", "a", NULL, true },
		{ "fe80::1%a", "fe80::1", "b", NULL, false },
		{ "spine 1", NULL, "eth1", "spine 1", true },
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
	assert_false(bgp_peer_filter_allows(both, &a)); /* an exception wins */
	assert_false(bgp_peer_filter_allows(both, &b));
	bgp_peer_refs_add(&both->only, "b");
	bgp_peer_refs_add(&both->only, "b"); /* again */
	assert_int_equal(both->only.n, 2);
	assert_true(bgp_peer_refs_has(&both->only, "b"));
	assert_false(bgp_peer_refs_has(&both->only, "10.0.0.1")); /* excepted, not named */
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

/* An address in any form is kept in one, with its interface. */
static void names_are_kept_once(void **state)
{
	(void)state;
	static const char *const given[] = {
		"fe80:0::1%eth0",
		"fe80::1%eth1",
		"fe80::1%eth0",
		"fe80::1",
		"10.0.0.1",
		"eth0",
		"fe80::1%ethernet-12345",
		"fe80::1%ethernet-12346",
		"eth0",
		"10.0.0.1",
		"fe80::1%a",
	};
	static const char *const kept[] = {
		"fe80::1%eth0",           "fe80::1%eth1",           "fe80::1",  "10.0.0.1", "eth0",
		"fe80::1%ethernet-12345", "fe80::1%ethernet-12346", "fe80::1%a"
	};
	struct bgp_peer_filter *f = filter(NULL, "spine 1");
	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		bgp_peer_refs_add(&f->only, given[i]);
	assert_int_equal(f->only.n, ARRAY_SIZE(kept));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		assert_string_equal(f->only.items[i].text, kept[i]);
		assert_true(bgp_peer_refs_has(&f->only, kept[i]));
	}
	/* All of them and of the exceptions are in a copy, and count. */
	struct bgp_peer_filter *copy = bgp_peer_filter_copy(f);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		assert_ptr_not_equal(copy->only.items[i].text, f->only.items[i].text);
		assert_string_equal(copy->only.items[i].text, kept[i]);
	}
	assert_ptr_not_equal(copy->except.items[0].text, f->except.items[0].text);
	assert_true(bgp_peer_filter_equal(f, copy));
	copy->only.items[6].text[0] = 'x';
	assert_false(bgp_peer_filter_equal(f, copy));
	struct bgp_peer_config last = peer("fe80::1", "ethernet-12346", NULL);
	assert_true(bgp_peer_filter_allows(f, &last));
	bgp_peer_refs_add(&f->except, "ethernet-12346");
	assert_false(bgp_peer_filter_allows(f, &last));
	bgp_peer_filter_free(copy);
	bgp_peer_filter_free(f);
	bgp_peer_filter_free(NULL);
	assert_null(bgp_peer_filter_copy(NULL));
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
	assert_string_equal(err.text, "'spine 2' is not a peer, expected the address, interface or "
				      "description of one: 10.0.0.1 (spine 1), eth0");
	assert_int_equal(peer_names_count(&all, bad), 0);
	bgp_peer_filter_free(good);
	bgp_peer_filter_free(bad);
}

static void at_most_eight_names_are_listed(void **state)
{
	(void)state;
	const struct bgp_peer_config a = peer("10.0.0.1", "", NULL), gateway = peer(NULL, "", "gw");
	const struct bgp_peer_config *list[] = { &gateway, &a, &a, &a, &a, &a, &a, &a, &a, &a };
	struct bgp_peer_filter *bad = filter("gw", "x");
	struct err err = { "" };
#define EIGHT                                                                                      \
	"'x' is not a peer, expected the address, interface or description of one: the default "   \
	"gateway (gw), 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1, 10.0.0.1"
	for (size_t n = 8; n <= 10; n++) {
		const struct peer_names names = { list, n };
		assert_int_equal(peer_names_check(&names, bad, &err), -EINVAL);
		assert_string_equal(err.text, n == 8   ? EIGHT
					      : n == 9 ? EIGHT " and 1 more"
						       : EIGHT " and 2 more");
		assert_int_equal(peer_names_count(&names, NULL), n);
		assert_int_equal(peer_refs_check(&names, &bad->only, &err), 0);
	}
	bgp_peer_refs_add(&bad->only, "y"); /* the second one of a list */
	const struct peer_names all = { list, 2 };
	assert_int_equal(peer_refs_check(&all, &bad->only, &err), -EINVAL);
	assert_string_equal(err.text, "'y' is not a peer, expected the address, interface or "
				      "description of one: the default gateway (gw), 10.0.0.1");
	const struct bgp_peer_config link = peer(NULL, "e", NULL), *links[] = { &link };
	const struct peer_names one = { links, 1 };
	assert_int_equal(peer_names_check(&one, bad, &err), -EINVAL);
	assert_string_equal(err.text, "'gw' is not a peer, expected the address, interface or "
				      "description of one: e");
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

/* Message sent: "+" the route, "-" its withdrawal, "." another message. */
static const char *sent(struct world *w)
{
	static char text[16];
	uint8_t buf[BGP_MESSAGE_MAX];
	size_t n = 0, len;
	while ((len = adj_out_next(&w->adj, buf, sizeof(buf))) > 0) {
		bool withdraws = buf[BGP_HEADER_SIZE] || buf[BGP_HEADER_SIZE + 1];
		bool end_of_rib = len == BGP_HEADER_SIZE + 4;
		text[n++] = "+.-"[withdraws ? 2 : end_of_rib];
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

/* ---- a reload: the peers change first, the filters later ---- */

static void limit(struct world *w, enum bgp_output output)
{
	w->rib.output = output;
	if (output == BGP_OUTPUT_ALL)
		adj_out_mark_all(&w->adj);
}

static void rename_peer(struct world *w, const char *description)
{
	w->peer.description = description;
	adj_out_recheck_filters(&w->adj);
}

static void gone(struct world *w)
{
	adj_out_mark(&w->adj, rib_withdraw(&w->rib, &w->vip));
}

/* Between the two the peer neither loses what it keeps nor gets what it does not. */
static void names_and_filters_change_together(void **state)
{
	(void)state;
	struct bgp_peer_filter *first = filter("spine", NULL), *second = filter("leaf", NULL);
	for (int keeps = 0; keeps < 2; keeps++) {
		struct world w;
		world_init(&w);
		announce(&w, keeps ? first : second);
		up(&w, false);
		assert_string_equal(sent(&w), keeps ? "+." : ".");
		limit(&w, BGP_OUTPUT_WITHDRAWALS);
		rename_peer(&w, "leaf");
		assert_false(adj_out_pending(&w.adj));
		assert_string_equal(sent(&w), "");
		announce(&w, keeps ? second : first);
		assert_string_equal(sent(&w), "");
		limit(&w, BGP_OUTPUT_ALL);
		assert_string_equal(sent(&w), "");
		world_done(&w);
	}
	bgp_peer_filter_free(first);
	bgp_peer_filter_free(second);
}

static void a_change_is_sent_when_all_have_changed(void **state)
{
	(void)state;
	struct world w;
	struct bgp_peer_filter *other = filter("10.0.0.2", NULL), *its = filter("spine", NULL);
	world_init(&w);
	announce(&w, its);
	up(&w, false);
	assert_string_equal(sent(&w), "+.");
	limit(&w, BGP_OUTPUT_WITHDRAWALS);
	announce(&w, other);
	assert_string_equal(sent(&w), "");
	limit(&w, BGP_OUTPUT_ALL);
	assert_string_equal(sent(&w), "-");
	limit(&w, BGP_OUTPUT_WITHDRAWALS);
	announce(&w, its);
	assert_string_equal(sent(&w), "");
	limit(&w, BGP_OUTPUT_ALL);
	assert_string_equal(sent(&w), "+");
	world_done(&w);
	bgp_peer_filter_free(other);
	bgp_peer_filter_free(its);
}

/* Other attributes of the peer reach a route that its new name excludes until the filter
 * follows. */
static void attributes_and_names_change_together(void **state)
{
	(void)state;
	struct world w;
	struct bgp_peer_filter *first = filter("spine", NULL), *second = filter("leaf", NULL);
	const struct bgp_peer_attrs med = { .med = { true, 5 } };
	world_init(&w);
	announce(&w, first);
	up(&w, false);
	assert_string_equal(sent(&w), "+.");
	limit(&w, BGP_OUTPUT_CHANGING);
	w.peer.description = "leaf";
	adj_out_set_peer_attrs(&w.adj, &med);
	announce(&w, second);
	limit(&w, BGP_OUTPUT_ALL);
	assert_string_equal(sent(&w), "+");
	world_done(&w);
	bgp_peer_filter_free(first);
	bgp_peer_filter_free(second);
}

static void a_death_is_never_delayed(void **state)
{
	(void)state;
	static const enum bgp_output limits[] = { BGP_OUTPUT_WITHDRAWALS, BGP_OUTPUT_CHANGING };
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct world w;
		world_init(&w);
		announce(&w, NULL);
		up(&w, false);
		assert_string_equal(sent(&w), "+.");
		limit(&w, limits[i]);
		gone(&w);
		assert_true(adj_out_pending(&w.adj));
		assert_string_equal(sent(&w), "-");
		assert_false(adj_out_pending(&w.adj));
		announce(&w, NULL); /* it is back, and waits */
		assert_string_equal(sent(&w), "");
		limit(&w, BGP_OUTPUT_ALL);
		assert_string_equal(sent(&w), "+");
		world_done(&w);
	}
}

/* One that goes by the configuration stays until the VIPs in it are announced; one that its apps
 * have left does not. */
static void an_aggregate_stays_for_its_successors(void **state)
{
	(void)state;
	static const struct {
		enum bgp_output output;
		const char *sent, *after;
	} cases[] = { { BGP_OUTPUT_CHANGING, "", "-" }, { BGP_OUTPUT_WITHDRAWALS, "-", "" } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct world w;
		world_init(&w);
		announce(&w, NULL);
		w.route->aggregate = true;
		up(&w, false);
		assert_string_equal(sent(&w), "+.");
		limit(&w, cases[i].output);
		gone(&w);
		w.rib.output = BGP_OUTPUT_WITHDRAWALS;
		assert_string_equal(sent(&w), cases[i].sent);
		limit(&w, BGP_OUTPUT_ALL);
		assert_string_equal(sent(&w), cases[i].after);
		assert_int_equal(adj_out_n_queued(&w.adj), 0);
		world_done(&w);
	}
}

/* A session that comes up, a refresh, and the end of a restart meanwhile. */
static void markers_follow_the_routes(void **state)
{
	(void)state;
	struct world w;
	world_init(&w);
	announce(&w, NULL);
	w.rib.output = BGP_OUTPUT_WITHDRAWALS;
	up(&w, true);
	adj_out_end_deferral(&w.adj);
	assert_string_equal(sent(&w), "");
	limit(&w, BGP_OUTPUT_ALL);
	assert_string_equal(sent(&w), "+.");
	w.rib.output = BGP_OUTPUT_WITHDRAWALS;
	adj_out_refresh(&w.adj, BGP_AFI_IPV4);
	assert_string_equal(sent(&w), "");
	limit(&w, BGP_OUTPUT_ALL);
	assert_string_equal(sent(&w), "+");
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(filters),
		cmocka_unit_test(names_are_kept_once),
		cmocka_unit_test(names_are_checked_against_the_peers),
		cmocka_unit_test(at_most_eight_names_are_listed),
		cmocka_unit_test(a_peer_that_is_not_named_never_has_the_route),
		cmocka_unit_test(another_description_is_another_name),
		cmocka_unit_test(after_a_restart_it_is_withdrawn_at_once),
		cmocka_unit_test(reach_leaves_out_peers_that_it_is_not_for),
		cmocka_unit_test(names_and_filters_change_together),
		cmocka_unit_test(a_change_is_sent_when_all_have_changed),
		cmocka_unit_test(attributes_and_names_change_together),
		cmocka_unit_test(a_death_is_never_delayed),
		cmocka_unit_test(an_aggregate_stays_for_its_successors),
		cmocka_unit_test(markers_follow_the_routes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
