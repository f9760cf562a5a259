/* SPDX-License-Identifier: MIT */
/*
 * The routes of a program (APP_FROM_PROCESS): each is a VIP of its app, with attributes of its own
 * (agent/model/route_spec.h). They come and go one by one: the app itself is registered without any
 * VIP, and stays registered as long as its program.
 */
#ifndef AGENT_APP_ROUTES_H
#define AGENT_APP_ROUTES_H

#include "agent/app/app.h"
#include "agent/model/route_spec.h"

/* Adds the route, or changes its attributes and peers; takes a reference. An unchanged route costs
 * nothing. The app must exist. -EEXIST and a text when the VIP belongs to another app that comes
 * before or beside it; -EACCES or what the guard says when it may not be a VIP. */
int routes_set(struct app *app, const struct prefix *vip, struct route_spec *route, mono_t now,
	       struct err *err);
/* False when the app does not have it. */
bool routes_drop(struct app *app, const struct prefix *vip, mono_t now);
/* Of all its routes, and of those to come. */
void routes_set_bind(struct app *app, enum bind bind);
bool routes_has(const struct app *app, const struct prefix *vip);

#endif
