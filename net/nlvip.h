/* SPDX-License-Identifier: MIT */
/* Adds and removes the parts of a VIP (net/vipaddr.h) by netlink. */
#ifndef NET_NLVIP_H
#define NET_NLVIP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "net/nlsock.h"
#include "net/vipaddr.h"

/* `link`: of the address; a route is always one of lo. */

/* An address is added exclusively: -EEXIST when there is one. A route that is there already serves
 * as well: 0. */
int nlvip_add(struct nlsock *s, const struct prefix *vip, uint8_t part, const struct vip_link *link,
	      const char *app_name);
/* 0 also when it is not there. Never removes a route that does not carry our number. */
int nlvip_del(struct nlsock *s, const struct prefix *vip, uint8_t part,
	      const struct vip_link *link);
/* Gives our address that is there its lifetime, flags and tag back. */
int nlvip_repair(struct nlsock *s, const struct prefix *vip, const struct vip_link *link);
/* Whether the kernel keeps IFA_PROTO: Linux 5.18 and later. */
bool nlvip_kernel_has_tags(void);

#endif
