/* SPDX-License-Identifier: MIT */
/* A VIP in a forecast: whose it would be, in which form its route would be, and what becomes of its
 * address and its NAT mappings. */
#ifndef AGENT_STATUS_FORECAST_VIP_H
#define AGENT_STATUS_FORECAST_VIP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/app/forecast.h"
#include "agent/vip/vip.h"

/* Of one turn of the loop; it may not be copied. */
struct forecast_vip {
	const struct vip *vip; /* as it is; of one that comes, nothing but its prefix */
	const struct app_forecast
		*of;            /* of the app that would have it; NULL: that stays as it is */
	const void *owner;      /* that app, an identity; NULL: none would have it */
	struct planned app;     /* with `of`, unless the VIP goes */
	struct vip after;       /* prefix, spec and route; without a spec it goes */
	struct app_outcome out; /* with `of`, or of one that goes */
	bool changes;           /* `out` is of another decision, or another definition */
	enum route_form form;   /* of its route then */
	enum route_form later;  /* when its checks have passed; ROUTE_NONE: no more follows */
};

void forecast_vip_find(const struct forecast *f, const struct plan *plan, const struct vip *vip,
		       mono_t now, struct forecast_vip *ret);

/* "removed", "added", "moved" or NULL. */
const char *forecast_vip_address(const struct forecast_vip *v);
/* After cleanup_timer, in place of at once. */
bool forecast_vip_goes_later(const struct forecast_vip *v);
/* "address on lo", before or after; NULL: nothing is bound. */
#define FORECAST_BIND_MAX 64
const char *forecast_vip_bind(const struct forecast_vip *v, bool after,
			      char buf[static FORECAST_BIND_MAX]);
/* NAT mappings that come, or that go. */
json_t *forecast_vip_nats(const struct forecast_vip *v, bool come);

#endif
