/* SPDX-License-Identifier: MIT */
#include "net/icmp_socket.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RANGE_FILE "/proc/sys/net/ipv4/ping_group_range"

static int open_type(uint8_t family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK,
			family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (fd < 0)
		fd = -errno;
	return fd;
}

/* A raw socket gets every ICMP message of the host: the kernel is told to keep all but replies. */
static int filter_replies(int fd, uint8_t family)
{
	struct icmp_filter v4 = { .data = ~(1U << ICMP_ECHOREPLY) };
	struct icmp6_filter v6;
	memset(&v6, 0xff, sizeof(v6));
	v6.data[ICMPV6_ECHO_REPLY >> 5] &= ~(1U << (ICMPV6_ECHO_REPLY & 31));
	int r = family == AF_INET6 ? setsockopt(fd, IPPROTO_ICMPV6, ICMPV6_FILTER, &v6, sizeof(v6))
				   : setsockopt(fd, SOL_RAW, ICMP_FILTER, &v4, sizeof(v4));
	return r < 0 ? -errno : 0;
}

static int queue_errors(int fd, uint8_t family)
{
	int r = family == AF_INET6
			? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &(int){ 1 }, sizeof(int))
			: setsockopt(fd, IPPROTO_IP, IP_RECVERR, &(int){ 1 }, sizeof(int));
	return r < 0 ? -errno : 0;
}

static int refused(int code, struct err *err)
{
	if (code == -EPERM || code == -EACCES)
		return err_set(err, code,
			       "cannot send ICMP: sysctl net.ipv4.ping_group_range does not "
			       "include group %u, and CAP_NET_RAW is missing",
			       getegid());
	return err_set(err, code, "cannot open an ICMP socket: %s", strerror(-code));
}

int icmp_socket_open(uint8_t family, bool *ret_raw, struct err *err)
{
	int fd = open_type(family, SOCK_DGRAM), r = 0;
	*ret_raw = fd == -EACCES || fd == -EPERM;
	if (*ret_raw)
		fd = open_type(family, SOCK_RAW);
	if (fd < 0)
		return refused(fd, err);
	if (*ret_raw)
		r = filter_replies(fd, family);
	if (r == 0)
		r = queue_errors(fd, family);
	if (r < 0) {
		close(fd);
		return refused(r, err);
	}
	return fd;
}

int icmp_socket_identifier(int fd, uint16_t *ret)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr addr;
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return -errno;
	return addr_from_sockaddr(&ss, &addr, ret) ? 0 : -EAFNOSUPPORT;
}

/* ---- errors ---- */

static bool is_recverr(const struct cmsghdr *c)
{
	return (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
	       (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
}

/* A struct sock_extended_err, and behind it the address of the sender. */
static void read_extended(const struct cmsghdr *c, struct icmp_error *ret)
{
	struct sock_extended_err ee;
	struct sockaddr_storage ss = { 0 };
	size_t len = c->cmsg_len - CMSG_LEN(0);
	if (len < sizeof(ee))
		return;
	memcpy(&ee, CMSG_DATA(c), sizeof(ee));
	len -= sizeof(ee);
	memcpy(&ss, CMSG_DATA(c) + sizeof(ee), len < sizeof(ss) ? len : sizeof(ss));
	addr_from_sockaddr(&ss, &ret->from, &(uint16_t){ 0 });
	ret->error = (int)ee.ee_errno;
}

int icmp_socket_read_error(int fd, struct icmp_error *ret)
{
	union {
		struct cmsghdr align;
		char buf[512];
	} control;
	struct iovec iov = { .iov_base = ret->quoted, .iov_len = sizeof(ret->quoted) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	*ret = (struct icmp_error){ 0 };
	ssize_t n = recvmsg(fd, &msg, MSG_ERRQUEUE);
	if (n < 0)
		return -errno;
	ret->quoted_len = (size_t)n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (is_recverr(c))
			read_extended(c, ret);
	return 0;
}

/* ---- the sysctl ---- */

bool icmp_socket_is_allowed(const gid_t *groups, size_t n)
{
	unsigned low = 1, high = 0;
	FILE *f = fopen(RANGE_FILE, "re");
	if (!f)
		return false;
	int got = fscanf(f, "%u %u", &low, &high);
	fclose(f);
	for (size_t i = 0; got == 2 && i < n; i++)
		if (groups[i] >= low && groups[i] <= high)
			return true;
	return false;
}
