/* SPDX-License-Identifier: MIT */
#include "agent/discovery/publisher.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/app/drains.h"
#include "agent/model/app_state.h"
#include "consul/publish.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "process/loop.h"

#define INTERVAL USEC_PER_SEC

struct publisher {
	sd_event *loop;
	struct registry *registry;
	struct consul_client *client;
	struct consul_publish *publish;
	sd_event_source *timer;
	mono_t contact_since; /* the contact with Consul that was published in */
};

/* An app that is down is published as down, drained or not. */
static bool is_drained(const struct app *app)
{
	return app->drained_since != USEC_NEVER && app->health != HEALTH_DOWN;
}

static enum consul_status status_of(const struct app *app)
{
	if (is_drained(app))
		return CONSUL_WARNING;
	switch (app->health) {
	case HEALTH_UP:
		return CONSUL_PASSING;
	case HEALTH_UNKNOWN:
		return CONSUL_WARNING;
	case HEALTH_DOWN:
		return CONSUL_CRITICAL;
	}
	return CONSUL_CRITICAL;
}

/* The reason of the app's own drain comes before that of the agent's. */
static const char *drain_reason(const struct registry *reg, const struct app *app)
{
	const struct drain *const drains[] = { app->drain, registry_agent_drain(reg) };
	for (size_t i = 0; i < ARRAY_SIZE(drains); i++)
		for (size_t j = 0; drains[i] && j < DRAIN_SOURCES; j++)
			if (drains[i]->requests[j].on)
				return drains[i]->requests[j].reason;
	return NULL;
}

static void publish_app(struct publisher *p, const struct app *app)
{
	char text[CONSUL_OUTPUT_MAX];
	const char *why = is_drained(app) ? drain_reason(p->registry, app) : app->reason;
	snprintf(text, sizeof(text), "%s%s%s",
		 app_state_name(app->health, app->form, is_drained(app)), why && why[0] ? ": " : "",
		 why ? why : "");
	consul_publish_app(p->publish, app->spec->name, status_of(app), text);
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source;
	struct publisher *p = userdata;
	struct app_cursor cursor;
	struct consul_client_status status;
	consul_client_status(p->client, &status);
	if (status.contact == CONSUL_IN_CONTACT && status.contact_since != p->contact_since) {
		p->contact_since = status.contact_since;
		consul_publish_again(p->publish);
	}
	consul_publish_begin(p->publish);
	app_cursor_init(p->registry, &cursor);
	for (const struct app *app; (app = app_cursor_next(&cursor));)
		publish_app(p, app);
	app_cursor_done(&cursor);
	consul_publish_end(p->publish);
	return loop_timer_set(p->loop, &p->timer, usec_add(now, INTERVAL), LOOP_HTTP, on_timer, p);
}

struct publisher *publisher_new(sd_event *loop, struct registry *registry,
				struct consul_client *client)
{
	struct publisher *p = mem_new(1, sizeof(*p));
	p->loop = loop;
	p->registry = registry;
	p->client = client;
	p->publish =
		consul_publish_new(loop, consul_client_transport(client), CONSUL_PUBLISH_RETRY);
	loop_timer_set(loop, &p->timer, loop_now(loop), LOOP_HTTP, on_timer, p);
	return p;
}

void publisher_free(struct publisher *p)
{
	if (!p)
		return;
	sd_event_source_disable_unref(p->timer);
	consul_publish_free(p->publish);
	free(p);
}

void publisher_stop(struct publisher *p)
{
	if (!p)
		return;
	p->timer = sd_event_source_disable_unref(p->timer);
	consul_publish_stop(p->publish);
}
