/* SPDX-License-Identifier: MIT */
#include "agent/status/view_fleet_vip.h"

#include <string.h>

#include "agent/fleet/fleet_agent.h"
#include "agent/status/view_roll.h"
#include "fleet/values.h"
#include "lib/str.h"

/* ---- claims ---- */

static bool is_of(const struct fleet_claim *c, const struct fleet_up *up)
{
	return str_equal(c->node, up->node) && str_equal(c->session, up->session);
}

/* A slot: the guard has let it go. Its place in the line, from 1; 0: it is not in it. */
static size_t find_claim(const struct fleet_leave *l, const struct fleet_up *up, bool *ret_slot)
{
	size_t place = 0;
	*ret_slot = false;
	for (size_t i = 0; i < l->n; i++) {
		place += i >= l->n_slots;
		if (!is_of(&l->claims[i], up))
			continue;
		*ret_slot = i < l->n_slots;
		return place;
	}
	return 0;
}

/* ---- nodes ---- */

static const struct fleet_slot *find_roll(const struct fleet_view *v, const char *node)
{
	for (size_t i = 0; i < v->roll.n; i++)
		if (str_equal(v->roll.items[i].node, node))
			return &v->roll.items[i];
	return NULL;
}

static json_t *view_slot(const struct fleet_slot *s, const struct view_clock *clock)
{
	if (!s)
		return json_null();
	json_t *o = json_pack("{s:s, s:o}", "id", s->id, "reason",
			      view_text_or_null(s->why[0] ? s->why : NULL));
	view_add_wall(o, clock, "since", s->since);
	return o;
}

static json_t *shown(const char *text)
{
	return view_text_or_null(text[0] ? text : NULL);
}

/* `up` NULL: its session has ended; `has` NULL: it was not seen. */
static json_t *view_node(const struct fleet_view *v, const char *node, const struct fleet_up *up,
			 const struct fleet_has *has, const struct view_clock *clock)
{
	bool slot = false;
	size_t place = up ? find_claim(&v->leave, up, &slot) : 0;
	json_t *o =
		json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "node", node, "gone",
			  !up, "form", up ? json_string(fleet_form_name(up->form)) : json_null(),
			  "session", up ? json_string(up->session) : json_null(), "attributes",
			  up ? shown(up->attributes) : json_null(), "config",
			  up ? shown(up->config) : json_null(), "let_go", slot, "place",
			  place ? json_integer(VIEW_INT(place)) : json_null(), "rolling",
			  view_slot(find_roll(v, node), clock));
	view_add_wall(o, clock, "since", up ? up->since : 0);
	view_add_wall(o, clock, "seen", has ? has->seen : 0);
	return o;
}

/* Both are in order. */
static json_t *list_nodes(const struct fleet_view *v, const struct view_clock *clock)
{
	json_t *list = json_array();
	size_t u = 0, h = 0;
	while (u < v->n_up || h < v->n_has) {
		int order = u == v->n_up    ? 1
			    : h == v->n_has ? -1
					    : strcmp(v->up[u].node, v->has[h].node);
		const struct fleet_up *up = order <= 0 ? &v->up[u++] : NULL;
		const struct fleet_has *has = order >= 0 ? &v->has[h++] : NULL;
		json_array_append_new(list,
				      view_node(v, up ? up->node : has->node, up, has, clock));
	}
	return list;
}

static bool is_known(const struct fleet_view *v, const char *node)
{
	for (size_t i = 0; i < v->n_up; i++)
		if (str_equal(v->up[i].node, node))
			return true;
	for (size_t i = 0; i < v->n_has; i++)
		if (str_equal(v->has[i].node, node))
			return true;
	return false;
}

/* Hosts that do rolling work on a VIP that no guard is for, or whose keys are gone. */
static void add_unknown_rollers(json_t *list, const struct fleet_view *v,
				const struct view_clock *clock)
{
	for (size_t i = 0; i < v->roll.n; i++)
		if (!is_known(v, v->roll.items[i].node))
			json_array_append_new(
				list, view_node(v, v->roll.items[i].node, NULL, NULL, clock));
}

/* ---- the VIP ---- */

static json_t *begin(const struct fleet_spec *spec, const struct prefix *vip)
{
	char text[FLEET_MIN_UP_TEXT_MAX];
	const struct fleet_min_up *min_up = fleet_spec_min_up(spec, vip);
	return json_pack("{s:o, s:o}", "vip", view_prefix(vip), "rule",
			 min_up ? json_string(fleet_min_up_format(min_up, text)) : json_null());
}

json_t *view_fleet_vip(const struct fleet_spec *spec, const struct prefix *vip,
		       const struct fleet_view *v, const struct view_clock *clock, size_t room)
{
	json_t *o = begin(spec, vip), *nodes = json_null();
	const struct fleet_min_up *min_up = fleet_spec_min_up(spec, vip);
	const struct fleet_rule rule = { .min_up = min_up ? *min_up : (struct fleet_min_up){ 0 },
					 .window = spec->window };
	json_object_set_new(o, "min_up",
			    min_up ? json_integer(VIEW_INT(fleet_min_up(v, &rule, clock->wall)))
				   : json_null());
	json_object_set_new(o, "up", json_integer(VIEW_INT(fleet_count_announced(v))));
	json_object_set_new(o, "joining", json_integer(VIEW_INT(fleet_count_joining(v))));
	json_object_set_new(o, "staying", json_integer(VIEW_INT(fleet_count_staying(v))));
	if (v->n_up + v->n_has <= room) {
		nodes = list_nodes(v, clock);
		add_unknown_rollers(nodes, v, clock);
	}
	json_object_set_new(o, "nodes", nodes);
	return o;
}

json_t *view_fleet_vip_own(const struct status_sources *in, const struct fleet_spec *spec,
			   const struct prefix *vip)
{
	struct fleet_app_status s;
	struct fleet_agent_status self;
	struct view_clock clock = status_clock();
	json_t *o = begin(spec, vip), *nodes = json_array();
	const struct app *app = registry_owner(in->registry, vip);
	const struct fleet_app *f = app ? fleet_agent_find(in->fleet, app->spec->name) : NULL;
	json_object_set_new(o, "min_up", json_null());
	json_object_set_new(o, "up", json_null());
	json_object_set_new(o, "joining", json_null());
	json_object_set_new(o, "staying", json_null());
	if (f) {
		fleet_app_status(f, &s);
		fleet_agent_status(in->fleet, &self);
		json_t *node = json_pack("{s:o, s:b, s:s, s:n, s:n, s:n, s:b, s:n, s:n}", "node",
					 view_text(self.node), "gone", 0, "form", s.form, "session",
					 "attributes", "config", "let_go", 0, "place", "rolling");
		view_add_time(node, &clock, "since", app->state_since);
		view_add_wall(node, &clock, "seen", 0);
		json_array_append_new(nodes, node);
	}
	json_object_set_new(o, "nodes", nodes);
	return o;
}
