/* SPDX-License-Identifier: MIT */
/*
 * bind: present. Whether the host has the address of a VIP, put there by another process, and can
 * answer on it. Pure.
 *
 *	on an interface that is up                  yes; without carrier, too: the address is local
 *	                                            whichever interface its packets arrive on
 *	on one that is down                         no: the kernel has no local route for it
 *	tentative, optimistic, or detected twice    no: duplicate address detection
 *	carries our number, or is noted as ours     no: it is about to be removed
 */
#ifndef AGENT_VIP_PRESENCE_H
#define AGENT_VIP_PRESENCE_H

#include <stdbool.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/addr_table.h"

/* Whether an address on that interface was added by the agent, on a kernel without tags. */
typedef bool presence_is_ours(const struct prefix *vip, const char *ifname, void *userdata);

/* 0, or -EADDRNOTAVAIL with a text that says what is missing. `interface` "": any. */
int presence_check(const struct addr_table *table, const struct prefix *vip, const char *interface,
		   presence_is_ours *is_ours, void *userdata, struct err *err);

#endif
