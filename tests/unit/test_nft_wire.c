/* SPDX-License-Identifier: MIT */
/* The nf_tables messages that are sent, octet for octet, as text. That the kernel takes them for
 * the tables they are meant to be, test_nat_backends shows; it needs privileges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "nat/count_table.h"
#include "nat/nft_build.h"
#include "nat/nft_expr.h"
#include "tests/unit/netlink_text.h"

/* ---- messages as text ---- */

/* Type and flags, then family, version and resource, then the attributes. */
static void print_one(FILE *f, const struct nlmsghdr *msg)
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(msg);
	assert_true(mnl_nlmsg_get_payload_len(msg) >= sizeof(*head));
	fprintf(f, "%x %x %u.%u.%u", msg->nlmsg_type, msg->nlmsg_flags, head->nfgen_family,
		head->version, ntohs(head->res_id));
	netlink_print_attrs(f, (const void *)(head + 1),
			    mnl_nlmsg_get_payload_len(msg) - sizeof(*head));
	fputs("\n", f);
}

static void expect_text(const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("got\n%sexpected\n%s", got, want);
}

/* Ends the batch and frees it. */
static void expect_batch(struct nft_batch *b, const char *want)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	assert_non_null(f);
	nft_batch_end(b);
	int left = (int)b->len;
	const struct nlmsghdr *msg = (const void *)b->buf;
	for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left))
		print_one(f, msg);
	fclose(f);
	assert_int_equal(left, 0);
	nft_batch_done(b);
	expect_text(text, want);
	free(text);
}

static void expect_message(const struct nlmsghdr *msg, const char *want)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	assert_non_null(f);
	print_one(f, msg);
	fclose(f);
	assert_true(msg->nlmsg_len <= NFT_REQUEST_MAX);
	expect_text(text, want);
	free(text);
}

#define BATCH(messages) "10 0 0.0.10\n" messages "11 0 0.0.10\n"

static struct prefix prefix(const char *text)
{
	struct prefix p;
	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return p;
}

/* The family of the packet, and its destination into register 1. */
#define IS(nfproto, at, size)                                                                      \
	" 1{ 1='meta' 2{ 2=0000000f 1=00000001 } }"                                                \
	" 1{ 1='cmp' 2{ 1=00000001 2=00000000 3{ 1=" nfproto " } } }"                              \
	" 1{ 1='payload' 2{ 1=00000001 2=00000001 3=000000" at " 4=000000" size " } }"
#define IS4  IS("02", "10", "04")
#define IS6  IS("0a", "18", "10")
#define ZERO "00000000000000000000000000000000"

/* ---- the table that counts ---- */

#define TRAFFIC "1='vipherald_traffic'"

static void test_the_counting_table_is_made_anew(void **state)
{
	struct nft_batch b;
	(void)state;
	nft_batch_begin(&b);
	count_table_skeleton(&b);
	expect_batch(&b,
		     BATCH("a00 400 1.0.0 " TRAFFIC "\n"
			   "a02 0 1.0.0 " TRAFFIC "\n"
			   "a00 400 1.0.0 " TRAFFIC "\n"
			   "a03 400 1.0.0 " TRAFFIC
			   " 3='prerouting' 4{ 1=00000000 2=fffffed4 } 7='filter'\n"
			   "a06 c00 1.0.0 " TRAFFIC " 2='prerouting' 4{ 1{ 1='meta' 2{ 2=00000004 "
			   "1=00000001 } } 1{ 1='cmp' 2{ 1=00000001 2=00000000 3{ 1=01000000 } } "
			   "} 1{ 1='immediate' 2{ 1=00000000 2{ 2{ 1=fffffffb } } } } }\n"));
}

static void test_a_set_and_the_rule_that_looks_into_it(void **state)
{
	static const struct {
		const char *vip;
		size_t set;
		const char *messages;
	} rows[] = {
		{ "192.0.2.53/32", 32,
		  BATCH("a09 400 1.0.0 " TRAFFIC " 2='v4_32' 4=00000007 5=00000004 10=00000021 17{ "
			"1='counter' 2{ } }\n"
			"a06 c00 1.0.0 " TRAFFIC " 2='prerouting' 4{" IS4
			" 1{ 1='lookup' 2{ 1='v4_32' "
			"2=00000001 } } }\n") },
		{ "128.0.0.0/1", 1,
		  BATCH("a09 400 1.0.0 " TRAFFIC " 2='v4_1' 4=00000007 5=00000004 10=00000002 17{ "
			"1='counter' 2{ } }\n"
			"a06 c00 1.0.0 " TRAFFIC " 2='prerouting' 4{" IS4
			" 1{ 1='bitwise' 2{ 1=00000001 "
			"2=00000001 3=00000004 4{ 1=80000000 } 5{ 1=00000000 } } } 1{ "
			"1='lookup' 2{ 1='v4_1' 2=00000001 } } }\n") },
		{ "198.51.100.0/25", 25,
		  BATCH("a09 400 1.0.0 " TRAFFIC " 2='v4_25' 4=00000007 5=00000004 10=0000001a 17{ "
			"1='counter' 2{ } }\n"
			"a06 c00 1.0.0 " TRAFFIC " 2='prerouting' 4{" IS4
			" 1{ 1='bitwise' 2{ 1=00000001 "
			"2=00000001 3=00000004 4{ 1=ffffff80 } 5{ 1=00000000 } } } 1{ "
			"1='lookup' 2{ 1='v4_25' 2=00000001 } } }\n") },
		{ "8000::/1", 34,
		  BATCH("a09 400 1.0.0 " TRAFFIC " 2='v6_1' 4=00000008 5=00000010 10=00000023 17{ "
			"1='counter' 2{ } }\n"
			"a06 c00 1.0.0 " TRAFFIC " 2='prerouting' 4{" IS6
			" 1{ 1='bitwise' 2{ 1=00000001 "
			"2=00000001 3=00000010 4{ 1=80000000000000000000000000000000 } 5{ 1=" ZERO
			" "
			"} } } 1{ 1='lookup' 2{ 1='v6_1' 2=00000001 } } }\n") },
		{ "2001:db8::53/128", 161,
		  BATCH("a09 400 1.0.0 " TRAFFIC
			" 2='v6_128' 4=00000008 5=00000010 10=000000a2 17{ "
			"1='counter' 2{ } }\n"
			"a06 c00 1.0.0 " TRAFFIC " 2='prerouting' 4{" IS6
			" 1{ 1='lookup' 2{ 1='v6_128' "
			"2=00000001 } } }\n") },
		{ "2001:db8::/33", 66,
		  BATCH("a09 400 1.0.0 " TRAFFIC " 2='v6_33' 4=00000008 5=00000010 10=00000043 17{ "
			"1='counter' 2{ } }\n"
			"a06 c00 1.0.0 " TRAFFIC " 2='prerouting' 4{" IS6
			" 1{ 1='bitwise' 2{ 1=00000001 "
			"2=00000001 3=00000010 4{ 1=ffffffff800000000000000000000000 } 5{ 1=" ZERO
			" "
			"} } } 1{ 1='lookup' 2{ 1='v6_33' 2=00000001 } } }\n") },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct prefix vip = prefix(rows[i].vip);
		struct nft_batch b;
		assert_int_equal(count_set_of(&vip), rows[i].set);
		nft_batch_begin(&b);
		count_table_add_set(&b, count_set_of(&vip));
		expect_batch(&b, rows[i].messages);
	}
}

/* VIPs of one set that follow each other are in one message. */
static void test_vips_are_counted_and_no_longer(void **state)
{
	struct prefix vips[] = { prefix("192.0.2.1/32"), prefix("192.0.2.2/32"),
				 prefix("2001:db8::1/128"), prefix("192.0.2.3/32") };
	struct nft_batch b;
	(void)state;
	nft_batch_begin(&b);
	count_table_add(&b, vips, ARRAY_SIZE(vips));
	expect_batch(&b, BATCH("a0c 400 1.0.0 " TRAFFIC
			       " 2='v4_32' 3{ 1{ 1{ 1=c0000201 } 7{ 1='counter' 2{ } "
			       "} } 1{ 1{ 1=c0000202 } 7{ 1='counter' 2{ } } } }\n"
			       "a0c 400 1.0.0 " TRAFFIC " 2='v6_128' 3{ 1{ 1{ "
			       "1=20010db8000000000000000000000001 } 7{ 1='counter' 2{ } } } }\n"
			       "a0c 400 1.0.0 " TRAFFIC
			       " 2='v4_32' 3{ 1{ 1{ 1=c0000203 } 7{ 1='counter' 2{ } "
			       "} } }\n"));
	nft_batch_begin(&b);
	count_table_del(&b, vips, 3);
	expect_batch(&b, BATCH("a0e 0 1.0.0 " TRAFFIC
			       " 2='v4_32' 3{ 1{ 1{ 1=c0000201 } } 1{ 1{ 1=c0000202 } } "
			       "}\n"
			       "a0e 0 1.0.0 " TRAFFIC
			       " 2='v6_128' 3{ 1{ 1{ 1=20010db8000000000000000000000001 "
			       "} } }\n"));
}

static void test_requests_about_the_counting_table(void **state)
{
	_Alignas(struct nlmsghdr) char buf[NFT_REQUEST_MAX];
	(void)state;
	expect_message(count_table_get(buf), "a01 0 1.0.0 " TRAFFIC "\n");
	expect_message(count_table_dump(buf, 32), "a0d 300 1.0.0 " TRAFFIC " 2='v4_32'\n");
	expect_message(count_table_dump(buf, 33), "a0d 300 1.0.0 " TRAFFIC " 2='v6_0'\n");
}

/* ---- the table that translates ---- */

#define NAT     "1='vipherald'"
#define COMMENT "0010766970686572616c643a6e61743a3200" /* vipherald:nat:2 */

#define MAP(name, types, id) "a09 400 1.0.0 " NAT " 2='" name "' 3=00000008 " types " 10=" id "\n"
#define TYPES4               "4=0000730d 5=0000000c 6=000001cd 7=00000008"
#define TYPES6               "4=0000830d 5=00000018 6=0000020d 7=00000014"
#define HOOK(chain, hook, priority)                                                                \
	"a03 400 1.0.0 " NAT " 3='" chain "' 4{ 1=" hook " 2=" priority " } 7='nat'\n"
/* Protocol and port behind the address, in the registers of their numbers. */
#define LOOKUP(chain, is, proto, port, map, nfproto)                                               \
	"a06 c00 1.0.0 " NAT " 2='" chain "' 4{" is " 1{ 1='meta' 2{ 2=00000010 1=000000" proto    \
	" } }"                                                                                     \
	" 1{ 1='payload' 2{ 1=000000" port " 2=00000002 3=00000002 4=00000002 } }"                 \
	" 1{ 1='lookup' 2{ 1='" map "' 2=00000001 3=00000001 } }"                                  \
	" 1{ 1='nat' 2{ 1=00000001 2=000000" nfproto " 3=00000001 5=000000" proto " } } }"         \
	" 7=" COMMENT "\n"
#define JUMP(chain, to)                                                                            \
	"a06 c00 1.0.0 " NAT " 2='" chain "' 4{ 1{ 1='immediate' 2{ 1=00000000"                    \
	" 2{ 2{ 1=fffffffd 2='" to "' } } } } } 7=" COMMENT "\n"
#define CHAIN(chain, hook, priority, maps, nets)                                                   \
	HOOK(chain, hook, priority)                                                                \
	LOOKUP(chain, IS4, "09", "0a", maps "4", "02")                                             \
	LOOKUP(chain, IS6, "0c", "0d", maps "6", "0a") JUMP(chain, nets)

static struct nat_rule rule(const char *vip, const char *dest, uint8_t proto, uint8_t behind)
{
	/* Both octets of the ports are the same: a rule carries itself as it is in memory. */
	struct nat_rule r = { .vip = prefix(vip),
			      .proto = proto,
			      .listen = 0x3535,
			      .port = 0x1f1f,
			      .behind = behind };
	assert_int_equal(addr_parse(dest, &r.dest), 0);
	return r;
}

static void test_the_nat_table_is_made_anew(void **state)
{
	static const char *const table[] = {
		"10 0 0.0.10\n",
		"a00 400 1.0.0 " NAT "\n",
		"a02 0 1.0.0 " NAT "\n",
		"a00 400 1.0.0 " NAT "\n",
		MAP("vips4", TYPES4, "00000001"),
		MAP("vips6", TYPES6, "00000002"),
		MAP("same4", TYPES4, "00000003"),
		MAP("same6", TYPES6, "00000004"),
		"a03 400 1.0.0 " NAT " 3='nets'\n",
		"a03 400 1.0.0 " NAT " 3='same_nets'\n",
		CHAIN("prerouting", "00000000", "ffffff97", "vips", "nets"),
		CHAIN("output", "00000003", "ffffff97", "vips", "nets"),
		CHAIN("same_prerouting", "00000000", "ffffffa1", "same", "same_nets"),
		CHAIN("same_output", "00000003", "ffffffa1", "same", "same_nets"),
		"11 0 0.0.10\n",
	};
	char *want = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&want, &size);
	struct nft_batch b;
	(void)state;
	assert_non_null(f);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		fputs(table[i], f);
	fclose(f);
	nft_batch_begin(&b);
	nft_batch_skeleton(&b);
	expect_batch(&b, want);
	free(want);
}

static void test_the_nat_table_is_removed(void **state)
{
	struct nft_batch b;
	(void)state;
	nft_batch_begin(&b);
	nft_batch_del_table(&b);
	expect_batch(&b, BATCH("a02 0 1.0.0 " NAT "\n"));
}

static void test_rules_of_networks(void **state)
{
	struct nat_rule items[] = { rule("198.51.100.0/24", "10.0.0.5", IPPROTO_TCP, 0),
				    rule("2001:db8::/33", "fd00::5", IPPROTO_UDP, 1) };
	const struct nat_rules nets = { .items = items, .n = ARRAY_SIZE(items) };
	struct nft_batch b;
	(void)state;
	nft_batch_begin(&b);
	nft_batch_set_nets(&b, &nets);
	expect_batch(
		&b,
		BATCH("a08 0 1.0.0 " NAT " 2='nets'\n"
		      "a08 0 1.0.0 " NAT " 2='same_nets'\n"
		      "a06 c00 1.0.0 " NAT " 2='nets' 4{" IS4 " 1{ 1='bitwise' 2{ 1=00000001 "
		      "2=00000001 3=00000004 4{ 1=ffffff00 } 5{ 1=00000000 } } } 1{ 1='cmp' "
		      "2{ 1=00000001 2=00000000 3{ 1=c6336400 } } } 1{ 1='meta' 2{ "
		      "2=00000010 1=00000001 } } 1{ 1='cmp' 2{ 1=00000001 2=00000000 3{ 1=06 "
		      "} } } 1{ 1='payload' 2{ 1=00000001 2=00000002 3=00000002 4=00000002 } "
		      "} 1{ 1='cmp' 2{ 1=00000001 2=00000000 3{ 1=3535 } } } 1{ "
		      "1='immediate' 2{ 1=00000001 2{ 1=0a000005 } } } 1{ 1='immediate' 2{ "
		      "1=00000002 2{ 1=1f1f } } } 1{ 1='nat' 2{ 1=00000001 2=00000002 "
		      "3=00000001 5=00000002 } } } "
		      "7=" COMMENT "762a02c633640000000000000000000000000018060035351f1f020a0000050"
		      "0000000000000000000000000\n"
		      "a06 c00 1.0.0 " NAT " 2='same_nets' 4{" IS6 " 1{ 1='bitwise' 2{ 1=00000001 "
		      "2=00000001 3=00000010 4{ 1=ffffffff800000000000000000000000 } 5{ 1=" ZERO " "
		      "} } } 1{ 1='cmp' 2{ 1=00000001 2=00000000 3{ "
		      "1=20010db8000000000000000000000000 } } } 1{ 1='meta' 2{ 2=00000010 "
		      "1=00000001 } } 1{ 1='cmp' 2{ 1=00000001 2=00000000 3{ 1=11 } } } 1{ "
		      "1='payload' 2{ 1=00000001 2=00000002 3=00000002 4=00000002 } } 1{ "
		      "1='cmp' 2{ 1=00000001 2=00000000 3{ 1=3535 } } } 1{ 1='immediate' 2{ "
		      "1=00000001 2{ 1=fd000000000000000000000000000005 } } } 1{ "
		      "1='immediate' 2{ 1=00000002 2{ 1=1f1f } } } 1{ 1='nat' 2{ 1=00000001 "
		      "2=0000000a 3=00000001 5=00000002 } } } "
		      "7=" COMMENT "762a0a20010db800000000000000000000000021110035351f1f0afd0000000"
		      "0000000000000000000000501\n"));
}

/* By map, in their order; the network among them is none of the maps'. */
static void test_elements_of_the_maps(void **state)
{
	struct nat_rule items[] = { rule("2001:db8::1/128", "fd00::5", IPPROTO_TCP, 1),
				    rule("192.0.2.1/32", "10.0.0.5", IPPROTO_TCP, 0),
				    rule("198.51.100.0/24", "10.0.0.5", IPPROTO_TCP, 0),
				    rule("192.0.2.2/32", "10.0.0.6", IPPROTO_UDP, 1),
				    rule("2001:db8::2/128", "fd00::6", IPPROTO_UDP, 0),
				    rule("192.0.2.1/32", "10.0.0.7", IPPROTO_UDP, 0) };
	const struct nat_rules rules = { .items = items, .n = ARRAY_SIZE(items) };
	struct nft_batch b;
	(void)state;
	items[1].listen = 53;
	items[1].port = 8053;
	nft_batch_begin(&b);
	nft_batch_add(&b, &rules);
	expect_batch(&b, BATCH("a0c 400 1.0.0 " NAT
			       " 2='vips4' 3{ 1{ 1{ 1=c00002010600000000350000 } 2{ "
			       "1=0a0000051f750000 } } 1{ 1{ 1=c00002011100000035350000 } 2{ "
			       "1=0a0000071f1f0000 } } }\n"
			       "a0c 400 1.0.0 " NAT " 2='vips6' 3{ 1{ 1{ "
			       "1=20010db80000000000000000000000021100000035350000 } 2{ "
			       "1=fd0000000000000000000000000000061f1f0000 } } }\n"
			       "a0c 400 1.0.0 " NAT
			       " 2='same4' 3{ 1{ 1{ 1=c00002021100000035350000 } 2{ "
			       "1=0a0000061f1f0000 } } }\n"
			       "a0c 400 1.0.0 " NAT " 2='same6' 3{ 1{ 1{ "
			       "1=20010db80000000000000000000000010600000035350000 } 2{ "
			       "1=fd0000000000000000000000000000051f1f0000 } } }\n"));
	nft_batch_begin(&b);
	nft_batch_del(&b, &rules);
	expect_batch(&b, BATCH("a0e 0 1.0.0 " NAT
			       " 2='vips4' 3{ 1{ 1{ 1=c00002010600000000350000 } } 1{ "
			       "1{ 1=c00002011100000035350000 } } }\n"
			       "a0e 0 1.0.0 " NAT " 2='vips6' 3{ 1{ 1{ "
			       "1=20010db80000000000000000000000021100000035350000 } } }\n"
			       "a0e 0 1.0.0 " NAT
			       " 2='same4' 3{ 1{ 1{ 1=c00002021100000035350000 } } }\n"
			       "a0e 0 1.0.0 " NAT " 2='same6' 3{ 1{ 1{ "
			       "1=20010db80000000000000000000000010600000035350000 } } }\n"));
}

static void test_requests_about_the_nat_table(void **state)
{
	_Alignas(struct nlmsghdr) char buf[NFT_REQUEST_MAX];
	struct nat_rule r = rule("192.0.2.1/32", "10.0.0.5", IPPROTO_TCP, 0);
	(void)state;
	expect_message(nft_build_get_table(buf), "a01 0 1.0.0 " NAT "\n");
	expect_message(nft_build_dump_rules(buf), "a07 300 1.0.0 " NAT "\n");
	expect_message(nft_build_dump_map(buf, NFT_VIPS4), "a0d 300 1.0.0 " NAT " 2='vips4'\n");
	expect_message(nft_build_dump_map(buf, NFT_SAME6), "a0d 300 1.0.0 " NAT " 2='same6'\n");
	expect_message(nft_build_get_element(buf, &r),
		       "a0d 0 1.0.0 " NAT " 2='vips4' 3{ 1{ 1{ 1=c00002010600000035350000 } } }\n");
	expect_message(nft_build_get_generation(buf), "a10 0 1.0.0\n");
}

/* ---- more than a message takes ---- */

/* The attributes nested in the last one of the message. */
static unsigned elements_in(const struct nlmsghdr *msg)
{
	const struct nlattr *attr, *list = NULL, *element;
	unsigned n = 0;
	mnl_attr_for_each(attr, msg, sizeof(struct nfgenmsg)) list = attr;
	assert_non_null(list);
	mnl_attr_for_each_nested(element, list) n++;
	return n;
}

/* Frees the batch. `want` ends with 0. */
static void expect_elements(struct nft_batch *b, const unsigned *want)
{
	int left = (int)b->len;
	const struct nlmsghdr *msg = mnl_nlmsg_next((const void *)b->buf, &left); /* the begin */
	for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left))
		assert_int_equal(elements_in(msg), *want++);
	assert_int_equal(*want, 0);
	assert_int_equal(left, 0);
	nft_batch_done(b);
}

static void test_elements_that_take_more_than_one_message(void **state)
{
	static const unsigned of_counters[] = { 200, 200, 1, 0 }, of_nat[] = { 400, 1, 0 };
	struct nat_rules rules = { 0 };
	struct prefix vips[401];
	struct nft_batch b;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vips); i++) {
		struct nat_rule r = rule("2001:db8::/128", "fd00::5", IPPROTO_UDP, 0);
		r.vip.addr.bytes[15] = (uint8_t)i;
		r.vip.addr.bytes[14] = (uint8_t)(i >> 8);
		vips[i] = r.vip;
		nat_rules_add(&rules, &r);
	}
	nft_batch_begin(&b);
	count_table_add(&b, vips, ARRAY_SIZE(vips));
	expect_elements(&b, of_counters);
	nft_batch_begin(&b);
	nft_batch_add(&b, &rules);
	expect_elements(&b, of_nat);
	nat_rules_done(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_counting_table_is_made_anew),
		cmocka_unit_test(test_a_set_and_the_rule_that_looks_into_it),
		cmocka_unit_test(test_vips_are_counted_and_no_longer),
		cmocka_unit_test(test_requests_about_the_counting_table),
		cmocka_unit_test(test_the_nat_table_is_made_anew),
		cmocka_unit_test(test_the_nat_table_is_removed),
		cmocka_unit_test(test_rules_of_networks),
		cmocka_unit_test(test_elements_of_the_maps),
		cmocka_unit_test(test_requests_about_the_nat_table),
		cmocka_unit_test(test_elements_that_take_more_than_one_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
