/* SPDX-License-Identifier: MIT */
/* A request to the kernel in a few words, for the log: "add address 192.0.2.53/32 on interface 1".
 * Pure. */
#ifndef NET_NLTEXT_H
#define NET_NLTEXT_H

#include <linux/netlink.h>

#define NLTEXT_MAX 160

/* `bus` as of nlsock_open(). Returns buf. */
char *nltext_request(int bus, const struct nlmsghdr *msg, char buf[static NLTEXT_MAX]);

#endif
