/* SPDX-License-Identifier: MIT */
/*
 * Whether a socket listens on a port, asked in two steps. The exact lookup (1 µs, whatever the
 * number of sockets) finds a socket bound to every address, as nearly all services are. Only when
 * there is none does a dump, filtered by port in the kernel, look for one that is bound to a
 * specific address.
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

static const struct addr wildcards[] = { { .family = AF_INET }, { .family = AF_INET6 } };

/* ---- whom a listener can serve ---- */

/* Of every network namespace (include/net/flow.h: LOOPBACK_IFINDEX). */
#define LO_IFINDEX 1

/* A v4-mapped address as IPv4. */
static struct addr local_address(const struct inet_diag_msg *diag)
{
	struct addr a = addr_from_bytes(diag->idiag_family, diag->id.idiag_src);
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (a.family == AF_INET6 && memcmp(a.bytes, mapped, sizeof(mapped)) == 0)
		a = addr_from_bytes(AF_INET, a.bytes + sizeof(mapped));
	return a;
}

/* Other hosts' packets for a VIP, translated or not, never have a loopback address as their
 * destination and never arrive on lo. */
static bool serves_others(const struct inet_diag_msg *diag)
{
	struct addr a = local_address(diag);
	return diag->id.idiag_if != LO_IFINDEX && !addr_is_loopback(&a);
}

int sockdiag_listening_anywhere(struct sockdiag *sd, uint8_t proto, uint16_t port,
				bool *ret_listening)
{
	bool found = false;
	int r = 0;
	for (size_t i = 0; i < 2 && r == 0 && !found; i++)
		r = lookup(sd, &wildcards[i], proto, port, &found);
	if (r < 0)
		return r;
	*ret_listening = found;
	return 0;
}

struct search {
	bool found;
	struct addr addr; /* the loopback address that was found, or the address that is wanted */
};

static int on_listener(const struct nlmsghdr *msg, void *userdata)
{
	struct search *s = userdata;
	if (!is_socket(msg))
		return 0;
	const struct inet_diag_msg *diag = mnl_nlmsg_get_payload(msg);
	if (serves_others(diag))
		s->found = true;
	else
		s->addr = local_address(diag);
	return 0;
}

int sockdiag_listening(struct sockdiag *sd, uint8_t proto, uint16_t port, bool *ret_listening,
		       struct addr *ret_loopback)
{
	struct search s = { 0 };
	int r = sockdiag_listening_anywhere(sd, proto, port, &s.found);
	if (r == 0 && !s.found)
		r = dump(sd, proto, port, on_listener, &s);
	if (r < 0)
		return r;
	*ret_listening = s.found;
	*ret_loopback = s.addr;
	if (s.found)
		*ret_loopback = (struct addr){ 0 };
	return 0;
}

/* ---- at one address ---- */

int sockdiag_listening_exactly(struct sockdiag *sd, uint8_t proto, const struct addr *addr,
			       uint16_t port, bool *ret_listening)
{
	bool found = false;
	int r = lookup(sd, addr, proto, port, &found);
	if (r == 0)
		*ret_listening = found;
	return r;
}

static int on_address(const struct nlmsghdr *msg, void *userdata)
{
	struct search *s = userdata;
	if (!is_socket(msg))
		return 0;
	struct addr a = local_address(mnl_nlmsg_get_payload(msg));
	s->found |=
		addr_equal(&a, &s->addr) || (a.family == s->addr.family && addr_is_unspecified(&a));
	return 0;
}

int sockdiag_listening_at(struct sockdiag *sd, uint8_t proto, const struct addr *addr,
			  uint16_t port, bool *ret_listening)
{
	struct search s = { .addr = *addr };
	int r = lookup(sd, addr, proto, port, &s.found);
	if (r == 0 && !s.found)
		r = dump(sd, proto, port, on_address, &s);
	if (r == 0)
		*ret_listening = s.found;
	return r;
}

/* ---- all ports ---- */

static int on_port(const struct nlmsghdr *msg, void *userdata)
{
	if (!is_socket(msg))
		return 0;
	const struct inet_diag_msg *diag = mnl_nlmsg_get_payload(msg);
	if (serves_others(diag))
		port_set_add(userdata, ntohs(diag->id.idiag_sport));
	return 0;
}

int sockdiag_all_listening(struct sockdiag *sd, uint8_t proto, struct port_set *ret)
{
	*ret = (struct port_set){ 0 };
	return dump(sd, proto, 0, on_port, ret);
}
