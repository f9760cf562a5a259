/* SPDX-License-Identifier: MIT */
#include "nat/ctmsg.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "nat/attrs.h"

static struct nlmsghdr *message_in(void *buf, uint16_t type, uint16_t flags, uint8_t family)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	msg->nlmsg_flags = flags;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(msg, sizeof(*head));
	head->nfgen_family = family;
	head->version = NFNETLINK_V0;
	return msg;
}

struct nlmsghdr *ct_build_dump(void *buf, uint8_t family)
{
	return message_in(buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP, family);
}

/* False unless it is a message about one flow. */
static bool parse_head(const struct nlmsghdr *msg, struct attrs *ret, uint8_t *ret_family)
{
	if (msg->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) ||
	    mnl_nlmsg_get_payload_len(msg) < sizeof(struct nfgenmsg))
		return false;
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(msg);
	*ret_family = head->nfgen_family;
	attrs_parse(msg, sizeof(*head), ret);
	return true;
}

static void copy_attr(struct nlmsghdr *msg, const struct nlattr *attr)
{
	if (attr)
		mnl_attr_put(msg, attr->nla_type, mnl_attr_get_payload_len(attr),
			     mnl_attr_get_payload(attr));
}

struct nlmsghdr *ct_build_delete(void *buf, const struct nlmsghdr *dumped)
{
	struct attrs a;
	uint8_t family;
	if (!parse_head(dumped, &a, &family) || !a.by_type[CTA_TUPLE_ORIG] ||
	    mnl_attr_get_len(a.by_type[CTA_TUPLE_ORIG]) > CTMSG_MAX / 2)
		return NULL;
	struct nlmsghdr *msg = message_in(buf, IPCTNL_MSG_CT_DELETE, 0, family);
	copy_attr(msg, a.by_type[CTA_TUPLE_ORIG]);
	copy_attr(msg, a.by_type[CTA_ZONE]);
	copy_attr(msg, a.by_type[CTA_ID]); /* not another flow of the same addresses and ports */
	return msg;
}

/* One end of a flow: an address and a port, by the types of their attributes. False unless it has
 * both. */
static bool parse_end(const struct nlattr *tuple, uint8_t family, uint16_t addr_type,
		      uint16_t port_type, struct addr *ret_addr, uint16_t *ret_port,
		      uint8_t *ret_proto)
{
	struct attrs parts, ip, proto;
	attrs_parse_nested(tuple, &parts);
	attrs_parse_nested(parts.by_type[CTA_TUPLE_IP], &ip);
	attrs_parse_nested(parts.by_type[CTA_TUPLE_PROTO], &proto);
	const struct nlattr *addr = ip.by_type[addr_type];
	const struct nlattr *port = proto.by_type[port_type];
	const struct nlattr *number = proto.by_type[CTA_PROTO_NUM];
	if (!addr || !port || !number || mnl_attr_get_payload_len(addr) != addr_size(family) ||
	    mnl_attr_get_payload_len(port) != 2 || mnl_attr_get_payload_len(number) != 1)
		return false;
	*ret_addr = addr_from_bytes(family, mnl_attr_get_payload(addr));
	*ret_port = ntohs(mnl_attr_get_u16(port));
	*ret_proto = mnl_attr_get_u8(number);
	return true;
}

int ct_parse(const struct nlmsghdr *msg, struct ct_flow *ret)
{
	struct attrs a;
	struct ct_flow f;
	uint8_t family;
	if (!parse_head(msg, &a, &family) || addr_size(family) == 0)
		return -EBADMSG;
	bool v4 = family == AF_INET;
	if (!parse_end(a.by_type[CTA_TUPLE_ORIG], family, v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST,
		       CTA_PROTO_DST_PORT, &f.dst, &f.dst_port, &f.proto) ||
	    !parse_end(a.by_type[CTA_TUPLE_REPLY], family, v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC,
		       CTA_PROTO_SRC_PORT, &f.answers_from, &f.answers_port, &f.proto))
		return -EBADMSG;
	*ret = f;
	return 0;
}
