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
#define TYPE_IPV4_ADDR        7u
#define TYPE_IPV6_ADDR        8u
#define TYPE_INET_PROTO       12u
#define TYPE_INET_SERVICE     13u
#define CONCAT(a, b)          ((a) << 6 | (b))
#define DSTNAT_PRIORITY       (-100)
#define PRIORITY              (DSTNAT_PRIORITY - 5) /* before iptables and others' tables */
#define USERDATA_RULE_COMMENT 0
#define NFT_FIELDS            3
#define RULE_KEY_MAX          24

static const struct map {
	const char *name;
	uint8_t family;
	bool nets;
	uint32_t key_type, data_type;
	uint32_t addr_at, addr_size;  /* of the destination in the packet */
	uint32_t proto_reg, port_reg; /* of the key; the address begins in NFT_REG_1 */
	uint32_t dest_port_reg;       /* of the data, likewise */
} maps[NFT_MAPS] = {
	[NFT_MAP_IP4] = { "ip4", AF_INET, false,
			  CONCAT(CONCAT(TYPE_IPV4_ADDR, TYPE_INET_PROTO), TYPE_INET_SERVICE),
			  CONCAT(TYPE_IPV4_ADDR, TYPE_INET_SERVICE), 16, 4, NFT_REG32_01,
			  NFT_REG32_02, NFT_REG32_01 },
	[NFT_MAP_NET4] = { "net4", AF_INET, true,
			   CONCAT(CONCAT(TYPE_IPV4_ADDR, TYPE_INET_PROTO), TYPE_INET_SERVICE),
			   CONCAT(TYPE_IPV4_ADDR, TYPE_INET_SERVICE), 16, 4, NFT_REG32_01,
			   NFT_REG32_02, NFT_REG32_01 },
	[NFT_MAP_IP6] = { "ip6", AF_INET6, false,
			  CONCAT(CONCAT(TYPE_IPV6_ADDR, TYPE_INET_PROTO), TYPE_INET_SERVICE),
			  CONCAT(TYPE_IPV6_ADDR, TYPE_INET_SERVICE), 24, 16, NFT_REG32_04,
			  NFT_REG32_05, NFT_REG32_04 },
	[NFT_MAP_NET6] = { "net6", AF_INET6, true,
			   CONCAT(CONCAT(TYPE_IPV6_ADDR, TYPE_INET_PROTO), TYPE_INET_SERVICE),
			   CONCAT(TYPE_IPV6_ADDR, TYPE_INET_SERVICE), 24, 16, NFT_REG32_04,
			   NFT_REG32_05, NFT_REG32_04 },
};

static const struct chain {
	const char *name;
	uint32_t hook;
} chains[] = { { "prerouting", NF_INET_PRE_ROUTING }, { "output", NF_INET_LOCAL_OUT } };

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

static void put_equals_octet(struct nlmsghdr *msg, uint32_t reg, uint8_t value)
{
	struct expression e = expression_open(msg, "cmp");
	put_u32(msg, NFTA_CMP_SREG, reg);
	put_u32(msg, NFTA_CMP_OP, NFT_CMP_EQ);
	struct nlattr *data = mnl_attr_nest_start(msg, NFTA_CMP_DATA);
	mnl_attr_put_u8(msg, NFTA_DATA_VALUE, value);
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

static void add_chain(struct nft_batch *b, const struct chain *c)
{
	struct nlmsghdr *msg = batch_open(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_CHAIN_TABLE, NFTMSG_TABLE);
	mnl_attr_put_strz(msg, NFTA_CHAIN_NAME, c->name);
	struct nlattr *hook = mnl_attr_nest_start(msg, NFTA_CHAIN_HOOK);
	put_u32(msg, NFTA_HOOK_HOOKNUM, c->hook);
	put_u32(msg, NFTA_HOOK_PRIORITY, (uint32_t)PRIORITY);
	mnl_attr_nest_end(msg, hook);
	mnl_attr_put_strz(msg, NFTA_CHAIN_TYPE, "nat");
	batch_close(b, msg);
}

/* The kernel must know the fields of a key with intervals, one by one. */
static void put_fields(struct nlmsghdr *msg, const struct map *m)
{
	const uint32_t sizes[NFT_FIELDS] = { m->addr_size, 1, 2 };
	struct nlattr *desc = mnl_attr_nest_start(msg, NFTA_SET_DESC);
	struct nlattr *concat = mnl_attr_nest_start(msg, NFTA_SET_DESC_CONCAT);
	for (size_t i = 0; i < NFT_FIELDS; i++) {
		struct nlattr *field = mnl_attr_nest_start(msg, NFTA_LIST_ELEM);
		put_u32(msg, NFTA_SET_FIELD_LEN, sizes[i]);
		mnl_attr_nest_end(msg, field);
	}
	mnl_attr_nest_end(msg, concat);
	mnl_attr_nest_end(msg, desc);
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
	put_u32(msg, NFTA_SET_FLAGS,
		NFT_SET_MAP | (m->nets ? NFT_SET_INTERVAL | NFT_SET_CONCAT : 0u));
	put_u32(msg, NFTA_SET_KEY_TYPE, m->key_type);
	put_u32(msg, NFTA_SET_KEY_LEN, key_size(m));
	put_u32(msg, NFTA_SET_DATA_TYPE, m->data_type);
	put_u32(msg, NFTA_SET_DATA_LEN, data_size(m));
	put_u32(msg, NFTA_SET_ID, which + 1);
	if (m->nets)
		put_fields(msg, m);
	batch_close(b, msg);
}

static void put_comment(struct nlmsghdr *msg)
{
	static const char text[] = NFTMSG_COMMENT;
	uint8_t data[2 + sizeof(text)] = { USERDATA_RULE_COMMENT, sizeof(text) };
	memcpy(data + 2, text, sizeof(text));
	mnl_attr_put(msg, NFTA_RULE_USERDATA, sizeof(data), data);
}

/* dnat FAMILY to FAMILY daddr . meta l4proto . th dport map @NAME */
static void add_rule(struct nft_batch *b, const struct chain *c, const struct map *m)
{
	uint8_t nfproto = m->family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
	struct nlmsghdr *msg =
		batch_open(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_RULE_TABLE, NFTMSG_TABLE);
	mnl_attr_put_strz(msg, NFTA_RULE_CHAIN, c->name);
	struct nlattr *list = mnl_attr_nest_start(msg, NFTA_RULE_EXPRESSIONS);
	put_meta(msg, NFT_META_NFPROTO, NFT_REG_1);
	put_equals_octet(msg, NFT_REG_1, nfproto);
	put_payload(msg, NFT_PAYLOAD_NETWORK_HEADER, m->addr_at, m->addr_size, NFT_REG_1);
	put_meta(msg, NFT_META_L4PROTO, m->proto_reg);
	put_payload(msg, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, m->port_reg);
	put_lookup(msg, m->name);
	put_dnat(msg, nfproto, m->dest_port_reg);
	mnl_attr_nest_end(msg, list);
	put_comment(msg);
	batch_close(b, msg);
}

void nft_batch_skeleton(struct nft_batch *b)
{
	add_table(b); /* removing one that is not there would fail */
	nft_batch_del_table(b);
	add_table(b);
	for (unsigned m = 0; m < NFT_MAPS; m++)
		add_map(b, m);
	for (size_t c = 0; c < sizeof(chains) / sizeof(chains[0]); c++) {
		add_chain(b, &chains[c]);
		for (size_t m = 0; m < NFT_MAPS; m++)
			add_rule(b, &chains[c], &maps[m]);
	}
}

/* ---- elements ---- */

static enum nft_map map_of(const struct nat_rule *r)
{
	if (r->vip.addr.family == AF_INET)
		return r->vip.len == 32 ? NFT_MAP_IP4 : NFT_MAP_NET4;
	return r->vip.len == 128 ? NFT_MAP_IP6 : NFT_MAP_NET6;
}

static void put_value(struct nlmsghdr *msg, uint16_t type, const void *value, size_t size)
{
	struct nlattr *nest = mnl_attr_nest_start(msg, type);
	mnl_attr_put(msg, NFTA_DATA_VALUE, size, value);
	mnl_attr_nest_end(msg, nest);
}

static void put_key(struct nlmsghdr *msg, uint16_t type, const struct map *m,
		    const struct addr *addr, const struct nat_rule *r)
{
	uint8_t key[RULE_KEY_MAX] = { 0 };
	uint16_t port = htons(r->listen);
	memcpy(key, addr->bytes, m->addr_size);
	key[m->addr_size] = r->proto;
	memcpy(key + m->addr_size + 4, &port, sizeof(port));
	put_value(msg, type, key, key_size(m));
}

static void put_dest(struct nlmsghdr *msg, const struct map *m, const struct nat_rule *r)
{
	uint8_t data[RULE_KEY_MAX] = { 0 };
	uint16_t port = htons(r->port);
	memcpy(data, r->dest.bytes, m->addr_size);
	memcpy(data + m->addr_size, &port, sizeof(port));
	put_value(msg, NFTA_SET_ELEM_DATA, data, data_size(m));
}

static struct addr last_address(const struct prefix *p)
{
	struct addr a = p->addr;
	for (size_t bit = p->len; bit < addr_size(a.family) * 8; bit++)
		a.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return a;
}

static void put_element(struct nlmsghdr *msg, const struct map *m, const struct nat_rule *r,
			bool with_data)
{
	struct nlattr *element = mnl_attr_nest_start(msg, NFTA_LIST_ELEM);
	put_key(msg, NFTA_SET_ELEM_KEY, m, &r->vip.addr, r);
	if (m->nets) {
		struct addr last = last_address(&r->vip);
		put_key(msg, NFTA_SET_ELEM_KEY_END, m, &last, r);
	}
	if (with_data)
		put_dest(msg, m, r);
	mnl_attr_nest_end(msg, element);
}

/* One message: the elements of one map from *next on, as many as fit. False when there was none. */
static bool put_elements(struct nft_batch *b, enum nft_map which, const struct nat_rules *rules,
			 size_t *next, bool add)
{
	while (*next < rules->n && map_of(&rules->items[*next]) != which)
		++*next;
	if (*next == rules->n)
		return false;
	struct nlmsghdr *msg =
		batch_open(b, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0,
			   MESSAGE_ROOM + ELEMENTS_PER_MESSAGE * ELEMENT_ROOM);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_TABLE, NFTMSG_TABLE);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_SET, maps[which].name);
	struct nlattr *list = mnl_attr_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (size_t n = 0; *next < rules->n && n < ELEMENTS_PER_MESSAGE; ++*next) {
		if (map_of(&rules->items[*next]) != which)
			continue;
		put_element(msg, &maps[which], &rules->items[*next], add);
		n++;
	}
	mnl_attr_nest_end(msg, list);
	batch_close(b, msg);
	return true;
}

static void put_all(struct nft_batch *b, const struct nat_rules *rules, bool add)
{
	for (unsigned m = 0; m < NFT_MAPS; m++)
		for (size_t next = 0; put_elements(b, m, rules, &next, add);)
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

bool nft_parse_is_our_rule(const struct nlmsghdr *msg)
{
	static const char text[] = NFTMSG_COMMENT;
	struct attrs a;
	if ((msg->nlmsg_type & 0xff) != NFT_MSG_NEWRULE || !parse_ours(msg, &a))
		return false;
	const struct nlattr *data = a.by_type[NFTA_RULE_USERDATA];
	if (!data || mnl_attr_get_payload_len(data) != 2 + sizeof(text))
		return false;
	const uint8_t *p = mnl_attr_get_payload(data);
	return p[0] == USERDATA_RULE_COMMENT && memcmp(p + 2, text, sizeof(text)) == 0;
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

/* The length of the prefix whose first and last addresses these are. */
static uint8_t length_between(const uint8_t *first, const uint8_t *last, size_t size)
{
	uint8_t n = 0;
	while (n < size * 8 && !((first[n / 8] ^ last[n / 8]) & (0x80 >> n % 8)))
		n++;
	return n;
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
	const uint8_t *end = value_of(a.by_type[NFTA_SET_ELEM_KEY_END], key_size(m));
	const uint8_t *data = value_of(a.by_type[NFTA_SET_ELEM_DATA], data_size(m));
	if (!key || !data || (m->nets && !end))
		return -EBADMSG;
	*ret = (struct nat_rule){
		.vip = { .addr = addr_from_bytes(m->family, key),
			 .len = length_between(key, m->nets ? end : key, m->addr_size) },
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
