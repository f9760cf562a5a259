/* SPDX-License-Identifier: MIT */
#include "agent/daemon/reload_apps.h"

#include <stdio.h>

#include "agent/config/diff.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/reload_prepare.h"
#include "lib/log.h"
#include "process/loop.h"

/* registry_heir */
static const char *heir(const struct prefix *vip, void *userdata)
{
	struct reload_apps *r = userdata;
	vip_index_make(&r->vips, r->a->config);
	const struct app_spec *spec = vip_index_find(&r->vips, vip);
	return spec ? spec->name : NULL;
}

static void register_app(struct reload_apps *r, const struct app_spec *spec)
{
	struct err err = { "" };
	enum register_result result;
	struct config_place at = config_at_line(0, 0);
	if (registry_register(r->a->registry, spec, loop_now(r->a->loop), &result, &err) == 0)
		return;
	log_error("app", "%s: %s", spec->name, err.text);
	snprintf(at.path, sizeof(at.path), "%s", spec->name);
	config_error(&r->job->findings, at, "%s", err.text);
	r->job->n_refused++;
}

/* An app that did not change may have been unregistered over HTTP: what counts is whether it is
 * registered as it stands in the file. */
static void register_next(struct reload_apps *r)
{
	struct reload_check *c = &r->job->check;
	size_t i = r->next_app++;
	bool as_checked = registry_changes(r->a->registry) == c->registry_changes;
	if (reload_check_is_same(c, i))
		return;
	register_app(r, &r->a->config->apps[i]);
	if (as_checked) /* changes of our own leave the others as they were */
		c->registry_changes = registry_changes(r->a->registry);
}

static void remove_app(struct reload_apps *r, const char *name)
{
	const struct app *app = registry_find(r->a->registry, name);
	if (app && app->spec->source == APP_FROM_CONFIG)
		registry_unregister(r->a->registry, name, loop_now(r->a->loop));
}

static bool remove_next(struct reload_apps *r)
{
	while (r->next_change < r->job->diff.n) {
		const struct config_change *c = &r->job->diff.items[r->next_change++];
		if (c->object == CONFIG_APP && c->kind == CONFIG_REMOVED) {
			remove_app(r, c->name);
			return true;
		}
	}
	return false;
}

static bool refresh_next(struct reload_apps *r)
{
	const struct app *app = r->refresh ? app_cursor_next(&r->cursor) : NULL;
	if (app)
		registry_refresh(r->a->registry, app, loop_now(r->a->loop));
	return app;
}

void reload_apps_begin(struct reload_apps *r, struct agent *a, struct reload_job *job)
{
	*r = (struct reload_apps){ .a = a, .job = job };
	r->refresh = config_diff_count(&job->diff, CONFIG_AGENT, CONFIG_CHANGED) > 0 ||
		     config_diff_count(&job->diff, CONFIG_FLEET, CONFIG_CHANGED) > 0;
	registry_set_heirs(a->registry, heir, r);
}

bool reload_apps_step(struct reload_apps *r)
{
	switch (r->stage) {
	case RELOAD_REGISTER:
		if (r->next_app < r->a->config->n_apps)
			register_next(r);
		else
			r->stage = RELOAD_REMOVE;
		return true;
	case RELOAD_REMOVE:
		if (remove_next(r))
			return true;
		app_cursor_init(r->a->registry, &r->cursor);
		r->stage = RELOAD_REFRESH;
		return true;
	case RELOAD_REFRESH:
		return refresh_next(r);
	}
	return false;
}

void reload_apps_done(struct reload_apps *r)
{
	if (!r->a)
		return;
	if (r->stage == RELOAD_REFRESH)
		app_cursor_done(&r->cursor);
	if (r->a->registry)
		registry_set_heirs(r->a->registry, NULL, NULL);
	vip_index_done(&r->vips);
	*r = (struct reload_apps){ 0 };
}
