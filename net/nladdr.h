/* SPDX-License-Identifier: MIT */
/* RTM_NEWADDR, RTM_DELADDR and RTM_GETADDR messages, built and read. Pure. */
#ifndef NET_NLADDR_H
#define NET_NLADDR_H

#include <libmnl/libmnl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

/* Our value of IFA_PROTO (Linux 5.18) and of rtm_protocol: addresses and routes on lo that carry it
 * were put there by vipherald. */
#define NLADDR_PROTO_OURS 118

/* The index of lo, in every network namespace: the kernel insists on it. */
#define NLADDR_LO_IFINDEX 1

struct nladdr {
	struct prefix prefix; /* the interface's own address: host bits may be set */
	uint32_t ifindex;
	uint8_t proto;             /* IFA_PROTO, 0 when absent */
	uint8_t scope;             /* RT_SCOPE_* */
	char label[IFNAMSIZ];      /* IPv4 only, else empty */
	uint32_t flags;            /* IFA_F_*; IFA_F_DEPRECATED when built: preferred lifetime 0 */
	uint32_t valid, preferred; /* seconds that are left, or NLADDR_FOR_EVER; read only */
};

#define NLADDR_FOR_EVER UINT32_MAX

/* Room that is enough for any message built here; aligned as struct nlmsghdr. */
#define NLADDR_MSG_MAX 256

/* Adding is exclusive: an address that is there already is never taken over. */
struct nlmsghdr *nladdr_build_add(void *buf, const struct nladdr *a);
/* For an address that is known to be ours: everything but its label becomes as it is here. */
struct nlmsghdr *nladdr_build_replace(void *buf, const struct nladdr *a);
struct nlmsghdr *nladdr_build_del(void *buf, const struct nladdr *a);
/* `ifindex` 0: all interfaces. */
struct nlmsghdr *nladdr_build_dump(void *buf, uint8_t family, uint32_t ifindex);
/* -EBADMSG when the message is not a well-formed address message. */
int nladdr_parse(const struct nlmsghdr *msg, struct nladdr *ret);

#endif
