/* SPDX-License-Identifier: MIT */
/*
 * Registrations over HTTP of each principal, and their limits (agent.api.max_apps, max_vips,
 * max_kilobytes). Principals are told apart by name (agent/model/principal.h), whatever their
 * address: all clients of one kind share a budget.
 */
#ifndef AGENT_APP_BUDGETS_H
#define AGENT_APP_BUDGETS_H

#include "agent/app/app.h"

/* 0, or -EDQUOT with a text that names the key. `self` is what has the name now, or NULL. Never
 * refuses what makes the principal's share smaller. */
int budget_check(const struct registry *reg, const struct app_spec *spec, const struct app *self,
		 struct err *err);
/* 0, or -EAGAIN with a text when the principal changes apps faster than agent.api.max_changes:
 * twice max_apps at once, and then so many a minute. Of requests only, not at a start. */
int budget_check_rate(const struct registry *reg, const struct app_spec *spec, mono_t now,
		      struct err *err);
/* How many VIPs the principal of this app of HTTP has, those of `except` not counted. */
size_t budget_vips(const struct registry *reg, const struct app_spec *spec,
		   const struct app *except);
/* The request did change something. */
void budget_count_change(struct registry *reg, const struct app_spec *spec, mono_t now);
/* After each change of its definition. */
void budget_charge(struct app *app);
/* Before it is freed. */
void budget_discharge(struct app *app);
/* After all apps. */
void budgets_free(struct registry *reg);

#endif
