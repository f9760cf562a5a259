/* SPDX-License-Identifier: MIT */
#include "nat/count_table.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "nat/attrs.h"
#include "nat/nft_expr.h"

#define CHAIN        "prerouting"
#define RAW_PRIORITY (-300)
#define LO_IFINDEX   1u /* in every network namespace */
#define SET_NAME_MAX 16
#define N_LENGTHS4   33
#define TYPE_IPV4    7u /* as nft numbers them */
#define TYPE_IPV6    8u
#define ELEMENT_ROOM 160
#define PER_MESSAGE  200

struct set {
	uint8_t family, len;
	uint32_t addr_at, addr_size; /* of the destination in the packet */
	char name[SET_NAME_MAX];
};

size_t count_set_of(const struct prefix *vip)
{
	return vip->addr.family == AF_INET ? vip->len : (size_t)N_LENGTHS4 + vip->len;
}

static struct set set_at(size_t i)
{
	bool is4 = i < N_LENGTHS4;
	struct set s = {
		.family = is4 ? AF_INET : AF_INET6,
		.len = (uint8_t)(is4 ? i : i - N_LENGTHS4),
		.addr_at = is4 ? 16 : 24,
		.addr_size = is4 ? 4 : 16,
	};
	snprintf(s.name, sizeof(s.name), "v%d_%u", is4 ? 4 : 6, s.len);
	return s;
}

static void add_lo_rule(struct nft_batch *b)
{
	uint32_t lo = LO_IFINDEX;
	struct nlattr *list;
	struct nlmsghdr *msg = nft_batch_rule(b, COUNT_TABLE, CHAIN, &list);
	nft_put_meta(msg, NFT_META_IIF, NFT_REG_1);
	nft_put_equals(msg, &lo, sizeof(lo));
	nft_put_return(msg);
	mnl_attr_nest_end(msg, list);
	nft_batch_close(b, msg);
}

void count_table_skeleton(struct nft_batch *b)
{
	nft_batch_table(b, COUNT_TABLE); /* removing one that is not there would fail */
	nft_batch_drop_table(b, COUNT_TABLE);
	nft_batch_table(b, COUNT_TABLE);
	nft_batch_hook(b, COUNT_TABLE, CHAIN, "filter", NF_INET_PRE_ROUTING, RAW_PRIORITY);
	add_lo_rule(b);
}

static void add_rule(struct nft_batch *b, const struct set *s)
{
	uint8_t nfproto = s->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
	struct nlattr *list;
	struct nlmsghdr *msg = nft_batch_rule(b, COUNT_TABLE, CHAIN, &list);
	nft_put_meta(msg, NFT_META_NFPROTO, NFT_REG_1);
	nft_put_equals(msg, &nfproto, sizeof(nfproto));
	nft_put_payload(msg, NFT_PAYLOAD_NETWORK_HEADER, s->addr_at, s->addr_size, NFT_REG_1);
	if (s->len < s->addr_size * 8)
		nft_put_mask(msg, s->addr_size, s->len);
	nft_put_is_in(msg, s->name);
	mnl_attr_nest_end(msg, list);
	nft_batch_close(b, msg);
}

static void put_counter(struct nlmsghdr *msg, uint16_t type)
{
	struct nlattr *e = mnl_attr_nest_start(msg, type);
	mnl_attr_put_strz(msg, NFTA_EXPR_NAME, "counter");
	mnl_attr_nest_end(msg, mnl_attr_nest_start(msg, NFTA_EXPR_DATA));
	mnl_attr_nest_end(msg, e);
}

void count_table_add_set(struct nft_batch *b, size_t set)
{
	const struct set s = set_at(set);
	struct nlmsghdr *msg = nft_batch_open(b, NFT_MSG_NEWSET, NLM_F_CREATE, NFT_MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_SET_TABLE, COUNT_TABLE);
	mnl_attr_put_strz(msg, NFTA_SET_NAME, s.name);
	nft_put_u32(msg, NFTA_SET_KEY_TYPE, s.family == AF_INET ? TYPE_IPV4 : TYPE_IPV6);
	nft_put_u32(msg, NFTA_SET_KEY_LEN, s.addr_size);
	nft_put_u32(msg, NFTA_SET_ID, (uint32_t)set + 1);
	/* Elements bring theirs, but without this `nft` cannot load what it lists. */
	put_counter(msg, NFTA_SET_EXPR);
	nft_batch_close(b, msg);
	add_rule(b, &s);
}

/* ---- elements ---- */

static void put_element(struct nlmsghdr *msg, const struct set *s, const struct prefix *vip,
			bool with_counter)
{
	struct nlattr *element = mnl_attr_nest_start(msg, NFTA_LIST_ELEM);
	nft_put_value(msg, NFTA_SET_ELEM_KEY, vip->addr.bytes, s->addr_size);
	if (with_counter)
		put_counter(msg, NFTA_SET_ELEM_EXPR);
	mnl_attr_nest_end(msg, element);
}

static struct nlattr *list_open(struct nlmsghdr *msg, const struct set *s)
{
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_TABLE, COUNT_TABLE);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_SET, s->name);
	return mnl_attr_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS);
}

/* A message for each run of VIPs of one set. */
static void put_all(struct nft_batch *b, const struct prefix *vips, size_t n, bool add)
{
	for (size_t i = 0; i < n;) {
		size_t set = count_set_of(&vips[i]);
		const struct set s = set_at(set);
		struct nlmsghdr *msg = nft_batch_open(
			b, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0,
			NFT_MESSAGE_ROOM + PER_MESSAGE * ELEMENT_ROOM);
		struct nlattr *list = list_open(msg, &s);
		for (size_t k = 0; k < PER_MESSAGE && i < n && count_set_of(&vips[i]) == set; k++)
			put_element(msg, &s, &vips[i++], add);
		mnl_attr_nest_end(msg, list);
		nft_batch_close(b, msg);
	}
}

void count_table_add(struct nft_batch *b, const struct prefix *vips, size_t n)
{
	put_all(b, vips, n, true);
}

void count_table_del(struct nft_batch *b, const struct prefix *vips, size_t n)
{
	put_all(b, vips, n, false);
}

/* ---- requests and answers ---- */

struct nlmsghdr *count_table_get(void *buf)
{
	struct nlmsghdr *msg = nft_message(buf, NFT_MSG_GETTABLE, 0);
	mnl_attr_put_strz(msg, NFTA_TABLE_NAME, COUNT_TABLE);
	return msg;
}

struct nlmsghdr *count_table_dump(void *buf, size_t set)
{
	const struct set s = set_at(set);
	struct nlmsghdr *msg = nft_message(buf, NFT_MSG_GETSETELEM, NLM_F_DUMP);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_TABLE, COUNT_TABLE);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_SET, s.name);
	return msg;
}

static bool get_u64(const struct nlattr *attr, uint64_t *ret)
{
	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(*ret))
		return false;
	memcpy(ret, mnl_attr_get_payload(attr), sizeof(*ret));
	*ret = be64toh(*ret);
	return true;
}

static int parse_element(const struct nlattr *element, const struct set *s,
			 struct traffic_count *ret)
{
	struct attrs a, key, expr, counter;
	attrs_parse_nested(element, &a);
	attrs_parse_nested(a.by_type[NFTA_SET_ELEM_KEY], &key);
	attrs_parse_nested(a.by_type[NFTA_SET_ELEM_EXPR], &expr);
	attrs_parse_nested(expr.by_type[NFTA_EXPR_DATA], &counter);
	const struct nlattr *value = key.by_type[NFTA_DATA_VALUE];
	if (!value || mnl_attr_get_payload_len(value) != s->addr_size ||
	    !get_u64(counter.by_type[NFTA_COUNTER_PACKETS], &ret->packets) ||
	    !get_u64(counter.by_type[NFTA_COUNTER_BYTES], &ret->bytes))
		return -EBADMSG;
	ret->vip = (struct prefix){ .addr = addr_from_bytes(s->family, mnl_attr_get_payload(value)),
				    .len = s->len };
	return 0;
}

int count_table_parse(const struct nlmsghdr *msg, size_t set, count_element_cb *cb, void *userdata)
{
	const struct set s = set_at(set);
	const struct nlattr *element;
	struct attrs a;
	if (msg->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM) ||
	    mnl_nlmsg_get_payload_len(msg) < sizeof(struct nfgenmsg))
		return -EBADMSG;
	attrs_parse(msg, sizeof(struct nfgenmsg), &a);
	const struct nlattr *list = a.by_type[NFTA_SET_ELEM_LIST_ELEMENTS];
	if (!list)
		return 0;
	mnl_attr_for_each_nested(element, list)
	{
		struct traffic_count count;
		int r = parse_element(element, &s, &count);
		if (r < 0)
			return r;
		cb(&count, userdata);
	}
	return 0;
}
