/* SPDX-License-Identifier: MIT */
/*
 * A model of Consul for the simulator of a fleet: the keys of two VIPs, transactions with CAS and
 * locks, sessions that expire. It counts on its own, not with the code under test. Include after
 * cmocka.h.
 */
#ifndef TESTS_UNIT_FLEET_CONSUL_H
#define TESTS_UNIT_FLEET_CONSUL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/member.h"
#include "lib/mem.h"

#define CONSUL_VIPS 2
#define CONSUL_TTL  (15 * USEC_PER_SEC)

struct consul_node {
	bool is_up, has;
	struct fleet_up up;
	struct fleet_has seen;
};

struct consul_session {
	char id[FLEET_SESSION_MAX];
	mono_t expires;
	uint64_t last_write; /* number of the request */
};

struct consul_model {
	size_t n; /* nodes; by their number */
	struct consul_node *nodes[CONSUL_VIPS];
	struct fleet_leave leave[CONSUL_VIPS], join[CONSUL_VIPS];
	struct consul_session *sessions; /* the last of each node */
	uint64_t index, n_sessions;
	unsigned epoch;                     /* how often it was emptied */
	struct fleet_view old[CONSUL_VIPS]; /* as a server has it that is cut off from the others */
	uint64_t old_reductions;
	unsigned old_epoch;
	/* Events other than soft decisions by which fewer stay, or more must. */
	uint64_t reductions;
};

static void consul_free_views(struct fleet_view *views)
{
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		free(views[v].up);
		free(views[v].has);
		free(views[v].leave.claims);
		free(views[v].join.claims);
		views[v] = (struct fleet_view){ 0 };
	}
}

static struct fleet_leave consul_copy_leave(const struct fleet_leave *l)
{
	struct fleet_leave copy = *l;
	copy.claims = mem_new(l->n + 1, sizeof(*copy.claims));
	if (l->n)
		memcpy(copy.claims, l->claims, l->n * sizeof(*copy.claims));
	return copy;
}

static void consul_read(const struct consul_model *c, struct fleet_view *ret)
{
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		struct fleet_view *to = &ret[v];
		*to = (struct fleet_view){ .leave = consul_copy_leave(&c->leave[v]),
					   .join = consul_copy_leave(&c->join[v]) };
		to->up = mem_new(c->n, sizeof(*to->up));
		to->has = mem_new(c->n, sizeof(*to->has));
		for (size_t i = 0; i < c->n; i++) {
			const struct consul_node *node = &c->nodes[v][i];
			if (node->is_up)
				to->up[to->n_up++] = node->up;
			if (node->has)
				to->has[to->n_has++] = node->seen;
		}
	}
}

static void consul_snapshot(struct consul_model *c)
{
	consul_free_views(c->old);
	consul_read(c, c->old);
	c->old_reductions = c->reductions;
	c->old_epoch = c->epoch;
}

static void consul_init(struct consul_model *c, size_t n)
{
	*c = (struct consul_model){ .n = n, .index = 1 };
	for (size_t v = 0; v < CONSUL_VIPS; v++)
		c->nodes[v] = mem_new(n, sizeof(*c->nodes[v]));
	c->sessions = mem_new(n, sizeof(*c->sessions));
}

static void consul_done(struct consul_model *c)
{
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		free(c->nodes[v]);
		free(c->leave[v].claims);
		free(c->join[v].claims);
	}
	consul_free_views(c->old);
	free(c->sessions);
}

/* ---- sessions ---- */

static void consul_end_session(struct consul_model *c, size_t i)
{
	const char *id = c->sessions[i].id;
	for (size_t v = 0; v < CONSUL_VIPS; v++)
		if (c->nodes[v][i].is_up && strcmp(c->nodes[v][i].up.session, id) == 0) {
			c->nodes[v][i].is_up = false;
			c->index++;
			c->reductions++;
		}
	c->sessions[i] = (struct consul_session){ 0 };
}

static void consul_expire(struct consul_model *c, mono_t now)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->sessions[i].id[0] && now >= c->sessions[i].expires)
			consul_end_session(c, i);
}

/* An agent that comes back ends the session it had, as its name tells. */
static const char *consul_create_session(struct consul_model *c, size_t i, mono_t now)
{
	if (c->sessions[i].id[0])
		consul_end_session(c, i);
	snprintf(c->sessions[i].id, FLEET_SESSION_MAX, "s%llu",
		 (unsigned long long)++c->n_sessions);
	c->sessions[i].expires = now + CONSUL_TTL;
	c->sessions[i].last_write = 0;
	return c->sessions[i].id;
}

static bool consul_has_session(const struct consul_model *c, size_t i, const char *id)
{
	return id[0] && strcmp(c->sessions[i].id, id) == 0;
}

static bool consul_renew(struct consul_model *c, size_t i, const char *id, mono_t now)
{
	if (!consul_has_session(c, i, id))
		return false;
	c->sessions[i].expires = now + CONSUL_TTL;
	return true;
}

/* ---- transactions ---- */

static bool consul_has_slot(const struct consul_model *c, size_t v, const char *node)
{
	for (size_t i = 0; i < c->leave[v].n_slots; i++)
		if (strcmp(c->leave[v].claims[i].node, node) == 0)
			return true;
	return false;
}

static bool consul_is_announced(enum fleet_form form)
{
	return form == FLEET_NORMAL || form == FLEET_DEGRADED;
}

static void consul_put_up(struct consul_model *c, size_t v, size_t i, const char *session,
			  enum fleet_form form)
{
	struct consul_node *node = &c->nodes[v][i];
	bool goes_on = node->is_up && form == FLEET_JOINING && node->up.form == FLEET_JOINING;
	bool goes = !consul_is_announced(form) && !goes_on;
	if (!node->is_up || (goes && !consul_has_slot(c, v, node->up.node)))
		c->reductions++;
	node->is_up = true;
	node->up.form = form;
	snprintf(node->up.node, sizeof(node->up.node), "n%05zu", i);
	snprintf(node->up.session, sizeof(node->up.session), "%s", session);
}

/* `to` is `.leave` or `.join` of each VIP. */
static bool consul_fits(const struct fleet_leave *to, const struct fleet_leave *leaves)
{
	for (size_t v = 0; leaves && v < CONSUL_VIPS; v++)
		if (leaves[v].index != to[v].index)
			return false;
	return true;
}

static void consul_put_line(const struct consul_model *c, struct fleet_leave *to,
			    const struct fleet_leave *from)
{
	free(to->claims);
	*to = consul_copy_leave(from);
	to->index = c->index;
}

/* The app of a node is gone, with its claims when `leaves` is not NULL. */
static bool consul_drop(struct consul_model *c, size_t i, const struct fleet_leave *leaves)
{
	if (!consul_fits(c->leave, leaves))
		return false;
	c->index++;
	c->reductions++;
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		c->nodes[v][i] = (struct consul_node){ 0 };
		if (leaves)
			consul_put_line(c, &c->leave[v], &leaves[v]);
	}
	return true;
}

/* All or none. `leaves` are of `lines`, c->leave or c->join. `wall` and `announced` are set into
 * `has` by a report; `wall` is 0 in a claim. */
static bool consul_commit(struct consul_model *c, size_t i, const char *session,
			  enum fleet_form form, struct fleet_leave *lines,
			  const struct fleet_leave *leaves, wall_t wall, bool announced)
{
	if (!session[0] || strcmp(c->sessions[i].id, session) != 0)
		return false;
	if (!consul_fits(lines, leaves))
		return false;
	c->index++;
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		consul_put_up(c, v, i, session, form);
		if (wall) {
			c->nodes[v][i].has = true;
			c->nodes[v][i].seen.seen = wall;
			c->nodes[v][i].seen.announced = announced;
			memcpy(c->nodes[v][i].seen.node, c->nodes[v][i].up.node, FLEET_NODE_MAX);
		}
		if (leaves)
			consul_put_line(c, &lines[v], &leaves[v]);
	}
	return true;
}

static void consul_empty(struct consul_model *c)
{
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		memset(c->nodes[v], 0, c->n * sizeof(*c->nodes[v]));
		free(c->leave[v].claims);
		free(c->join[v].claims);
		c->leave[v] = c->join[v] = (struct fleet_leave){ 0 };
	}
	c->index++;
	c->epoch++;
	c->reductions += c->n;
}

#endif
