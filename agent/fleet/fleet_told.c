/* SPDX-License-Identifier: MIT */
#include "agent/fleet/fleet_told.h"

#include <inttypes.h>

#include "agent/model/community.h"
#include "agent/vip/vip.h"
#include "lib/str.h"

static void add_number(struct strbuf *to, const char *name, bool given, uint32_t value)
{
	if (given)
		strbuf_add(to, "%s%s %" PRIu32, to->len ? ", " : "", name, value);
}

static void add_communities(struct strbuf *to, const struct bgp_route_attrs *attrs)
{
	char text[LARGE_COMMUNITY_TEXT_MAX];
	const char *before = to->len ? ", communities" : "communities";
	for (size_t i = 0; i < attrs->communities.n; i++, before = "")
		strbuf_add(to, "%s %s", before,
			   community_format(attrs->communities.values[i], text));
	for (size_t i = 0; i < attrs->large_communities.n; i++, before = "")
		strbuf_add(to, "%s %s", before,
			   large_community_format(attrs->large_communities.values[i], text));
}

/* "med 10, local_pref 0, communities 65535:0" */
static void format(const struct bgp_route_attrs *attrs, struct strbuf *to)
{
	add_number(to, "med", attrs->has_med, attrs->med);
	add_number(to, "local_pref", attrs->has_local_pref, attrs->local_pref);
	add_number(to, "prepend", attrs->has_prepends, attrs->prepends);
	add_communities(to, attrs);
}

static const struct vip *find_vip(const struct app *app, const struct prefix *vip)
{
	for (size_t i = 0; i < app->spec->n_vips; i++)
		if (prefix_equal(&app->spec->vips[i], vip))
			return app->vips[i];
	return NULL;
}

void fleet_told(const struct app *app, const struct prefix *vip, const char *config_sha256,
		mono_t now, wall_t wall, struct fleet_up *ret)
{
	struct announce_room room;
	struct bgp_route_attrs attrs;
	const struct vip *found = find_vip(app, vip);
	struct strbuf text = strbuf_over(ret->attributes, sizeof(ret->attributes));
	ret->attributes[0] = '\0';
	ret->since = usec_sub(wall, usec_sub(now, app->state_since));
	str_copy(ret->config, sizeof(ret->config), config_sha256);
	if (!found || app->form == ROUTE_NONE)
		return;
	vip_attrs(found, app->form, &room, &attrs);
	format(&attrs, &text);
}
