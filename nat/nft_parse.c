/* SPDX-License-Identifier: MIT */
#include "nat/nft_parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "nat/attrs.h"

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
	       strcmp(mnl_attr_get_str(name), NFT_TABLE) == 0;
}

int nft_parse_generation(const struct nlmsghdr *msg, uint32_t *ret)
{
	struct attrs a;
	if (msg->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN) ||
	    mnl_nlmsg_get_payload_len(msg) < sizeof(struct nfgenmsg))
		return -EBADMSG;
	attrs_parse(msg, sizeof(struct nfgenmsg), &a);
	const struct nlattr *id = a.by_type[NFTA_GEN_ID];
	if (!id || mnl_attr_validate(id, MNL_TYPE_U32) < 0)
		return -EBADMSG;
	*ret = ntohl(mnl_attr_get_u32(id));
	return 0;
}

bool nft_parse_is_our_event(const struct nlmsghdr *msg)
{
	struct attrs a;
	return (msg->nlmsg_type & 0xff) != NFT_MSG_NEWGEN && parse_ours(msg, &a);
}

enum nft_rule_kind nft_parse_rule(const struct nlmsghdr *msg, struct nat_rule *ret)
{
	static const char text[] = NFT_COMMENT, text_1[] = NFT_COMMENT_1;
	_Static_assert(sizeof(text) == sizeof(text_1), "comments of one length");
	const size_t marked = 2 + sizeof(text), net = marked + 2 + sizeof(*ret);
	struct attrs a;
	if ((msg->nlmsg_type & 0xff) != NFT_MSG_NEWRULE || !parse_ours(msg, &a))
		return NFT_RULE_OTHER;
	const struct nlattr *data = a.by_type[NFTA_RULE_USERDATA];
	size_t size = data ? mnl_attr_get_payload_len(data) : 0;
	if (size < marked)
		return NFT_RULE_OTHER;
	const uint8_t *p = mnl_attr_get_payload(data);
	bool former = memcmp(p + 2, text_1, sizeof(text_1)) == 0;
	if (p[0] != NFT_USERDATA_COMMENT || (!former && memcmp(p + 2, text, sizeof(text)) != 0))
		return NFT_RULE_OTHER;
	if (size == marked)
		return former ? NFT_RULE_SKELETON_1 : NFT_RULE_SKELETON;
	if (size != net || p[marked] != NFT_USERDATA_NET)
		return NFT_RULE_OTHER;
	struct nat_rule r;
	memcpy(&r, p + marked + 2, sizeof(r));
	if (addr_size(r.vip.addr.family) == 0 || r.dest.family != r.vip.addr.family ||
	    !nft_rule_is_net(&r) || r.vip.len > addr_size(r.dest.family) * 8 || r.behind > 1)
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

static int parse_element(const struct nlattr *element, const struct nft_map_layout *m,
			 struct nat_rule *ret)
{
	struct attrs a;
	attrs_parse_nested(element, &a);
	const uint8_t *key = value_of(a.by_type[NFTA_SET_ELEM_KEY], nft_key_size(m));
	const uint8_t *data = value_of(a.by_type[NFTA_SET_ELEM_DATA], nft_data_size(m));
	if (!key || !data)
		return -EBADMSG;
	*ret = (struct nat_rule){
		.vip = { .addr = addr_from_bytes(m->family, key),
			 .len = (uint8_t)(m->addr_size * 8) },
		.proto = key[m->addr_size],
		.listen = port_at(key + m->addr_size + 4),
		.dest = addr_from_bytes(m->family, data),
		.port = port_at(data + m->addr_size),
		.behind = m->behind,
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
		int rc = parse_element(element, &nft_maps[map], &r);
		if (rc < 0)
			return rc;
		cb(&r, userdata);
	}
	return 0;
}
