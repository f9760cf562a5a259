/* SPDX-License-Identifier: MIT */
/* This host's end of a link: the interface, and the link-local address that is sent from. Reads
 * only. */
#ifndef BGP_LINK_END_H
#define BGP_LINK_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "net/ndp.h"

struct link_end {
	uint32_t ifindex; /* 0: down, as the rest */
	struct addr own;
	bool has_mac;
	uint8_t mac[NDP_MAC_SIZE];
};

enum link_answer {
	LINK_END_PRESENT,
	LINK_END_GONE,   /* the interface, or every address that would do */
	LINK_END_UNSURE, /* the kernel could not be asked: it is as it was, ask again */
};

/* `present`, the end as it is, stays as long as its interface and address are there, whatever other
 * addresses come. `wanted`: that address and no other, where its family is set. *ret is filled in
 * when it is present, else `why`, in words. */
enum link_answer link_end_find(const char *ifname, const struct addr *wanted,
			       const struct link_end *present, struct link_end *ret, char *why,
			       size_t size);

#endif
