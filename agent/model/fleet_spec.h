/* SPDX-License-Identifier: MIT */
/* The fleet of the configuration: which VIPs its guard is for, and how many of each stay announced.
 * Pure. */
#ifndef AGENT_MODEL_FLEET_SPEC_H
#define AGENT_MODEL_FLEET_SPEC_H

#include <stddef.h>

#include "fleet/guard.h"
#include "lib/addr.h"
#include "lib/mono.h"

#define FLEET_SPEC_VIPS_MAX 4096

enum fleet_engine { FLEET_OFF, FLEET_CONSUL };

struct fleet_spec_vip {
	struct prefix vip; /* family 0: all that are not named */
	struct fleet_min_up min_up;
	uint16_t max_joining;
};

struct fleet_spec {
	enum fleet_engine engine;
	char *prefix, *node; /* NULL node: the host name */
	struct fleet_spec_vip *vips;
	size_t n;
	span_t window, timeout;
};

void fleet_spec_done(struct fleet_spec *s);
/* Of exactly this VIP, or with NULL of all that are not named; NULL: there is none. */
const struct fleet_spec_vip *fleet_spec_find(const struct fleet_spec *s, const struct prefix *vip);
/* The rule of this VIP, or of all that are not named; NULL: it is not guarded. */
const struct fleet_spec_vip *fleet_spec_of(const struct fleet_spec *s, const struct prefix *vip);
/* How many agents have to announce the VIP; NULL: it is not guarded. */
const struct fleet_min_up *fleet_spec_min_up(const struct fleet_spec *s, const struct prefix *vip);
/* A rule of exactly this VIP, or with NULL of all others; the one that is there, or a new one. */
struct fleet_spec_vip *fleet_spec_add(struct fleet_spec *s, const struct prefix *vip);

#define FLEET_MAX_JOINING 1 /* the default */

/* "50%" or "3", as the configuration has it. */
#define FLEET_MIN_UP_TEXT_MAX 16
const char *fleet_min_up_format(const struct fleet_min_up *m,
				char buf[static FLEET_MIN_UP_TEXT_MAX]);

#endif
