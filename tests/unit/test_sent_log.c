/* SPDX-License-Identifier: MIT */
/* Reports to the user of the speaker on the routes that a peer was sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "bgp/adj_out.h"
#include "bgp/sent_log.h"
#include "bgp/wire.h"
#include "lib/str.h"

struct bed {
	struct rib rib;
	struct sent_log log;
	struct adj_out adj;
	struct bgp_peer_config peer;
	char told[2048];
	struct strbuf text;
};

static void session_up(struct bed *b)
{
	const struct adj_out_session session = {
		.ipv4 = true,
		.four_octet_as = true,
		.local_as = 65001,
		.next_hop4 = addr_v4(0xc0000201),
		.config = &b->peer,
	};
	adj_out_up(&b->adj, &session);
}

static struct prefix numbered(uint32_t i)
{
	return (struct prefix){ .addr = addr_v4(0x0a000000 + i), .len = 32 };
}

static void announce(struct bed *b, uint32_t i, uint32_t med, const char *why)
{
	const struct prefix p = numbered(i);
	const struct bgp_route_attrs attrs = { .med = med, .has_med = true };
	bool changed;
	struct rib_route *r = rib_announce(&b->rib, &p, BGP_ORIGIN_IGP, &attrs, &changed);
	rib_set_tag(r, "dns", why);
	adj_out_mark(&b->adj, r);
}

static void withdraw(struct bed *b, uint32_t i, const char *why)
{
	const struct prefix p = numbered(i);
	struct rib_route *r = rib_withdraw(&b->rib, &p);
	r->why = why;
	adj_out_mark(&b->adj, r);
	rib_collect(&b->rib, r);
}

static void exchange(struct bed *b)
{
	uint8_t buf[BGP_MESSAGE_MAX];
	while (adj_out_next(&b->adj, buf, sizeof(buf)) > 0)
		;
}

static void on_sent(const struct bgp_sent *sent, void *userdata)
{
	struct bed *b = userdata;
	char text[PREFIX_TEXT_MAX] = "";
	if (sent->prefix)
		prefix_format(sent->prefix, text);
	strbuf_add(&b->text, "%s%s %s %s %zu %s", b->text.len ? "|" : "",
		   sent->withdrawn ? "withdrawn" : "announced", text, sent->tag ? sent->tag : "-",
		   sent->n, sent->why ? sent->why : "-");
}

/* Sends what is marked, and compares with all that is told of it. */
static void expect(struct bed *b, const char *told)
{
	exchange(b);
	b->told[0] = 0;
	b->text = strbuf_over(b->told, sizeof(b->told));
	while (sent_log_tell(&b->log, &b->rib, on_sent, b))
		;
	assert_string_equal(b->told, told);
	assert_false(sent_log_pending(&b->log));
}

static int setup(void **state)
{
	static struct bed b;
	b = (struct bed){ .peer = { .addr = addr_v4(0xc0000202) } };
	rib_init(&b.rib);
	adj_out_init(&b.adj, &b.rib);
	b.adj.log = &b.log;
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	adj_out_down(&b->adj);
	adj_out_done(&b->adj);
	sent_log_done(&b->log, &b->rib);
	rib_done(&b->rib);
	return 0;
}

static void a_route_is_told_once_it_is_sent(void **state)
{
	struct bed *b = *state;
	session_up(b);
	expect(b, "");
	announce(b, 1, 0, "up");
	assert_false(sent_log_pending(&b->log));
	expect(b, "announced 10.0.0.1/32 dns 1 up");
	announce(b, 1, 7, "drain");
	expect(b, "announced 10.0.0.1/32 dns 1 drain");
	withdraw(b, 1, "down");
	expect(b, "withdrawn 10.0.0.1/32 dns 1 down");
	assert_int_equal(HASH_COUNT(b->rib.routes), 0); /* it is held no longer */
}

static void what_cancels_out_is_not_told(void **state)
{
	struct bed *b = *state;
	session_up(b);
	expect(b, "");
	announce(b, 1, 0, "up");
	withdraw(b, 1, "down");
	expect(b, "");
}

static void the_routes_of_a_new_session_are_a_number(void **state)
{
	struct bed *b = *state;
	announce(b, 1, 0, "up");
	announce(b, 2, 0, "up");
	expect(b, "");
	session_up(b);
	expect(b, "announced  - 2 session");
	announce(b, 3, 0, "up");
	expect(b, "announced 10.0.0.3/32 dns 1 up");
}

/* Until End-of-RIB the rest is counted, but not a withdrawal. */
static void a_withdrawal_is_told_before_end_of_rib(void **state)
{
	struct bed *b = *state;
	announce(b, 1, 0, "up");
	session_up(b);
	b->adj.session.defer_end_of_rib = true;
	exchange(b);
	withdraw(b, 1, "down");
	announce(b, 2, 0, "up");
	expect(b, "withdrawn 10.0.0.1/32 dns 1 down");
	adj_out_end_deferral(&b->adj);
	expect(b, "announced  - 2 session");
}

static void a_session_that_ends_before_end_of_rib_has_no_number(void **state)
{
	struct bed *b = *state;
	announce(b, 1, 0, "up");
	session_up(b);
	b->adj.session.defer_end_of_rib = true;
	exchange(b);
	adj_out_down(&b->adj);
	session_up(b);
	expect(b, "announced  - 1 session");
}

/* The peer that is filtered away is told nothing, and so is the user of it. */
static void a_filter_lets_nothing_through(void **state)
{
	struct bed *b = *state;
	struct bgp_peer_filter filter = { 0 };
	const struct prefix p = numbered(1);
	bgp_peer_refs_add(&filter.except, "192.0.2.2");
	session_up(b);
	expect(b, "");
	announce(b, 1, 0, "up");
	struct rib_route *r = rib_find(&b->rib, &p);
	rib_set_filter(r, &filter);
	expect(b, "");
	rib_set_filter(r, NULL);
	adj_out_mark(&b->adj, r);
	expect(b, "announced 10.0.0.1/32 dns 1 up");
	rib_set_filter(r, &filter);
	adj_out_recheck_filters(&b->adj);
	expect(b, "withdrawn 10.0.0.1/32 dns 1 peer");
	b->peer.addr = addr_v4(0xc0000203);
	adj_out_recheck_filters(&b->adj);
	expect(b, "announced 10.0.0.1/32 dns 1 peer");
	free(filter.except.items[0].text);
	free(filter.except.items);
}

static void what_is_sent_again_is_a_number(void **state)
{
	struct bed *b = *state;
	uint32_t values[] = { 7 };
	const struct bgp_peer_attrs common = { .peer.communities = { values, 1 } };
	session_up(b);
	announce(b, 1, 0, "up");
	announce(b, 2, 0, "up");
	expect(b, "announced  - 2 session");
	adj_out_refresh(&b->adj, BGP_AFI_IPV4);
	expect(b, "announced  - 2 refresh");
	adj_out_set_peer_attrs(&b->adj, &common);
	expect(b, "announced  - 2 peer");
}

/* Whatever was the reason the time before. */
static void other_next_hops_and_numbers_are_because_of_the_peer(void **state)
{
	struct bed *b = *state;
	const struct addr other4 = addr_v4(0xc0000263), none = { 0 };
	const struct bgp_peer_attrs numbers = { .local_pref = { true, 7 } };
	session_up(b);
	b->adj.session.ibgp = true;
	announce(b, 1, 0, "up");
	expect(b, "announced  - 1 session");
	adj_out_refresh(&b->adj, BGP_AFI_IPV4);
	expect(b, "announced  - 1 refresh");
	adj_out_set_next_hops(&b->adj, &other4, &none, &none);
	expect(b, "announced  - 1 peer");
	adj_out_refresh(&b->adj, BGP_AFI_IPV4);
	expect(b, "announced  - 1 refresh");
	adj_out_set_peer_attrs(&b->adj, &numbers);
	expect(b, "announced  - 1 peer");
}

static void many_are_an_entry_each_and_then_a_number(void **state)
{
	struct bed *b = *state;
	session_up(b);
	expect(b, "");
	for (uint32_t i = 0; i < SENT_LOG_MAX + 3; i++)
		announce(b, i, 0, "up");
	exchange(b);
	for (uint32_t i = 0; i < SENT_LOG_MAX; i++)
		assert_true(sent_log_tell(&b->log, &b->rib, on_sent, b));
	expect(b, "announced  - 3 -");
	for (uint32_t i = 0; i < SENT_LOG_MAX + 2; i++)
		withdraw(b, i, "down");
	exchange(b);
	for (uint32_t i = 0; i < SENT_LOG_MAX; i++)
		assert_true(sent_log_tell(&b->log, &b->rib, on_sent, b));
	expect(b, "withdrawn  - 2 -");
	assert_int_equal(HASH_COUNT(b->rib.routes), 1);
}

/* The session is over before the user was told. */
static void what_was_sent_is_told_after_the_session(void **state)
{
	struct bed *b = *state;
	session_up(b);
	expect(b, "");
	announce(b, 1, 0, "up");
	exchange(b);
	withdraw(b, 1, "drain");
	exchange(b);
	adj_out_down(&b->adj);
	expect(b, "announced 10.0.0.1/32 dns 1 up|withdrawn 10.0.0.1/32 dns 1 drain");
	assert_int_equal(HASH_COUNT(b->rib.routes), 0);
}

/* Who is told no more has them released. */
static void what_was_not_told_is_released(void **state)
{
	struct bed *b = *state;
	session_up(b);
	expect(b, "");
	for (uint32_t n = 1; n <= 3; n++) {
		for (uint32_t i = 0; i < n; i++)
			announce(b, i, 0, "up");
		exchange(b);
		assert_int_equal(b->log.n, n);
		assert_true(sent_log_pending(&b->log));
		sent_log_done(&b->log, &b->rib);
		for (uint32_t i = 0; i < n; i++)
			withdraw(b, i, "down");
		exchange(b);
		assert_int_equal(HASH_COUNT(b->rib.routes), n);
		sent_log_done(&b->log, &b->rib);
		assert_int_equal(HASH_COUNT(b->rib.routes), 0);
		assert_false(sent_log_pending(&b->log));
	}
}

/* One of each kind is pending, and is told alone. */
static void each_number_is_told_alone(void **state)
{
	struct bed *b = *state;
	static const char *const told[] = { "withdrawn  - 1 -", "announced  - 1 -",
					    "announced  - 1 session", "announced  - 1 refresh" };
	for (size_t i = 0; i < 4; i++) {
		struct sent_log l = { 0 };
		l.more_withdrawn = i == 0;
		l.more_announced = i == 1;
		l.of_session = i == 2;
		if (i == 3)
			sent_log_again(&l, BGP_SENT_FOR_REFRESH);
		assert_true(sent_log_pending(&l));
		b->text = strbuf_over(b->told, sizeof(b->told));
		assert_true(sent_log_tell(&l, &b->rib, on_sent, b));
		assert_string_equal(b->told, told[i]);
		assert_false(sent_log_pending(&l));
		assert_false(sent_log_tell(&l, &b->rib, on_sent, b));
	}
	struct sent_log all = { .more_withdrawn = 1, .more_announced = 1, .of_session = 1 };
	for (size_t i = 0; i < 3; i++) {
		b->text = strbuf_over(b->told, sizeof(b->told));
		assert_true(sent_log_tell(&all, &b->rib, on_sent, b));
		assert_string_equal(b->told, told[i]);
	}
	assert_false(sent_log_pending(NULL));
}

static void the_routes_of_a_session_count_once(void **state)
{
	(void)state;
	struct sent_log l = { 0 };
	sent_log_first(&l);
	sent_log_first(&l);
	assert_false(sent_log_pending(&l));
	sent_log_end_of_rib(&l);
	sent_log_end_of_rib(&l);
	assert_int_equal(l.of_session, 2);
	sent_log_first(&l);
	sent_log_session_down(&l);
	sent_log_end_of_rib(&l);
	assert_int_equal(l.of_session, 2);
	sent_log_first(NULL);
	sent_log_end_of_rib(NULL);
	sent_log_session_down(NULL);
	sent_log_again(NULL, BGP_SENT_FOR_PEER);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_route_is_told_once_it_is_sent),
		TEST(what_cancels_out_is_not_told),
		TEST(the_routes_of_a_new_session_are_a_number),
		TEST(a_withdrawal_is_told_before_end_of_rib),
		TEST(a_session_that_ends_before_end_of_rib_has_no_number),
		TEST(a_filter_lets_nothing_through),
		TEST(what_is_sent_again_is_a_number),
		TEST(other_next_hops_and_numbers_are_because_of_the_peer),
		TEST(many_are_an_entry_each_and_then_a_number),
		TEST(what_was_sent_is_told_after_the_session),
		TEST(what_was_not_told_is_released),
		TEST(each_number_is_told_alone),
		TEST(the_routes_of_a_session_count_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
