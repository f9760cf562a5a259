/* SPDX-License-Identifier: MIT */
/*
 * The reconciler's hands: lo, NAT and BGP, and the turns of the loop that it asks for.
 */
#ifndef AGENT_VIP_ACTUATOR_H
#define AGENT_VIP_ACTUATOR_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/model/drift.h"
#include "agent/vip/host_addresses.h"
#include "agent/vip/reconcile.h"
#include "bgp/speaker.h"
#include "lib/err.h"
#include "nat/nat.h"

struct actuator;

/* Opens lo and looks at the NAT rules. Nothing is touched yet. `identity` must outlive it. */
int actuator_new(sd_event *loop, struct host_addresses *identity, enum nat_choice nat,
		 struct actuator **ret, struct err *err);
/* Undoes nothing on lo. The speaker must still be there. */
void actuator_free(struct actuator *e);
/* Before the first VIP. Not owned. */
void actuator_set_speaker(struct actuator *e, struct bgp_speaker *speaker);
/* The reconciler that acts through it; owned by it. */
struct reconcile *actuator_reconcile(struct actuator *e);
/* The NAT that it works with; likewise. */
const struct nat *actuator_nat(const struct actuator *e);

/* On a kernel that does not keep our tag on addresses, somebody has to write down what is ours
 * before it is there: `note` returns 0 when it is written or cannot be, -EINPROGRESS when
 * actuator_noted() will be called. `forget`: it is there no more. */
struct actuator_notes {
	int (*note)(const struct prefix *vip, const char *label, void *userdata);
	void (*forget)(const struct prefix *vip, void *userdata);
};
void actuator_set_notes(struct actuator *e, const struct actuator_notes *notes, void *userdata);
void actuator_noted(struct actuator *e);
/* What a former run noted. True when it is there and is taken for ours. */
bool actuator_adopt(struct actuator *e, const struct prefix *vip, const char *label);
/* Whether a former run left VIPs of a family on lo. */
void actuator_find_leftovers(struct actuator *e, bool *ret_ipv4, bool *ret_ipv6);
/* False: lo is down, and with it all VIPs. */
bool actuator_lo_is_up(const struct actuator *e);
/* How often it came up again. */
struct drift_record actuator_lo_drift(const struct actuator *e);

/* What a former run left on lo and in NAT goes to the apps that want it; the rest is removed.
 * Called when all apps that may want it are registered. */
void actuator_take_leftovers(struct actuator *e);

/* The agent stops and everything is released: waits for no router any longer than `flush_limit`
 * from now on, and calls `settled` once, from the loop, as soon as no VIP is left that could still
 * be taken down. */
typedef void actuator_settled_cb(void *userdata);
void actuator_finish(struct actuator *e, usec_t flush_limit, actuator_settled_cb *settled,
		     void *userdata);

#endif
