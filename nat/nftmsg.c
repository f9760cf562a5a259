/* SPDX-License-Identifier: MIT */
/*
 * nf_tables over netlink, without libnftables: that parses text and keeps a copy of the host's
 * whole ruleset, which takes 18 ms for 1,000 mappings and 16 ms for any command that fails, too
 * long for one thread that also speaks BGP.
 *
 * The attributes are those that `nft --debug=netlink,mnl` shows for the text in nftmsg.h. Integers
 * are big-endian. Values in registers and elements are padded to 4 octets.
 */
#include "nat/nftmsg.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "nat/attrs.h"

/* Attributes carry their length in 16 bits; 400 elements of the largest kind take 39 kB. */
#define ELEMENTS_PER_MESSAGE 400
/* Room that is enough for any message here without elements. */
#define MESSAGE_ROOM 2048
#define ELEMENT_ROOM 128

/* What nft calls types of data (`nft describe`), as numbers, and how it writes several in one. */
#define TYPE_IPV4_ADDR    7u
#define TYPE_IPV6_ADDR    8u
#define TYPE_INET_PROTO   12u
#define TYPE_INET_SERVICE 13u
#define CONCAT(a, b)      ((a) << 6 | (b))
#define DSTNAT_PRIORITY   (-100)
#define PRIORITY          (DSTNAT_PRIORITY - 5) /* before iptables and others' tables */
#define RULE_KEY_MAX      24
/* User data of a rule: type, length, octets. nft shows the comment and passes over ours. */
#define USERDATA_COMMENT 0
#define USERDATA_NET     118

static const struct map {
	const char *name;
	uint8_t family;
	uint32_t key_type, data_type;
	uint32_t addr_at, addr_size;  /* of the destination in the packet */
	uint32_t proto_reg, port_reg; /* of the key; the address begins in NFT_REG_1 */
	uint32_t dest_port_reg;       /* of the data, likewise */
} maps[NFT_MAPS] = {
	[NFT_VIPS4] = { "vips4", AF_INET,
			CONCAT(CONCAT(TYPE_IPV4_ADDR, TYPE_INET_PROTO), TYPE_INET_SERVICE),
			CONCAT(TYPE_IPV4_ADDR, TYPE_INET_SERVICE), 16, 4, NFT_REG32_01,
			NFT_REG32_02, NFT_REG32_01 },
	[NFT_VIPS6] = { "vips6", AF_INET6,
			CONCAT(CONCAT(TYPE_IPV6_ADDR, TYPE_INET_PROTO), TYPE_INET_SERVICE),
			CONCAT(TYPE_IPV6_ADDR, TYPE_INET_SERVICE), 24, 16, NFT_REG32_04,
			NFT_REG32_05, NFT_REG32_04 },
};

static const struct map *map_of(uint8_t family)
{
	return &maps[family == AF_INET ? NFT_VIPS4 : NFT_VIPS6];
}

#define NETS_CHAIN "nets"

static const struct chain {
	const char *name;
	uint32_t hook;
} hooks[] = { { "prerouting", NF_INET_PRE_ROUTING }, { "output", NF_INET_LOCAL_OUT } };

/* ---- messages ---- */

static struct nlmsghdr *message_in(void *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	msg->nlmsg_flags = flags;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(msg, sizeof(*head));
	head->nfgen_family = NFPROTO_INET;
	head->version = NFNETLINK_V0;
	return msg;
}

/* Room behind the last message; written into directly, counted by batch_close(). */
static void *batch_room(struct nft_batch *b, size_t room)
{
	b->buf = mem_grow(b->buf, &b->cap, b->len + room, 1);
	return b->buf + b->len;
}

static struct nlmsghdr *batch_open(struct nft_batch *b, uint16_t type, uint16_t flags, size_t room)
{
	return message_in(batch_room(b, room), type, flags);
}

static void batch_close(struct nft_batch *b, const struct nlmsghdr *msg)
{
	b->last = b->len;
	b->len += MNL_ALIGN(msg->nlmsg_len);
}

static void batch_mark(struct nft_batch *b, uint16_t type)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(batch_room(b, MESSAGE_ROOM));
	msg->nlmsg_type = type;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(msg, sizeof(*head));
	head->version = NFNETLINK_V0;
	head->res_id = htons(NFNL_SUBSYS_NFTABLES);
	b->len += MNL_ALIGN(msg->nlmsg_len);
}

void nft_batch_begin(struct nft_batch *b)
{
	*b = (struct nft_batch){ 0 };
	batch_mark(b, NFNL_MSG_BATCH_BEGIN);
}

void nft_batch_end(struct nft_batch *b)
{
	batch_mark(b, NFNL_MSG_BATCH_END);
}

void nft_batch_done(struct nft_batch *b)
{
	free(b->buf);
	*b = (struct nft_batch){ 0 };
}

struct nlmsghdr *nft_batch_last(const struct nft_batch *b)
{
	return (void *)(b->buf + b->last);
}

static void put_u32(struct nlmsghdr *msg, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(msg, type, htonl(value));
}

/* ---- expressions ---- */

struct expression {
	struct nlattr *element, *data;
};

static struct expression expression_open(struct nlmsghdr *msg, const char *name)
{
	struct expression e = { .element = mnl_attr_nest_start(msg, NFTA_LIST_ELEM) };
	mnl_attr_put_strz(msg, NFTA_EXPR_NAME, name);
	e.data = mnl_attr_nest_start(msg, NFTA_EXPR_DATA);
	return e;
}

static void expression_close(struct nlmsghdr *msg, struct expression e)
{
	mnl_attr_nest_end(msg, e.data);
	mnl_attr_nest_end(msg, e.element);
}

static void put_meta(struct nlmsghdr *msg, uint32_t key, uint32_t reg)
{
	struct expression e = expression_open(msg, "meta");
	put_u32(msg, NFTA_META_KEY, key);
	put_u32(msg, NFTA_META_DREG, reg);
	expression_close(msg, e);
}

static void put_value(struct nlmsghdr *msg, uint16_t type, const void *value, size_t size)
{
	struct nlattr *nest = mnl_attr_nest_start(msg, type);
	mnl_attr_put(msg, NFTA_DATA_VALUE, size, value);
	mnl_attr_nest_end(msg, nest);
}

static void put_equals(struct nlmsghdr *msg, const void *value, size_t size)
{
	struct expression e = expression_open(msg, "cmp");
	put_u32(msg, NFTA_CMP_SREG, NFT_REG_1);
	put_u32(msg, NFTA_CMP_OP, NFT_CMP_EQ);
	put_value(msg, NFTA_CMP_DATA, value, size);
	expression_close(msg, e);
}

/* The first `bits` of what is in NFT_REG_1. */
static void put_mask(struct nlmsghdr *msg, size_t size, uint8_t bits)
{
	static const uint8_t zero[16];
	uint8_t mask[16] = { 0 };
	for (size_t i = 0; i < bits; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	struct expression e = expression_open(msg, "bitwise");
	put_u32(msg, NFTA_BITWISE_SREG, NFT_REG_1);
	put_u32(msg, NFTA_BITWISE_DREG, NFT_REG_1);
	put_u32(msg, NFTA_BITWISE_LEN, (uint32_t)size);
	put_value(msg, NFTA_BITWISE_MASK, mask, size);
	put_value(msg, NFTA_BITWISE_XOR, zero, size);
	expression_close(msg, e);
}

static void put_immediate(struct nlmsghdr *msg, uint32_t reg, const void *value, size_t size)
{
	struct expression e = expression_open(msg, "immediate");
	put_u32(msg, NFTA_IMMEDIATE_DREG, reg);
	put_value(msg, NFTA_IMMEDIATE_DATA, value, size);
	expression_close(msg, e);
}

static void put_jump(struct nlmsghdr *msg, const char *chain)
{
	struct expression e = expression_open(msg, "immediate");
	put_u32(msg, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	struct nlattr *data = mnl_attr_nest_start(msg, NFTA_IMMEDIATE_DATA);
	struct nlattr *verdict = mnl_attr_nest_start(msg, NFTA_DATA_VERDICT);
	put_u32(msg, NFTA_VERDICT_CODE, (uint32_t)NFT_JUMP);
	mnl_attr_put_strz(msg, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(msg, verdict);
	mnl_attr_nest_end(msg, data);
	expression_close(msg, e);
}

static void put_payload(struct nlmsghdr *msg, uint32_t base, uint32_t offset, uint32_t len,
			uint32_t reg)
{
	struct expression e = expression_open(msg, "payload");
	put_u32(msg, NFTA_PAYLOAD_DREG, reg);
	put_u32(msg, NFTA_PAYLOAD_BASE, base);
	put_u32(msg, NFTA_PAYLOAD_OFFSET, offset);
	put_u32(msg, NFTA_PAYLOAD_LEN, len);
	expression_close(msg, e);
}

static void put_lookup(struct nlmsghdr *msg, const char *map)
{
	struct expression e = expression_open(msg, "lookup");
	mnl_attr_put_strz(msg, NFTA_LOOKUP_SET, map);
	put_u32(msg, NFTA_LOOKUP_SREG, NFT_REG_1);
	put_u32(msg, NFTA_LOOKUP_DREG, NFT_REG_1);
	expression_close(msg, e);
}

static void put_dnat(struct nlmsghdr *msg, uint8_t family, uint32_t port_reg)
{
	struct expression e = expression_open(msg, "nat");
	put_u32(msg, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	put_u32(msg, NFTA_NAT_FAMILY, family);
	put_u32(msg, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
	put_u32(msg, NFTA_NAT_REG_PROTO_MIN, port_reg);
	expression_close(msg, e);
}

/* ---- the skeleton ---- */

static void add_table(struct nft_batch *b)
{
	struct nlmsghdr *msg = batch_open(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_TABLE_NAME, NFTMSG_TABLE);
	batch_close(b, msg);
}

void nft_batch_del_table(struct nft_batch *b)
{
	struct nlmsghdr *msg = batch_open(b, NFT_MSG_DELTABLE, 0, MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_TABLE_NAME, NFTMSG_TABLE);
	batch_close(b, msg);
}

static struct nlmsghdr *chain_open(struct nft_batch *b, const char *name)
{
	struct nlmsghdr *msg = batch_open(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_CHAIN_TABLE, NFTMSG_TABLE);
	mnl_attr_put_strz(msg, NFTA_CHAIN_NAME, name);
	return msg;
}

static void add_hooked_chain(struct nft_batch *b, const struct chain *c)
{
	struct nlmsghdr *msg = chain_open(b, c->name);
	struct nlattr *hook = mnl_attr_nest_start(msg, NFTA_CHAIN_HOOK);
	put_u32(msg, NFTA_HOOK_HOOKNUM, c->hook);
	put_u32(msg, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY);
	mnl_attr_nest_end(msg, hook);
	mnl_attr_put_strz(msg, NFTA_CHAIN_TYPE, "nat");
	batch_close(b, msg);
}

static uint32_t key_size(const struct map *m)
{
	return m->addr_size + 4 + 4;
}

static uint32_t data_size(const struct map *m)
{
	return m->addr_size + 4;
}

static void add_map(struct nft_batch *b, enum nft_map which)
{
	const struct map *m = &maps[which];
	struct nlmsghdr *msg = batch_open(b, NFT_MSG_NEWSET, NLM_F_CREATE, MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_SET_TABLE, NFTMSG_TABLE);
	mnl_attr_put_strz(msg, NFTA_SET_NAME, m->name);
	put_u32(msg, NFTA_SET_FLAGS, NFT_SET_MAP);
	put_u32(msg, NFTA_SET_KEY_TYPE, m->key_type);
	put_u32(msg, NFTA_SET_KEY_LEN, key_size(m));
	put_u32(msg, NFTA_SET_DATA_TYPE, m->data_type);
	put_u32(msg, NFTA_SET_DATA_LEN, data_size(m));
	put_u32(msg, NFTA_SET_ID, which + 1);
	batch_close(b, msg);
}

/* ---- rules ---- */

static struct nlmsghdr *rule_open(struct nft_batch *b, const char *chain,
				  struct nlattr **ret_expressions)
{
	struct nlmsghdr *msg =
		batch_open(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_RULE_TABLE, NFTMSG_TABLE);
	mnl_attr_put_strz(msg, NFTA_RULE_CHAIN, chain);
	*ret_expressions = mnl_attr_nest_start(msg, NFTA_RULE_EXPRESSIONS);
	return msg;
}

/* `net` NULL: a rule of the skeleton. */
static void rule_close(struct nft_batch *b, struct nlmsghdr *msg, struct nlattr *expressions,
		       const struct nat_rule *net)
{
	static const char text[] = NFTMSG_COMMENT;
	uint8_t data[2 + sizeof(text) + 2 + sizeof(*net)] = { USERDATA_COMMENT, sizeof(text) };
	size_t size = 2 + sizeof(text);
	memcpy(data + 2, text, sizeof(text));
	if (net) {
		data[size] = USERDATA_NET;
		data[size + 1] = sizeof(*net);
		memcpy(data + size + 2, net, sizeof(*net));
		size += 2 + sizeof(*net);
	}
	mnl_attr_nest_end(msg, expressions);
	mnl_attr_put(msg, NFTA_RULE_USERDATA, size, data);
	batch_close(b, msg);
}

static uint8_t nfproto_of(uint8_t family)
{
	return family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

static void put_is_family(struct nlmsghdr *msg, uint8_t family)
{
	uint8_t nfproto = nfproto_of(family);
	put_meta(msg, NFT_META_NFPROTO, NFT_REG_1);
	put_equals(msg, &nfproto, sizeof(nfproto));
}

/* dnat FAMILY to FAMILY daddr . meta l4proto . th dport map @NAME */
static void add_map_rule(struct nft_batch *b, const char *chain, const struct map *m)
{
	struct nlattr *list;
	struct nlmsghdr *msg = rule_open(b, chain, &list);
	put_is_family(msg, m->family);
	put_payload(msg, NFT_PAYLOAD_NETWORK_HEADER, m->addr_at, m->addr_size, NFT_REG_1);
	put_meta(msg, NFT_META_L4PROTO, m->proto_reg);
	put_payload(msg, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, m->port_reg);
	put_lookup(msg, m->name);
	put_dnat(msg, nfproto_of(m->family), m->dest_port_reg);
	rule_close(b, msg, list, NULL);
}

static void add_jump_rule(struct nft_batch *b, const char *chain)
{
	struct nlattr *list;
	struct nlmsghdr *msg = rule_open(b, chain, &list);
	put_jump(msg, NETS_CHAIN);
	rule_close(b, msg, list, NULL);
}

/* FAMILY daddr VIP PROTO dport LISTEN dnat to DEST:PORT */
static void add_net_rule(struct nft_batch *b, const struct nat_rule *r)
{
	const struct map *m = map_of(r->vip.addr.family);
	uint16_t listen = htons(r->listen), port = htons(r->port);
	struct nlattr *list;
	struct nlmsghdr *msg = rule_open(b, NETS_CHAIN, &list);
	put_is_family(msg, m->family);
	put_payload(msg, NFT_PAYLOAD_NETWORK_HEADER, m->addr_at, m->addr_size, NFT_REG_1);
	put_mask(msg, m->addr_size, r->vip.len);
	put_equals(msg, r->vip.addr.bytes, m->addr_size);
	put_meta(msg, NFT_META_L4PROTO, NFT_REG_1);
	put_equals(msg, &r->proto, sizeof(r->proto));
	put_payload(msg, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG_1);
	put_equals(msg, &listen, sizeof(listen));
	put_immediate(msg, NFT_REG_1, r->dest.bytes, m->addr_size);
	put_immediate(msg, NFT_REG_2, &port, sizeof(port));
	put_dnat(msg, nfproto_of(m->family), NFT_REG_2);
	rule_close(b, msg, list, r);
}

bool nft_rule_is_net(const struct nat_rule *r)
{
	return r->vip.len != addr_size(r->vip.addr.family) * 8;
}

void nft_batch_set_nets(struct nft_batch *b, const struct nat_rules *nets)
{
	/* Without saying which: all rules of the chain. */
	struct nlmsghdr *msg = batch_open(b, NFT_MSG_DELRULE, 0, MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_RULE_TABLE, NFTMSG_TABLE);
	mnl_attr_put_strz(msg, NFTA_RULE_CHAIN, NETS_CHAIN);
	batch_close(b, msg);
	for (size_t i = 0; i < nets->n; i++)
		add_net_rule(b, &nets->items[i]);
}

void nft_batch_skeleton(struct nft_batch *b)
{
	add_table(b); /* removing one that is not there would fail */
	nft_batch_del_table(b);
	add_table(b);
	for (unsigned m = 0; m < NFT_MAPS; m++)
		add_map(b, m);
	batch_close(b, chain_open(b, NETS_CHAIN));
	for (size_t c = 0; c < sizeof(hooks) / sizeof(hooks[0]); c++) {
		add_hooked_chain(b, &hooks[c]);
		for (unsigned m = 0; m < NFT_MAPS; m++)
			add_map_rule(b, hooks[c].name, &maps[m]);
		add_jump_rule(b, hooks[c].name);
	}
}

/* ---- elements ---- */

static bool belongs(const struct nat_rule *r, const struct map *m)
{
	return r->vip.addr.family == m->family && !nft_rule_is_net(r);
}

static void put_key(struct nlmsghdr *msg, const struct map *m, const struct nat_rule *r)
{
	uint8_t key[RULE_KEY_MAX] = { 0 };
	uint16_t port = htons(r->listen);
	memcpy(key, r->vip.addr.bytes, m->addr_size);
	key[m->addr_size] = r->proto;
	memcpy(key + m->addr_size + 4, &port, sizeof(port));
	put_value(msg, NFTA_SET_ELEM_KEY, key, key_size(m));
}

static void put_dest(struct nlmsghdr *msg, const struct map *m, const struct nat_rule *r)
{
	uint8_t data[RULE_KEY_MAX] = { 0 };
	uint16_t port = htons(r->port);
	memcpy(data, r->dest.bytes, m->addr_size);
	memcpy(data + m->addr_size, &port, sizeof(port));
	put_value(msg, NFTA_SET_ELEM_DATA, data, data_size(m));
}

/* One message: elements of one map from *next on, as many as fit. False when there was none. */
static bool put_elements(struct nft_batch *b, const struct map *m, const struct nat_rules *rules,
			 size_t *next, bool add)
{
	while (*next < rules->n && !belongs(&rules->items[*next], m))
		++*next;
	if (*next == rules->n)
		return false;
	struct nlmsghdr *msg =
		batch_open(b, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0,
			   MESSAGE_ROOM + ELEMENTS_PER_MESSAGE * ELEMENT_ROOM);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_TABLE, NFTMSG_TABLE);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_SET, m->name);
	struct nlattr *list = mnl_attr_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t n = 0; *next < rules->n && n < ELEMENTS_PER_MESSAGE; ++*next) {
		const struct nat_rule *r = &rules->items[*next];
		if (!belongs(r, m))
			continue;
		struct nlattr *element = mnl_attr_nest_start(msg, NFTA_LIST_ELEM);
		put_key(msg, m, r);
		if (add)
			put_dest(msg, m, r);
		mnl_attr_nest_end(msg, element);
		n++;
	}
	mnl_attr_nest_end(msg, list);
	batch_close(b, msg);
	return true;
}

static void put_all(struct nft_batch *b, const struct nat_rules *rules, bool add)
{
	for (unsigned m = 0; m < NFT_MAPS; m++)
		for (size_t next = 0; put_elements(b, &maps[m], rules, &next, add);)
			;
}

void nft_batch_add(struct nft_batch *b, const struct nat_rules *rules)
{
	put_all(b, rules, true);
}

void nft_batch_del(struct nft_batch *b, const struct nat_rules *rules)
{
	put_all(b, rules, false);
}

/* ---- requests and answers ---- */

struct nlmsghdr *nft_build_get_table(void *buf)
{
	struct nlmsghdr *msg = message_in(buf, NFT_MSG_GETTABLE, 0);
	mnl_attr_put_strz(msg, NFTA_TABLE_NAME, NFTMSG_TABLE);
	return msg;
}

struct nlmsghdr *nft_build_dump_rules(void *buf)
{
	struct nlmsghdr *msg = message_in(buf, NFT_MSG_GETRULE, NLM_F_DUMP);
	mnl_attr_put_strz(msg, NFTA_RULE_TABLE, NFTMSG_TABLE);
	return msg;
}

struct nlmsghdr *nft_build_dump_map(void *buf, enum nft_map map)
{
	struct nlmsghdr *msg = message_in(buf, NFT_MSG_GETSETELEM, NLM_F_DUMP);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_TABLE, NFTMSG_TABLE);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_SET, maps[map].name);
	return msg;
}

/* False when it is not a message of nf_tables about our table. Every kind of them begins with the
 * name of its table, as attribute 1. */
static bool parse_ours(const struct nlmsghdr *msg, struct attrs *ret)
{
	*ret = (struct attrs){ 0 };
	if (msg->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
	    mnl_nlmsg_get_payload_len(msg) < sizeof(struct nfgenmsg))
		return false;
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(msg);
	attrs_parse(msg, sizeof(*head), ret);
	const struct nlattr *name = ret->by_type[NFTA_TABLE_NAME];
	return head->nfgen_family == NFPROTO_INET && name &&
	       mnl_attr_validate(name, MNL_TYPE_NUL_STRING) == 0 &&
	       strcmp(mnl_attr_get_str(name), NFTMSG_TABLE) == 0;
}

bool nft_parse_is_our_event(const struct nlmsghdr *msg)
{
	struct attrs a;
	return (msg->nlmsg_type & 0xff) != NFT_MSG_NEWGEN && parse_ours(msg, &a);
}

enum nft_rule_kind nft_parse_rule(const struct nlmsghdr *msg, struct nat_rule *ret)
{
	static const char text[] = NFTMSG_COMMENT;
	const size_t marked = 2 + sizeof(text), net = marked + 2 + sizeof(*ret);
	struct attrs a;
	if ((msg->nlmsg_type & 0xff) != NFT_MSG_NEWRULE || !parse_ours(msg, &a))
		return NFT_RULE_OTHER;
	const struct nlattr *data = a.by_type[NFTA_RULE_USERDATA];
	size_t size = data ? mnl_attr_get_payload_len(data) : 0;
	if (size < marked)
		return NFT_RULE_OTHER;
	const uint8_t *p = mnl_attr_get_payload(data);
	if (p[0] != USERDATA_COMMENT || memcmp(p + 2, text, sizeof(text)) != 0)
		return NFT_RULE_OTHER;
	if (size == marked)
		return NFT_RULE_SKELETON;
	if (size != net || p[marked] != USERDATA_NET)
		return NFT_RULE_OTHER;
	struct nat_rule r;
	memcpy(&r, p + marked + 2, sizeof(r));
	if (addr_size(r.vip.addr.family) == 0 || r.dest.family != r.vip.addr.family ||
	    !nft_rule_is_net(&r) || r.vip.len > addr_size(r.dest.family) * 8)
		return NFT_RULE_OTHER;
	*ret = r;
	return NFT_RULE_NET;
}

/* The octets of NFTA_DATA_VALUE inside; NULL unless they are as many as expected. */
static const uint8_t *value_of(const struct nlattr *nest, size_t size)
{
	struct attrs a;
	attrs_parse_nested(nest, &a);
	const struct nlattr *value = a.by_type[NFTA_DATA_VALUE];
	if (!value || mnl_attr_get_payload_len(value) != size)
		return NULL;
	return mnl_attr_get_payload(value);
}

static uint16_t port_at(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static int parse_element(const struct nlattr *element, const struct map *m, struct nat_rule *ret)
{
	struct attrs a;
	attrs_parse_nested(element, &a);
	const uint8_t *key = value_of(a.by_type[NFTA_SET_ELEM_KEY], key_size(m));
	const uint8_t *data = value_of(a.by_type[NFTA_SET_ELEM_DATA], data_size(m));
	if (!key || !data)
		return -EBADMSG;
	*ret = (struct nat_rule){
		.vip = { .addr = addr_from_bytes(m->family, key),
			 .len = (uint8_t)(m->addr_size * 8) },
		.proto = key[m->addr_size],
		.listen = port_at(key + m->addr_size + 4),
		.dest = addr_from_bytes(m->family, data),
		.port = port_at(data + m->addr_size),
	};
	return 0;
}

int nft_parse_elements(const struct nlmsghdr *msg, enum nft_map map, nft_element_cb *cb,
		       void *userdata)
{
	struct attrs a;
	const struct nlattr *element;
	if ((msg->nlmsg_type & 0xff) != NFT_MSG_NEWSETELEM || !parse_ours(msg, &a))
		return -EBADMSG;
	const struct nlattr *list = a.by_type[NFTA_SET_ELEM_LIST_ELEMENTS];
	if (!list)
		return 0;
	mnl_attr_for_each_nested(element, list)
	{
		struct nat_rule r;
		int rc = parse_element(element, &maps[map], &r);
		if (rc < 0)
			return rc;
		cb(&r, userdata);
	}
	return 0;
}
