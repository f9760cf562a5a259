/* SPDX-License-Identifier: MIT */
/*
 * Why a VIP is not as wanted, kept with its text until it recovers. All are tried again together,
 * with one back-off that starts anew when a new trouble comes up. A failure is logged when it
 * appears or changes.
 */
#ifndef AGENT_VIP_TROUBLE_H
#define AGENT_VIP_TROUBLE_H

#include "agent/vip/vip.h"

/* -EOPNOTSUPP is not tried again. Without a text in `err`, that of the code stands for it. */
void trouble_set(struct reconcile *r, struct vip *vip, int code, const struct err *err, mono_t now);
void trouble_clear(struct reconcile *r, struct vip *vip);
/* Tries all again at `when`, if not before. */
void trouble_retry_by(struct reconcile *r, mono_t when);

/* The time that `retry` was asked for has come. */
void reconcile_retry(struct reconcile *r);
/* When troubles are tried again next, or USEC_NEVER. */
mono_t reconcile_retry_at(const struct reconcile *r);

#endif
