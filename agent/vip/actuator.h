/* SPDX-License-Identifier: MIT */
/*
 * The operations of the reconciler: lo, NAT and BGP, and the turns of the loop that it asks for.
 */
#ifndef AGENT_VIP_ACTUATOR_H
#define AGENT_VIP_ACTUATOR_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/model/drift.h"
#include "agent/vip/aggregates.h"
#include "agent/vip/binding.h"
#include "agent/vip/host_addresses.h"
#include "agent/vip/reconcile.h"
#include "bgp/speaker.h"
#include "lib/err.h"
#include "nat/nat.h"

struct actuator;
struct nat_dead;

/* Lists the addresses of lo and the NAT rules. Nothing is changed yet. `addresses` must outlive it.
 */
int actuator_new(sd_event *loop, struct host_addresses *addresses, enum nat_choice nat,
		 struct actuator **ret, struct err *err);
/* Undoes nothing on lo. The speaker must still be there. */
void actuator_free(struct actuator *a);
/* Before the first VIP. Not owned. */
void actuator_set_speaker(struct actuator *a, struct bgp_speaker *speaker);
/* The aggregates from now on; copied. Routes that are already announced are counted, and suppressed
 * or no longer suppressed, in this turn. */
void actuator_set_aggregates(struct actuator *a, const struct aggregate_list *list);
const struct aggregates *actuator_aggregates(const struct actuator *a);
/* The reconciler that acts through it; owned by it. */
struct reconcile *actuator_reconcile(struct actuator *a);
/* The NAT that it works with; owned by it. */
const struct nat *actuator_nat(const struct actuator *a);
/* See nat_served_dead(). */
const struct nat_dead *actuator_nat_dead(const struct actuator *a);

/* When a note returned -EINPROGRESS, actuator_noted() is to be called. */
void actuator_set_notes(struct actuator *a, const struct vip_notes *notes, void *userdata);
void actuator_noted(struct actuator *a);
/* Does the kernel keep the tag by which VIPs on lo are known as ours (Linux 5.18)? */
bool actuator_has_tags(const struct actuator *a);
/* A note of the previous instance. True when the address is there and counts as ours. */
bool actuator_adopt(struct actuator *a, const struct prefix *vip, const char *ifname,
		    const char *label);
/* Is the address on that interface ours? */
bool actuator_is_ours(const struct actuator *a, const struct prefix *vip, const char *ifname);
/* Whether there are VIPs of the previous instance, by family. */
void actuator_find_leftovers(struct actuator *a, bool *ret_ipv4, bool *ret_ipv6);
/* False: lo is down, and with it all VIPs. */
/* See loopback_has_foreign(). */
bool actuator_lo_has_foreign(const struct actuator *a, const struct prefix *vip,
			     const char *app_name);
bool actuator_lo_is_up(const struct actuator *a);
/* How often it came up again. */
struct drift_record actuator_lo_drift(const struct actuator *a);

/* Addresses and NAT rules of the previous instance go to the apps that want them; the rest is
 * removed. Called when all apps that may want them are registered. */
void actuator_collect_leftovers(struct actuator *a);

/* The agent stops and everything is released: waits for no peer beyond `ack_limit`, and calls
 * `settled` once, from the loop, as soon as no VIP is left that could still be taken down. */
typedef void actuator_settled_cb(void *userdata);
void actuator_finish(struct actuator *a, mono_t ack_limit, actuator_settled_cb *settled,
		     void *userdata);

#endif
