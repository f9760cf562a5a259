/* SPDX-License-Identifier: MIT */
/*
 * The VIPs that we own on lo.
 *
 * An address is ours when we added it (the kernel acknowledged an exclusive add) or when it
 * carries our IFA_PROTO tag from a former run. Only those are ever removed.
 *
 * Kernels before 5.18 drop the tag. There a former run must have written down that it was about to
 * add the address, and the address must look as we make it, label included: loopback_adopt().
 */
#ifndef NET_LOOPBACK_H
#define NET_LOOPBACK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/err.h"

struct loopback;

/* Somebody else removed an address we own: bring it back with loopback_add(). `prefix` NULL: lo
 * went down or up, look at every one. Called from the loop; loopback_add() and _del() may be
 * called inside it, loopback_free() may not. */
typedef void loopback_lost_cb(const struct prefix *prefix, void *userdata);

int loopback_new(sd_event *loop, loopback_lost_cb *lost, void *userdata, struct loopback **ret,
		 struct err *err);
/* Removes nothing from the kernel. */
void loopback_free(struct loopback *lo);

/* Binds a VIP with label "lo:NAME" (IPv4; cut to what the kernel takes). 0 also when it is ours
 * already. -EEXIST: the address is on lo and is not ours; it is left alone and the error text says
 * with which label. -EPERM names the capability. -ENETDOWN while lo is
 * down: the kernel would take the address and nothing would answer on it. */
int loopback_add(struct loopback *lo, const struct prefix *vip, const char *app_name,
		 struct err *err);
/* Whether the kernel keeps our tag. */
bool loopback_has_tags(const struct loopback *lo);
/* The label that loopback_add() gives; "" for IPv6. */
void loopback_label(const struct prefix *vip, const char *app_name, char ret[static IFNAMSIZ]);
/* A former run added this, or was about to: if it is there, and the kernel has no tags, it is left
 * over from then on. True when it is so. */
bool loopback_adopt(struct loopback *lo, const struct prefix *vip, const char *label);
/* Removes a VIP of ours; 0 when it is gone already. -ENOENT when it is not ours. */
int loopback_del(struct loopback *lo, const struct prefix *vip, struct err *err);
/* Ours, and still there as far as the kernel told us. */
bool loopback_owns(const struct loopback *lo, const struct prefix *vip);
/* Walks the addresses that a former run left and loopback_add() did not claim yet. The
 * callback may call loopback_add() and _del(). */
typedef void loopback_walk_cb(const struct prefix *vip, void *userdata);
void loopback_walk_leftovers(struct loopback *lo, loopback_walk_cb *cb, void *userdata);

#endif
