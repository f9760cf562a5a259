/* SPDX-License-Identifier: MIT */
#include "agent/daemon/sources.h"

#include <stdlib.h>

#include "lib/array.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "process/loop.h"

/* How long apps are registered in one turn of the loop. */
#define TURN (5 * USEC_PER_MSEC)

/* How long VIPs of the previous instance wait for the first answer of Consul and of Nomad; with
 * graceful restart, for as long as routers keep their routes, if that is longer. */
#define DISCOVERY_MAX (10 * USEC_PER_SEC)

/* Consul, or Nomad. */
struct catalog {
	struct sources *sources;
	enum app_source source;
	struct discovery *discovery; /* NULL: not configured */
	bool discovered;
	bool changed; /* the client took the place of another one, and has no answer yet */
	sd_event_source *limit;
};

static const struct {
	enum app_source source;
	const char *name;
} catalogs[] = { { APP_FROM_CONSUL, "Consul" }, { APP_FROM_NOMAD, "Nomad" } };
#define N_CATALOGS ARRAY_SIZE(catalogs)

struct sources {
	struct sources_env env;
	size_t next_app; /* of the configuration */
	bool registered;
	struct catalog catalogs[N_CATALOGS];
	sd_event_source *registration;
};

/* It has answered, or had the time to. */
static void discovery_arrived(struct catalog *c)
{
	if (!c->discovered)
		recovery_arrived(c->sources->env.recovery);
	c->discovered = true;
}

static int on_discovery_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	discovery_arrived(userdata);
	return 0;
}

/* Apps of the former client that the present one does not know. */
static void remove_stale(const struct catalog *c)
{
	struct registry *registry = c->sources->env.registry;
	struct app_cursor cursor;
	app_cursor_init(registry, &cursor);
	for (const struct app *app; (app = app_cursor_next(&cursor));)
		if (app->spec->source == c->source &&
		    !discovery_has(c->discovery, app->spec->name)) {
			log_info(app_source_name(c->source),
				 "service '%s': not in %s with the new configuration, "
				 "unregistering it",
				 app->spec->name, catalogs[c - c->sources->catalogs].name);
			registry_unregister(registry, app->spec->name,
					    loop_now(c->sources->env.loop));
		}
	app_cursor_done(&cursor);
}

static void on_discovered(void *userdata)
{
	struct catalog *c = userdata;
	discovery_arrived(c);
	if (c->changed)
		remove_stale(c);
	c->changed = false;
}

static void new_discovery(struct catalog *c)
{
	const struct sources_env *env = &c->sources->env;
	struct err err = { "" };
	if (discovery_new(env->loop, c->source, &env->config->agent, env->registry, env->runner,
			  on_discovered, c, &c->discovery, &err) < 0)
		log_error("agent", "%s; continuing without %s", err.text,
			  catalogs[c - c->sources->catalogs].name);
}

static struct catalog *catalog_of(const struct sources *s, enum app_source source)
{
	size_t i = 0;
	while (i + 1 < N_CATALOGS && catalogs[i].source != source)
		i++;
	return (struct catalog *)&s->catalogs[i];
}

void sources_change(struct sources *s, enum app_source source)
{
	struct catalog *c = catalog_of(s, source);
	discovery_free(c->discovery);
	c->discovery = NULL;
	new_discovery(c);
	c->changed = c->discovery;
	if (c->discovery)
		return;
	discovery_arrived(c);
	remove_stale(c);
}

static void start_discovery(struct catalog *c)
{
	const struct sources_env *env = &c->sources->env;
	new_discovery(c);
	if (!c->discovery) {
		c->discovered = true;
		return;
	}
	recovery_expect(env->recovery);
	mono_t limit = usec_add(loop_now(env->loop), DISCOVERY_MAX);
	if (limit < recovery_deadline(env->recovery))
		limit = recovery_deadline(env->recovery);
	loop_timer_set(env->loop, &c->limit, limit, LOOP_APPLY, on_discovery_limit, c);
}

static void log_registered(const char *source, size_t n)
{
	log_info("agent", "%zu app%s registered from %s", n, n == 1 ? "" : "s", source);
}

static void register_app(struct sources *s, const struct app_spec *spec)
{
	struct err err = { "" };
	enum register_result result;
	if (registry_register(s->env.registry, spec, loop_now(s->env.loop), &result, &err) < 0)
		log_error("app", "%s: %s", spec->name, err.text);
}

static int on_registration(sd_event_source *source, void *userdata)
{
	(void)source;
	struct sources *s = userdata;
	const struct config *config = s->env.config;
	mono_t end = usec_add(loop_clock(), TURN);
	while (s->next_app < config->n_apps && loop_clock() < end)
		register_app(s, &config->apps[s->next_app++]);
	if (s->next_app < config->n_apps || store_restore(s->env.store, end))
		return loop_defer(s->env.loop, &s->registration, LOOP_APPLY, on_registration, s);
	log_registered("the configuration", config->n_apps);
	if (store_n_restored(s->env.store) > 0)
		log_registered("the state file", store_n_restored(s->env.store));
	s->registered = true;
	bool more = false;
	for (size_t i = 0; i < N_CATALOGS; i++) {
		start_discovery(&s->catalogs[i]);
		more |= s->catalogs[i].discovery != NULL;
	}
	if (s->env.start_programs)
		s->env.start_programs(s->env.userdata);
	store_begin(s->env.store, more);
	recovery_arrived(s->env.recovery);
	s->env.registered(s->env.userdata);
	return 0;
}

struct sources *sources_new(const struct sources_env *env)
{
	struct sources *s = mem_new(1, sizeof(*s));
	s->env = *env;
	for (size_t i = 0; i < N_CATALOGS; i++)
		s->catalogs[i] = (struct catalog){ .sources = s, .source = catalogs[i].source };
	recovery_expect(env->recovery);
	loop_defer(env->loop, &s->registration, LOOP_APPLY, on_registration, s);
	return s;
}

void sources_free(struct sources *s)
{
	if (!s)
		return;
	sd_event_source_disable_unref(s->registration);
	for (size_t i = 0; i < N_CATALOGS; i++) {
		sd_event_source_disable_unref(s->catalogs[i].limit);
		discovery_free(s->catalogs[i].discovery);
	}
	free(s);
}

void sources_suspend(struct sources *s)
{
	s->registration = sd_event_source_disable_unref(s->registration);
	for (size_t i = 0; i < N_CATALOGS; i++)
		s->catalogs[i].limit = sd_event_source_disable_unref(s->catalogs[i].limit);
}

void sources_stop(struct sources *s)
{
	sources_suspend(s);
	for (size_t i = 0; i < N_CATALOGS; i++)
		discovery_stop(s->catalogs[i].discovery);
}

bool sources_registered(const struct sources *s)
{
	return s->registered;
}

struct discovery *sources_discovery(const struct sources *s, enum app_source source)
{
	return catalog_of(s, source)->discovery;
}
