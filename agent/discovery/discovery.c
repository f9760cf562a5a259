/* SPDX-License-Identifier: MIT */
#include "agent/discovery/discovery.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/discovery/consul_app.h"
#include "agent/discovery/publisher.h"
#include "agent/discovery/sidecar.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

/* Registrations in one turn of the loop: a thousand services must not hold up a withdrawal. */
#define PER_TURN 128

struct discovery {
	sd_event *loop;
	enum app_source source;
	struct registry *registry;
	struct monitor_runner *runner;
	struct consul_client *client;
	struct publisher *publisher; /* NULL: not configured */
	struct discovered *services; /* by name */
	struct list queue;           /* those to be registered */
	sd_event_source *work, *retry;
	bool stopped;
	discovery_ready_cb *ready; /* NULL: was called */
	void *userdata;
};

static int on_work(sd_event_source *source, void *userdata);

static bool is_nomad(const struct discovery *d)
{
	return d->source == APP_FROM_NOMAD;
}

/* Its name as a module of the log. */
static const char *module_of(const struct discovery *d)
{
	return app_source_name(d->source);
}

/* ---- services ---- */

static struct discovered *find(const struct discovery *d, const char *name)
{
	struct discovered *s;
	HASH_FIND(hh, d->services, name, strlen(name), s);
	return s;
}

static void remove_service(struct discovery *d, struct discovered *s)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it loses track of uthash's head. */
	HASH_DELETE(hh, d->services, s);
	discovered_free(s);
}

static struct discovered *add_service(struct discovery *d, const char *name)
{
	struct discovered *s = discovered_new(name, loop_now(d->loop));
	HASH_ADD_KEYPTR(hh, d->services, s->name, strlen(s->name), s);
	return s;
}

static bool is_ours(const struct discovery *d, const char *name)
{
	const struct app *app = registry_find(d->registry, name);
	return app && app->spec->source == d->source;
}

/* ---- states ---- */

/* Each state and each problem is logged once. */
static void set_state(struct discovery *d, struct discovered *s, enum discovered_state state,
		      const char *problem, const char *rival)
{
	if (!discovered_set_state(s, state, problem, rival, loop_now(d->loop)) || !s->problem)
		return;
	bool keeps = state != DISCOVERED_REGISTERED && state != DISCOVERED_DISMISSED &&
		     is_ours(d, s->name);
	log_event(LOG_WARNING, module_of(d),
		  EVENT(is_nomad(d) ? "nomad.service" : "consul.service", .app = s->name,
			.service = s->name),
		  "service '%s': %s: %s%s", s->name, discovered_state_name(state), s->problem,
		  keeps ? "; its previous definition stays" : "");
}

/* The app that has the name or a VIP of the spec. */
static const char *find_rival(const struct discovery *d, const struct app_spec *spec)
{
	const struct app *app = registry_find(d->registry, spec->name);
	if (app && app->spec->source != d->source)
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
	if (app && app->spec->source != d->source)
		r = err_set(&err, -EBUSY, "app '%s' is from %s, which comes before %s", s->name,
			    app_source_name(app->spec->source), is_nomad(d) ? "Nomad" : "Consul");
	if (r < 0) {
		set_state(d, s, DISCOVERED_CONFLICT, err.text, find_rival(d, s->spec));
		return;
	}
	if (result != REGISTER_SAME)
		log_event(LOG_INFO, module_of(d),
			  EVENT(is_nomad(d) ? "nomad.service" : "consul.service", .app = s->name,
				.service = s->name),
			  "service '%s': %s", s->name,
			  result == REGISTER_NEW ? "registered"
						 : "registered again, its definition changed");
	set_state(d, s, DISCOVERED_REGISTERED, s->note, NULL);
}

static void update_service(struct discovery *d, struct discovered *s)
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
		update_service(d, s);
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

/* A name or a VIP became free. */
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

static bool is_app(const struct discovery *d, const struct consul_service *instance)
{
	return sidecar_is_app(consul_client_catalog(d->client), instance, find(d, instance->name));
}

static bool is_for_us(const struct discovery *d, const struct consul_entry *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (is_app(d, &e->instances[i]))
			return true;
	return false;
}

static int make_spec(const struct discovery *d, const struct consul_entry *e, struct app_spec *ret,
		     struct err *problem)
{
	struct consul_service *apps = mem_new(e->n, sizeof(*apps)); /* contents stay e's */
	size_t n = 0;
	for (size_t i = 0; i < e->n; i++)
		if (is_app(d, &e->instances[i]))
			apps[n++] = e->instances[i];
	int r = consul_app_make(e->name, apps, n, ret, problem);
	if (r == 0)
		ret->source = d->source;
	free(apps);
	return r;
}

static void apply_definition(struct discovery *d, struct discovered *s,
			     const struct consul_entry *e)
{
	struct app_spec spec;
	struct err problem = { "" };
	if (make_spec(d, e, &spec, &problem) < 0) {
		discovered_set_spec(s, NULL);
		set_state(d, s, DISCOVERED_BROKEN, problem.text, NULL);
		return;
	}
	if (s->state == DISCOVERED_DISMISSED) {
		if (s->spec && app_spec_equal(s->spec, &spec)) {
			app_spec_done(&spec);
			return;
		}
		s->state = DISCOVERED_REGISTERED; /* about to be, as its tags changed */
	}
	discovered_set_spec(s, &spec);
	discovered_set_note(s, problem.text);
	enqueue(d, s);
}

static void apply_entry(struct discovery *d, const struct consul_entry *e)
{
	struct discovered *s = find(d, e->name);
	bool known = s;
	if (!known)
		s = add_service(d, e->name);
	s->seen = true;
	s->retained_since = e->retained_since;
	if (known && s->applied == e->changed)
		return;
	s->applied = e->changed;
	apply_definition(d, s, e);
}

static void remove_unseen(struct discovery *d)
{
	struct discovered *s, *next;
	HASH_ITER (hh, d->services, s, next) {
		bool seen = s->seen;
		s->seen = false;
		if (seen)
			continue;
		if (is_ours(d, s->name)) {
			log_event(LOG_INFO, module_of(d),
				  EVENT(is_nomad(d) ? "nomad.service" : "consul.service",
					.app = s->name, .service = s->name),
				  "service '%s': deregistered, unregistering its app", s->name);
			registry_unregister(d->registry, s->name, loop_now(d->loop));
		}
		remove_service(d, s);
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
			if (is_for_us(d, e))
				apply_entry(d, e);
		/* Removals first: a VIP may move from one service to another. */
		remove_unseen(d);
		work(d);
	}
	if (!is_nomad(d))
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
		set_state(d, s, DISCOVERED_DISMISSED, "over HTTP, until its tags change", NULL);
}

bool discovery_has(const struct discovery *d, const char *service)
{
	return d && find(d, service);
}

bool discovery_fails_away(const struct discovery *d, const char *service, mono_t now,
			  mono_t *ret_at)
{
	return consul_catalog_fails_away(consul_client_catalog(d->client), service, now, ret_at);
}

/* ---- life ---- */

static const char *environment(const char *name)
{
	return getenv(name);
}

int discovery_new(sd_event *loop, enum app_source source, const struct config_agent *config,
		  struct registry *registry, struct monitor_runner *runner,
		  discovery_ready_cb *ready, void *userdata, struct discovery **ret,
		  struct err *err)
{
	struct discovery *d = mem_new(1, sizeof(*d));
	d->loop = loop;
	d->source = source;
	d->registry = registry;
	d->runner = runner;
	d->ready = ready;
	d->userdata = userdata;
	list_init(&d->queue);
	int r = consul_client_new(loop, is_nomad(d) ? &config->nomad : &config->consul, environment,
				  on_changed, d, &d->client, err);
	if (r < 0) {
		const char *name = module_of(d);
		discovery_free(d);
		*ret = NULL;
		return r == -ENOENT ? 0 : err_prefix(err, r, "%s: ", name);
	}
	registry_on_freed(registry, on_freed, d);
	if (!is_nomad(d))
		monitor_runner_set_feed(runner, on_feed, d);
	if (!is_nomad(d) && config->consul.publish)
		d->publisher = publisher_new(loop, registry, d->client);
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
	publisher_stop(d->publisher);
}

void discovery_free(struct discovery *d)
{
	struct discovered *s, *next;
	if (!d)
		return;
	if (d->client) {
		if (!is_nomad(d))
			monitor_runner_set_feed(d->runner, NULL, NULL);
		registry_on_freed(d->registry, NULL, d);
	}
	sd_event_source_disable_unref(d->work);
	sd_event_source_disable_unref(d->retry);
	publisher_free(d->publisher);
	consul_client_free(d->client);
	HASH_ITER (hh, d->services, s, next)
		remove_service(d, s);
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
