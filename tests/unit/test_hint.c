/* SPDX-License-Identifier: MIT */
/* Hints name what the evidence leaves open, and nothing that it refutes. */
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
				    passive = { .passive = true };

static void expect(const char *name, const char *hint, const char *part, const char *absent)
{
	if (!part[0] ? hint[0] != '\0' : !strstr(hint, part))
		fail_msg("%s: \"%s\" without \"%s\"", name, hint, part);
	if (absent && strstr(hint, absent))
		fail_msg("%s: \"%s\" with \"%s\"", name, hint, absent);
}

static void after_a_failed_attempt(void **state)
{
	static const struct {
		const char *name;
		struct bgp_attempt_evidence evidence;
		const char *part, *absent;
	} cases[] = {
		{ "refused", { &plain, BGP_CONNECT, .one_hop = true }, "", NULL },
		{ "no answer",
		  { &plain, BGP_CONNECT, .silent = true },
		  "a peer with a password",
		  "OPEN" },
		{ "no answer, password",
		  { &password, BGP_CONNECT, .silent = true },
		  "is the peer's; a peer with ttl_security",
		  NULL },
		{ "no answer, GTSM",
		  { &gtsm, BGP_CONNECT, .silent = true },
		  "that the peer has ttl_security",
		  NULL },
		{ "no answer, both",
		  { &both, BGP_CONNECT, .silent = true },
		  "same on both sides",
		  "OPEN" },
		{ "the path says it",
		  { &plain, BGP_CONNECT, .silent = true, .path_trouble = true },
		  "",
		  NULL },
		{ "behind a gateway",
		  { &plain, BGP_CONNECT, .silent = true, .one_hop = true, .gateway = true },
		  "multi_hop",
		  "password" },
		{ "behind a gateway, GTSM",
		  { &gtsm, BGP_CONNECT, .silent = true, .one_hop = true, .gateway = true },
		  "directly connected",
		  "multi_hop" },
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
		{ "the hold timer of a session",
		  { &plain, BGP_ESTABLISHED, .silent = true },
		  "",
		  NULL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(cases[i].name, bgp_hint_failed(&cases[i].evidence), cases[i].part,
		       cases[i].absent);
}

static void while_waiting(void **state)
{
	(void)state;
	expect("idle", bgp_hint_waiting(&plain, BGP_IDLE), "", NULL);
	expect("active", bgp_hint_waiting(&plain, BGP_ACTIVE), "", NULL);
	expect("passive", bgp_hint_waiting(&passive, BGP_ACTIVE), "has not connected", "OPEN");
	expect("no OPEN", bgp_hint_waiting(&passive, BGP_OPENSENT), "sends no OPEN", "password");
	expect("established", bgp_hint_waiting(&passive, BGP_ESTABLISHED), "", NULL);
	/* The same hint is the same pointer, by which a log knows that it is not news. */
	assert_ptr_equal(bgp_hint_waiting(&plain, BGP_OPENSENT),
			 bgp_hint_waiting(&both, BGP_OPENSENT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_failed_attempt),
		cmocka_unit_test(while_waiting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
