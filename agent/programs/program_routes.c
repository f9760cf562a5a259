/* SPDX-License-Identifier: MIT */
#include "agent/programs/program_routes.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/app/routes.h"
#include "agent/programs/selected.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

int program_register(struct program *p)
{
	struct err err = { "" };
	enum register_result result;
	const struct app_spec spec = {
		.name = p->spec.name,
		.source = APP_FROM_PROCESS,
		.bind = p->spec.bind,
	};
	if (program_app(p))
		return 0;
	int rc = registry_register(p->env->registry, &spec, loop_now(p->env->loop), &result, &err);
	str_copy(p->unregistered, sizeof(p->unregistered), rc < 0 ? err.text : "");
	return rc;
}

/* By a line: what it had before comes back with it. */
static void register_again(struct program *p)
{
	if (program_app(p) || program_register(p) < 0)
		return;
	if (p->owner && route_table_n(&p->routes) > 0)
		p->owner->again(p->owner_userdata);
}

/* ---- A line. ---- */

static int select_peers(const struct program *p, struct program_job *job, struct err *err)
{
	size_t n = bgp_speaker_n_peers(p->env->speaker);
	struct bgp_peer_status *peers = mem_new(n + 1, sizeof(*peers));
	for (size_t i = 0; i < n; i++)
		bgp_speaker_peer_status(p->env->speaker, i, &peers[i]);
	bool any =
		selected_peers(&job->line.selectors, peers, n, p->env->bgp->router_id, &job->peers);
	free(peers);
	return any ? 0 : err_set(err, -ENOENT, "no neighbor is the one that the line names");
}

static int check_prefix(const struct program *p, const struct prefix *prefix, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	if (program_spec_allows(&p->spec, prefix))
		return 0;
	return err_set(err, -EACCES, "%s is not in processes[].allow; to allow it, add it there",
		       prefix_format(prefix, text));
}

static int check_allowed(const struct program *p, const struct line *l, struct err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < l->n_prefixes; i++)
		rc = check_prefix(p, &l->prefixes[i], err);
	return rc;
}

int program_job_begin(struct program *p, struct program_job *job, struct err *err)
{
	int rc = select_peers(p, job, err);
	if (rc == 0 && job->line.verb == LINE_ANNOUNCE)
		rc = check_allowed(p, &job->line, err);
	if (rc == 0 && job->line.verb == LINE_ANNOUNCE && p->state != PROGRAM_STOPS)
		register_again(p);
	return rc;
}

void program_job_done(struct program_job *job)
{
	line_done(&job->line);
	bgp_peer_filter_free(job->peers);
	route_listing_free(job->listing);
	*job = (struct program_job){ 0 };
}

/* Also of a route that the line did not change: the registry may not have taken it the last
 * time. */
static int put(const struct program *p, const struct program_route *route, struct err *err)
{
	struct app *app = program_app(p);
	if (!app)
		return err_set(err, -ENOENT, "the app could not be registered: %s",
			       *p->unregistered ? p->unregistered
						: "it was unregistered meanwhile, the next line "
						  "registers it again");
	return routes_set(app, &route->prefix, route->spec, loop_now(p->env->loop), err);
}

static int announce(struct program *p, const struct program_job *job, const struct prefix *prefix,
		    bool by_fifo, struct err *err)
{
	/* A reload may have changed that since the line began. */
	int rc = check_prefix(p, prefix, err);
	if (rc < 0)
		return rc;
	if (!route_table_find(&p->routes, prefix) &&
	    route_table_n(&p->routes) >= p->spec.max_routes)
		return err_set(err, -ENOSPC, "max_routes is %u; to allow more, raise it",
			       p->spec.max_routes);
	route_table_announce(&p->routes, prefix, job->line.spec, job->peers, by_fifo);
	return put(p, route_table_find(&p->routes, prefix), err);
}

static bool has_receiver(const struct program *p, const struct route_spec *spec)
{
	size_t n = bgp_speaker_n_peers(p->env->speaker);
	for (size_t i = 0; i < n; i++)
		if (route_spec_for(spec, bgp_speaker_peer_config(p->env->speaker, i)))
			return true;
	return false;
}

/* A route that was withdrawn from its last peer is none any more: it would count for max_routes,
 * and go to peers that come later. */
static void withdraw(struct program *p, const struct program_job *job, const struct prefix *prefix)
{
	struct app *app = program_app(p);
	mono_t now = loop_now(p->env->loop);
	enum withdrawn what = route_table_withdraw(&p->routes, prefix, job->peers);
	struct program_route *left = route_table_find(&p->routes, prefix);
	if (what == WITHDRAWN_FROM_SOME && !has_receiver(p, left->spec)) {
		route_table_remove(&p->routes, left);
		what = WITHDRAWN_WHOLLY;
	}
	if (what == WITHDRAWN_WHOLLY && app)
		routes_drop(app, prefix, now);
	if (what == WITHDRAWN_FROM_SOME && app && routes_has(app, prefix))
		routes_set(app, prefix, left->spec, now, NULL);
}

int program_job_next(struct program *p, struct program_job *job, bool by_fifo, struct err *err)
{
	const struct prefix *prefix = &job->line.prefixes[job->next++];
	if (p->state == PROGRAM_STOPS)
		return 0;
	if (job->line.verb == LINE_ANNOUNCE)
		return announce(p, job, prefix, by_fifo, err);
	withdraw(p, job, prefix);
	return 0;
}

/* ---- All of them. ---- */

static void drop(struct program *p, struct app *app, struct program_route *route)
{
	struct prefix prefix = route->prefix;
	route_table_remove(&p->routes, route);
	if (app)
		routes_drop(app, &prefix, loop_now(p->env->loop));
}

/* The newest first, which the registry finds at once. */
static struct program_route *last_route(const struct route_table *t)
{
	return t->routes ? ELMT_FROM_HH(t->routes->hh.tbl, t->routes->hh.tbl->tail) : NULL;
}

static void drop_if(struct program *p,
		    bool (*goes)(const struct program *p, const struct program_route *route))
{
	struct app *app = program_app(p);
	struct program_route *route = last_route(&p->routes), *before;
	for (; route; route = before) {
		before = route->hh.prev;
		if (goes(p, route))
			drop(p, app, route);
	}
}

static bool is_any(const struct program *p, const struct program_route *route)
{
	(void)p, (void)route;
	return true;
}

static bool is_of_process(const struct program *p, const struct program_route *route)
{
	(void)p;
	return !route->by_fifo;
}

static bool is_refused(const struct program *p, const struct program_route *route)
{
	return !program_spec_allows(&p->spec, &route->prefix);
}

void program_withdraw_all(struct program *p, bool and_fifo)
{
	drop_if(p, and_fifo ? is_any : is_of_process);
}

void program_withdraw_refused(struct program *p)
{
	drop_if(p, is_refused);
	while (route_table_n(&p->routes) > p->spec.max_routes)
		drop(p, program_app(p), last_route(&p->routes));
}

size_t program_retry(struct program *p, uint64_t pass, size_t max)
{
	struct program_route *route, *next;
	size_t n = 0;
	if (*p->unregistered && program_register(p) == 0)
		log_info("app", "%s: registered, its name has become free", p->spec.name);
	struct app *app = program_app(p);
	if (!app || app->spec->n_vips >= route_table_n(&p->routes))
		return 0;
	HASH_ITER (hh, p->routes.routes, route, next) {
		if (route->tried == pass || routes_has(app, &route->prefix))
			continue;
		if (n++ == max)
			return max;
		route->tried = pass;
		routes_set(app, &route->prefix, route->spec, loop_now(p->env->loop), NULL);
	}
	return n;
}
