/* SPDX-License-Identifier: MIT */
#include "net/nlroute.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "net/nladdr.h"

static struct rtmsg *put_head(void *buf, uint16_t type, uint16_t flags, uint8_t family,
			      struct nlmsghdr **ret)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST | flags;
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(msg, sizeof(*rtm));
	rtm->rtm_family = family;
	*ret = msg;
	return rtm;
}

static struct nlmsghdr *put_local(void *buf, uint16_t type, uint16_t flags, const struct prefix *p,
				  uint32_t ifindex)
{
	struct nlmsghdr *msg;
	struct rtmsg *rtm = put_head(buf, type, flags, p->addr.family, &msg);
	rtm->rtm_dst_len = p->len;
	rtm->rtm_table = RT_TABLE_LOCAL;
	rtm->rtm_type = RTN_LOCAL;
	rtm->rtm_scope = RT_SCOPE_HOST;
	rtm->rtm_protocol = NLADDR_PROTO_OURS;
	mnl_attr_put(msg, RTA_DST, addr_size(p->addr.family), p->addr.bytes);
	mnl_attr_put_u32(msg, RTA_OIF, ifindex);
	return msg;
}

struct nlmsghdr *nlroute_build_add_local(void *buf, const struct prefix *p, uint32_t ifindex)
{
	uint16_t how = p->addr.family == AF_INET ? NLM_F_APPEND : NLM_F_EXCL;
	return put_local(buf, RTM_NEWROUTE, NLM_F_CREATE | how, p, ifindex);
}

struct nlmsghdr *nlroute_build_claim_local(void *buf, const struct prefix *p, uint32_t ifindex)
{
	return put_local(buf, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, p, ifindex);
}

struct nlmsghdr *nlroute_build_del_local(void *buf, const struct prefix *p, uint32_t ifindex)
{
	return put_local(buf, RTM_DELROUTE, 0, p, ifindex);
}

struct nlmsghdr *nlroute_build_get(void *buf, const struct addr *dst, const struct addr *source,
				   uint32_t ifindex)
{
	struct nlmsghdr *msg;
	struct rtmsg *rtm = put_head(buf, RTM_GETROUTE, 0, dst->family, &msg);
	rtm->rtm_dst_len = (uint8_t)(addr_size(dst->family) * 8);
	mnl_attr_put(msg, RTA_DST, addr_size(dst->family), dst->bytes);
	if (source) {
		rtm->rtm_src_len = (uint8_t)(addr_size(source->family) * 8);
		mnl_attr_put(msg, RTA_SRC, addr_size(source->family), source->bytes);
	}
	if (ifindex)
		mnl_attr_put_u32(msg, RTA_OIF, ifindex);
	return msg;
}

struct nlmsghdr *nlroute_build_match(void *buf, const struct prefix *p)
{
	struct nlmsghdr *msg = nlroute_build_get(buf, &p->addr, NULL, 0);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	rtm->rtm_flags = RTM_F_FIB_MATCH;
	return msg;
}

struct nlmsghdr *nlroute_build_dump(void *buf, uint8_t family, uint32_t table)
{
	struct nlmsghdr *msg;
	struct rtmsg *rtm = put_head(buf, RTM_GETROUTE, NLM_F_DUMP, family, &msg);
	rtm->rtm_table = (uint8_t)table;
	return msg;
}

struct nlmsghdr *nlroute_build_dump_local(void *buf, uint8_t family)
{
	struct nlmsghdr *msg = nlroute_build_dump(buf, family, RT_TABLE_LOCAL);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	rtm->rtm_protocol = NLADDR_PROTO_OURS;
	rtm->rtm_type = RTN_LOCAL;
	return msg;
}

bool nlroute_is_our_local(const struct nlroute *r)
{
	return r->table == RT_TABLE_LOCAL && r->type == RTN_LOCAL &&
	       r->protocol == NLADDR_PROTO_OURS && r->ifindex == NLADDR_LO_IFINDEX;
}

struct parse {
	struct nlroute r;
	struct nlroute_hop hop; /* the one that is read */
	struct nlroute_hop *hops;
	size_t n_hops, room;
	bool bad;
};

static uint32_t get_u32(struct parse *p, const struct nlattr *attr)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
		return mnl_attr_get_u32(attr);
	p->bad = true;
	return 0;
}

static struct addr get_addr(struct parse *p, const struct nlattr *attr)
{
	uint8_t family = p->r.dst.addr.family;
	if (mnl_attr_get_payload_len(attr) == addr_size(family))
		return addr_from_bytes(family, mnl_attr_get_payload(attr));
	p->bad = true;
	return (struct addr){ 0 };
}

/* A gateway of another family: struct rtvia is a u16 family and the address. */
static struct addr get_via(struct parse *p, const struct nlattr *attr)
{
	uint16_t len = mnl_attr_get_payload_len(attr), family = 0;
	const uint8_t *payload = mnl_attr_get_payload(attr);
	if (len > sizeof(family))
		memcpy(&family, payload, sizeof(family));
	if (addr_size((uint8_t)family) > 0 && len == sizeof(family) + addr_size((uint8_t)family))
		return addr_from_bytes((uint8_t)family, payload + sizeof(family));
	p->bad = true;
	return (struct addr){ 0 };
}

static int parse_hop_attr(const struct nlattr *attr, void *userdata)
{
	struct parse *p = userdata;
	if (mnl_attr_get_type(attr) == RTA_GATEWAY)
		p->hop.gateway = get_addr(p, attr);
	else if (mnl_attr_get_type(attr) == RTA_VIA)
		p->hop.gateway = get_via(p, attr);
	return MNL_CB_OK;
}

static void add_hop(struct parse *p)
{
	if (p->n_hops == 0) {
		p->r.gateway = p->hop.gateway;
		p->r.ifindex = p->hop.ifindex;
		p->r.flags |= p->hop.flags;
	}
	if (p->n_hops < p->room)
		p->hops[p->n_hops] = p->hop;
	p->n_hops++;
}

/* Each is a struct rtnexthop, then attributes, at a multiple of four. */
static void parse_multipath(struct parse *p, const struct nlattr *attr)
{
	struct rtnexthop head;
	const uint8_t *at = mnl_attr_get_payload(attr);
	size_t left = mnl_attr_get_payload_len(attr);
	do {
		if (left < sizeof(head)) {
			p->bad = true;
			return;
		}
		memcpy(&head, at, sizeof(head));
		if (head.rtnh_len < sizeof(head) || head.rtnh_len > left) {
			p->bad = true;
			return;
		}
		p->hop = (struct nlroute_hop){ .ifindex = (uint32_t)head.rtnh_ifindex,
					       .flags = head.rtnh_flags };
		mnl_attr_parse_payload(at + sizeof(head), head.rtnh_len - sizeof(head),
				       parse_hop_attr, p);
		add_hop(p);
		size_t step = RTNH_ALIGN((size_t)head.rtnh_len);
		left -= step < left ? step : left;
		at += step;
	} while (left > 0);
}

static int parse_attr(const struct nlattr *attr, void *userdata)
{
	struct parse *p = userdata;
	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
		p->r.dst.addr = get_addr(p, attr);
		break;
	case RTA_PREFSRC:
		p->r.source = get_addr(p, attr);
		break;
	case RTA_OIF:
		p->hop.ifindex = get_u32(p, attr);
		break;
	case RTA_PRIORITY:
		p->r.metric = get_u32(p, attr);
		break;
	case RTA_TABLE: /* the header has room for 8 bits only */
		p->r.table = get_u32(p, attr);
		break;
	case RTA_NH_ID:
		p->r.nexthop_id = get_u32(p, attr);
		break;
	case RTA_MULTIPATH:
		parse_multipath(p, attr);
		break;
	default:
		return parse_hop_attr(attr, p);
	}
	return MNL_CB_OK;
}

static int parse(const struct nlmsghdr *msg, struct parse *p)
{
	if (msg->nlmsg_type != RTM_NEWROUTE && msg->nlmsg_type != RTM_DELROUTE)
		return -EBADMSG;
	if (mnl_nlmsg_get_payload_len(msg) < sizeof(struct rtmsg))
		return -EBADMSG;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	size_t size = addr_size(rtm->rtm_family);
	if (size == 0 || rtm->rtm_dst_len > size * 8)
		return -EBADMSG;
	p->r = (struct nlroute){ .dst = { .addr.family = rtm->rtm_family, .len = rtm->rtm_dst_len },
				 .table = rtm->rtm_table,
				 .type = rtm->rtm_type,
				 .protocol = rtm->rtm_protocol,
				 .flags = rtm->rtm_flags };
	p->hop.flags = rtm->rtm_flags;
	mnl_attr_parse(msg, sizeof(*rtm), parse_attr, p);
	if (p->n_hops == 0)
		add_hop(p);
	return p->bad ? -EBADMSG : 0;
}

int nlroute_parse(const struct nlmsghdr *msg, struct nlroute *ret)
{
	struct parse p = { 0 };
	int r = parse(msg, &p);
	if (r == 0)
		*ret = p.r;
	return r;
}

size_t nlroute_hops(const struct nlmsghdr *msg, struct nlroute_hop *ret, size_t room)
{
	struct parse p = { .hops = ret, .room = room };
	return parse(msg, &p) == 0 ? p.n_hops : 0;
}
