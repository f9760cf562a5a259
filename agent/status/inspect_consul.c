/* SPDX-License-Identifier: MIT */
#include "agent/status/inspect.h"

#include "agent/status/metrics.h"
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

static struct view_consul_stream stream_of(const char *name, const struct consul_stream_status *s)
{
	return (struct view_consul_stream){ .name = name,
					    .index = s->index,
					    .answers = s->answers,
					    .failures = s->failures,
					    .answered_at = s->answered_at,
					    .failing_since = s->failing_since };
}

static void add_services(const struct inspect *in, const struct view_clock *clock, json_t *view)
{
	for (const struct discovered *s = discovery_first(in->discovery); s; s = s->hh.next) {
		struct view_consul_service shown = {
			.name = s->name,
			.state = discovered_state_name(s->state),
			.problem = s->problem,
			.rival = s->rival,
			.since = s->since,
			.held_since = s->retained_since,
		};
		view_consul_add(view, &shown, clock);
	}
}

json_t *inspect_consul(const struct inspect *in)
{
	struct consul_client_status status;
	struct view_clock clock = inspect_clock(in);
	if (!in->discovery)
		return view_consul_off();
	consul_client_status(discovery_client(in->discovery), &status);
	struct view_consul shown = {
		.address = status.address,
		.node = status.node,
		.state = contact_name(status.contact),
		.since = status.contact_since,
		.error = status.error,
		.error_at = status.error_at,
		.streams = { stream_of("services", &status.catalog),
			     stream_of("checks", &status.checks) },
	};
	json_t *view = view_consul(&shown, &clock);
	add_services(in, &clock, view);
	return view;
}

void inspect_consul_metrics(const struct inspect *in, struct metrics_consul *ret)
{
	struct consul_client_status status;
	*ret = (struct metrics_consul){ .enabled = in->discovery != NULL };
	if (!in->discovery)
		return;
	consul_client_status(discovery_client(in->discovery), &status);
	ret->in_contact = status.contact == CONSUL_IN_CONTACT;
	ret->answers = status.catalog.answers + status.checks.answers;
	ret->failures = status.catalog.failures + status.checks.failures;
	for (const struct discovered *s = discovery_first(in->discovery); s; s = s->hh.next) {
		ret->services++;
		ret->unregistered += s->state != DISCOVERED_REGISTERED;
		ret->held += s->retained_since != USEC_NEVER;
	}
}
