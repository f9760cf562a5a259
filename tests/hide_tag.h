/* SPDX-License-Identifier: MIT */
/*
 * uname() and recvfrom() as on a kernel before Linux 5.18, which has no IFA_PROTO: the type
 * of the attribute is replaced by an unknown one. The kernel still keeps the tag, unseen.
 */
#ifndef TESTS_HIDE_TAG_H
#define TESTS_HIDE_TAG_H

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define HIDE_TAG_PROTO   11
#define HIDE_TAG_UNKNOWN 0x3ff

static inline void hide_tag_in(struct nlmsghdr *msg)
{
	if (msg->nlmsg_type != RTM_NEWADDR && msg->nlmsg_type != RTM_DELADDR)
		return;
	int left = (int)IFA_PAYLOAD(msg);
	struct rtattr *a =
		(void *)((char *)NLMSG_DATA(msg) + NLMSG_ALIGN(sizeof(struct ifaddrmsg)));
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == HIDE_TAG_PROTO)
			a->rta_type = HIDE_TAG_UNKNOWN;
}

static inline ssize_t hide_tag_recvfrom(int fd, void *buf, size_t size, int flags,
					struct sockaddr *from, socklen_t *from_len)
{
	ssize_t n = syscall(SYS_recvfrom, fd, buf, size, flags, from, from_len);
	int domain = 0, protocol = 0;
	socklen_t len = sizeof(int);
	if (n <= 0 || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 ||
	    domain != AF_NETLINK || getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0 ||
	    protocol != NETLINK_ROUTE)
		return n;
	size_t left = (size_t)n;
	for (struct nlmsghdr *msg = buf; NLMSG_OK(msg, left); msg = NLMSG_NEXT(msg, left))
		hide_tag_in(msg);
	return n;
}

static inline int hide_tag_uname(struct utsname *name)
{
	int r = (int)syscall(SYS_uname, name);
	memcpy(name->release, "5.10.0", sizeof("5.10.0"));
	return r;
}

#endif
