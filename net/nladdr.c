/* SPDX-License-Identifier: MIT */
#include "net/nladdr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* IFA_PROTO, an enumerator that headers before Linux 5.18 lack. */
#define IFA_PROTO_ATTR 11

static struct ifaddrmsg *put_head(void *buf, uint16_t type, uint16_t flags, uint8_t family,
				  struct nlmsghdr **ret)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST | flags;
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(msg, sizeof(*ifa));
	ifa->ifa_family = family;
	*ret = msg;
	return ifa;
}

static struct nlmsghdr *put_addr(void *buf, uint16_t type, uint16_t flags, const struct nladdr *a)
{
	struct nlmsghdr *msg;
	const struct addr *addr = &a->prefix.addr;
	struct ifaddrmsg *ifa = put_head(buf, type, flags, addr->family, &msg);
	ifa->ifa_prefixlen = a->prefix.len;
	ifa->ifa_index = a->ifindex;
	ifa->ifa_scope = a->scope;
	mnl_attr_put(msg, IFA_LOCAL, addr_size(addr->family), addr->bytes);
	mnl_attr_put(msg, IFA_ADDRESS, addr_size(addr->family), addr->bytes);
	return msg;
}

static struct nlmsghdr *put_whole(void *buf, uint16_t flags_of_request, const struct nladdr *a)
{
	struct nlmsghdr *msg = put_addr(buf, RTM_NEWADDR, flags_of_request, a);
	uint32_t flags = a->flags & ~(uint32_t)IFA_F_DEPRECATED;
	if (a->label[0])
		mnl_attr_put_strz(msg, IFA_LABEL, a->label);
	if (flags)
		mnl_attr_put_u32(msg, IFA_FLAGS, flags);
	if (a->flags & IFA_F_DEPRECATED) {
		struct ifa_cacheinfo life = { .ifa_valid = NLADDR_FOR_EVER };
		mnl_attr_put(msg, IFA_CACHEINFO, sizeof(life), &life);
	}
	if (a->proto)
		mnl_attr_put_u8(msg, IFA_PROTO_ATTR, a->proto);
	return msg;
}

struct nlmsghdr *nladdr_build_add(void *buf, const struct nladdr *a)
{
	return put_whole(buf, NLM_F_CREATE | NLM_F_EXCL, a);
}

struct nlmsghdr *nladdr_build_replace(void *buf, const struct nladdr *a)
{
	return put_whole(buf, NLM_F_REPLACE, a);
}

struct nlmsghdr *nladdr_build_del(void *buf, const struct nladdr *a)
{
	return put_addr(buf, RTM_DELADDR, 0, a);
}

struct nlmsghdr *nladdr_build_dump(void *buf, uint8_t family, uint32_t ifindex)
{
	struct nlmsghdr *msg;
	struct ifaddrmsg *ifa = put_head(buf, RTM_GETADDR, NLM_F_DUMP, family, &msg);
	ifa->ifa_index = ifindex;
	return msg;
}

struct parse {
	struct nladdr a;
	bool has_local, has_address, bad;
};

static void parse_address(struct parse *p, const struct nlattr *attr)
{
	struct addr *a = &p->a.prefix.addr;
	if (mnl_attr_get_payload_len(attr) != addr_size(a->family)) {
		p->bad = true;
		return;
	}
	bool local = mnl_attr_get_type(attr) == IFA_LOCAL;
	/* IFA_ADDRESS is the far end on point-to-point links; IFA_LOCAL, where present, is us. */
	if (local || !p->has_local)
		*a = addr_from_bytes(a->family, mnl_attr_get_payload(attr));
	if (local)
		p->has_local = true;
	p->has_address = true;
}

static void parse_lifetime(struct parse *p, const struct nlattr *attr)
{
	struct ifa_cacheinfo life;
	if (mnl_attr_get_payload_len(attr) < sizeof(life)) {
		p->bad = true;
		return;
	}
	memcpy(&life, mnl_attr_get_payload(attr), sizeof(life));
	p->a.valid = life.ifa_valid;
	p->a.preferred = life.ifa_prefered;
}

static int parse_attr(const struct nlattr *attr, void *userdata)
{
	struct parse *p = userdata;
	switch (mnl_attr_get_type(attr)) {
	case IFA_LOCAL:
	case IFA_ADDRESS:
		parse_address(p, attr);
		break;
	case IFA_LABEL:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0 ||
		    mnl_attr_get_payload_len(attr) > sizeof(p->a.label))
			p->bad = true;
		else
			memcpy(p->a.label, mnl_attr_get_str(attr), mnl_attr_get_payload_len(attr));
		break;
	case IFA_CACHEINFO:
		parse_lifetime(p, attr);
		break;
	case IFA_FLAGS:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
			p->bad = true;
		else
			p->a.flags = mnl_attr_get_u32(attr);
		break;
	case IFA_PROTO_ATTR:
		if (mnl_attr_validate(attr, MNL_TYPE_U8) < 0)
			p->bad = true;
		else
			p->a.proto = mnl_attr_get_u8(attr);
		break;
	}
	return MNL_CB_OK;
}

int nladdr_parse(const struct nlmsghdr *msg, struct nladdr *ret)
{
	if (msg->nlmsg_type != RTM_NEWADDR && msg->nlmsg_type != RTM_DELADDR)
		return -EBADMSG;
	if (mnl_nlmsg_get_payload_len(msg) < sizeof(struct ifaddrmsg))
		return -EBADMSG;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(msg);
	size_t size = addr_size(ifa->ifa_family);
	if (size == 0 || ifa->ifa_prefixlen > size * 8)
		return -EBADMSG;
	struct parse p = { .a = { .ifindex = ifa->ifa_index,
				  .scope = ifa->ifa_scope,
				  .flags = ifa->ifa_flags,
				  .valid = NLADDR_FOR_EVER,
				  .preferred = NLADDR_FOR_EVER,
				  .prefix = { .addr.family = ifa->ifa_family,
					      .len = ifa->ifa_prefixlen } } };
	mnl_attr_parse(msg, sizeof(*ifa), parse_attr, &p);
	if (p.bad || !p.has_address)
		return -EBADMSG;
	*ret = p.a;
	return 0;
}
