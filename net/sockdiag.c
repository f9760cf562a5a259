/* SPDX-License-Identifier: MIT */
/*
 * Whether a socket listens on a port, asked in two ways. The exact lookup (1 µs, whatever the
 * number of sockets) finds the socket that serves an address. A dump, filtered by port in the
 * kernel, also shows those that are bound to a device, and those that serve other addresses.
 */
#include "net/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "net/nlsock.h"

/* Kernel socket states (include/net/tcp_states.h). An unconnected UDP socket is in CLOSE. */
#define STATE_CLOSE  7
#define STATE_LISTEN 10

struct sockdiag {
	struct nlsock *sock;
};

int sockdiag_new(struct sockdiag **ret, struct err *err)
{
	struct sockdiag *sd = mem_new(1, sizeof(*sd));
	int r = nlsock_open(NETLINK_SOCK_DIAG, NULL, &sd->sock, err);
	if (r < 0) {
		sockdiag_free(sd);
		return r;
	}
	*ret = sd;
	return 0;
}

void sockdiag_free(struct sockdiag *sd)
{
	if (!sd)
		return;
	nlsock_free(sd->sock);
	free(sd);
}

static struct inet_diag_req_v2 *put_request(void *buf, uint16_t flags, uint8_t family,
					    uint8_t proto, struct nlmsghdr **ret)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	msg->nlmsg_flags = flags;
	struct inet_diag_req_v2 *req = mnl_nlmsg_put_extra_header(msg, sizeof(*req));
	req->sdiag_family = family;
	req->sdiag_protocol = proto;
	*ret = msg;
	return req;
}

/* An answer has the type of its request. */
static bool is_socket(const struct nlmsghdr *msg)
{
	bool typed = msg->nlmsg_type == SOCK_DIAG_BY_FAMILY || msg->nlmsg_type == TCPDIAG_GETSOCK;
	return typed && mnl_nlmsg_get_payload_len(msg) >= sizeof(struct inet_diag_msg);
}

static int on_found(const struct nlmsghdr *msg, void *userdata)
{
	bool *found = userdata;
	*found |= is_socket(msg);
	return 0;
}

/* The socket that would serve the address, or the wildcard address if it is 0. AF_INET finds
 * dual-stack v6 sockets, too. */
static int lookup(struct sockdiag *sd, const struct addr *addr, uint8_t proto, uint16_t port,
		  bool *found)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlmsghdr *msg;
	struct inet_diag_req_v2 *req = put_request(buf, 0, addr->family, proto, &msg);
	size_t len = addr_size(addr->family);
	req->id.idiag_cookie[0] = req->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	/* For UDP the kernel looks from the sender's side: our end is the destination. */
	if (proto == IPPROTO_UDP) {
		req->id.idiag_dport = htons(port);
		memcpy(req->id.idiag_dst, addr->bytes, len);
	} else {
		req->id.idiag_sport = htons(port);
		memcpy(req->id.idiag_src, addr->bytes, len);
	}
	int r = nlsock_request(sd->sock, msg, on_found, found);
	return r == -ENOENT ? 0 : r;
}

/* Both families in one walk: the kernel's older request, which is documented to stay. A dump walks
 * over every bucket of its table, so this halves the cost. */
static int dump_tcp(struct sockdiag *sd, uint16_t port, nlsock_cb *cb, void *userdata)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = TCPDIAG_GETSOCK;
	msg->nlmsg_flags = NLM_F_DUMP;
	struct inet_diag_req *req = mnl_nlmsg_put_extra_header(msg, sizeof(*req));
	req->idiag_states = 1U << STATE_LISTEN;
	req->id.idiag_sport = htons(port);
	return nlsock_request(sd->sock, msg, cb, userdata);
}

static int dump_udp(struct sockdiag *sd, uint8_t family, uint16_t port, nlsock_cb *cb,
		    void *userdata)
{
	_Alignas(struct nlmsghdr) char buf[256];
	struct nlmsghdr *msg;
	struct inet_diag_req_v2 *req = put_request(buf, NLM_F_DUMP, family, IPPROTO_UDP, &msg);
	req->idiag_states = 1U << STATE_CLOSE;
	req->id.idiag_sport = htons(port);
	return nlsock_request(sd->sock, msg, cb, userdata);
}

/* Also those on a specific address; on one port, or on all (0). Unlike above, -ENOENT means that
 * the kernel cannot tell (no tcp_diag or udp_diag module), and that must not pass for "no
 * listener". */
static int dump(struct sockdiag *sd, uint8_t proto, uint16_t port, nlsock_cb *cb, void *userdata)
{
	int r = -EINVAL;
	if (proto == IPPROTO_TCP) {
		r = dump_tcp(sd, port, cb, userdata);
	} else if (proto == IPPROTO_UDP) {
		r = dump_udp(sd, AF_INET, port, cb, userdata);
		int r6 = r == 0 ? dump_udp(sd, AF_INET6, port, cb, userdata) : r;
		/* A kernel without IPv6 has no listeners on it. */
		r = r6 == -ENOENT ? r : r6;
	}
	return r == -ENOENT ? -EOPNOTSUPP : r;
}

/* ---- what the kernel says of a socket ---- */

static bool is_v6only(const struct nlmsghdr *msg)
{
	struct nlattr *attr;
	bool only = false;
	mnl_attr_for_each(attr, msg,
			  sizeof(struct inet_diag_msg)) if (mnl_attr_get_type(attr) ==
								    INET_DIAG_SKV6ONLY &&
							    mnl_attr_get_payload_len(attr) >= 1)
		only = mnl_attr_get_u8(attr) != 0;
	return only;
}

struct walk {
	sockdiag_cb *cb;
	void *userdata;
};

static int on_socket(const struct nlmsghdr *msg, void *userdata)
{
	const struct walk *w = userdata;
	if (!is_socket(msg))
		return 0;
	const struct inet_diag_msg *diag = mnl_nlmsg_get_payload(msg);
	const struct addr at = addr_from_bytes(diag->idiag_family, diag->id.idiag_src);
	const struct listener l = { .addr = addr_unmapped(&at),
				    .ifindex = diag->id.idiag_if,
				    .v6only = is_v6only(msg) };
	w->cb(ntohs(diag->id.idiag_sport), &l, w->userdata);
	return 0;
}

int sockdiag_walk(struct sockdiag *sd, uint8_t proto, uint16_t port, sockdiag_cb *cb,
		  void *userdata)
{
	struct walk w = { .cb = cb, .userdata = userdata };
	return dump(sd, proto, port, on_socket, &w);
}

/* ---- one place ---- */

int sockdiag_find(struct sockdiag *sd, const struct listener_place *place, bool *ret_found)
{
	bool found = false;
	int r = lookup(sd, &place->at.addr, place->proto, place->port, &found);
	if (r == 0)
		*ret_found = found;
	return r;
}

struct search {
	struct listener_place place;
	bool found;
};

static void on_listener(uint16_t port, const struct listener *l, void *userdata)
{
	(void)port;
	struct search *s = userdata;
	s->found |= listener_serves(l, &s->place);
}

int sockdiag_listening_at(struct sockdiag *sd, uint8_t proto, const struct addr *addr,
			  uint16_t port, bool *ret_listening)
{
	struct search s = {
		.place = { .at = prefix_of_host(addr), .proto = proto, .port = port, .local = true }
	};
	int r = sockdiag_find(sd, &s.place, &s.found);
	if (r == 0 && !s.found)
		r = sockdiag_walk(sd, proto, port, on_listener, &s);
	if (r == 0)
		*ret_listening = s.found;
	return r;
}
