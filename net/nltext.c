/* SPDX-License-Identifier: MIT */
#include "net/nltext.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "lib/str.h"
#include "net/nladdr.h"
#include "net/nlroute.h"

static bool is_dump(const struct nlmsghdr *msg)
{
	return (msg->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
}

/* "add address 192.0.2.53/32 on interface 1" */
static void add_address(struct strbuf *text, const char *verb, const struct nlmsghdr *msg)
{
	char prefix[PREFIX_TEXT_MAX];
	struct nladdr a;
	strbuf_add(text, "%s address", verb);
	if (nladdr_parse(msg, &a) == 0)
		strbuf_add(text, " %s on interface %u", prefix_format(&a.prefix, prefix),
			   (unsigned)a.ifindex);
}

static void add_route(struct strbuf *text, const char *verb, const struct nlmsghdr *msg)
{
	char prefix[PREFIX_TEXT_MAX];
	struct nlroute r;
	strbuf_add(text, "%s", verb);
	if (nlroute_parse(msg, &r) < 0)
		return;
	strbuf_add(text, " %s", prefix_format(&r.dst, prefix));
	if (r.ifindex)
		strbuf_add(text, " on interface %u", (unsigned)r.ifindex);
}

static void add_addr(struct strbuf *text, const char *word, uint8_t family,
		     const struct nlattr *attr)
{
	char buf[ADDR_TEXT_MAX];
	if (mnl_attr_get_payload_len(attr) != addr_size(family))
		return;
	const struct addr a = addr_from_bytes(family, mnl_attr_get_payload(attr));
	strbuf_add(text, " %s %s", word, addr_format(&a, buf));
}

/* "look up the route to 10.0.1.1 from 10.0.1.2" */
static void add_lookup(struct strbuf *text, const struct nlmsghdr *msg)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	struct nlattr *attr;
	strbuf_add(text, "look up the route");
	if (mnl_nlmsg_get_payload_len(msg) < sizeof(*rtm))
		return;
	mnl_attr_for_each(attr, msg, sizeof(*rtm))
	{
		if (mnl_attr_get_type(attr) == RTA_DST)
			add_addr(text, "to", rtm->rtm_family, attr);
		else if (mnl_attr_get_type(attr) == RTA_SRC)
			add_addr(text, "from", rtm->rtm_family, attr);
		else if (mnl_attr_get_type(attr) == RTA_OIF &&
			 mnl_attr_get_payload_len(attr) >= sizeof(uint32_t))
			strbuf_add(text, " on interface %u", (unsigned)mnl_attr_get_u32(attr));
	}
}

static void add_family(struct strbuf *text, const char *what, const struct nlmsghdr *msg)
{
	const struct rtgenmsg *gen = mnl_nlmsg_get_payload(msg);
	bool told = mnl_nlmsg_get_payload_len(msg) >= sizeof(*gen);
	strbuf_add(text, "list %s%s", what,
		   !told || gen->rtgen_family == AF_UNSPEC ? ""
		   : gen->rtgen_family == AF_INET          ? ", IPv4"
							   : ", IPv6");
}

static void add_rtnetlink(struct strbuf *text, const struct nlmsghdr *msg)
{
	bool replaces = msg->nlmsg_flags & NLM_F_REPLACE;
	switch (msg->nlmsg_type) {
	case RTM_NEWADDR:
		add_address(text, replaces ? "replace" : "add", msg);
		break;
	case RTM_DELADDR:
		add_address(text, "delete", msg);
		break;
	case RTM_GETADDR:
		add_family(text, "addresses", msg);
		break;
	case RTM_NEWROUTE:
		add_route(text, "add local route", msg);
		break;
	case RTM_DELROUTE:
		add_route(text, "delete local route", msg);
		break;
	case RTM_GETROUTE:
		if (is_dump(msg))
			add_family(text, "routes", msg);
		else
			add_lookup(text, msg);
		break;
	case RTM_GETLINK:
		strbuf_add(text, "look up an interface");
		break;
	case RTM_GETNEXTHOP:
		strbuf_add(text, "look up a next-hop object");
		break;
	default:
		strbuf_add(text, "rtnetlink request %u", msg->nlmsg_type);
	}
}

static void add_sock_diag(struct strbuf *text, const struct nlmsghdr *msg)
{
	const struct inet_diag_req_v2 *req = mnl_nlmsg_get_payload(msg);
	if (msg->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(msg) < sizeof(*req) || req->sdiag_family == AF_UNIX) {
		strbuf_add(text, "%s sockets", is_dump(msg) ? "list" : "look up");
		return;
	}
	uint16_t port = req->id.idiag_sport ? req->id.idiag_sport : req->id.idiag_dport;
	strbuf_add(text, "%s %s%s", is_dump(msg) ? "list" : "look up",
		   req->sdiag_protocol == IPPROTO_UDP ? "udp sockets" : "tcp sockets",
		   req->sdiag_family == AF_INET6 ? ", IPv6" : ", IPv4");
	if (port)
		strbuf_add(text, ", port %u", ntohs(port));
}

#define NFTABLES(type)  (NFNL_SUBSYS_NFTABLES << 8 | (type))
#define CONNTRACK(type) (NFNL_SUBSYS_CTNETLINK << 8 | (type))

static void add_netfilter(struct strbuf *text, const struct nlmsghdr *msg)
{
	static const struct {
		uint16_t type;
		const char *text;
	} requests[] = {
		{ NFTABLES(NFT_MSG_GETGEN), "look up the generation of the ruleset" },
		{ NFTABLES(NFT_MSG_GETTABLE), "look up a table" },
		{ NFTABLES(NFT_MSG_GETRULE), "list rules" },
		{ NFTABLES(NFT_MSG_GETSETELEM), "look up elements of a map" },
		{ CONNTRACK(IPCTNL_MSG_CT_GET), "list tracked connections" },
		{ CONNTRACK(IPCTNL_MSG_CT_DELETE), "delete a tracked connection" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		if (requests[i].type == msg->nlmsg_type) {
			strbuf_add(text, "%s", requests[i].text);
			return;
		}
	strbuf_add(text, "netfilter request %#x", msg->nlmsg_type);
}

char *nltext_request(int bus, const struct nlmsghdr *msg, char buf[static NLTEXT_MAX])
{
	struct strbuf text = strbuf_over(buf, NLTEXT_MAX);
	if (bus == NETLINK_ROUTE)
		add_rtnetlink(&text, msg);
	else if (bus == NETLINK_SOCK_DIAG)
		add_sock_diag(&text, msg);
	else if (bus == NETLINK_NETFILTER)
		add_netfilter(&text, msg);
	else
		strbuf_add(&text, "request %u", msg->nlmsg_type);
	return buf;
}
