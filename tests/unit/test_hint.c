/* SPDX-License-Identifier: MIT */
/* Hints name the causes that the evidence allows, and none that it refutes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/hint.h"
#include "lib/array.h"

static const struct bgp_peer_config plain = { .port = 179 }, password = { .password = "x" },
				    gtsm = { .ttl_security = true },
				    both = { .password = "x", .ttl_security = true },
				    passive = { .passive = true },
				    ttl1 = { .multi_hop = true, .multihop_ttl = 1 },
				    ttl3 = { .multi_hop = true, .multihop_ttl = 3 };

static void expect(const char *name, const char *hint, const char *part, const char *absent)
{
	if (!part[0] ? hint[0] != '\0' : !strstr(hint, part))
		fail_msg("%s: \"%s\" without \"%s\"", name, hint, part);
	if (absent && strstr(hint, absent))
		fail_msg("%s: \"%s\" with \"%s\"", name, hint, absent);
}

static const struct {
	const char *name;
	struct bgp_attempt_evidence evidence;
	const char *part, *absent;
} attempts[] = {
	{ "refused", { &plain, BGP_CONNECT, .one_hop = true }, "", NULL },
	{ "no answer", { &plain, BGP_CONNECT, .silent = true }, "a peer with a password", "OPEN" },
	{ "no answer from a peer that has spoken",
	  { &password, BGP_CONNECT, .silent = true, .heard = true },
	  "still has this host as a neighbor",
	  "MD5" },
	{ "no answer, password",
	  { &password, BGP_CONNECT, .silent = true },
	  "is the peer's; a peer with ttl_security",
	  NULL },
	{ "no answer, GTSM",
	  { &gtsm, BGP_CONNECT, .silent = true },
	  "that the peer has ttl_security",
	  NULL },
	{ "no answer, both", { &both, BGP_CONNECT, .silent = true }, "same on both sides", "OPEN" },
	{ "the path says it",
	  { &plain, BGP_CONNECT, .silent = true, .path_trouble = true },
	  "",
	  NULL },
	{ "behind a gateway",
	  { &plain, BGP_CONNECT, .silent = true, .one_hop = true, .gateway = true },
	  "multi_hop",
	  "password" },
	{ "behind a gateway, multihop_ttl: 1",
	  { &ttl1, BGP_CONNECT, .silent = true, .one_hop = true, .gateway = true },
	  "multihop_ttl of 1",
	  "multi_hop: true" },
	{ "a multihop_ttl that may be too small",
	  { &ttl3, BGP_CONNECT, .silent = true, .gateway = true },
	  "multihop_ttl is more than",
	  "multi_hop: true" },
	{ "behind a gateway, GTSM",
	  { &gtsm, BGP_CONNECT, .silent = true, .one_hop = true, .gateway = true },
	  "directly connected",
	  "multi_hop" },
	{ "a link-local gateway may be the peer",
	  { &plain, BGP_CONNECT, .silent = true, .one_hop = true, .gateway = true,
	    .maybe_itself = true },
	  "if the gateway towards the peer is not the peer itself, set multi_hop",
	  NULL },
	{ "a link-local gateway, GTSM",
	  { &gtsm, BGP_CONNECT, .silent = true, .one_hop = true, .gateway = true,
	    .maybe_itself = true },
	  "that the gateway towards the peer is the peer itself",
	  "multi_hop" },
	{ "a link-local gateway, refused",
	  { &plain, BGP_CONNECT, .one_hop = true, .gateway = true, .maybe_itself = true },
	  "",
	  NULL },
	{ "behind a gateway, multi-hop",
	  { &plain, BGP_CONNECT, .silent = true, .gateway = true },
	  "password",
	  "multi_hop" },
	{ "TCP came through, so it is not the gateway",
	  { &plain, BGP_OPENSENT, .silent = true, .one_hop = true, .gateway = true },
	  "sends no OPEN",
	  "multi_hop" },
	{ "nor the password",
	  { &password, BGP_OPENSENT, .silent = true },
	  "ttl_security",
	  "password" },
	{ "its OPEN came, so this host is its neighbor",
	  { &plain, BGP_OPENCONFIRM, .silent = true },
	  "ttl_security",
	  "neighbor" },
	{ "it said why", { &plain, BGP_OPENSENT, .silent = false }, "", NULL },
	{ "closed before its OPEN",
	  { &plain, BGP_OPENSENT, .closed = true },
	  "does not have this host",
	  "still" },
	{ "closed before its OPEN by a peer that has spoken",
	  { &password, BGP_OPENSENT, .closed = true, .heard = true },
	  "error wait time",
	  "source address" },
	{ "closed after its OPEN",
	  { &plain, BGP_OPENCONFIRM, .closed = true, .heard = true },
	  "",
	  NULL },
	{ "refused at once", { &plain, BGP_CONNECT, .closed = true, .heard = true }, "", NULL },
	{ "closed, as the path was lost",
	  { &plain, BGP_OPENSENT, .closed = true, .path_trouble = true },
	  "",
	  NULL },
	{ "the hold timer of a session", { &plain, BGP_ESTABLISHED, .silent = true }, "", NULL },
};

static void after_a_failed_attempt(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++)
		expect(attempts[i].name, bgp_hint_failed(&attempts[i].evidence), attempts[i].part,
		       attempts[i].absent);
}

static void while_waiting(void **state)
{
	(void)state;
	expect("idle", bgp_hint_waiting(&plain, BGP_IDLE, false), "", NULL);
	expect("active", bgp_hint_waiting(&plain, BGP_ACTIVE, false), "", NULL);
	expect("passive", bgp_hint_waiting(&passive, BGP_ACTIVE, false), "has not connected",
	       "OPEN");
	expect("no OPEN", bgp_hint_waiting(&passive, BGP_OPENSENT, false), "sends no OPEN",
	       "password");
	expect("no OPEN, multihop_ttl", bgp_hint_waiting(&ttl3, BGP_OPENSENT, false),
	       "multihop_ttl: 255", "ttl_security");
	expect("no KEEPALIVE, multihop_ttl", bgp_hint_waiting(&ttl3, BGP_OPENCONFIRM, true),
	       "multihop_ttl: 255", "ttl_security");
	expect("established", bgp_hint_waiting(&passive, BGP_ESTABLISHED, false), "", NULL);
	expect("passive, heard", bgp_hint_waiting(&passive, BGP_ACTIVE, true), "neighbor", "MD5");
	/* The same hint is the same pointer, by which a log knows that it is not news. */
	assert_ptr_equal(bgp_hint_waiting(&plain, BGP_OPENSENT, false),
			 bgp_hint_waiting(&both, BGP_OPENSENT, false));
}

/* The limit of hops is told where it is one. */
static void the_largest_ttl_is_no_limit(void **state)
{
	static const struct bgp_peer_config ttl255 = { .multi_hop = true, .multihop_ttl = 255 },
					    ttl254 = { .multi_hop = true, .multihop_ttl = 254 };
	(void)state;
	expect("255", bgp_hint_waiting(&ttl255, BGP_OPENSENT, false), "ttl_security",
	       "multihop_ttl");
	expect("254", bgp_hint_waiting(&ttl254, BGP_OPENSENT, false), "multihop_ttl: 255",
	       "ttl_security");
	expect("1", bgp_hint_waiting(&ttl1, BGP_OPENSENT, false), "multihop_ttl: 255",
	       "ttl_security");
	expect("none", bgp_hint_waiting(&plain, BGP_OPENCONFIRM, false), "ttl_security",
	       "multihop_ttl");
}

static void while_bfd_is_awaited(void **state)
{
	(void)state;
	expect("unnumbered", bgp_hint_awaits_path(true), "for this link", "multihop");
	expect("numbered", bgp_hint_awaits_path(false), "for this host", "INTERFACE");
	expect("disabled", bgp_hint_disabled(), "peer ADDR enable", NULL);
}

static void after_a_notification(void **state)
{
	(void)state;
	struct bgp_notice notice = { 0 };
	expect("none", bgp_hint_notice(&plain, &notice), "", NULL);
	notice = (struct bgp_notice){ .received = true, .code = 6, .subcode = 1 };
	expect("maximum prefix", bgp_hint_notice(&plain, &notice), "raise the maximum prefix",
	       "MD5");
	notice.subcode = 4;
	expect("reset", bgp_hint_notice(&plain, &notice), "", NULL);
	notice = (struct bgp_notice){
		.received = true, .code = 6, .subcode = 9, .data = { 6, 2 }, .data_len = 2
	};
	expect("shutdown in a Hard Reset", bgp_hint_notice(&plain, &notice),
	       "shut down on the router", NULL);
	notice = (struct bgp_notice){ .code = 6, .subcode = 1 };
	expect("ours", bgp_hint_notice(&plain, &notice), "", NULL);
}

/* Every NOTIFICATION that an operator can do something about, and no other. */
static void each_notification(void **state)
{
	static const struct {
		uint8_t code, subcode;
		const char *part;
	} hints[] = {
		{ 2, 2, "compare local_as" },
		{ 2, 3, "bgp.router_id" },
		{ 2, 6, "set hold_time" },
		{ 2, 7, "requires a capability" },
		{ 2, 11, "requires a BGP role" },
		{ 4, 0, "for the hold time" },
		{ 6, 1, "raise the maximum prefix" },
		{ 6, 2, "shut down on the router" },
		{ 6, 3, "no longer has this host as a neighbor" },
		{ 6, 5, "rejects the connection" },
		{ 6, 8, "out of resources" },
		{ 6, 10, "turn BFD off" },
	};
	size_t found = 0;
	(void)state;
	for (unsigned code = 0; code < 10; code++)
		for (unsigned subcode = 0; subcode < 16; subcode++) {
			const struct bgp_notice notice = { .received = true,
							   .code = (uint8_t)code,
							   .subcode = (uint8_t)subcode };
			found += bgp_hint_notice(&plain, &notice)[0] != 0;
		}
	assert_int_equal(found, ARRAY_SIZE(hints));
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
		const struct bgp_notice notice = { .received = true,
						   .code = hints[i].code,
						   .subcode = hints[i].subcode };
		expect(hints[i].part, bgp_hint_notice(&plain, &notice), hints[i].part, NULL);
	}
}

/* One octet is no NOTIFICATION inside of a Hard Reset; nor is the data of another one. */
static void a_hard_reset_without_its_reason(void **state)
{
	struct bgp_notice notice = {
		.received = true, .code = 6, .subcode = 9, .data = { 6, 2 }, .data_len = 1
	};
	(void)state;
	expect("cut", bgp_hint_notice(&plain, &notice), "", NULL);
	notice.subcode = 4;
	notice.data_len = 2;
	expect("a reset with data", bgp_hint_notice(&plain, &notice), "", NULL);
	notice = (struct bgp_notice){
		.received = true, .code = 3, .subcode = 9, .data = { 6, 2 }, .data_len = 2
	};
	expect("of another code", bgp_hint_notice(&plain, &notice), "", NULL);
}

static void after_a_role_mismatch(void **state)
{
	static const struct bgp_peer_config customer = { .role = BGP_ROLE_CUSTOMER },
					    strict = { .role = BGP_ROLE_PEER, .role_strict = true };
	(void)state;
	struct bgp_notice notice = { .received = true, .code = 2, .subcode = 11 };
	expect("none here", bgp_hint_notice(&plain, &notice), "requires a BGP role", "strict");
	expect("another", bgp_hint_notice(&customer, &notice), "customer and provider", "strict");
	notice.received = false;
	expect("found here", bgp_hint_notice(&customer, &notice), "customer and provider", NULL);
	expect("strict", bgp_hint_notice(&strict, &notice), "remove role_strict", NULL);
}

static void after_bfd_down(void **state)
{
	static const struct bgp_peer_config bfd = { .bfd.on = true };
	struct bgp_notice notice = { .received = true, .code = 6, .subcode = 10 };
	(void)state;
	expect("without BFD here", bgp_hint_notice(&plain, &notice), "set bfd: true", "loss");
	expect("with BFD", bgp_hint_notice(&bfd, &notice), "packet loss", "bfd: true");
	notice = (struct bgp_notice){
		.received = true, .code = 6, .subcode = 9, .data = { 6, 10 }, .data_len = 2
	};
	expect("in a Hard Reset", bgp_hint_notice(&bfd, &notice), "packet loss", NULL);
	notice = (struct bgp_notice){ .code = 6, .subcode = 10 };
	expect("ours", bgp_hint_notice(&bfd, &notice), "", NULL);
}

static void a_row_of_notifications(void **state)
{
	(void)state;
	const uint8_t data[] = { 0, 1, 1, 0, 0, 0, 1 };
	const struct bgp_notification maximum = {
		.code = 6, .subcode = 1, .data = data, .data_len = 7
	};
	const struct bgp_notification rejected = { .code = 6, .subcode = 5 };
	struct bgp_notice n = { 0 };
	bgp_notice_record(&n, &maximum, true, 10);
	bgp_notice_record(&n, &maximum, true, 20);
	assert_int_equal(n.count, 2);
	assert_int_equal(n.first_at, 10);
	assert_int_equal(n.at, 20);
	assert_int_equal(n.data_len, 7);
	/* A short session refutes nothing, one that lasts does. */
	bgp_notice_expire(&n, 30, 30 + BGP_NOTICE_KEEP - 1);
	assert_int_equal(n.count, 2);
	bgp_notice_record(&n, &rejected, true, 40);
	assert_int_equal(n.count, 1);
	assert_int_equal(n.first_at, 40);
	assert_int_equal(n.data_len, 0);
	bgp_notice_record(&n, &rejected, false, 50);
	assert_int_equal(n.count, 1);
	bgp_notice_expire(&n, 60, 60 + BGP_NOTICE_KEEP);
	assert_int_equal(n.code, 0);
}

/* As much of the data as a NOTIFICATION with a text can have. */
static void a_notification_is_kept_with_its_data(void **state)
{
	(void)state;
	static const size_t lengths[] = { 0, 1, 2, 257, 258, 259, 400 };
	uint8_t data[400];
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i + 1);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		const struct bgp_notification sent = {
			.code = 6, .subcode = 2, .data = data, .data_len = lengths[i]
		};
		struct bgp_notice n = { 0 };
		bgp_notice_record(&n, &sent, false, 10);
		const struct bgp_notification kept = bgp_notice_message(&n);
		assert_int_equal(kept.code, 6);
		assert_int_equal(kept.subcode, 2);
		assert_int_equal(kept.data_len, lengths[i] < 258 ? lengths[i] : 258);
		assert_memory_equal(bgp_notification_data(&kept), data, kept.data_len);
	}
	const struct bgp_notification own = { .code = 2, .own = { 0, 4 }, .data_len = 2 };
	struct bgp_notice n = { 0 };
	bgp_notice_record(&n, &own, false, 10);
	assert_int_equal(n.data[1], 4);
}

/* One that was recorded during the session, of the other connection, is refuted like older ones. */
static void a_session_that_ends(void **state)
{
	(void)state;
	const struct bgp_notification rejected = { .code = 6, .subcode = 5 };
	const mono_t up = 100, over = up + BGP_NOTICE_KEEP;
	const struct {
		mono_t at, over;
		bool stays;
	} cases[] = {
		{ up - 50, over, false },    { up + 50, over, false },
		{ over, over, true },        { up - 50, over - 1, true },
		{ up + 50, over - 1, true }, { over - 1, over - 1, true },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_notice n = { 0 };
		bgp_notice_record(&n, &rejected, true, cases[i].at);
		bgp_notice_session_over(&n, up, cases[i].over);
		assert_int_equal(n.code, cases[i].stays ? 6 : 0);
	}
}

static void without_a_router(void **state)
{
	(void)state;
	expect("searching", bgp_hint_no_router(BGP_LACK_NOTHING), "", NULL);
	expect("no link", bgp_hint_no_router(BGP_LACK_LINK), "link-local", "CAP_NET_RAW");
	expect("no socket", bgp_hint_no_router(BGP_LACK_SOCKET), "CAP_NET_RAW", "radv");
	expect("no router", bgp_hint_no_router(BGP_LACK_ROUTER), "radv", "CAP_NET_RAW");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_router),
		cmocka_unit_test(after_a_failed_attempt),
		cmocka_unit_test(while_waiting),
		cmocka_unit_test(the_largest_ttl_is_no_limit),
		cmocka_unit_test(while_bfd_is_awaited),
		cmocka_unit_test(after_a_notification),
		cmocka_unit_test(each_notification),
		cmocka_unit_test(a_hard_reset_without_its_reason),
		cmocka_unit_test(after_a_role_mismatch),
		cmocka_unit_test(after_bfd_down),
		cmocka_unit_test(a_row_of_notifications),
		cmocka_unit_test(a_notification_is_kept_with_its_data),
		cmocka_unit_test(a_session_that_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
