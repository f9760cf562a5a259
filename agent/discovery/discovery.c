/* SPDX-License-Identifier: MIT */
#include "agent/discovery/discovery.h"
#include "agent/model/app_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/app/drains.h"
#include "agent/discovery/consul_app.h"
#include "consul/publish.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

/* Registrations in one turn of the loop: a thousand services must not hold up a withdrawal. */
#define PER_TURN 128
/* How often the states of all apps are compared with what Consul was told. */
#define PUBLISH_INTERVAL USEC_PER_SEC

struct discovery {
	sd_event *loop;
	const struct config_agent *config;
	struct registry *registry;
	struct monitor_runner *runner;
	struct consul_client *client;
	struct consul_publish *publish;
	struct discovered *services; /* by name */
	struct list queue;           /* those that are due */
	sd_event_source *work, *retry, *publish_timer;
	usec_t published_since; /* the contact that was published in */
	bool stopped;
	discovery_ready_cb *ready; /* NULL: was called */
	void *userdata;
};

static int on_work(sd_event_source *source, void *userdata);

const char *discovered_state_name(enum discovered_state s)
{
	switch (s) {
	case DISCOVERED_REGISTERED:
		return "registered";
	case DISCOVERED_BROKEN:
		return "broken";
	case DISCOVERED_REFUSED:
		return "refused";
	case DISCOVERED_CONFLICT:
		return "conflict";
	case DISCOVERED_DISMISSED:
		return "unregistered";
	}
	return "unknown";
}

/* ---- services ---- */

static struct discovered *find(const struct discovery *d, const char *name)
{
	struct discovered *s;
	HASH_FIND(hh, d->services, name, strlen(name), s);
	return s;
}

static void spec_free(struct app_spec *spec)
{
	if (!spec)
		return;
	app_spec_done(spec);
	free(spec);
}

static void service_free(struct discovery *d, struct discovered *s)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it loses track of uthash's head. */
	HASH_DELETE(hh, d->services, s);
	list_remove(&s->queue);
	spec_free(s->spec);
	free(s->problem);
	free(s->note);
	free(s->rival);
	free(s->name);
	free(s);
}

static struct discovered *service_new(struct discovery *d, const char *name)
{
	struct discovered *s = mem_new(1, sizeof(*s));
	s->name = mem_strdup(name);
	s->since = loop_now(d->loop);
	s->retained_since = USEC_NEVER;
	HASH_ADD_KEYPTR(hh, d->services, s->name, strlen(s->name), s);
	return s;
}

static bool is_ours(const struct discovery *d, const char *name)
{
	const struct app *app = registry_find(d->registry, name);
	return app && app->spec->source == APP_FROM_CONSUL;
}

/* ---- states ---- */

static bool same_text(const char *a, const char *b)
{
	return str_equal(a ? a : "", b ? b : "");
}

static void set_text(char **text, const char *value)
{
	free(*text);
	*text = value && value[0] ? mem_strdup(value) : NULL;
}

/* Each state and each problem is logged once, when it comes. */
static void set_state(struct discovery *d, struct discovered *s, enum discovered_state state,
		      const char *problem, const char *rival)
{
	bool same = s->state == state && same_text(s->problem, problem);
	if (s->state != state)
		s->since = loop_now(d->loop);
	s->state = state;
	if (!same && problem && problem[0])
		log_warn("consul", "service '%s': %s: %s%s", s->name, discovered_state_name(state),
			 problem,
			 state != DISCOVERED_REGISTERED && is_ours(d, s->name)
				 ? "; its former definition stays"
				 : "");
	if (!same)
		set_text(&s->problem, problem);
	set_text(&s->rival, rival);
}

/* Who has the name or a VIP of the spec. */
static const char *find_rival(const struct discovery *d, const struct app_spec *spec)
{
	const struct app *app = registry_find(d->registry, spec->name);
	if (app && app->spec->source != APP_FROM_CONSUL)
		return app->spec->name;
	for (size_t i = 0; i < spec->n_vips; i++) {
		app = registry_owner(d->registry, &spec->vips[i]);
		if (app && !str_equal(app->spec->name, spec->name))
			return app->spec->name;
	}
	return NULL;
}

/* ---- to the registry ---- */

static void register_service(struct discovery *d, struct discovered *s)
{
	struct err err = { "" };
	enum register_result result = REGISTER_SAME;
	int r = registry_register(d->registry, s->spec, loop_now(d->loop), &result, &err);
	if (r == -EACCES) {
		set_state(d, s, DISCOVERED_REFUSED, err.text, NULL);
		return;
	}
	/* Even the same definition: it must not go when the service goes. */
	const struct app *app = registry_find(d->registry, s->name);
	if (app && app->spec->source != APP_FROM_CONSUL)
		r = err_set(&err, -EBUSY, "app '%s' is from %s, which comes before Consul", s->name,
			    app_source_name(app->spec->source));
	if (r < 0) {
		set_state(d, s, DISCOVERED_CONFLICT, err.text, find_rival(d, s->spec));
		return;
	}
	if (result != REGISTER_SAME)
		log_info("consul", "service '%s': %s", s->name,
			 result == REGISTER_NEW ? "registered" : "registered anew, it changed");
	set_state(d, s, DISCOVERED_REGISTERED, s->note, NULL);
}

static void look_at(struct discovery *d, struct discovered *s)
{
	if (s->spec && s->state != DISCOVERED_DISMISSED)
		register_service(d, s);
}

static void enqueue(struct discovery *d, struct discovered *s)
{
	if (!list_linked(&s->queue))
		list_append(&d->queue, &s->queue);
}

static void work(struct discovery *d)
{
	struct discovered *s;
	for (int i = 0; i < PER_TURN && (s = list_first(&d->queue, struct discovered, queue));
	     i++) {
		list_remove(&s->queue);
		look_at(d, s);
	}
	if (!list_empty(&d->queue)) {
		loop_defer(d->loop, &d->work, LOOP_APPLY, on_work, d);
	} else if (d->ready && consul_client_catalog(d->client)->has_services) {
		d->ready(d->userdata);
		d->ready = NULL;
	}
}

static int on_work(sd_event_source *source, void *userdata)
{
	(void)source;
	work(userdata);
	return 0;
}

/* Something became free. */
static int on_retry(sd_event_source *source, void *userdata)
{
	(void)source;
	struct discovery *d = userdata;
	for (struct discovered *s = d->services; s; s = s->hh.next)
		if (s->state == DISCOVERED_CONFLICT ||
		    (s->state == DISCOVERED_REGISTERED && !is_ours(d, s->name)))
			enqueue(d, s);
	work(d);
	return 0;
}

static void on_freed(void *userdata)
{
	struct discovery *d = userdata;
	loop_defer(d->loop, &d->retry, LOOP_APPLY, on_retry, d);
}

/* ---- from Consul ---- */

static bool is_for_us(const struct consul_entry *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->instances[i].tags)
			return true;
	return false;
}

static void take_definition(struct discovery *d, struct discovered *s, const struct consul_entry *e)
{
	struct app_spec spec;
	struct err problem = { "" };
	if (consul_app_make(e->name, e->instances, e->n, &spec, &problem) < 0) {
		spec_free(s->spec);
		s->spec = NULL;
		set_state(d, s, DISCOVERED_BROKEN, problem.text, NULL);
		return;
	}
	bool same = s->spec && app_spec_equal(s->spec, &spec);
	if (s->state == DISCOVERED_DISMISSED && same) {
		app_spec_done(&spec);
		return;
	}
	spec_free(s->spec);
	s->spec = mem_copy(&spec, sizeof(spec));
	set_text(&s->note, problem.text);
	if (s->state == DISCOVERED_DISMISSED)
		s->state = DISCOVERED_REGISTERED; /* about to be, as its tags changed */
	enqueue(d, s);
}

static void take_entry(struct discovery *d, const struct consul_entry *e)
{
	struct discovered *s = find(d, e->name);
	bool known = s;
	if (!known)
		s = service_new(d, e->name);
	s->seen = true;
	s->retained_since = e->retained_since;
	if (known && s->looked_at == e->changed)
		return;
	s->looked_at = e->changed;
	take_definition(d, s, e);
}

static void drop_unseen(struct discovery *d)
{
	struct discovered *s, *next;
	HASH_ITER (hh, d->services, s, next) {
		bool seen = s->seen;
		s->seen = false;
		if (seen)
			continue;
		if (is_ours(d, s->name)) {
			log_info("consul", "service '%s': gone, unregistering it", s->name);
			registry_unregister(d->registry, s->name, loop_now(d->loop));
		}
		service_free(d, s);
	}
}

static void on_changed(bool services, void *userdata)
{
	struct discovery *d = userdata;
	if (d->stopped)
		return;
	if (services || d->ready) {
		for (const struct consul_entry *e = consul_client_catalog(d->client)->entries; e;
		     e = e->hh.next)
			if (is_for_us(e))
				take_entry(d, e);
		/* First what goes, then what comes: a VIP may move from one to the other. */
		drop_unseen(d);
		work(d);
	}
	monitor_runner_feed_changed(d->runner);
}

static enum health on_feed(const char *subject, char *said, size_t size, void *userdata)
{
	struct discovery *d = userdata;
	char text[CONSUL_SAID_MAX];
	enum consul_health health = consul_client_judge(d->client, subject, text);
	snprintf(said, size, "%s", text);
	switch (health) {
	case CONSUL_PASSES:
		return HEALTH_UP;
	case CONSUL_FAILS:
		return HEALTH_DOWN;
	case CONSUL_UNKNOWN:
		return HEALTH_UNKNOWN;
	}
	return HEALTH_UNKNOWN;
}

void discovery_dismiss(struct discovery *d, const char *name)
{
	struct discovered *s = d ? find(d, name) : NULL;
	if (s && is_ours(d, name))
		set_state(d, s, DISCOVERED_DISMISSED,
			  "unregistered over HTTP; until its tags change", NULL);
}

/* ---- to Consul ---- */

/* What is down is down, drained or not. */
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

/* What was said first when it was drained; its own drain before the agent's. */
static const char *why_drained(const struct registry *reg, const struct app *app)
{
	const struct drain *const drains[] = { app->drain, registry_agent_drain(reg) };
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; drains[i] && j < DRAIN_SOURCES; j++)
			if (drains[i]->requests[j].on)
				return drains[i]->requests[j].reason;
	return NULL;
}

static void publish_app(struct discovery *d, const struct app *app)
{
	char text[CONSUL_OUTPUT_MAX];
	const char *why = is_drained(app) ? why_drained(d->registry, app) : app->reason;
	snprintf(text, sizeof(text), "%s%s%s",
		 app_state_name(app->health, app->form, is_drained(app)), why && why[0] ? ": " : "",
		 why ? why : "");
	consul_publish_app(d->publish, app->spec->name, status_of(app), text);
}

static int on_publish(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source;
	struct discovery *d = userdata;
	struct app_cursor cursor;
	struct consul_client_status status;
	consul_client_status(d->client, &status);
	if (status.contact == CONSUL_IN_CONTACT && status.contact_since != d->published_since) {
		d->published_since = status.contact_since;
		consul_publish_again(d->publish);
	}
	consul_publish_begin(d->publish);
	app_cursor_init(d->registry, &cursor);
	for (const struct app *app; (app = app_cursor_next(&cursor));)
		publish_app(d, app);
	app_cursor_done(&cursor);
	consul_publish_end(d->publish);
	loop_timer_set(d->loop, &d->publish_timer, usec_add(now, PUBLISH_INTERVAL), LOOP_HTTP,
		       on_publish, d);
	return 0;
}

static void start_publishing(struct discovery *d)
{
	d->publish = consul_publish_new(d->loop, consul_client_transport(d->client),
					CONSUL_PUBLISH_RETRY);
	loop_timer_set(d->loop, &d->publish_timer, loop_now(d->loop), LOOP_HTTP, on_publish, d);
}

/* ---- life ---- */

static const char *environment(const char *name)
{
	return getenv(name);
}

int discovery_new(sd_event *loop, const struct config_agent *config, struct registry *registry,
		  struct monitor_runner *runner, discovery_ready_cb *ready, void *userdata,
		  struct discovery **ret, struct err *err)
{
	struct discovery *d = mem_new(1, sizeof(*d));
	d->loop = loop;
	d->config = config;
	d->registry = registry;
	d->runner = runner;
	d->ready = ready;
	d->userdata = userdata;
	list_init(&d->queue);
	int r = consul_client_new(loop, &config->consul, environment, on_changed, d, &d->client,
				  err);
	if (r < 0) {
		discovery_free(d);
		*ret = NULL;
		return r == -ENOENT ? 0 : err_prefix(err, r, "consul: ");
	}
	monitor_runner_set_feed(runner, on_feed, d);
	registry_on_freed(registry, on_freed, d);
	if (config->consul.publish)
		start_publishing(d);
	*ret = d;
	return 0;
}

void discovery_stop(struct discovery *d)
{
	if (!d)
		return;
	d->stopped = true;
	d->work = sd_event_source_disable_unref(d->work);
	d->retry = sd_event_source_disable_unref(d->retry);
	d->publish_timer = sd_event_source_disable_unref(d->publish_timer);
	if (d->publish)
		consul_publish_stop(d->publish);
}

void discovery_free(struct discovery *d)
{
	struct discovered *s, *next;
	if (!d)
		return;
	if (d->client) {
		monitor_runner_set_feed(d->runner, NULL, NULL);
		registry_on_freed(d->registry, NULL, NULL);
	}
	sd_event_source_disable_unref(d->work);
	sd_event_source_disable_unref(d->retry);
	sd_event_source_disable_unref(d->publish_timer);
	consul_publish_free(d->publish);
	consul_client_free(d->client);
	HASH_ITER (hh, d->services, s, next)
		service_free(d, s);
	free(d);
}

const struct consul_client *discovery_client(const struct discovery *d)
{
	return d ? d->client : NULL;
}

const struct discovered *discovery_first(const struct discovery *d)
{
	return d ? d->services : NULL;
}

const struct discovered *discovery_rival_of(const struct discovery *d, const char *app)
{
	for (const struct discovered *s = discovery_first(d); s; s = s->hh.next)
		if (s->rival && str_equal(s->rival, app))
			return s;
	return NULL;
}
