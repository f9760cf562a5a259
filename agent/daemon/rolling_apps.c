/* SPDX-License-Identifier: MIT */
#include "agent/daemon/rolling_apps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/app/drains.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/shown.h"
#include "agent/status/readiness_collect.h"
#include "agent/vip/vip.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/watch.h"

/* ---- what it is about ---- */

static int add_app(const struct agent *a, const char *name, struct roll *ret, struct err *err)
{
	const struct app *app = registry_find(a->registry, name);
	if (!app)
		return err_set(err, -ENOENT, "no app '%.128s'", name);
	for (size_t i = 0; i < ret->n_apps; i++)
		if (str_equal(ret->apps[i], name))
			return 0;
	if (ret->n_apps == ROLL_APPS_MAX || app->spec->n_vips > FLEET_VIPS_MAX - ret->n_vips)
		return err_set(err, -EINVAL,
			       "%.128s: the apps have more than %d VIPs, which are taken together",
			       name, FLEET_VIPS_MAX);
	ret->apps[ret->n_apps++] = mem_strdup(name);
	for (size_t i = 0; i < app->spec->n_vips; i++)
		ret->vips[ret->n_vips++] = app->spec->vips[i];
	return 0;
}

static int add_owner(const struct agent *a, const struct prefix *vip, struct roll *ret,
		     struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	const struct app *app = registry_owner(a->registry, vip);
	if (!app)
		return err_set(err, -ENOENT, "no app of this host has the VIP %s",
			       prefix_format(vip, text));
	return add_app(a, app->spec->name, ret, err);
}

static int check_host(const struct agent *a, const struct roll *wanted, struct err *err)
{
	struct state_file_status status;
	if (!a->fleet)
		return err_set(err, -ENOENT,
			       "no fleet is configured: set fleet.engine and fleet.vips");
	if (!store_status(a->store, &status))
		return err_set(err, -EROFS,
			       "without a state file a reboot would lose the slot: set "
			       "agent.state_file");
	if (wanted->quiet > 0 && !a->traffic)
		return err_set(err, -EINVAL, "VIP traffic is not counted: set agent.traffic");
	return 0;
}

int rolling_make(const struct agent *a, const struct roll *wanted, struct roll *ret,
		 struct err *err)
{
	int rc = check_host(a, wanted, err);
	for (size_t i = 0; rc == 0 && i < wanted->n_apps; i++)
		rc = add_app(a, wanted->apps[i], ret, err);
	for (size_t i = 0; rc == 0 && i < wanted->n_vips; i++)
		rc = add_owner(a, &wanted->vips[i], ret, err);
	if (rc == 0 && ret->n_vips == 0)
		rc = err_set(err, -EINVAL,
			     "no app with a VIP is selected: name one that has a VIP");
	ret->limit = wanted->limit;
	ret->quiet = wanted->quiet;
	ret->exit_status = -1;
	ret->begun = wall_now();
	str_copy(ret->why, sizeof(ret->why), wanted->why);
	return rc;
}

/* ---- drained? ---- */

/* Packets a second of all VIPs; false: not measured yet since the drain began. */
static bool measure(const struct app *app, double *rate)
{
	for (size_t i = 0; i < app->spec->n_vips; i++) {
		const struct traffic *t = app->vips[i]->traffic;
		if (!t || !traffic_is_measured(t, app->drained_since))
			return false;
		*rate += t->packet_rate;
	}
	return true;
}

static bool is_withdrawn(const struct app *app)
{
	for (size_t i = 0; i < app->spec->n_vips; i++)
		if (app->vips[i]->announced)
			return false;
	return app->form == ROUTE_NONE;
}

bool rolling_is_drained(const struct agent *a, const struct roll *r,
			char note[static ROLL_NOTE_MAX])
{
	double rate = 0;
	for (size_t i = 0; i < r->n_apps; i++) {
		const struct app *app = registry_find(a->registry, r->apps[i]);
		if (app && !is_withdrawn(app)) {
			snprintf(note, ROLL_NOTE_MAX,
				 "%.128s is announced until its drain_time expires", r->apps[i]);
			return false;
		}
		if (r->quiet > 0 && app && !measure(app, &rate)) {
			snprintf(note, ROLL_NOTE_MAX, "the traffic of %.128s is being measured",
				 r->apps[i]);
			return false;
		}
	}
	if (r->quiet == 0 || rate < (double)r->quiet)
		return true;
	snprintf(note, ROLL_NOTE_MAX, "%.0f packets a second, waiting for fewer than %" PRIu32,
		 rate, r->quiet);
	return false;
}

/* ---- back? ---- */

static const char *drained_by(const struct agent *a, const struct app *app)
{
	const struct drain *drains[] = { app->drain, registry_agent_drain(a->registry) };
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; drains[k] && i < DRAIN_SOURCES; i++)
			if (drains[k]->requests[i].on)
				return drain_source_name((enum drain_source)i);
	return NULL;
}

static bool is_good(enum route_form form)
{
	return form == ROUTE_UP || form == ROUTE_JOIN;
}

/* One that joins is back: its promotion may have to wait for other hosts, and these for its
 * slot. */
static bool is_announced(const struct app *app)
{
	for (size_t i = 0; i < app->spec->n_vips; i++)
		if (!app->vips[i]->announced || !is_good(app->vips[i]->form))
			return false;
	return is_good(app->form);
}

void rolling_check(const struct agent *a, const struct roll *r)
{
	for (size_t i = 0; i < r->n_apps; i++) {
		const struct app *app = registry_find(a->registry, r->apps[i]);
		if (app)
			monitor_watch_check_now(app->watch);
	}
}

/* NULL, or the monitor that has no result since, or one that may yet change its health. */
static const char *find_unchecked(const struct app *app, mono_t since)
{
	struct monitor_status m;
	for (size_t i = 0; i < monitor_watch_n(app->watch); i++) {
		monitor_watch_status(app->watch, i, &m);
		if (m.checks == 0 || usec_sub(m.last_check, m.took) < since || m.streak > 0)
			return m.text;
	}
	return NULL;
}

static bool app_is_back(const struct agent *a, const char *name, mono_t since,
			char note[static ROLL_NOTE_MAX])
{
	const struct app *app = registry_find(a->registry, name);
	const char *by = app ? drained_by(a, app) : NULL;
	const char *unchecked = app ? find_unchecked(app, since) : NULL;
	if (!app)
		snprintf(note, ROLL_NOTE_MAX, "%.128s is not registered", name);
	else if (app->health != HEALTH_UP)
		snprintf(note, ROLL_NOTE_MAX, "%.128s is %s%s%.200s", name,
			 health_name(app->health), app->reason ? ": " : "",
			 app->reason ? app->reason : "");
	else if (by)
		snprintf(note, ROLL_NOTE_MAX, "%.128s is drained, by %s", name, by);
	else if (unchecked)
		snprintf(note, ROLL_NOTE_MAX, "%.128s is being checked: %.200s", name, unchecked);
	else if (!is_announced(app))
		snprintf(note, ROLL_NOTE_MAX, "%.128s is not announced yet", name);
	else
		return true;
	return false;
}

bool rolling_is_back(struct agent *a, const struct roll *r, mono_t since,
		     char note[static ROLL_NOTE_MAX])
{
	char text[READINESS_TEXT_MAX];
	struct status_sources in = shown_sources(a);
	for (size_t i = 0; i < r->n_apps; i++)
		if (!app_is_back(a, r->apps[i], since, note))
			return false;
	if (readiness_collect(&in, false, text))
		return true;
	text[strcspn(text, "\n")] = 0;
	snprintf(note, ROLL_NOTE_MAX, "the agent is not ready: %.400s", text);
	return false;
}
