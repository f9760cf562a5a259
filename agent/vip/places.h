/* SPDX-License-Identifier: MIT */
/*
 * The interfaces that VIPs are bound to: lo from the start, others when an app names them or the
 * previous instance left addresses there. A VIP is bound to one of them; while an app changes its
 * interface it is there twice.
 */
#ifndef AGENT_VIP_PLACES_H
#define AGENT_VIP_PLACES_H

#include <stddef.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/loopback.h"

#define PLACES_MAX 64

struct places;

/* As loopback_lost_cb. */
typedef void places_lost_cb(const struct loopback *at, const struct prefix *prefix,
			    enum loopback_loss why, void *userdata);

int places_new(sd_event *loop, places_lost_cb *lost, void *userdata, struct places **ret,
	       struct err *err);
/* Removes nothing from the kernel. */
void places_free(struct places *p);

struct loopback *places_lo(const struct places *p);
/* NULL when no VIP was ever bound there. */
struct loopback *places_find(const struct places *p, const char *ifname);
/* The interface need not be there. -ENOSPC: too many of them. */
int places_get(struct places *p, const char *ifname, struct loopback **ret, struct err *err);

size_t places_n(const struct places *p);
struct loopback *places_at(const struct places *p, size_t i);

#endif
