/* SPDX-License-Identifier: MIT */
#include "agent/model/damping.h"

void damping_went_up(struct damping *h, mono_t now)
{
	if (h->fell)
		h->returned_at = now;
	h->until = 0;
}

/* first, 2 × first, 4 × first … max */
static span_t duration(const struct damping_config *config, uint32_t flaps)
{
	span_t span = config->first;
	for (uint32_t i = 1; i < flaps && span < config->max; i++)
		span = usec_add(span, span);
	return usec_min(span, config->max);
}

void damping_went_down(struct damping *h, const struct damping_config *config, mono_t now)
{
	bool soon = h->returned_at > 0 && usec_sub(now, h->returned_at) < config->max;
	h->fell = true;
	h->flaps = soon ? h->flaps + 1 : 0;
	h->until = 0;
	if (h->flaps > 0 && config->first > 0)
		h->until = usec_add(now, duration(config, h->flaps));
}

bool damping_is_on(const struct damping *h, mono_t now)
{
	return now < h->until;
}
