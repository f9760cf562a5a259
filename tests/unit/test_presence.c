/* SPDX-License-Identifier: MIT */
/* The table of addresses, and what makes a VIP present. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/if_addr.h>

#include "agent/vip/presence.h"
#include "lib/array.h"
#include "lib/str.h"

#define VIP "2001:db8::53"

static struct nladdr address(uint32_t ifindex, const char *text, uint32_t flags, uint8_t proto)
{
	struct nladdr a = { .ifindex = ifindex, .flags = flags, .proto = proto };
	assert_int_equal(addr_parse(text, &a.prefix.addr), 0);
	a.prefix.len = (uint8_t)(addr_size(a.prefix.addr.family) * 8);
	return a;
}

static bool on_dummy0(const struct prefix *vip, const char *ifname, void *userdata)
{
	(void)vip;
	return userdata && str_equal(ifname, "dummy0");
}

#define WAITS               ": 'bind: present' announces it as soon as another process adds it"
#define NOT_ON(where)       VIP "/128 is not on " where WAITS
#define NOT_BUT_OURS(where) VIP "/128 is not on " where ", except as vipherald's own address" WAITS
#define UNUSABLE(at, why)   VIP "/128 is on " at ", and cannot be used: " why
#define TENTATIVE(at)       UNUSABLE(at, "duplicate address detection has not ended (tentative)")
#define ELSEWHERE(at)                                                                              \
	VIP "/128 is on " at " instead of dummy0 (interface): not announced until another "        \
	    "process adds it there"

static const struct {
	const char *label, *interface;
	struct {
		uint32_t ifindex, flags;
		uint8_t proto;
	} on[2];
	bool noted;       /* the address on dummy0 is ours */
	const char *text; /* NULL: it is present */
} cases[] = {
	{ "nowhere", "", { { 0 } }, false, NOT_ON("this host") },
	{ "nowhere, one interface", "dummy0", { { 0 } }, false, NOT_ON("dummy0") },
	{ "there", "", { { 1, IFA_F_PERMANENT, 0 } }, false, NULL },
	{ "where it is asked for", "dummy0", { { 1, 0, 0 }, { 2, 0, 0 } }, false, NULL },
	{ "there first", "lo", { { 1, 0, 0 }, { 2, 0, 0 } }, false, NULL },
	{ "elsewhere", "dummy0", { { 1, 0, 0 } }, false, ELSEWHERE("lo") },
	{ "elsewhere, at the last of two",
	  "eth9",
	  { { 1, 0, 0 }, { 2, 0, 0 } },
	  false,
	  "2001:db8::53/128 is on dummy0 instead of eth9 (interface): not announced until another "
	  "process adds it there" },
	{ "elsewhere, and unusable where it is asked for",
	  "dummy0",
	  { { 1, 0, 0 }, { 2, IFA_F_TENTATIVE, 0 } },
	  false,
	  TENTATIVE("dummy0") },
	{ "unusable where it is asked for, and elsewhere",
	  "lo",
	  { { 1, IFA_F_TENTATIVE, 0 }, { 2, 0, 0 } },
	  false,
	  TENTATIVE("lo") },
	{ "tentative", "", { { 1, IFA_F_TENTATIVE, 0 } }, false, TENTATIVE("lo") },
	{ "optimistic",
	  "",
	  { { 1, IFA_F_OPTIMISTIC, 0 } },
	  false,
	  UNUSABLE("lo", "duplicate address detection has not ended (optimistic)") },
	{ "twice",
	  "",
	  { { 1, IFA_F_TENTATIVE | IFA_F_DADFAILED, 0 } },
	  false,
	  UNUSABLE("lo", "another host on the link has it (dadfailed): remove one of them") },
	{ "usable at the second", "", { { 1, IFA_F_TENTATIVE, 0 }, { 2, 0, 0 } }, false, NULL },
	{ "usable at the first", "", { { 1, 0, 0 }, { 2, IFA_F_TENTATIVE, 0 } }, false, NULL },
	{ "deprecated", "", { { 1, IFA_F_DEPRECATED, 0 } }, false, NULL },
	{ "down", "", { { 3, 0, 0 } }, false, UNUSABLE("down0", "the interface is down") },
	{ "ours", "", { { 1, 0, NLADDR_PROTO_OURS } }, false, NOT_BUT_OURS("this host") },
	{ "ours, and another", "", { { 1, 0, NLADDR_PROTO_OURS }, { 2, 0, 0 } }, false, NULL },
	{ "ours elsewhere", "lo", { { 2, 0, NLADDR_PROTO_OURS } }, false, NOT_BUT_OURS("lo") },
	{ "noted as ours", "", { { 2, 0, 0 } }, true, NOT_BUT_OURS("this host") },
	{ "not noted", "", { { 1, 0, 0 } }, true, NULL },
	{ "an unknown interface", "", { { 9, 0, 0 } }, false, NOT_ON("this host") },
};

static void judged(void **state)
{
	(void)state;
	struct prefix vip = address(1, VIP, 0, 0).prefix;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct addr_table table = { 0 };
		struct err err = { "" };
		addr_table_set_link(&table, 1, "lo", true);
		addr_table_set_link(&table, 2, "dummy0", true);
		addr_table_set_link(&table, 3, "down0", false);
		for (size_t k = 0; k < 2 && cases[i].on[k].ifindex; k++) {
			struct nladdr a = address(cases[i].on[k].ifindex, VIP, cases[i].on[k].flags,
						  cases[i].on[k].proto);
			addr_table_set(&table, &a);
		}
		int rc = presence_check(&table, &vip, cases[i].interface, on_dummy0,
					cases[i].noted ? &table : NULL, &err);
		if (rc != (cases[i].text ? -EADDRNOTAVAIL : 0) ||
		    (cases[i].text && !str_equal(err.text, cases[i].text)))
			fail_msg("%s: %d '%s'", cases[i].label, rc, err.text);
		addr_table_done(&table);
	}
}

static void changes_are_told_once(void **state)
{
	(void)state;
	size_t n;
	struct addr_table t = { 0 };
	struct nladdr a = address(1, "192.0.2.1", 0, 0), b = address(2, "192.0.2.1", 0, 0), c = a;
	c.prefix.len = 24;
	assert_true(addr_table_set(&t, &a));
	assert_false(addr_table_set(&t, &a));
	a.flags = IFA_F_TENTATIVE;
	assert_true(addr_table_set(&t, &a));
	assert_true(addr_table_set(&t, &b) && addr_table_set(&t, &c));
	addr_table_find(&t, &a.prefix.addr, &n);
	assert_int_equal(n, 3);
	assert_true(addr_table_remove(&t, &a));
	assert_false(addr_table_remove(&t, &a));
	assert_true(addr_table_set_link(&t, 1, "lo", true));
	assert_false(addr_table_set_link(&t, 1, "lo", true));
	assert_true(addr_table_set_link(&t, 1, "lo", false));
	assert_true(addr_table_set_link(&t, 1, "other", false));
	/* A dump shows one of them. */
	addr_table_dump_begin(&t);
	addr_table_set(&t, &b);
	addr_table_dump_end(&t);
	assert_int_equal(addr_table_find(&t, &a.prefix.addr, &n)->ifindex, 2);
	assert_int_equal(n, 1);
	assert_null(addr_table_link(&t, 1));
	assert_false(addr_table_remove_link(&t, 1));
	assert_true(addr_table_remove(&t, &b));
	assert_null(addr_table_find(&t, &a.prefix.addr, &n));
	addr_table_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judged),
		cmocka_unit_test(changes_are_told_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
