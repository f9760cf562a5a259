/* SPDX-License-Identifier: MIT */
/*
 * The way up and the way down of one VIP.
 *
 * NAT answers later, so that the rules of many VIPs can be one transaction. Until then a VIP is on
 * the list `pending`, and the step that follows the answer asks NAT again and gets it at once.
 */
#ifndef AGENT_VIP_STEPS_H
#define AGENT_VIP_STEPS_H

#include "agent/vip/vip.h"

/* Compares what is wanted of the VIP with what is true, and does the next thing that is missing.
 * May free a VIP without an owner. */
void vip_step(struct reconcile *r, struct vip *vip, mono_t now);
/* Whether the address is to be there. */
bool vip_wants_address(const struct vip *vip);

/* Nothing when it is announced so already. The address and NAT must be there. */
void vip_announce(struct reconcile *r, struct vip *vip, mono_t now);
/* Announces an unchanged route once more. */
void vip_announce_again(struct reconcile *r, struct vip *vip, mono_t now);
void vip_set_owner(struct reconcile *r, struct vip *vip, void *owner);
/* Nothing when it is not announced. */
void vip_withdraw(struct reconcile *r, struct vip *vip, const char *cause, mono_t now);
/* Unless this instance has announced or disowned it before. */
void vip_disown(struct reconcile *r, struct vip *vip);
/* Another process removes the address again and again: not announced and not restored before
 * tamper.rest_until. */
void vip_suspend(struct reconcile *r, struct vip *vip, mono_t now);

#endif
