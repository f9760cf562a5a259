/* SPDX-License-Identifier: MIT */
#include "net/nlnexthop.h"

#include <errno.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>

struct parse {
	struct nlnexthop n;
	uint8_t family;
	uint32_t *members;
	size_t room;
	bool bad;
};

static struct nlmsghdr *put_head(void *buf, uint16_t flags)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = RTM_GETNEXTHOP;
	msg->nlmsg_flags = NLM_F_REQUEST | flags;
	mnl_nlmsg_put_extra_header(msg, sizeof(struct nhmsg));
	return msg;
}

struct nlmsghdr *nlnexthop_build_get(void *buf, uint32_t id)
{
	struct nlmsghdr *msg = put_head(buf, 0);
	mnl_attr_put_u32(msg, NHA_ID, id);
	return msg;
}

struct nlmsghdr *nlnexthop_build_dump(void *buf)
{
	return put_head(buf, NLM_F_DUMP);
}

static void parse_gateway(struct parse *p, const struct nlattr *attr)
{
	size_t size = addr_size(p->family);
	if (size > 0 && mnl_attr_get_payload_len(attr) == size)
		p->n.hop.gateway = addr_from_bytes(p->family, mnl_attr_get_payload(attr));
	else
		p->bad = true;
}

static void parse_group(struct parse *p, const struct nlattr *attr)
{
	struct nexthop_grp member;
	const uint8_t *payload = mnl_attr_get_payload(attr);
	p->n.n_members = mnl_attr_get_payload_len(attr) / sizeof(member);
	p->bad = p->bad || mnl_attr_get_payload_len(attr) % sizeof(member);
	for (size_t i = 0; i < p->n.n_members && i < p->room; i++) {
		memcpy(&member, payload + i * sizeof(member), sizeof(member));
		p->members[i] = member.id;
	}
}

static int parse_attr(const struct nlattr *attr, void *userdata)
{
	struct parse *p = userdata;
	switch (mnl_attr_get_type(attr)) {
	case NHA_ID:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			p->n.id = mnl_attr_get_u32(attr);
		else
			p->bad = true;
		break;
	case NHA_OIF:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			p->n.hop.ifindex = mnl_attr_get_u32(attr);
		else
			p->bad = true;
		break;
	case NHA_GATEWAY:
		parse_gateway(p, attr);
		break;
	case NHA_GROUP:
		parse_group(p, attr);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

int nlnexthop_parse(const struct nlmsghdr *msg, struct nlnexthop *ret, uint32_t *members,
		    size_t room)
{
	const struct nhmsg *head = mnl_nlmsg_get_payload(msg);
	if (msg->nlmsg_type != RTM_NEWNEXTHOP || mnl_nlmsg_get_payload_len(msg) < sizeof(*head))
		return -EBADMSG;
	struct parse p = { .n.hop.flags = head->nh_flags,
			   .family = head->nh_family,
			   .members = members,
			   .room = room };
	mnl_attr_parse(msg, sizeof(*head), parse_attr, &p);
	if (p.bad)
		return -EBADMSG;
	*ret = p.n;
	return 0;
}
