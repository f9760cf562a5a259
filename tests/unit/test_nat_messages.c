/* SPDX-License-Identifier: MIT */
/* nf_tables and ctnetlink messages that are cut short or bent: nothing is read that is not there,
 * and nothing is taken for a rule or a flow that is none. Well-formed ones are tested against
 * the kernel (test_nat_backends, test_nat). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "nat/ctmsg.h"
#include "nat/count_table.h"
#include "nat/nft_build.h"
#include "nat/nft_expr.h"
#include "nat/nft_parse.h"

static struct nat_rule rule(const char *vip, const char *dest)
{
	struct nat_rule r = { .proto = IPPROTO_UDP, .listen = 53, .port = 8053 };
	assert_int_equal(prefix_parse(vip, &r.vip, NULL), 0);
	assert_int_equal(addr_parse(dest, &r.dest), 0);
	return r;
}

struct seen {
	struct nat_rule rules[4];
	size_t n;
};

static void keep_rule(const struct nat_rule *r, void *userdata)
{
	struct seen *s = userdata;
	assert_true(s->n < 4);
	s->rules[s->n++] = *r;
}

/* A built message is, but for its flags, what the kernel dumps. */
static void test_elements_come_back(void **state)
{
	(void)state;
	static const struct {
		const char *vip, *dest;
		enum nft_map map;
	} rows[] = { { "192.0.2.1/32", "10.0.0.5", NFT_VIPS4 },
		     { "2001:db8::1/128", "fd00::5", NFT_VIPS6 } };
	for (size_t i = 0; i < 2; i++) {
		struct nat_rule r = rule(rows[i].vip, rows[i].dest);
		struct nat_rules one = { .items = &r, .n = 1 };
		struct nft_batch b;
		struct seen s = { .n = 0 };
		nft_batch_begin(&b);
		nft_batch_add(&b, &one);
		struct nlmsghdr *msg = nft_batch_last(&b);
		assert_int_equal(nft_parse_elements(msg, rows[i].map, keep_rule, &s), 0);
		assert_int_equal(s.n, 1);
		assert_memory_equal(&s.rules[0], &r, sizeof(r));
		/* Of the other map its sizes are wrong. */
		assert_true(nft_parse_elements(msg, 1 - rows[i].map, keep_rule, &s) < 0);
		assert_true(nft_parse_is_our_event(msg));
		nft_batch_done(&b);
	}
}

static void test_rules_of_networks_come_back(void **state)
{
	(void)state;
	static const char *const nets[][2] = {
		{ "198.51.100.0/24", "10.0.0.5" }, { "198.51.100.128/25", "10.0.0.5" },
		{ "10.128.0.0/9", "10.0.0.5" },    { "198.51.100.252/31", "10.0.0.5" },
		{ "2001:db8::/33", "fd00::5" },
	};
	struct nft_batch b;
	struct nat_rule got;
	for (size_t i = 0; i < ARRAY_SIZE(nets); i++) {
		struct nat_rule r = rule(nets[i][0], nets[i][1]);
		struct nat_rules one = { .items = &r, .n = 1 };
		nft_batch_begin(&b);
		nft_batch_set_nets(&b, &one);
		assert_int_equal(nft_parse_rule(nft_batch_last(&b), &got), NFT_RULE_NET);
		assert_memory_equal(&got, &r, sizeof(r));
		nft_batch_done(&b);
	}
	nft_batch_begin(&b);
	nft_batch_skeleton(&b);
	assert_int_equal(nft_parse_rule(nft_batch_last(&b), &got), NFT_RULE_SKELETON);
	nft_batch_done(&b);
}

/* A rule with the comment, and behind it `net`, as many octets of it. */
static enum nft_rule_kind kind_of(const char *comment, uint8_t type, const struct nat_rule *net,
				  size_t size, struct nat_rule *ret)
{
	_Alignas(struct nlmsghdr) char buf[1024];
	uint8_t data[256] = { type, (uint8_t)(strlen(comment) + 1) };
	size_t len = 2 + strlen(comment) + 1;
	struct nlmsghdr *msg = nft_message(buf, NFT_MSG_NEWRULE, 0);
	mnl_attr_put_strz(msg, NFTA_RULE_TABLE, NFT_TABLE);
	memcpy(data + 2, comment, strlen(comment) + 1);
	if (net) {
		data[len] = NFT_USERDATA_NET;
		data[len + 1] = sizeof(*net);
		memcpy(data + len + 2, net, sizeof(*net));
		len += 2 + size;
	}
	mnl_attr_put(msg, NFTA_RULE_USERDATA, len, data);
	return nft_parse_rule(msg, ret);
}

static enum nft_rule_kind kind_of_net(const struct nat_rule *net)
{
	struct nat_rule got;
	return kind_of(NFT_COMMENT, NFT_USERDATA_COMMENT, net, sizeof(*net), &got);
}

static void test_rules_are_told_apart_by_what_they_carry(void **state)
{
	const struct nat_rule net = rule("198.51.100.0/24", "10.0.0.5");
	struct nat_rule r = net, got = { 0 };
	(void)state;
	assert_int_equal(kind_of(NFT_COMMENT, 0, NULL, 0, &got), NFT_RULE_SKELETON);
	assert_int_equal(kind_of(NFT_COMMENT_1, 0, NULL, 0, &got), NFT_RULE_SKELETON_1);
	assert_int_equal(kind_of(NFT_COMMENT, 0, &net, sizeof(net), &got), NFT_RULE_NET);
	assert_memory_equal(&got, &net, sizeof(got));
	assert_int_equal(kind_of(NFT_COMMENT_1, 0, &net, sizeof(net), &got), NFT_RULE_NET);
	assert_int_equal(kind_of(NFT_COMMENT, 1, NULL, 0, &got), NFT_RULE_OTHER);
	assert_int_equal(kind_of("vipherald:nat:3", 0, NULL, 0, &got), NFT_RULE_OTHER);
	assert_int_equal(kind_of("vipherald:nat", 0, NULL, 0, &got), NFT_RULE_OTHER);
	assert_int_equal(kind_of("", 0, NULL, 0, &got), NFT_RULE_OTHER);
	assert_int_equal(kind_of(NFT_COMMENT, 0, &net, sizeof(net) - 1, &got), NFT_RULE_OTHER);
	assert_int_equal(kind_of(NFT_COMMENT, 0, &net, sizeof(net) + 1, &got), NFT_RULE_OTHER);
	/* None of these can be a mapping of a network. */
	r.vip.len = 32;
	assert_int_equal(kind_of_net(&r), NFT_RULE_OTHER);
	r.vip.len = 33;
	assert_int_equal(kind_of_net(&r), NFT_RULE_OTHER);
	r.vip.len = 0;
	assert_int_equal(kind_of_net(&r), NFT_RULE_NET);
	r = net;
	r.behind = 1;
	assert_int_equal(kind_of_net(&r), NFT_RULE_NET);
	r.behind = 2;
	assert_int_equal(kind_of_net(&r), NFT_RULE_OTHER);
	r = net;
	r.dest.family = AF_INET6;
	assert_int_equal(kind_of_net(&r), NFT_RULE_OTHER);
	r.vip.addr.family = AF_INET6;
	assert_int_equal(kind_of_net(&r), NFT_RULE_NET);
	r.vip.len = 129;
	assert_int_equal(kind_of_net(&r), NFT_RULE_OTHER);
	r.vip.addr.family = r.dest.family = AF_UNIX;
	r.vip.len = 0;
	assert_int_equal(kind_of_net(&r), NFT_RULE_OTHER);
}

/* A message of `type` that names the table, of the family. */
static struct nlmsghdr *about(void *buf, uint16_t type, const char *table, uint8_t family)
{
	struct nlmsghdr *msg = nft_message(buf, type, 0);
	struct nfgenmsg *head = mnl_nlmsg_get_payload(msg);
	head->nfgen_family = family;
	if (table)
		mnl_attr_put_strz(msg, NFTA_TABLE_NAME, table);
	return msg;
}

static void test_events_about_our_table(void **state)
{
	_Alignas(struct nlmsghdr) char buf[NFT_REQUEST_MAX];
	struct nat_rule got;
	(void)state;
	assert_true(nft_parse_is_our_event(about(buf, NFT_MSG_DELTABLE, NFT_TABLE, NFPROTO_INET)));
	assert_true(nft_parse_is_our_event(about(buf, NFT_MSG_NEWRULE, NFT_TABLE, NFPROTO_INET)));
	assert_false(nft_parse_is_our_event(about(buf, NFT_MSG_NEWGEN, NFT_TABLE, NFPROTO_INET)));
	assert_false(nft_parse_is_our_event(about(buf, NFT_MSG_NEWRULE, NFT_TABLE, NFPROTO_IPV4)));
	assert_false(nft_parse_is_our_event(about(buf, NFT_MSG_NEWRULE, "vip", NFPROTO_INET)));
	assert_false(
		nft_parse_is_our_event(about(buf, NFT_MSG_NEWRULE, COUNT_TABLE, NFPROTO_INET)));
	assert_false(nft_parse_is_our_event(about(buf, NFT_MSG_NEWRULE, NULL, NFPROTO_INET)));
	struct nlmsghdr *msg = about(buf, NFT_MSG_NEWRULE, NFT_TABLE, NFPROTO_INET);
	msg->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | NFT_MSG_NEWRULE;
	assert_false(nft_parse_is_our_event(msg));
	/* A name without an end. */
	msg = about(buf, NFT_MSG_NEWRULE, NULL, NFPROTO_INET);
	mnl_attr_put(msg, NFTA_TABLE_NAME, sizeof(NFT_TABLE) - 1, NFT_TABLE);
	assert_false(nft_parse_is_our_event(msg));
	/* A rule without user data. */
	assert_int_equal(nft_parse_rule(about(buf, NFT_MSG_NEWRULE, NFT_TABLE, NFPROTO_INET), &got),
			 NFT_RULE_OTHER);
}

/* Of another type, of no map, and empty. */
static void test_messages_without_elements(void **state)
{
	_Alignas(struct nlmsghdr) char buf[NFT_REQUEST_MAX];
	struct seen s = { .n = 0 };
	uint32_t id;
	(void)state;
	struct nlmsghdr *msg = about(buf, NFT_MSG_NEWSETELEM, NFT_TABLE, NFPROTO_INET);
	assert_int_equal(nft_parse_elements(msg, NFT_VIPS4, keep_rule, &s), 0);
	mnl_attr_nest_end(msg, mnl_attr_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS));
	assert_int_equal(nft_parse_elements(msg, NFT_VIPS4, keep_rule, &s), 0);
	struct nlattr *list = mnl_attr_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS);
	mnl_attr_nest_end(msg, mnl_attr_nest_start(msg, NFTA_LIST_ELEM));
	mnl_attr_nest_end(msg, list);
	assert_int_equal(nft_parse_elements(msg, NFT_VIPS4, keep_rule, &s), -EBADMSG);
	msg = about(buf, NFT_MSG_DELSETELEM, NFT_TABLE, NFPROTO_INET);
	assert_int_equal(nft_parse_elements(msg, NFT_VIPS4, keep_rule, &s), -EBADMSG);
	msg = about(buf, NFT_MSG_NEWSETELEM, COUNT_TABLE, NFPROTO_INET);
	assert_int_equal(nft_parse_elements(msg, NFT_VIPS4, keep_rule, &s), -EBADMSG);
	assert_int_equal(s.n, 0);
	/* A generation without a number, and with half of one. */
	msg = nft_message(buf, NFT_MSG_NEWGEN, 0);
	assert_int_equal(nft_parse_generation(msg, &id), -EBADMSG);
	mnl_attr_put_u16(msg, NFTA_GEN_ID, 7);
	assert_int_equal(nft_parse_generation(msg, &id), -EBADMSG);
}

/* The expression's data, or NULL. */
static const struct nlattr *expression_of(const struct nlmsghdr *rule_msg, const char *name)
{
	const struct nlattr *attr, *e, *part;
	mnl_attr_for_each(attr, rule_msg, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attr) != NFTA_RULE_EXPRESSIONS)
			continue;
		mnl_attr_for_each_nested(e, attr)
		{
			bool is_it = false;
			mnl_attr_for_each_nested(part, e)
			{
				if (mnl_attr_get_type(part) == NFTA_EXPR_NAME)
					is_it = strcmp(mnl_attr_get_str(part), name) == 0;
				else if (is_it && mnl_attr_get_type(part) == NFTA_EXPR_DATA)
					return part;
			}
		}
	}
	return NULL;
}

/* The address, which the rule has just loaded, is looked up in the set of its length. */
static void test_counting_rules_look_into_their_set(void **state)
{
	const struct prefix vip = { { AF_INET, { 192, 0, 2, 0 } }, 24 };
	const struct nlattr *part;
	struct nft_batch b;
	unsigned seen = 0;
	(void)state;
	nft_batch_begin(&b);
	count_table_add_set(&b, count_set_of(&vip));
	const struct nlattr *lookup = expression_of(nft_batch_last(&b), "lookup");
	assert_non_null(lookup);
	mnl_attr_for_each_nested(part, lookup)
	{
		if (mnl_attr_get_type(part) == NFTA_LOOKUP_SREG) {
			assert_int_equal(ntohl(mnl_attr_get_u32(part)), NFT_REG_1);
			seen |= 1;
		} else if (mnl_attr_get_type(part) == NFTA_LOOKUP_SET) {
			assert_true(mnl_attr_get_payload_len(part) > 1);
			seen |= 2;
		}
	}
	assert_int_equal(seen, 3);
	nft_batch_done(&b);
}

static struct nlmsghdr *build_generation(void *buf, uint32_t id)
{
	struct nlmsghdr *msg = nft_build_get_generation(buf);
	msg->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN;
	mnl_attr_put_u32(msg, NFTA_GEN_ID, htonl(id));
	return msg;
}

static void test_generation_is_read(void **state)
{
	_Alignas(struct nlmsghdr) char buf[NFT_REQUEST_MAX];
	uint32_t id = 0;
	(void)state;
	assert_int_equal(nft_parse_generation(build_generation(buf, 0x01020304), &id), 0);
	assert_int_equal(id, 0x01020304);
	assert_int_equal(nft_parse_generation(nft_build_get_generation(buf), &id), -EBADMSG);
	struct nlmsghdr *msg = build_generation(buf, 7); /* another message, that looks like one */
	msg->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE;
	assert_int_equal(nft_parse_generation(msg, &id), -EBADMSG);
}

struct counted {
	struct traffic_count items[4];
	size_t n;
};

static void keep_count(const struct traffic_count *count, void *userdata)
{
	struct counted *c = userdata;
	if (c->n < 4)
		c->items[c->n++] = *count;
}

/* A copy that ends where the message does (padded, as libmnl takes it), so that the sanitizers see
 * a read past its end. */
static void parse_all(const void *bytes, size_t len, size_t claimed)
{
	struct seen s = { .n = 0 };
	struct nat_rule r;
	struct ct_flow f;
	uint32_t generation;
	_Alignas(struct nlmsghdr) char out[CTMSG_MAX];
	struct nlmsghdr *msg = mem_new(1, MNL_ALIGN(len));
	memcpy(msg, bytes, len);
	msg->nlmsg_len = (uint32_t)claimed;
	nft_parse_elements(msg, NFT_VIPS4, keep_rule, &s);
	s.n = 0;
	nft_parse_elements(msg, NFT_VIPS6, keep_rule, &s);
	nft_parse_rule(msg, &r);
	struct counted counted = { .n = 0 };
	count_table_parse(msg, 32, keep_count, &counted);
	count_table_parse(msg, 33 + 128, keep_count, &counted);
	nft_parse_is_our_event(msg);
	nft_parse_generation(msg, &generation);
	if (ct_parse(msg, &f) == 0)
		assert_true(addr_size(f.dst.family) > 0);
	ct_build_delete(out, msg);
	free(msg);
}

static void cut_and_bend(const struct nlmsghdr *msg)
{
	size_t len = msg->nlmsg_len;
	for (size_t cut = sizeof(*msg); cut <= len; cut++)
		parse_all(msg, cut, cut);
	for (size_t at = sizeof(msg->nlmsg_len); at < len; at++)
		for (unsigned bit = 0; bit < 8; bit++) {
			char *bent = mem_copy(msg, len);
			bent[at] = (char)(bent[at] ^ (1 << bit));
			parse_all(bent, len, len);
			free(bent);
		}
}

static struct nlmsghdr *build_flow(void *buf, uint8_t family)
{
	/* Of each tuple and end another one; the last octet of IPv4 is the fourth. */
	uint8_t address[16] = { 10, 0, 0, 0 };
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(msg, sizeof(*head));
	head->nfgen_family = family;
	static const uint16_t tuples[] = { CTA_TUPLE_ORIG, CTA_TUPLE_REPLY };
	for (size_t i = 0; i < 2; i++) {
		struct nlattr *nest = mnl_attr_nest_start(msg, tuples[i]);
		struct nlattr *ip = mnl_attr_nest_start(msg, CTA_TUPLE_IP);
		for (uint16_t type = 1; type <= 4; type++) {
			address[3] = (uint8_t)(10 * i + type);
			mnl_attr_put(msg, type, addr_size(family), address);
		}
		mnl_attr_nest_end(msg, ip);
		struct nlattr *proto = mnl_attr_nest_start(msg, CTA_TUPLE_PROTO);
		mnl_attr_put_u8(msg, CTA_PROTO_NUM, IPPROTO_UDP);
		mnl_attr_put_u16(msg, CTA_PROTO_SRC_PORT, htons(i == 0 ? 4000 : 8053));
		mnl_attr_put_u16(msg, CTA_PROTO_DST_PORT, htons(i == 0 ? 53 : 4001));
		mnl_attr_nest_end(msg, proto);
		mnl_attr_nest_end(msg, nest);
	}
	mnl_attr_put_u32(msg, CTA_ID, 7);
	mnl_attr_put_u16(msg, CTA_ZONE, htons(9));
	return msg;
}

/* The attribute of this type, as in `from`. */
static void expect_copied(const struct nlmsghdr *msg, const struct nlmsghdr *from, uint16_t type)
{
	const struct nlattr *attr, *copy = NULL, *original = NULL;
	mnl_attr_for_each(attr, msg, sizeof(struct nfgenmsg)) copy =
		mnl_attr_get_type(attr) == type ? attr : copy;
	mnl_attr_for_each(attr, from, sizeof(struct nfgenmsg)) original =
		mnl_attr_get_type(attr) == type ? attr : original;
	if (!copy || !original) {
		fail_msg("no attribute %u", type);
		return;
	}
	assert_int_equal(copy->nla_type, original->nla_type);
	assert_int_equal(copy->nla_len, original->nla_len);
	assert_memory_equal(mnl_attr_get_payload(copy), mnl_attr_get_payload(original),
			    mnl_attr_get_payload_len(original));
}

static void test_requests_about_flows(void **state)
{
	_Alignas(struct nlmsghdr) char buf[CTMSG_MAX], out[CTMSG_MAX];
	const struct nlmsghdr *dump = ct_build_dump(out, AF_INET6);
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(dump);
	(void)state;
	assert_int_equal(dump->nlmsg_type, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET);
	assert_int_equal(dump->nlmsg_flags, NLM_F_DUMP);
	assert_int_equal(head->nfgen_family, AF_INET6);
	assert_int_equal(head->version, NFNETLINK_V0);
	const struct nlmsghdr *flow = build_flow(buf, AF_INET);
	const struct nlmsghdr *delete = ct_build_delete(out, flow);
	head = mnl_nlmsg_get_payload(delete);
	assert_int_equal(delete->nlmsg_flags, 0);
	assert_int_equal(head->nfgen_family, AF_INET);
	expect_copied(delete, flow, CTA_TUPLE_ORIG);
	expect_copied(delete, flow, CTA_ZONE);
	expect_copied(delete, flow, CTA_ID);
}

static void expect_ends(const struct ct_flow *f, uint8_t dst, uint8_t answers_from)
{
	assert_int_equal(f->dst.bytes[3], dst);
	assert_int_equal(f->answers_from.bytes[3], answers_from);
}

static void test_flows_are_read(void **state)
{
	(void)state;
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	for (size_t i = 0; i < 2; i++) {
		_Alignas(struct nlmsghdr) char buf[CTMSG_MAX], out[CTMSG_MAX];
		struct ct_flow f;
		struct nlmsghdr *msg = build_flow(buf, families[i]);
		assert_int_equal(ct_parse(msg, &f), 0);
		assert_int_equal(f.dst.family, families[i]);
		/* CTA_IP_V4_DST is 2, _V6_DST 4, _V4_SRC 1, _V6_SRC 3. */
		expect_ends(&f, families[i] == AF_INET ? 2 : 4, families[i] == AF_INET ? 11 : 13);
		assert_int_equal(f.dst_port, 53);
		assert_int_equal(f.answers_port, 8053);
		assert_int_equal(f.proto, IPPROTO_UDP);
		struct nlmsghdr *delete = ct_build_delete(out, msg);
		assert_non_null(delete);
		assert_int_equal(delete->nlmsg_type,
				 NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE);
	}
}

/* The sizes of what a tuple is made of; -1: it is not there. */
struct tuple {
	int addr, port, proto;
};

static void put_tuple(struct nlmsghdr *msg, uint16_t type, const struct tuple *t)
{
	static const uint8_t octets[16] = { 1, 2, 3, 4 };
	struct nlattr *nest = mnl_attr_nest_start(msg, type);
	struct nlattr *ip = mnl_attr_nest_start(msg, CTA_TUPLE_IP);
	for (uint16_t kind = CTA_IP_V4_SRC; kind <= CTA_IP_V6_DST && t->addr >= 0; kind++)
		mnl_attr_put(msg, kind, (size_t)t->addr, octets);
	mnl_attr_nest_end(msg, ip);
	struct nlattr *proto = mnl_attr_nest_start(msg, CTA_TUPLE_PROTO);
	if (t->proto >= 0)
		mnl_attr_put(msg, CTA_PROTO_NUM, (size_t)t->proto, octets);
	for (uint16_t kind = CTA_PROTO_SRC_PORT; kind <= CTA_PROTO_DST_PORT && t->port >= 0; kind++)
		mnl_attr_put(msg, kind, (size_t)t->port, octets);
	mnl_attr_nest_end(msg, proto);
	mnl_attr_nest_end(msg, nest);
}

/* A protocol without ports, or what is of another size, in either direction. */
static void test_what_is_no_flow_between_ports(void **state)
{
	static const struct {
		uint8_t family;
		struct tuple tuple;
		bool is_flow;
	} rows[] = {
		{ AF_INET, { 4, 2, 1 }, true },    { AF_INET6, { 16, 2, 1 }, true },
		{ AF_INET, { -1, 2, 1 }, false },  { AF_INET, { 4, -1, 1 }, false },
		{ AF_INET, { 4, 2, -1 }, false },  { AF_INET, { 3, 2, 1 }, false },
		{ AF_INET, { 16, 2, 1 }, false },  { AF_INET6, { 4, 2, 1 }, false },
		{ AF_INET, { 4, 1, 1 }, false },   { AF_INET, { 4, 4, 1 }, false },
		{ AF_INET, { 4, 2, 0 }, false },   { AF_INET, { 4, 2, 2 }, false },
		{ AF_UNSPEC, { 0, 2, 1 }, false }, { AF_UNIX, { 4, 2, 1 }, false },
	};
	const struct tuple good4 = { 4, 2, 1 }, good6 = { 16, 2, 1 };
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		_Alignas(struct nlmsghdr) char buf[CTMSG_MAX];
		uint8_t family = rows[i / 2].family;
		const struct tuple *good = family == AF_INET6 ? &good6 : &good4;
		struct ct_flow f = { .dst_port = 77 };
		struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
		msg->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
		struct nfgenmsg *head = mnl_nlmsg_put_extra_header(msg, sizeof(*head));
		head->nfgen_family = family;
		put_tuple(msg, CTA_TUPLE_ORIG, i % 2 == 0 ? &rows[i / 2].tuple : good);
		put_tuple(msg, CTA_TUPLE_REPLY, i % 2 == 1 ? &rows[i / 2].tuple : good);
		if (family == AF_UNSPEC) { /* both, or the other one would be the wrong one */
			msg->nlmsg_len = NLMSG_HDRLEN + sizeof(*head);
			put_tuple(msg, CTA_TUPLE_ORIG, &rows[i / 2].tuple);
			put_tuple(msg, CTA_TUPLE_REPLY, &rows[i / 2].tuple);
		}
		assert_int_equal(ct_parse(msg, &f), rows[i / 2].is_flow ? 0 : -EBADMSG);
		assert_int_equal(f.dst_port, rows[i / 2].is_flow ? 0x0102 : 77);
	}
}

/* As the kernel dumps it: a VIP with its counter. */
static struct nlmsghdr *build_count(void *buf, const struct prefix *vip, uint64_t packets,
				    uint64_t bytes)
{
	struct nlmsghdr *msg = nft_message(buf, NFT_MSG_NEWSETELEM, 0);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_TABLE, COUNT_TABLE);
	struct nlattr *list = mnl_attr_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS);
	struct nlattr *element = mnl_attr_nest_start(msg, NFTA_LIST_ELEM);
	struct nlattr *key = mnl_attr_nest_start(msg, NFTA_SET_ELEM_KEY);
	mnl_attr_put(msg, NFTA_DATA_VALUE, addr_size(vip->addr.family), vip->addr.bytes);
	mnl_attr_nest_end(msg, key);
	struct nlattr *expr = mnl_attr_nest_start(msg, NFTA_SET_ELEM_EXPR);
	mnl_attr_put_strz(msg, NFTA_EXPR_NAME, "counter");
	struct nlattr *data = mnl_attr_nest_start(msg, NFTA_EXPR_DATA);
	mnl_attr_put_u64(msg, NFTA_COUNTER_BYTES, htobe64(bytes));
	mnl_attr_put_u64(msg, NFTA_COUNTER_PACKETS, htobe64(packets));
	mnl_attr_nest_end(msg, data);
	mnl_attr_nest_end(msg, expr);
	mnl_attr_nest_end(msg, element);
	mnl_attr_nest_end(msg, list);
	return msg;
}

static void test_counters_are_read(void **state)
{
	static const char *const vips[] = { "192.0.2.53/32", "2001:db8::53/128", "198.51.100.0/24",
					    "2001:db8:1::/48", "0.0.0.0/1" };
	_Alignas(struct nlmsghdr) char buf[1024];
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vips); i++) {
		struct prefix vip;
		struct counted c = { .n = 0 };
		assert_int_equal(prefix_parse(vips[i], &vip, NULL), 0);
		size_t set = count_set_of(&vip);
		assert_true(set < COUNT_SETS);
		struct nlmsghdr *msg = build_count(buf, &vip, 0x0102030405060708, 9);
		assert_int_equal(count_table_parse(msg, set, keep_count, &c), 0);
		assert_int_equal(c.n, 1);
		assert_memory_equal(&c.items[0].vip, &vip, sizeof(vip));
		assert_int_equal(c.items[0].packets, 0x0102030405060708);
		assert_int_equal(c.items[0].bytes, 9);
		/* Of the other family. */
		assert_int_equal(count_table_parse(msg, set < 33 ? 33 : 0, keep_count, &c),
				 -EBADMSG);
		msg->nlmsg_type = NLMSG_DONE;
		assert_int_equal(count_table_parse(msg, set, keep_count, &c), -EBADMSG);
	}
}

/* Of a set without elements the kernel sends none, or an empty list. */
static void test_a_set_may_be_empty(void **state)
{
	_Alignas(struct nlmsghdr) char buf[1024];
	struct counted c = { .n = 0 };
	(void)state;
	struct nlmsghdr *msg = nft_message(buf, NFT_MSG_NEWSETELEM, 0);
	assert_int_equal(count_table_parse(msg, 32, keep_count, &c), 0);
	mnl_attr_nest_end(msg, mnl_attr_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS));
	assert_int_equal(count_table_parse(msg, 32, keep_count, &c), 0);
	assert_int_equal(c.n, 0);
}

/* Both counters, of 64 bits each. */
static void test_an_element_has_a_whole_counter(void **state)
{
	static const struct prefix vip = { { AF_INET, { 192, 0, 2, 53 } }, 32 };
	static const uint16_t counters[] = { NFTA_COUNTER_BYTES, NFTA_COUNTER_PACKETS };
	static const uint8_t octets[9];
	(void)state;
	for (size_t i = 0; i < 3 * ARRAY_SIZE(counters); i++) {
		_Alignas(struct nlmsghdr) char buf[1024];
		struct counted c = { .n = 0 };
		struct nlmsghdr *msg = nft_message(buf, NFT_MSG_NEWSETELEM, 0);
		struct nlattr *list = mnl_attr_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS);
		struct nlattr *element = mnl_attr_nest_start(msg, NFTA_LIST_ELEM);
		nft_put_value(msg, NFTA_SET_ELEM_KEY, vip.addr.bytes, 4);
		struct nlattr *expr = mnl_attr_nest_start(msg, NFTA_SET_ELEM_EXPR);
		struct nlattr *data = mnl_attr_nest_start(msg, NFTA_EXPR_DATA);
		mnl_attr_put(msg, counters[i % 2], 8, octets);
		if (i >= 2) /* it is not there, it is too short, it is too long */
			mnl_attr_put(msg, counters[1 - i % 2], i < 4 ? 7 : 9, octets);
		mnl_attr_nest_end(msg, data);
		mnl_attr_nest_end(msg, expr);
		mnl_attr_nest_end(msg, element);
		mnl_attr_nest_end(msg, list);
		assert_int_equal(count_table_parse(msg, 32, keep_count, &c), -EBADMSG);
		assert_int_equal(c.n, 0);
	}
}

/* The copied parts of a dumped flow fit the message that deletes it. */
static void test_a_tuple_that_is_too_long_is_not_copied(void **state)
{
	(void)state;
	for (size_t size = CTMSG_MAX / 2; size <= CTMSG_MAX / 2 + 4; size += 4) {
		_Alignas(struct nlmsghdr) char buf[2 * CTMSG_MAX], out[CTMSG_MAX];
		struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
		msg->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
		struct nfgenmsg *head = mnl_nlmsg_put_extra_header(msg, sizeof(*head));
		head->nfgen_family = AF_INET;
		struct nlattr *tuple = mnl_attr_nest_start(msg, CTA_TUPLE_ORIG);
		static const uint8_t octets[CTMSG_MAX];
		mnl_attr_put(msg, CTA_TUPLE_IP, size - 2 * MNL_ATTR_HDRLEN, octets);
		mnl_attr_nest_end(msg, tuple);
		assert_int_equal(mnl_attr_get_len(tuple), size);
		const struct nlmsghdr *delete = ct_build_delete(out, msg);
		assert_int_equal(delete != NULL, size == CTMSG_MAX / 2);
	}
}

static void test_bent_messages(void **state)
{
	(void)state;
	_Alignas(struct nlmsghdr) char buf[CTMSG_MAX];
	struct nat_rule rules[] = { rule("192.0.2.1/32", "10.0.0.5"),
				    rule("2001:db8::1/128", "fd00::5"),
				    rule("198.51.100.0/24", "10.0.0.5") };
	struct nat_rules all = { .items = rules, .n = 3 };
	struct nft_batch b;
	nft_batch_begin(&b);
	nft_batch_add(&b, &all);
	nft_batch_set_nets(&b, &all);
	nft_batch_end(&b);
	int left = (int)b.len;
	for (const struct nlmsghdr *msg = (void *)b.buf; mnl_nlmsg_ok(msg, left);
	     msg = mnl_nlmsg_next(msg, &left))
		cut_and_bend(msg);
	nft_batch_done(&b);
	struct prefix vips[] = { rules[0].vip, rules[1].vip, rules[2].vip };
	for (size_t i = 0; i < ARRAY_SIZE(vips); i++)
		cut_and_bend(build_count(buf, &vips[i], 1, 2));
	cut_and_bend(build_flow(buf, AF_INET));
	cut_and_bend(build_flow(buf, AF_INET6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements_come_back),
		cmocka_unit_test(test_rules_of_networks_come_back),
		cmocka_unit_test(test_counting_rules_look_into_their_set),
		cmocka_unit_test(test_rules_are_told_apart_by_what_they_carry),
		cmocka_unit_test(test_events_about_our_table),
		cmocka_unit_test(test_messages_without_elements),
		cmocka_unit_test(test_generation_is_read),
		cmocka_unit_test(test_flows_are_read),
		cmocka_unit_test(test_counters_are_read),
		cmocka_unit_test(test_what_is_no_flow_between_ports),
		cmocka_unit_test(test_a_set_may_be_empty),
		cmocka_unit_test(test_an_element_has_a_whole_counter),
		cmocka_unit_test(test_a_tuple_that_is_too_long_is_not_copied),
		cmocka_unit_test(test_requests_about_flows),
		cmocka_unit_test(test_bent_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
