/* SPDX-License-Identifier: MIT */
#include "agent/status/view_consul.h"

static const char *contact_name(enum consul_contact contact)
{
	switch (contact) {
	case CONSUL_STARTING:
		return "starting";
	case CONSUL_IN_CONTACT:
		return "in contact";
	case CONSUL_LOST:
		return "lost";
	}
	return "lost";
}

static json_t *null_if_empty(const char *text)
{
	return text[0] ? view_text(text) : json_null();
}

static json_t *skipped_items(const struct consul_skipped *s)
{
	json_t *items = json_array();
	for (size_t i = 0; i < s->n && i < CONSUL_SKIPPED_MAX; i++)
		json_array_append_new(items, view_text(s->texts[i]));
	return items;
}

/* One of the two blocking queries. */
static json_t *query(const struct consul_stream_status *s, const struct view_clock *clock)
{
	json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:o}", "index", VIEW_INT(s->index), "answers",
			      VIEW_INT(s->answers), "failures", VIEW_INT(s->failures), "skipped",
			      VIEW_INT(s->skipped.n), "skipped_items", skipped_items(&s->skipped));
	view_add_time(o, clock, "last_answer", s->answered_at);
	view_add_time(o, clock, "failing_since", s->failing_since);
	return o;
}

json_t *view_consul_client(const struct consul_client_status *c, const struct view_clock *clock)
{
	json_t *o =
		json_pack("{s:b, s:o, s:o, s:s}", "enabled", 1, "address", view_text(c->address),
			  "node", null_if_empty(c->node), "state", contact_name(c->contact));
	view_add_time(o, clock, "since", c->contact_since);
	json_object_set_new(o, "last_error", null_if_empty(c->error));
	view_add_time(o, clock, "last_error_at", c->error_at);
	json_object_set_new(o, "services", query(&c->catalog, clock));
	json_object_set_new(o, "checks", query(&c->checks, clock));
	return o;
}

json_t *view_consul_service(const struct discovered *s, const struct view_clock *clock)
{
	json_t *o = json_pack("{s:o, s:s, s:o, s:o}", "service", view_text(s->name), "state",
			      discovered_state_name(s->state), "problem",
			      view_text_or_null(s->problem), "rival", view_text_or_null(s->rival));
	view_add_time(o, clock, "since", s->since);
	view_add_time(o, clock, "held_since", s->retained_since);
	return o;
}

static json_t *view_catalog(const struct discovery *d, const char *how)
{
	struct consul_client_status status;
	struct view_clock clock = status_clock();
	if (!d)
		return json_pack("{s:b, s:s}", "enabled", 0, "reason", how);
	consul_client_status(discovery_client(d), &status);
	json_t *o = view_consul_client(&status, &clock), *found = json_array();
	for (const struct discovered *s = discovery_first(d); s; s = s->hh.next)
		json_array_append_new(found, view_consul_service(s, &clock));
	json_object_set_new(o, "found", found);
	return o;
}

json_t *view_consul(const struct status_sources *in)
{
	return view_catalog(
		in->discovery,
		"no Consul is configured: set agent.consul_addr, or CONSUL_HTTP_ADDR in "
		"the environment");
}

json_t *view_nomad(const struct status_sources *in)
{
	json_t *o = view_catalog(
		in->nomad, "no Nomad is configured: set agent.nomad_addr, or NOMAD_ADDR in the "
			   "environment");
	json_object_del(o, "checks"); /* they are not read */
	return o;
}
