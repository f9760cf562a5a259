/* SPDX-License-Identifier: MIT */
#include "net/ndp_socket.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_int(int fd, int option, int value)
{
	return setsockopt(fd, IPPROTO_IPV6, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int set_filter(int fd)
{
	struct icmp6_filter filter;
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(NDP_ROUTER_ADVERT, &filter);
	ICMP6_FILTER_SETPASS(NDP_NEIGHBOR_ADVERT, &filter);
	ICMP6_FILTER_SETPASS(NDP_ECHO_REPLY, &filter);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) < 0 ? -errno
											 : 0;
}

/* The filter first: until then the socket gets everything. */
static int set_options(int fd, const char *ifname)
{
	int r = set_filter(fd);
	if (r == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname, (socklen_t)strlen(ifname) + 1) < 0)
		r = -errno;
	if (r == 0)
		r = set_int(fd, IPV6_RECVHOPLIMIT, 1);
	if (r == 0)
		r = set_int(fd, IPV6_UNICAST_HOPS, NDP_HOP_LIMIT);
	if (r == 0)
		r = set_int(fd, IPV6_MULTICAST_HOPS, NDP_HOP_LIMIT);
	if (r == 0)
		r = set_int(fd, IPV6_MULTICAST_LOOP, 0);
	return r;
}

int ndp_socket_open(const char *ifname, struct err *err)
{
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
	int r = fd < 0 ? -errno : set_options(fd, ifname);
	if (r == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	if (r == -EPERM || r == -EACCES)
		return err_set(err, -EPERM,
			       "cannot send and receive router advertisements: CAP_NET_RAW is "
			       "missing");
	return err_set(err, r, "cannot open a socket for router advertisements on %s: %s", ifname,
		       strerror(-r));
}

int ndp_socket_send(int fd, uint32_t ifindex, const struct addr *source, const struct addr *to,
		    const uint8_t *message, size_t len)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control = { .buf = { 0 } };
	struct sockaddr_storage ss;
	struct in6_pktinfo info = { .ipi6_ifindex = ifindex };
	struct iovec iov = { .iov_base = (void *)message, .iov_len = len };
	struct msghdr msg = {
		.msg_name = &ss,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	msg.msg_namelen = addr_to_sockaddr(to, 0, ifindex, &ss);
	memcpy(&info.ipi6_addr, source->bytes, sizeof(source->bytes));
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(info)),
			       .cmsg_level = IPPROTO_IPV6,
			       .cmsg_type = IPV6_PKTINFO };
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void read_hop_limit(struct msghdr *msg, struct ndp_packet *ret)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT &&
		    c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(&ret->hop_limit, CMSG_DATA(c), sizeof(int));
}

/* A packet that is cut has been read as far as it fits: its lengths show that. */
int ndp_socket_receive(int fd, uint8_t *buf, size_t cap, struct ndp_packet *ret)
{
	union {
		struct cmsghdr align;
		char buf[256];
	} control;
	struct sockaddr_storage from = { 0 };
	struct iovec iov = { .iov_base = buf, .iov_len = cap };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	uint16_t port;
	ssize_t n = recvmsg(fd, &msg, 0);
	if (n < 0)
		return -errno;
	*ret = (struct ndp_packet){ .data = buf, .len = (size_t)n, .hop_limit = -1 };
	addr_from_sockaddr(&from, &ret->source, &port);
	read_hop_limit(&msg, ret);
	return 0;
}
