/* SPDX-License-Identifier: MIT */
#include "agent/model/fleet_spec.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/mem.h"

void fleet_spec_done(struct fleet_spec *s)
{
	free(s->prefix);
	free(s->node);
	free(s->vips);
	*s = (struct fleet_spec){ 0 };
}

static bool is_rule_of(const struct fleet_spec_vip *rule, const struct prefix *vip)
{
	return vip ? prefix_equal(&rule->vip, vip) : rule->vip.addr.family == 0;
}

const struct fleet_spec_vip *fleet_spec_find(const struct fleet_spec *s, const struct prefix *vip)
{
	for (size_t i = 0; s->vips && i < s->n; i++)
		if (is_rule_of(&s->vips[i], vip))
			return &s->vips[i];
	return NULL;
}

const struct fleet_spec_vip *fleet_spec_of(const struct fleet_spec *s, const struct prefix *vip)
{
	const struct fleet_spec_vip *rule = fleet_spec_find(s, vip);
	return rule ? rule : fleet_spec_find(s, NULL);
}

const struct fleet_min_up *fleet_spec_min_up(const struct fleet_spec *s, const struct prefix *vip)
{
	const struct fleet_spec_vip *rule = fleet_spec_of(s, vip);
	return rule ? &rule->min_up : NULL;
}

struct fleet_spec_vip *fleet_spec_add(struct fleet_spec *s, const struct prefix *vip)
{
	for (size_t i = 0; i < s->n; i++)
		if (is_rule_of(&s->vips[i], vip))
			return &s->vips[i];
	s->vips = mem_grow_by_one(s->vips, s->n, sizeof(*s->vips));
	struct fleet_spec_vip *rule = &s->vips[s->n++];
	rule->max_joining = FLEET_MAX_JOINING;
	if (vip)
		rule->vip = *vip;
	return rule;
}

const char *fleet_min_up_format(const struct fleet_min_up *m,
				char buf[static FLEET_MIN_UP_TEXT_MAX])
{
	snprintf(buf, FLEET_MIN_UP_TEXT_MAX, "%u%s", (unsigned)m->value, m->is_share ? "%" : "");
	return buf;
}
