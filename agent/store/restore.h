/* SPDX-License-Identifier: MIT */
/*
 * Restores from the state file of the previous instance: VIPs on lo and drains before the first
 * app is registered, apps after those of the configuration.
 *
 * A lease never has more left than its span, and a drain not more than when it was requested,
 * whatever the clock says: on a host without a battery it is 1970 until NTP has answered.
 */
#ifndef AGENT_STORE_RESTORE_H
#define AGENT_STORE_RESTORE_H

#include <stdbool.h>

#include "agent/app/registry.h"
#include "agent/store/clock.h"
#include "agent/store/state_file.h"
#include "agent/store/state_lines.h"
#include "agent/vip/actuator.h"

/* The keys of lines that no app has: names are neither empty nor do they contain '/'. Those of
 * peers begin with it. */
#define STORE_AGENT_KEY   ""
#define STORE_VIP_KEY_MAX (PREFIX_TEXT_MAX + IFNAMSIZ)
const char *store_vip_key(const struct prefix *vip, const char *ifname,
			  char buf[static STORE_VIP_KEY_MAX]);

/* VIPs of this place that are still there. They are written again, the others are not. */
void restore_vips(const struct state_contents *c, const struct state_place *here,
		  struct actuator *actuator, struct state_file *file);
/* Drains that have not ended. They are written again, until their apps are registered. */
void restore_drains(const struct state_contents *c, struct registry *registry,
		    struct state_file *file, struct store_clock clock);
/* Definitions that were promoted. */
void restore_promotions(const struct state_contents *c, struct registry *registry);
/* 0; or, with a line in the log, -errno: -ESTALE when its lease has ended, else as
 * registry_register(). -EACCES, -EMFILE and -EDQUOT: it may be accepted again one day. */
int restore_app(struct state_app *app, struct registry *registry, struct store_clock clock,
		struct err *err);

#endif
