/* SPDX-License-Identifier: MIT */
/*
 * The reconciler's hands: lo, NAT and BGP, and the turns of the loop that it asks for.
 */
#ifndef AGENT_EFFECTS_H
#define AGENT_EFFECTS_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/drift.h"
#include "agent/identity.h"
#include "agent/reconcile.h"
#include "bgp/speaker.h"
#include "lib/err.h"
#include "nat/nat.h"

struct effects;

/* Opens lo and looks at the NAT rules. Nothing is touched yet. `identity` must outlive it. */
int effects_new(sd_event *loop, struct identity *identity, enum nat_choice nat,
		struct effects **ret, struct err *err);
/* Undoes nothing on lo. The speaker must still be there. */
void effects_free(struct effects *e);
/* Before the first VIP. Not owned. */
void effects_set_speaker(struct effects *e, struct bgp_speaker *speaker);
/* The reconciler that acts through it; owned by it. */
struct reconcile *effects_reconcile(struct effects *e);
/* The NAT that it works with; likewise. */
const struct nat *effects_nat(const struct effects *e);

/* On a kernel that does not keep our tag on addresses, somebody has to write down what is ours
 * before it is there: `note` returns 0 when it is written or cannot be, -EINPROGRESS when
 * effects_noted() will be called. `forget`: it is there no more. */
struct effects_notes {
	int (*note)(const struct prefix *vip, const char *label, void *userdata);
	void (*forget)(const struct prefix *vip, void *userdata);
};
void effects_set_notes(struct effects *e, const struct effects_notes *notes, void *userdata);
void effects_noted(struct effects *e);
/* What a former run noted. True when it is there and is taken for ours. */
bool effects_adopt(struct effects *e, const struct prefix *vip, const char *label);
/* Whether a former run left VIPs of a family on lo. */
void effects_find_leftovers(struct effects *e, bool *ret_ipv4, bool *ret_ipv6);
/* False: lo is down, and with it all VIPs. */
bool effects_lo_is_up(const struct effects *e);
/* How often it came up again. */
struct drift_record effects_lo_drift(const struct effects *e);

/* What a former run left on lo and in NAT goes to the apps that want it; the rest is removed.
 * Called when all apps that may want it are registered. */
void effects_take_leftovers(struct effects *e);

/* The agent stops and everything is released: waits for no router any longer than `drain_limit`
 * from now on, and calls `settled` once, from the loop, as soon as no VIP is left that could still
 * be taken down. */
typedef void effects_settled_cb(void *userdata);
void effects_finish(struct effects *e, usec_t drain_limit, effects_settled_cb *settled,
		    void *userdata);

#endif
