/* SPDX-License-Identifier: MIT */
#include "agent/store/restore.h"

#include <errno.h>
#include <stdio.h>

#include "agent/app/drains.h"
#include "agent/app/joins.h"
#include "agent/app/leases.h"
#include "agent/store/place.h"
#include "agent/store/state_encode.h"
#include "lib/log.h"
#include "lib/wallclock.h"

const char *store_vip_key(const struct prefix *vip, const char *ifname,
			  char buf[static STORE_VIP_KEY_MAX])
{
	char text[PREFIX_TEXT_MAX];
	snprintf(buf, STORE_VIP_KEY_MAX, "%s%%%s", prefix_format(vip, text), ifname);
	return buf;
}

void restore_vips(const struct state_contents *c, const struct state_place *here,
		  struct actuator *actuator, struct state_file *file)
{
	char key[STORE_VIP_KEY_MAX];
	if (!state_place_equal(here, &c->place))
		return;
	for (size_t i = 0; i < c->n_vips; i++) {
		const struct state_vip *v = &c->vips[i];
		if (actuator_adopt(actuator, &v->prefix, v->ifname, v->label))
			state_file_put(file, store_vip_key(&v->prefix, v->ifname, key),
				       state_encode_vip(&v->prefix, v->ifname, v->label), 0);
	}
}

static wall_t end_of_drain(const struct state_drain *d, wall_t now)
{
	if (d->until == USEC_NEVER)
		return USEC_NEVER;
	return usec_min(d->until, usec_add(now, usec_sub(d->until, d->since)));
}

void restore_drains(const struct state_contents *c, struct registry *registry,
		    struct state_file *file, struct store_clock clock)
{
	for (size_t i = 0; i < c->n_drains; i++) {
		const struct state_drain *d = &c->drains[i];
		wall_t until = end_of_drain(d, clock.wall);
		if (until <= clock.wall)
			continue;
		state_file_put(file, d->name ? d->name : STORE_AGENT_KEY,
			       state_encode_drain(d->name, d->since, until, d->reason), 0);
		registry_restore_drain(registry, d->name, d->reason,
				       store_clock_to_mono(clock, until),
				       usec_sub(clock.wall, d->since), clock.mono);
	}
}

void restore_promotions(const struct state_contents *c, struct registry *registry)
{
	for (size_t i = 0; i < c->n_promotions; i++)
		registry_restore_promotion(registry, c->promotions[i].name,
					   c->promotions[i].sha256);
}

int restore_app(struct state_app *app, struct registry *registry, struct store_clock clock,
		struct err *err)
{
	char date[DATE_TEXT_MAX];
	enum register_result result;
	const char *name = app->spec.name;
	mono_t end = usec_min(store_clock_to_mono(clock, app->lease_until),
			      usec_add(clock.mono, app->spec.lease));
	if (app->spec.lease && end <= clock.mono) {
		log_info("state", "%s: its lease ended at %s, not registering it again", name,
			 date_format(app->lease_until, date));
		return -ESTALE;
	}
	int r = registry_register(registry, &app->spec, clock.mono, &result, err);
	if (r < 0) {
		log_warn("state", "%s: not registered again: %s", name, err->text);
		return r;
	}
	if (app->spec.lease)
		registry_set_lease_end(registry, name, end);
	return 0;
}
