/* SPDX-License-Identifier: MIT */
#include "agent/daemon/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/app_index.h"
#include "agent/config/diff.h"
#include "agent/config/keep.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/reload_prepare.h"
#include "agent/daemon/settings.h"
#include "agent/status/view_diff.h"
#include "agent/status/view_json.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

/* How long apps are registered in one turn of the loop. */
#define TURN (4 * USEC_PER_MSEC)
/* Changes that are logged one by one. */
#define LOGGED_MAX 50

enum phase { RELOAD_LOAD, RELOAD_CHANGE, RELOAD_REGISTER, RELOAD_REMOVE, RELOAD_REFRESH };

struct reload {
	struct agent *a;
	const char *trigger;
	bool asked, running, stopped;
	uint64_t number; /* of the last one that began */
	sd_event_source *turn;
	/* Of the one that is under way. */
	struct config_loader *loader;
	struct config *next;   /* loaded, not in effect yet */
	struct config *former; /* in effect before it */
	struct config_diff diff;
	struct app_index index; /* of the configuration in effect */
	struct config_findings findings;
	json_t *changes, *needs_restart;
	enum phase phase;
	size_t next_app, next_change;
	bool refresh; /* all apps */
	struct app_cursor cursor;
};

static int on_turn(sd_event_source *source, void *userdata);
static void load(struct reload *r);

static void go_on(struct reload *r)
{
	loop_defer(r->a->loop, &r->turn, LOOP_APPLY, on_turn, r);
}

struct reload *reload_new(struct agent *a)
{
	struct reload *r = mem_new(1, sizeof(*r));
	r->a = a;
	return r;
}

/* What one reload holds. */
static void clean_up(struct reload *r)
{
	if (r->running && r->phase == RELOAD_REFRESH)
		app_cursor_done(&r->cursor);
	if (r->a->registry)
		registry_set_heirs(r->a->registry, NULL, NULL);
	r->running = false;
	app_index_done(&r->index);
	config_diff_done(&r->diff);
	config_findings_done(&r->findings);
	config_loader_free(r->loader);
	r->loader = NULL;
	config_free(r->next);
	config_free(r->former);
	r->next = r->former = NULL;
	json_decref(r->changes);
	json_decref(r->needs_restart);
	r->changes = r->needs_restart = NULL;
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	sd_event_source_disable_unref(r->turn);
	if (r->running)
		clean_up(r);
	free(r);
}

void reload_stop(struct reload *r)
{
	r->stopped = true;
	r->turn = sd_event_source_disable_unref(r->turn);
	if (r->running)
		clean_up(r);
}

static bool can_begin(const struct reload *r)
{
	return r->asked && !r->running && !r->stopped && r->a->sources &&
	       sources_registered(r->a->sources);
}

uint64_t reload_ask(struct reload *r, const char *trigger)
{
	r->asked = true;
	r->trigger = trigger;
	if (can_begin(r))
		go_on(r);
	return r->number + 1;
}

void reload_registered(struct reload *r)
{
	if (can_begin(r))
		go_on(r);
}

/* ---- the end ---- */

static json_t *findings_json(const struct config_findings *f)
{
	return json_pack("{s:o, s:o}", "errors", view_findings(f, CONFIG_ERROR), "warnings",
			 view_findings(f, CONFIG_WARNING));
}

static json_t *result_json(const struct reload *r, bool ok)
{
	json_t *o = findings_json(&r->findings);
	const char *done = json_array_size(r->changes) ? "reloaded" : "unchanged";
	json_object_set_new(o, "file", view_text(r->a->config_file.path));
	if (!ok) {
		json_object_set_new(o, "error", json_string("not reloaded, nothing changed"));
		return o;
	}
	json_object_set_new(o, "result", json_string(done));
	json_object_set(o, "changes", r->changes);
	json_object_set(o, "needs_restart", r->needs_restart);
	json_object_set_new(o, "sha256", json_string(r->a->config->sha256));
	return o;
}

static void answer(const struct reload *r, bool ok)
{
	json_t *o = result_json(r, ok);
	char *text = stream_json_text(o);
	api_send_later(r->a->api, r->number, ok ? 200 : 422, text);
	free(text);
	json_decref(o);
}

static void log_end(const struct reload *r, bool ok)
{
	const char *key;
	json_t *value;
	size_t i;
	if (!ok) {
		log_event(LOG_ERROR, "config", EVENT("reload.failed"),
			  "%s: not reloaded, %zu error%s; the configuration in effect stays",
			  r->trigger, r->findings.n_errors, r->findings.n_errors == 1 ? "" : "s");
		return;
	}
	json_array_foreach(r->needs_restart, i, value)
	{
		key = json_string_value(value);
		log_warn("config", "%s: the change of %s needs a restart of the agent", r->trigger,
			 key);
	}
	log_event(LOG_INFO, "config", EVENT("reload.done"), "%s: reloaded %s, %zu change%s",
		  r->trigger, r->a->config_file.path, json_array_size(r->changes),
		  json_array_size(r->changes) == 1 ? "" : "s");
}

static void finish(struct reload *r, bool ok)
{
	struct agent *a = r->a;
	log_end(r, ok);
	if (ok) {
		config_file_loaded(&a->config_file, a->config_file.path, a->config->sha256);
		last_good_keep(a->last_good, a->config_file.path, a->config_file.sha256);
	}
	config_file_reloaded(&a->config_file, ok, view_findings(&r->findings, CONFIG_ERROR),
			     json_incref(r->needs_restart));
	answer(r, ok);
	clean_up(r);
	peer_log_update(a->peer_log);
	service_ready(a->service);
	if (can_begin(r))
		go_on(r);
}

/* ---- without a change ---- */

void reload_compare(struct reload *r, const char *text, size_t len, struct api_reply *ret)
{
	struct config *next = NULL;
	struct config_findings findings = { 0 };
	struct config_diff diff = { 0 };
	int rc = config_load_text(text, len, &next, &findings);
	if (rc == 0)
		rc = reload_check(r->a, next, &findings);
	json_t *o = findings_json(&findings);
	if (rc == 0) {
		config_diff(r->a->config, next, &diff);
		json_object_set_new(o, "changes", view_diff(&diff));
		json_object_set_new(o, "needs_restart", view_diff_restart(&diff));
	}
	ret->status = rc == 0 ? 200 : 422;
	ret->content_type = "application/json";
	ret->body = stream_json_text(o);
	json_decref(o);
	config_diff_done(&diff);
	config_findings_done(&findings);
	config_free(next);
}

/* ---- apps ---- */

/* registry_heir */
static const char *heir(const struct prefix *vip, void *userdata)
{
	const struct reload *r = userdata;
	const struct app_spec *spec = app_index_of_vip(&r->index, vip);
	return spec ? spec->name : NULL;
}

/* An app that did not change is registered too: it may have been unregistered over HTTP. */
static void register_app(struct reload *r, const struct app_spec *spec)
{
	struct err err = { "" };
	enum register_result result;
	if (registry_register(r->a->registry, spec, loop_now(r->a->loop), &result, &err) < 0)
		log_error("app", "%s: %s", spec->name, err.text);
}

static void remove_app(struct reload *r, const char *name)
{
	const struct app *app = registry_find(r->a->registry, name);
	if (app && app->spec->source == APP_FROM_CONFIG)
		registry_unregister(r->a->registry, name, loop_now(r->a->loop));
}

static bool remove_next(struct reload *r)
{
	while (r->next_change < r->diff.n) {
		const struct config_change *c = &r->diff.items[r->next_change++];
		if (c->object == CONFIG_APP && c->kind == CONFIG_REMOVED) {
			remove_app(r, c->name);
			return true;
		}
	}
	return false;
}

static bool refresh_next(struct reload *r)
{
	const struct app *app = r->refresh ? app_cursor_next(&r->cursor) : NULL;
	if (app)
		registry_refresh(r->a->registry, app, loop_now(r->a->loop));
	return app;
}

/* False when all is done. */
static bool step(struct reload *r)
{
	switch (r->phase) {
	case RELOAD_LOAD:
		load(r);
		return true;
	case RELOAD_CHANGE: /* in a turn of its own */
		return true;
	case RELOAD_REGISTER:
		if (r->next_app < r->index.n) {
			register_app(r, r->index.items[r->next_app++].spec);
			return true;
		}
		r->phase = RELOAD_REMOVE;
		return true;
	case RELOAD_REMOVE:
		if (remove_next(r))
			return true;
		app_cursor_init(r->a->registry, &r->cursor);
		r->phase = RELOAD_REFRESH;
		return true;
	case RELOAD_REFRESH:
		return refresh_next(r);
	}
	return false;
}

/* ---- the beginning ---- */

static void log_changes(const struct reload *r)
{
	char line[APP_NAME_MAX + 128];
	for (size_t i = 0; i < r->diff.n && i < LOGGED_MAX; i++) {
		struct strbuf text = strbuf_over(line, sizeof(line));
		config_change_format(&r->diff.items[i], &text);
		log_info("config", "%s: %s", r->trigger, line);
	}
	if (r->diff.n > LOGGED_MAX)
		log_info("config", "%s: and %zu changes more", r->trigger, r->diff.n - LOGGED_MAX);
}

static void begin_apps(struct reload *r)
{
	struct agent *a = r->a;
	app_index_init(&r->index, a->config);
	registry_set_heirs(a->registry, heir, r);
	r->phase = RELOAD_REGISTER;
	r->next_app = r->next_change = 0;
	r->refresh = config_diff_count(&r->diff, CONFIG_AGENT, CONFIG_CHANGED) > 0;
	go_on(r);
}

/* The one turn in which everything but the apps changes. */
static void change(struct reload *r)
{
	struct agent *a = r->a;
	config_diff(a->config, r->next, &r->diff);
	r->changes = view_diff(&r->diff);
	r->needs_restart = view_diff_restart(&r->diff);
	if (reload_prepare_and_change(a, r->next, &r->diff, &r->findings) < 0) {
		finish(r, false);
		return;
	}
	log_changes(r);
	r->former = r->next;
	r->next = NULL;
	begin_apps(r);
}

static void load(struct reload *r)
{
	int rc = config_loader_step(r->loader, &r->next);
	if (rc > 0)
		return;
	config_log_findings(&r->findings, r->a->config_file.path);
	if (rc < 0)
		finish(r, false);
	else
		r->phase = RELOAD_CHANGE;
}

static void begin(struct reload *r)
{
	const char *path = r->a->config_file.path;
	r->asked = false;
	r->running = true;
	r->phase = RELOAD_LOAD;
	r->number++;
	log_info("config", "%s: reloading %s", r->trigger, path);
	service_reloading(r->a->service);
	r->loader = config_loader_new(path, NULL, 0, &r->findings);
	go_on(r);
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	struct reload *r = userdata;
	mono_t end = usec_add(loop_clock(), TURN);
	if (!r->running) {
		begin(r);
		return 0;
	}
	if (r->phase == RELOAD_CHANGE) {
		change(r);
		return 0;
	}
	while (r->running && r->phase != RELOAD_CHANGE && loop_clock() < end)
		if (!step(r)) {
			finish(r, true);
			return 0;
		}
	if (r->running)
		go_on(r);
	return 0;
}
