/* SPDX-License-Identifier: MIT */
/*
 * Binds VIPs to an interface, lo by default, and tells when another process removes or changes
 * them. The parts of a VIP in the kernel are in net/vipaddr.h, the owners of addresses in
 * net/lo_mirror.h.
 *
 * Kernels before 5.18 drop our tag from addresses. There the previous instance must have written
 * down that it was about to add the address, and the address must look as we make it, label
 * included: loopback_adopt().
 */
#ifndef NET_LOOPBACK_H
#define NET_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/lo_follow.h"

struct loopback;

/* `ifname` need not be there yet. */
int loopback_new(sd_event *loop, const char *ifname, loopback_lost_cb *lost, void *userdata,
		 struct loopback **ret, struct err *err);
/* Removes nothing from the kernel. */
void loopback_free(struct loopback *lo);

/* Binds a VIP with label "lo:NAME" (IPv4; cut to what the kernel accepts). 0 also when it is ours
 * already. -EEXIST: the address is on lo and is not ours; it is left alone and the error text says
 * with which label. -EPERM names the capability. -ENETDOWN while the interface is
 * down: the kernel would accept the address and nothing would answer on it. -ENODEV while it is
 * missing, -EINVAL when it is not lo and the VIP is not a single address. -EINPROGRESS: added, and
 * LOOPBACK_SETTLED will be told when it serves (IPv6, of other interfaces than lo). */
int loopback_add(struct loopback *lo, const struct prefix *vip, const char *app_name,
		 struct err *err);
/* The same by a local route alone, of lo (AnyIP); our address that is there goes. -EEXIST: a
 * local route of the same prefix is there that is not ours. */
int loopback_add_route(struct loopback *lo, const struct prefix *vip, struct err *err);
/* Whether the kernel keeps our tag. */
bool loopback_has_tags(const struct loopback *lo);
/* The previous instance added this, or was about to: if it is there, and the kernel has no tags, it
 * is a leftover from now on. True when it is so. */
bool loopback_adopt(struct loopback *lo, const struct prefix *vip, const char *label);
/* Removes one of our VIPs; 0 when it is gone already. -ENOENT when it is not ours. */
int loopback_del(struct loopback *lo, const struct prefix *vip, struct err *err);
/* Ours or a leftover, and still there, whole, as far as the kernel told us. */
bool loopback_owns(const struct loopback *lo, const struct prefix *vip);
/* An address there that another process has added, in the way of the VIP, unless it did so for this
 * app: GoCast labels addresses as we do. */
bool loopback_has_foreign(const struct loopback *lo, const struct prefix *vip,
			  const char *app_name);
bool loopback_is_up(const struct loopback *lo);
const char *loopback_name(const struct loopback *lo); /* of the interface */
/* Neither our addresses and routes nor leftovers are there. */
bool loopback_is_unused(const struct loopback *lo);
/* Walks the leftovers of the previous instance that loopback_add() has not claimed yet. The
 * callback may call loopback_add() and _del(). */
typedef void loopback_walk_cb(const struct prefix *vip, void *userdata);
void loopback_walk_leftovers(struct loopback *lo, loopback_walk_cb *cb, void *userdata);

#endif
