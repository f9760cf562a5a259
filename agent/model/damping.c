/* SPDX-License-Identifier: MIT */
#include "agent/model/damping.h"

void damping_went_up(struct damping *d, mono_t now)
{
	if (d->fell)
		d->returned_at = now;
	d->until = 0;
}

/* first, 2 × first, 4 × first … max */
static span_t duration(const struct damping_config *config, uint32_t flaps)
{
	span_t span = config->first;
	for (uint32_t i = 1; i < flaps && span < config->max; i++)
		span = usec_add(span, span);
	return usec_min(span, config->max);
}

void damping_went_down(struct damping *d, const struct damping_config *config, mono_t now)
{
	bool soon = d->returned_at > 0 && usec_sub(now, d->returned_at) < config->max;
	d->fell = true;
	d->flaps = soon ? d->flaps + 1 : 0;
	d->until =
		d->flaps > 0 && config->first > 0 ? usec_add(now, duration(config, d->flaps)) : 0;
}

bool damping_is_on(const struct damping *d, mono_t now)
{
	return now < d->until;
}
