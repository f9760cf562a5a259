/* SPDX-License-Identifier: MIT */
/*
 * The attributes are those that `nft --debug=netlink,mnl` shows for the text in nft_table.h.
 */
#include "nat/nft_build.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "nat/nft_expr.h"

/* Attributes carry their length in 16 bits; 400 elements of the largest kind take 39 kB. */
#define ELEMENTS_PER_MESSAGE 400
#define ELEMENT_ROOM         128
#define DSTNAT_PRIORITY      (-100)
#define RULE_KEY_MAX         24

/* The chain of networks, by nat_rule.behind. */
static const char *const nets_chains[] = { "nets", "same_nets" };

/* Before and behind iptables and the tables of others. */
static const struct chain {
	const char *name;
	uint32_t hook;
	int32_t priority;
	uint8_t behind;
} hooks[] = {
	{ "prerouting", NF_INET_PRE_ROUTING, DSTNAT_PRIORITY - 5, 0 },
	{ "output", NF_INET_LOCAL_OUT, DSTNAT_PRIORITY - 5, 0 },
	{ "same_prerouting", NF_INET_PRE_ROUTING, DSTNAT_PRIORITY + 5, 1 },
	{ "same_output", NF_INET_LOCAL_OUT, DSTNAT_PRIORITY + 5, 1 },
};

/* ---- the skeleton ---- */

void nft_batch_del_table(struct nft_batch *b)
{
	nft_batch_drop_table(b, NFT_TABLE);
}

static struct nlmsghdr *chain_open(struct nft_batch *b, const char *name)
{
	struct nlmsghdr *msg = nft_batch_open(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFT_MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_CHAIN_TABLE, NFT_TABLE);
	mnl_attr_put_strz(msg, NFTA_CHAIN_NAME, name);
	return msg;
}

static void add_map(struct nft_batch *b, enum nft_map which)
{
	const struct nft_map_layout *m = &nft_maps[which];
	struct nlmsghdr *msg = nft_batch_open(b, NFT_MSG_NEWSET, NLM_F_CREATE, NFT_MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_SET_TABLE, NFT_TABLE);
	mnl_attr_put_strz(msg, NFTA_SET_NAME, m->name);
	nft_put_u32(msg, NFTA_SET_FLAGS, NFT_SET_MAP);
	nft_put_u32(msg, NFTA_SET_KEY_TYPE, m->key_type);
	nft_put_u32(msg, NFTA_SET_KEY_LEN, nft_key_size(m));
	nft_put_u32(msg, NFTA_SET_DATA_TYPE, m->data_type);
	nft_put_u32(msg, NFTA_SET_DATA_LEN, nft_data_size(m));
	nft_put_u32(msg, NFTA_SET_ID, which + 1);
	nft_batch_close(b, msg);
}

/* ---- rules ---- */

static struct nlmsghdr *rule_open(struct nft_batch *b, const char *chain,
				  struct nlattr **ret_expressions)
{
	return nft_batch_rule(b, NFT_TABLE, chain, ret_expressions);
}

/* `net` NULL: a rule of the skeleton. */
static void rule_close(struct nft_batch *b, struct nlmsghdr *msg, struct nlattr *expressions,
		       const struct nat_rule *net)
{
	static const char text[] = NFT_COMMENT;
	uint8_t data[2 + sizeof(text) + 2 + sizeof(*net)] = { NFT_USERDATA_COMMENT, sizeof(text) };
	size_t size = 2 + sizeof(text);
	memcpy(data + 2, text, sizeof(text));
	if (net) {
		data[size] = NFT_USERDATA_NET;
		data[size + 1] = sizeof(*net);
		memcpy(data + size + 2, net, sizeof(*net));
		size += 2 + sizeof(*net);
	}
	mnl_attr_nest_end(msg, expressions);
	mnl_attr_put(msg, NFTA_RULE_USERDATA, size, data);
	nft_batch_close(b, msg);
}

static uint8_t nfproto_of(uint8_t family)
{
	return family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

static void put_is_family(struct nlmsghdr *msg, uint8_t family)
{
	uint8_t nfproto = nfproto_of(family);
	nft_put_meta(msg, NFT_META_NFPROTO, NFT_REG_1);
	nft_put_equals(msg, &nfproto, sizeof(nfproto));
}

/* dnat FAMILY to FAMILY daddr . meta l4proto . th dport map @NAME */
static void add_map_rule(struct nft_batch *b, const char *chain, const struct nft_map_layout *m)
{
	struct nlattr *list;
	struct nlmsghdr *msg = rule_open(b, chain, &list);
	put_is_family(msg, m->family);
	nft_put_payload(msg, NFT_PAYLOAD_NETWORK_HEADER, m->addr_at, m->addr_size, NFT_REG_1);
	nft_put_meta(msg, NFT_META_L4PROTO, m->proto_reg);
	nft_put_payload(msg, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, m->port_reg);
	nft_put_lookup(msg, m->name);
	nft_put_dnat(msg, nfproto_of(m->family), m->dest_port_reg);
	rule_close(b, msg, list, NULL);
}

static void add_jump_rule(struct nft_batch *b, const char *chain, const char *to)
{
	struct nlattr *list;
	struct nlmsghdr *msg = rule_open(b, chain, &list);
	nft_put_jump(msg, to);
	rule_close(b, msg, list, NULL);
}

/* FAMILY daddr VIP PROTO dport LISTEN dnat to DEST:PORT */
static void add_net_rule(struct nft_batch *b, const struct nat_rule *r)
{
	const struct nft_map_layout *m = &nft_maps[nft_map_of(r)];
	uint16_t listen = htons(r->listen), port = htons(r->port);
	struct nlattr *list;
	struct nlmsghdr *msg = rule_open(b, nets_chains[r->behind], &list);
	put_is_family(msg, m->family);
	nft_put_payload(msg, NFT_PAYLOAD_NETWORK_HEADER, m->addr_at, m->addr_size, NFT_REG_1);
	nft_put_mask(msg, m->addr_size, r->vip.len);
	nft_put_equals(msg, r->vip.addr.bytes, m->addr_size);
	nft_put_meta(msg, NFT_META_L4PROTO, NFT_REG_1);
	nft_put_equals(msg, &r->proto, sizeof(r->proto));
	nft_put_payload(msg, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, NFT_REG_1);
	nft_put_equals(msg, &listen, sizeof(listen));
	nft_put_immediate(msg, NFT_REG_1, r->dest.bytes, m->addr_size);
	nft_put_immediate(msg, NFT_REG_2, &port, sizeof(port));
	nft_put_dnat(msg, nfproto_of(m->family), NFT_REG_2);
	rule_close(b, msg, list, r);
}

void nft_batch_set_nets(struct nft_batch *b, const struct nat_rules *nets)
{
	for (size_t i = 0; i < ARRAY_SIZE(nets_chains); i++) {
		/* Without saying which: all rules of the chain. */
		struct nlmsghdr *msg = nft_batch_open(b, NFT_MSG_DELRULE, 0, NFT_MESSAGE_ROOM);
		mnl_attr_put_strz(msg, NFTA_RULE_TABLE, NFT_TABLE);
		mnl_attr_put_strz(msg, NFTA_RULE_CHAIN, nets_chains[i]);
		nft_batch_close(b, msg);
	}
	for (size_t i = 0; i < nets->n; i++)
		add_net_rule(b, &nets->items[i]);
}

void nft_batch_skeleton(struct nft_batch *b)
{
	nft_batch_table(b, NFT_TABLE); /* removing one that is not there would fail */
	nft_batch_del_table(b);
	nft_batch_table(b, NFT_TABLE);
	for (unsigned m = 0; m < NFT_MAPS; m++)
		add_map(b, m);
	for (size_t i = 0; i < ARRAY_SIZE(nets_chains); i++)
		nft_batch_close(b, chain_open(b, nets_chains[i]));
	for (size_t c = 0; c < ARRAY_SIZE(hooks); c++) {
		nft_batch_hook(b, NFT_TABLE, hooks[c].name, "nat", hooks[c].hook,
			       hooks[c].priority);
		for (unsigned m = 0; m < NFT_MAPS; m++)
			if (nft_maps[m].behind == hooks[c].behind)
				add_map_rule(b, hooks[c].name, &nft_maps[m]);
		add_jump_rule(b, hooks[c].name, nets_chains[hooks[c].behind]);
	}
}

/* ---- elements ---- */

static bool belongs(const struct nat_rule *r, const struct nft_map_layout *m)
{
	return !nft_rule_is_net(r) && &nft_maps[nft_map_of(r)] == m;
}

static void put_key(struct nlmsghdr *msg, const struct nft_map_layout *m, const struct nat_rule *r)
{
	uint8_t key[RULE_KEY_MAX] = { 0 };
	uint16_t port = htons(r->listen);
	memcpy(key, r->vip.addr.bytes, m->addr_size);
	key[m->addr_size] = r->proto;
	memcpy(key + m->addr_size + 4, &port, sizeof(port));
	nft_put_value(msg, NFTA_SET_ELEM_KEY, key, nft_key_size(m));
}

static void put_dest(struct nlmsghdr *msg, const struct nft_map_layout *m, const struct nat_rule *r)
{
	uint8_t data[RULE_KEY_MAX] = { 0 };
	uint16_t port = htons(r->port);
	memcpy(data, r->dest.bytes, m->addr_size);
	memcpy(data + m->addr_size, &port, sizeof(port));
	nft_put_value(msg, NFTA_SET_ELEM_DATA, data, nft_data_size(m));
}

static struct nlattr *elements_open(struct nlmsghdr *msg, const struct nft_map_layout *m)
{
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_SET, m->name);
	return mnl_attr_nest_start(msg, NFTA_SET_ELEM_LIST_ELEMENTS);
}

/* One message: elements of one map from *next on, as many as fit. False when there was none. */
static bool put_elements(struct nft_batch *b, const struct nft_map_layout *m,
			 const struct nat_rules *rules, size_t *next, bool add)
{
	while (*next < rules->n && !belongs(&rules->items[*next], m))
		++*next;
	if (*next == rules->n)
		return false;
	struct nlmsghdr *msg = nft_batch_open(
		b, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0,
		NFT_MESSAGE_ROOM + ELEMENTS_PER_MESSAGE * ELEMENT_ROOM);
	struct nlattr *list = elements_open(msg, m);
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
	nft_batch_close(b, msg);
	return true;
}

static void put_all(struct nft_batch *b, const struct nat_rules *rules, bool add)
{
	for (unsigned m = 0; m < NFT_MAPS; m++)
		for (size_t next = 0; put_elements(b, &nft_maps[m], rules, &next, add);)
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

/* ---- requests ---- */

struct nlmsghdr *nft_build_get_table(void *buf)
{
	struct nlmsghdr *msg = nft_message(buf, NFT_MSG_GETTABLE, 0);
	mnl_attr_put_strz(msg, NFTA_TABLE_NAME, NFT_TABLE);
	return msg;
}

struct nlmsghdr *nft_build_dump_rules(void *buf)
{
	struct nlmsghdr *msg = nft_message(buf, NFT_MSG_GETRULE, NLM_F_DUMP);
	mnl_attr_put_strz(msg, NFTA_RULE_TABLE, NFT_TABLE);
	return msg;
}

struct nlmsghdr *nft_build_dump_map(void *buf, enum nft_map map)
{
	struct nlmsghdr *msg = nft_message(buf, NFT_MSG_GETSETELEM, NLM_F_DUMP);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(msg, NFTA_SET_ELEM_LIST_SET, nft_maps[map].name);
	return msg;
}

struct nlmsghdr *nft_build_get_element(void *buf, const struct nat_rule *r)
{
	const struct nft_map_layout *m = &nft_maps[nft_map_of(r)];
	struct nlmsghdr *msg = nft_message(buf, NFT_MSG_GETSETELEM, 0);
	struct nlattr *list = elements_open(msg, m);
	struct nlattr *element = mnl_attr_nest_start(msg, NFTA_LIST_ELEM);
	put_key(msg, m, r);
	mnl_attr_nest_end(msg, element);
	mnl_attr_nest_end(msg, list);
	return msg;
}

struct nlmsghdr *nft_build_get_generation(void *buf)
{
	return nft_message(buf, NFT_MSG_GETGEN, 0);
}
