/* SPDX-License-Identifier: MIT */
#include "agent/app/leases.h"

static void set_end(struct app *app, mono_t until)
{
	due_set(&app->registry->due, DUE_LEASE, &app->due[DUE_LEASE], until);
}

mono_t app_lease_end(const struct app *app)
{
	return due_at(&app->due[DUE_LEASE]);
}

bool app_lease_start(struct app *app, mono_t now)
{
	span_t span = app->spec->source == APP_FROM_HTTP ? app->spec->lease : 0;
	bool had_one = app_lease_end(app) != USEC_NEVER;
	set_end(app, span > 0 ? usec_add(now, span) : USEC_NEVER);
	return had_one || span > 0;
}

void registry_set_lease_end(struct registry *reg, const char *name, mono_t until)
{
	struct app *app = app_get(reg, name);
	if (!app || app_lease_end(app) == USEC_NEVER)
		return;
	set_end(app, until);
	notify_changed(&reg->notify, name, app, false);
}
