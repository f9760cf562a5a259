/* SPDX-License-Identifier: MIT */
#include "agent/daemon/sources.h"

#include <stdlib.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "process/loop.h"

/* How long apps are registered in one turn of the loop. */
#define TURN (5 * USEC_PER_MSEC)

/* How long VIPs of the previous instance wait for Consul's first answer; with graceful restart, for
 * as long as routers keep their routes, if that is longer. */
#define DISCOVERY_MAX (10 * USEC_PER_SEC)

struct sources {
	struct sources_env env;
	size_t next_app; /* of the configuration */
	bool registered;
	struct discovery *discovery; /* NULL: no Consul */
	bool discovered;
	bool changed; /* the client took the place of another one, and has no answer yet */
	sd_event_source *registration, *discovery_limit;
};

/* Consul has answered, or had the time to. */
static void discovery_arrived(struct sources *s)
{
	if (!s->discovered)
		recovery_arrived(s->env.recovery);
	s->discovered = true;
}

static int on_discovery_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	discovery_arrived(userdata);
	return 0;
}

/* Apps of the former client that the present one does not know. */
static void remove_stale(const struct sources *s)
{
	struct registry *registry = s->env.registry;
	struct app_cursor cursor;
	app_cursor_init(registry, &cursor);
	for (const struct app *app; (app = app_cursor_next(&cursor));)
		if (app->spec->source == APP_FROM_CONSUL &&
		    !discovery_has(s->discovery, app->spec->name)) {
			log_info("consul",
				 "service '%s': not in Consul as it is configured now, "
				 "unregistering it",
				 app->spec->name);
			registry_unregister(registry, app->spec->name, loop_now(s->env.loop));
		}
	app_cursor_done(&cursor);
}

static void on_discovered(void *userdata)
{
	struct sources *s = userdata;
	discovery_arrived(s);
	if (s->changed)
		remove_stale(s);
	s->changed = false;
}

static void new_discovery(struct sources *s)
{
	const struct sources_env *env = &s->env;
	struct err err = { "" };
	if (discovery_new(env->loop, &env->config->agent, env->registry, env->runner, on_discovered,
			  s, &s->discovery, &err) < 0)
		log_error("agent", "%s; continuing without Consul", err.text);
}

void sources_change_consul(struct sources *s)
{
	discovery_free(s->discovery);
	s->discovery = NULL;
	new_discovery(s);
	s->changed = s->discovery;
	if (s->discovery)
		return;
	discovery_arrived(s);
	remove_stale(s);
}

static void start_discovery(struct sources *s)
{
	const struct sources_env *env = &s->env;
	new_discovery(s);
	if (!s->discovery) {
		s->discovered = true;
		return;
	}
	recovery_expect(env->recovery);
	mono_t limit = usec_add(loop_now(env->loop), DISCOVERY_MAX);
	if (limit < recovery_deadline(env->recovery))
		limit = recovery_deadline(env->recovery);
	loop_timer_set(env->loop, &s->discovery_limit, limit, LOOP_APPLY, on_discovery_limit, s);
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
	start_discovery(s);
	store_begin(s->env.store, s->discovery);
	recovery_arrived(s->env.recovery);
	s->env.registered(s->env.userdata);
	return 0;
}

struct sources *sources_new(const struct sources_env *env)
{
	struct sources *s = mem_new(1, sizeof(*s));
	s->env = *env;
	recovery_expect(env->recovery);
	loop_defer(env->loop, &s->registration, LOOP_APPLY, on_registration, s);
	return s;
}

void sources_free(struct sources *s)
{
	if (!s)
		return;
	sd_event_source_disable_unref(s->registration);
	sd_event_source_disable_unref(s->discovery_limit);
	discovery_free(s->discovery);
	free(s);
}

void sources_suspend(struct sources *s)
{
	s->registration = sd_event_source_disable_unref(s->registration);
	s->discovery_limit = sd_event_source_disable_unref(s->discovery_limit);
}

void sources_stop(struct sources *s)
{
	sources_suspend(s);
	discovery_stop(s->discovery);
}

bool sources_registered(const struct sources *s)
{
	return s->registered;
}

struct discovery *sources_discovery(const struct sources *s)
{
	return s->discovery;
}
