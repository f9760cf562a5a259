/* SPDX-License-Identifier: MIT */
/* The entries of legacy iptables, octet for octet. That the kernel and iptables take them for the
 * rules they are meant to be, test_nat_backends shows; it needs privileges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "nat/xtentry.h"

static const struct row {
	const char *vip, *dest;
	uint8_t proto, behind, revision;
	const char *want; /* where octets that are not 0 begin, and they */
} rows[] = {
	{ "192.0.2.1/32", "10.0.0.5", IPPROTO_TCP, 0, 0,
	  " 4=c0 6=0201 12=ffffffff 80=06 88=c001f801 112=30 114=746370 146=ffff35353535"
	  " 160=2001636f6d6d656e74 192=766970686572616c643a6e6174 448=38 450=444e4154"
	  " 480=01 484=03 488=0a 491=050a 495=051f751f75 504" },
	{ "192.0.2.1/32", "10.0.0.5", IPPROTO_UDP, 0, 1,
	  " 4=c0 6=0201 12=ffffffff 80=11 88=c0010802 112=30 114=756470 146=ffff35353535"
	  " 160=2001636f6d6d656e74 192=766970686572616c643a6e6174 448=48 450=444e4154"
	  " 479=0103 484=0a 487=05 500=0a 503=05 516=1f751f75 520" },
	{ "198.51.100.0/25", "10.0.0.5", IPPROTO_TCP, 1, 2,
	  " 4=c63364 12=ffffff80 80=06 88=c0011002 112=30 114=746370 146=ffff35353535"
	  " 160=2001636f6d6d656e74 192=766970686572616c643a6e61743a73616d65 448=50"
	  " 450=444e4154 479=0203 484=0a 487=05 500=0a 503=05 516=1f751f75 528" },
	{ "0.0.0.0/0", "10.0.0.5", IPPROTO_TCP, 0, 2,
	  " 80=06 88=c0011002 112=30 114=746370 146=ffff35353535 160=2001636f6d6d656e74"
	  " 192=766970686572616c643a6e6174 448=50 450=444e4154 479=0203 484=0a 487=05"
	  " 500=0a 503=05 516=1f751f75 528" },
	{ "2001:db8::1/128", "fd00::5", IPPROTO_TCP, 0, 1,
	  " 16=20010db8 31=01 48=ffffffffffffffffffffffffffffffff 128=06 131=01"
	  " 140=f8014002 168=30 170=746370 202=ffff35353535 216=2001636f6d6d656e74"
	  " 248=766970686572616c643a6e6174 504=48 506=444e4154 535=0103 540=fd 555=05fd"
	  " 571=051f751f75 576" },
	{ "2001:db8::/33", "fd00::5", IPPROTO_UDP, 1, 2,
	  " 16=20010db8 48=ffffffff80 128=11 131=01 140=f8014802 168=30 170=756470"
	  " 202=ffff35353535 216=2001636f6d6d656e74"
	  " 248=766970686572616c643a6e61743a73616d65 504=50 506=444e4154 535=0203 540=fd"
	  " 555=05fd 571=051f751f75 584" },
};

/* Both octets of the port that is listened on are the same: iptables has it in the host's order. */
static struct nat_rule rule_of(const struct row *row)
{
	struct nat_rule r = {
		.proto = row->proto, .listen = 0x3535, .port = 8053, .behind = row->behind
	};
	assert_int_equal(prefix_parse(row->vip, &r.vip, NULL), 0);
	assert_int_equal(addr_parse(row->dest, &r.dest), 0);
	return r;
}

static size_t build(const struct row *row, void *buf)
{
	const struct nat_rule r = rule_of(row);
	memset(buf, 0xa5, XTENTRY_MAX);
	size_t size = xtentry_build(&r, row->revision, buf);
	assert_true(size <= XTENTRY_MAX);
	for (size_t i = size; i < XTENTRY_MAX; i++)
		assert_int_equal(((const uint8_t *)buf)[i], 0xa5);
	return size;
}

static void print_octets(FILE *f, const uint8_t *p, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (p[i] && (i == 0 || !p[i - 1]))
			fprintf(f, " %zu=", i);
		if (p[i])
			fprintf(f, "%02x", p[i]);
	}
	fprintf(f, " %zu", size);
}

static void test_entries_are_built(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_Alignas(uint64_t) uint8_t entry[XTENTRY_MAX];
		char *text = NULL;
		size_t text_size = 0;
		FILE *f = open_memstream(&text, &text_size);
		assert_non_null(f);
		print_octets(f, entry, build(&rows[i], entry));
		fclose(f);
		if (strcmp(text, rows[i].want) != 0)
			fail_msg("%s: got\n%s\nexpected\n%s", rows[i].vip, text, rows[i].want);
		free(text);
	}
}

/* In memory of `room` octets and no more. */
static bool parses(uint8_t family, const void *bytes, size_t size, size_t room,
		   struct nat_rule *ret)
{
	void *exact = mem_new(1, room);
	memcpy(exact, bytes, size);
	bool is_ours = xtentry_parse(family, exact, ret);
	free(exact);
	return is_ours;
}

static void test_entries_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_Alignas(uint64_t) uint8_t entry[XTENTRY_MAX];
		const struct nat_rule want = rule_of(&rows[i]);
		struct nat_rule got;
		size_t size = build(&rows[i], entry);
		assert_true(parses(want.vip.addr.family, entry, size, size, &got));
		assert_memory_equal(&got, &want, sizeof(got));
	}
}

/* ---- entries of others ---- */

struct span_of {
	size_t from, size;
};

static bool is_in(size_t at, const struct span_of *spans, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at >= spans[i].from && at < spans[i].from + spans[i].size)
			return true;
	return false;
}

#define IN_HEAD(type, member)                                                                      \
	{                                                                                          \
		offsetof(struct type, member), sizeof(((struct type *)0)->member)                  \
	}

/* The kernel's notes and the counters. */
static bool is_note(uint8_t family, size_t at)
{
	static const struct span_of notes4[] = { IN_HEAD(ipt_entry, nfcache),
						 IN_HEAD(ipt_entry, comefrom),
						 IN_HEAD(ipt_entry, counters) },
				    notes6[] = { IN_HEAD(ip6t_entry, nfcache),
						 IN_HEAD(ip6t_entry, comefrom),
						 IN_HEAD(ip6t_entry, counters) };
	return is_in(at, family == AF_INET ? notes4 : notes6, 3);
}

/* Behind the end of a name, of a match or of the target. */
static bool is_behind_a_name(const uint8_t *entry, uint8_t family, size_t target, size_t at)
{
	size_t part = family == AF_INET ? sizeof(struct ipt_entry) : sizeof(struct ip6t_entry);
	for (;;
	     part += ((const struct xt_entry_match *)(const void *)(entry + part))->u.match_size) {
		const struct xt_entry_match *m = (const void *)(entry + part);
		size_t name = part + offsetof(struct xt_entry_match, u.user.name);
		size_t len = strlen(m->u.user.name);
		if (at > name + len && at < name + sizeof(m->u.user.name))
			return true;
		if (part == target)
			return false;
	}
}

/* Where the entry says that the next one begins. */
static size_t end_of(uint8_t family, const void *entry)
{
	const struct ipt_entry *e4 = entry;
	const struct ip6t_entry *e6 = entry;
	return family == AF_INET ? e4->next_offset : e6->next_offset;
}

static size_t target_of(uint8_t family, const void *entry)
{
	const struct ipt_entry *e4 = entry;
	const struct ip6t_entry *e6 = entry;
	return family == AF_INET ? e4->target_offset : e6->target_offset;
}

static void expect_bit_counts(const struct row *row, const uint8_t *entry, size_t size, size_t bit)
{
	const struct nat_rule want = rule_of(row);
	uint8_t family = want.vip.addr.family;
	size_t at = bit / 8;
	bool is_noise = is_note(family, at) ||
			is_behind_a_name(entry, family, target_of(family, entry), at);
	_Alignas(uint64_t) uint8_t bent[XTENTRY_MAX];
	struct nat_rule got;
	memcpy(bent, entry, size);
	bent[at] = (uint8_t)(bent[at] ^ (1 << bit % 8));
	size_t end = end_of(family, bent);
	if (!parses(family, bent, size, end > size ? end : size, &got)) {
		if (is_noise)
			fail_msg("%s: octet %zu is noise", row->vip, at);
	} else if (is_noise != (memcmp(&got, &want, sizeof(got)) == 0) || got.proto != want.proto) {
		fail_msg("%s: octet %zu, bit %zu", row->vip, at, bit % 8);
	}
}

/* It is another rule, or none of ours. */
static void test_each_bit_of_an_entry_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_Alignas(uint64_t) uint8_t entry[XTENTRY_MAX];
		size_t size = build(&rows[i], entry);
		for (size_t bit = 0; bit < size * 8; bit++)
			expect_bit_counts(&rows[i], entry, size, bit);
	}
}

/* The DNAT of IPv6 is there from revision 1 on. */
static void test_the_oldest_revision(void **state)
{
	(void)state;
	assert_int_equal(xtentry_revision_min(AF_INET), 0);
	assert_int_equal(xtentry_revision_min(AF_INET6), 1);
	static const struct row row = { "2001:db8::1/128", "fd00::5", IPPROTO_TCP, 0, 0, NULL };
	_Alignas(uint64_t) uint8_t entry[XTENTRY_MAX];
	struct nat_rule got;
	size_t size = build(&row, entry);
	assert_false(parses(AF_INET6, entry, size, size, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_are_built),
		cmocka_unit_test(test_entries_come_back),
		cmocka_unit_test(test_each_bit_of_an_entry_counts),
		cmocka_unit_test(test_the_oldest_revision),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
