/* SPDX-License-Identifier: MIT */
/*
 * Follows what changes around the agent: the host's own addresses, which NAT translates to and
 * which no VIP may cover, and the default gateway where it stands in for a peer. (Sessions follow
 * by themselves: bgp/path.h.)
 */
#ifndef AGENT_VIP_HOST_CHANGES_H
#define AGENT_VIP_HOST_CHANGES_H

#include <systemd/sd-event.h>

#include "agent/model/drift.h"
#include "agent/vip/actuator.h"
#include "agent/vip/host_addresses.h"
#include "lib/err.h"

struct host_changes;

/* `identity` and `actuator` must outlive it. */
int host_changes_new(sd_event *loop, struct host_addresses *identity, struct actuator *actuator,
		     struct host_changes **ret, struct err *err);
/* `identity` is as the host is now, not as it was up to 50 ms ago. NULL works. */
void host_changes_catch_up(struct host_changes *s);
void host_changes_free(struct host_changes *s);
/* How often NAT was made anew for another address of the host. NULL works. */
void host_changes_drift(const struct host_changes *s, struct drift_record *ret);

#endif
