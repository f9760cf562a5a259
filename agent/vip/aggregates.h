/* SPDX-License-Identifier: MIT */
/*
 * The aggregates of the configuration: counts, of each, the apps whose VIPs in it are announced,
 * and announces or withdraws it as that demands. Told of every route of a VIP; what it does follows
 * at once, so that a withdrawal of the last VIP and of its aggregate are one UPDATE, and both are
 * acknowledged before the address goes.
 */
#ifndef AGENT_VIP_AGGREGATES_H
#define AGENT_VIP_AGGREGATES_H

#include "agent/model/aggregate.h"
#include "lib/mono.h"

struct aggregates_ops {
	/* Also another time, with other attributes or for other peers. */
	void (*announce)(const struct aggregate_spec *spec, enum route_form form, void *userdata);
	void (*withdraw)(const struct aggregate_spec *spec, void *userdata);
	/* For the log: the form is another one now. */
	void (*changed)(const struct aggregate_spec *spec, enum route_form form,
			struct aggregate_count count, void *userdata);
};

struct aggregates;

/* Without any. `ops` must outlive it. */
struct aggregates *aggregates_new(const struct aggregates_ops *ops, void *userdata);
/* Withdraws nothing. */
void aggregates_free(struct aggregates *a);

/* The route of a VIP is announced in this form, ROUTE_NONE: not at all; `app` is who has the VIP, a
 * mere identity. */
void aggregates_count(struct aggregates *a, const struct prefix *vip, const void *app,
		      enum route_form form, mono_t now);

/* Other ones; copied. Between the two calls every VIP that is announced is counted anew, and an
 * aggregate that stays keeps its route. */
void aggregates_begin_change(struct aggregates *a, const struct aggregate_list *list);
void aggregates_end_change(struct aggregates *a, mono_t now);

const struct aggregate_list *aggregates_list(const struct aggregates *a);

struct aggregate_status {
	const struct aggregate_spec *spec;
	struct aggregate_count count;
	enum route_form form; /* ROUTE_NONE: not announced */
	mono_t changed_at;    /* `form`; 0: never */
};
/* In the order of aggregates_list(). */
void aggregates_status(const struct aggregates *a, size_t i, struct aggregate_status *ret);

#endif
