/* SPDX-License-Identifier: MIT */
#include "agent/config/check_announce.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

static const char *const state_names[ANNOUNCE_STATES] = {
	[ANNOUNCE_UP] = "up",
	[ANNOUNCE_DOWN] = "down",
	[ANNOUNCE_DRAIN] = "drain",
	[ANNOUNCE_JOIN] = "join",
};

struct state_check {
	struct config_findings *findings;
	const struct config_draft *draft;
	size_t n_ext, n_large; /* the most that bgp and a peer add */
	bool ibgp, ebgp;       /* there are such peers */
};

static const struct config_node *state_node(const struct config_node *app,
					    enum announce_state state)
{
	return config_node_get(config_node_get(app, "states"), state_names[state]);
}

/* ---- attributes without effect ---- */

static void check_numbers(const struct state_check *c, const struct announce_spec *s,
			  const struct config_node *node)
{
	if (s->local_pref.given && !c->ibgp)
		config_warn(
			c->findings, config_at(config_node_get(node, "local_pref")),
			"has no effect: LOCAL_PREF is sent to iBGP peers only, and there is none");
	if (s->prepends.given && s->prepends.value > 0 && !c->ebgp)
		config_warn(c->findings, config_at(config_node_get(node, "prepend")),
			    "has no effect: the AS path is prepended towards eBGP peers only, "
			    "there is none");
}

static void check_unused(const struct state_check *c, const struct app_spec *app,
			 const struct config_node *node)
{
	const struct announce_spec *down = &app->announce->of[ANNOUNCE_DOWN];
	const struct announce_spec *drain = &app->announce->of[ANNOUNCE_DRAIN];
	if (!down->announce && !app->keep_last && announce_spec_has_attrs(down))
		config_warn(c->findings, config_at_key(state_node(node, ANNOUNCE_DOWN)),
			    "has no effect: an app that is down is withdrawn, unless 'announce: "
			    "true' is set here or 'keep_last: true' in the app");
	if (!drain->announce && announce_spec_has_attrs(drain))
		config_warn(
			c->findings, config_at_key(state_node(node, ANNOUNCE_DRAIN)),
			"has no effect: with 'announce: false' a drained app is withdrawn at once");
}

static void check_increase(const struct state_check *c, const struct app_spec *app,
			   const struct config_node *node)
{
	const struct announce_specs *s = app->announce;
	bool has_med = s->med.given;
	for (size_t i = 0; i < ANNOUNCE_STATES; i++)
		has_med = has_med || s->of[i].med.given;
	if (announce_specs_increases(s) && !has_med)
		config_warn(c->findings, config_at(config_node_get(node, "increase")),
			    "has no effect: the app sets no MED, add 'med' here or under 'states'");
}

/* A number that `join` sets against that of `up`. */
static bool is_lower(struct bgp_number a, struct bgp_number b)
{
	return a.given && b.given && a.value < b.value;
}

static struct bgp_number or_of_app(struct bgp_number of_state, struct bgp_number of_app)
{
	return of_state.given ? of_state : of_app;
}

static void check_join(const struct state_check *c, const struct app_spec *app,
		       const struct config_node *node)
{
	const struct announce_specs *s = app->announce;
	const struct announce_spec *up = &s->of[ANNOUNCE_UP], *join = &s->of[ANNOUNCE_JOIN];
	const struct config_node *at = state_node(node, ANNOUNCE_JOIN);
	if (!join->announce)
		return;
	if (c->draft->agent.state_file && !c->draft->agent.state_file[0])
		config_warn(c->findings, config_at_key(at),
			    "every start of the agent joins anew: what was promoted is kept in "
			    "agent.state_file, which is off");
	if (is_lower(join->med, or_of_app(up->med, s->med)))
		config_warn(c->findings, config_at(config_node_get(at, "med")),
			    "is lower than that of `up`: routers prefer a joining app to one that "
			    "is up");
	if (is_lower(or_of_app(up->local_pref, s->local_pref), join->local_pref))
		config_warn(c->findings, config_at(config_node_get(at, "local_pref")),
			    "is higher than that of `up`: routers prefer a joining app to one that "
			    "is up");
	if (is_lower(join->prepends, or_of_app(up->prepends, s->prepends)))
		config_warn(c->findings, config_at(config_node_get(at, "prepend")),
			    "is less than that of `up`: routers prefer a joining app to one that "
			    "is up");
}

static void check_join_time(const struct app_spec *app, const struct config_node *node,
			    struct config_findings *findings)
{
	if (app->join_time && !announce_specs_announces(app->announce, ANNOUNCE_JOIN))
		config_warn(findings, config_at(config_node_get(node, "join_time")),
			    "has no effect: only an app with 'states.join' joins");
}

/* Number of communities that a route in this state has in addition: those of `up`, and for a joiner
 * that goes down or is drained those of `join`. */
static size_t more_of(const struct announce_specs *s, enum announce_state state, bool large)
{
	const struct announce_spec *up = &s->of[ANNOUNCE_UP], *join = &s->of[ANNOUNCE_JOIN];
	bool has_up = state == ANNOUNCE_DRAIN || state == ANNOUNCE_JOIN;
	bool has_join = state == ANNOUNCE_DRAIN || state == ANNOUNCE_DOWN;
	size_t n_up = large ? up->large_communities.n : up->ext_communities.n;
	size_t n_join = large ? join->large_communities.n : join->ext_communities.n;
	return (has_up ? n_up : 0) + (has_join ? n_join : 0);
}

/* Including the other communities of the route. */
static void check_sizes(const struct state_check *c, const struct app_spec *app,
			const struct config_node *node)
{
	const struct announce_specs *s = app->announce;
	for (enum announce_state state = ANNOUNCE_UP; state <= ANNOUNCE_JOIN; state++) {
		const struct announce_spec *of = &s->of[state];
		const struct config_node *at = state_node(node, state);
		if (!at && state == ANNOUNCE_UP)
			at = config_node_get(node, "vip_config");
		if (!at)
			continue; /* it carries what `up` carries */
		size_t n_ext = c->n_ext + s->ext_communities.n + of->ext_communities.n +
			       more_of(s, state, false);
		size_t n_large = c->n_large + s->large_communities.n + of->large_communities.n +
				 more_of(s, state, true);
		if (n_ext > BGP_EXT_COMMUNITIES_MAX)
			config_error(
				c->findings, config_at(at),
				"%zu extended communities including those of vip_config, of bgp "
				"and of a peer, at most %d fit into a route",
				n_ext, BGP_EXT_COMMUNITIES_MAX);
		if (n_large > BGP_LARGE_COMMUNITIES_MAX)
			config_error(
				c->findings, config_at(at),
				"%zu large communities including those of vip_config, of bgp and "
				"of a peer, at most %d fit into a route",
				n_large, BGP_LARGE_COMMUNITIES_MAX);
	}
}

static void check_states(const struct state_check *c, const struct app_spec *app,
			 const struct config_node *node)
{
	const struct announce_spec always = { .local_pref = app->announce->local_pref,
					      .prepends = app->announce->prepends };
	check_numbers(c, &always, config_node_get(node, "vip_config"));
	check_increase(c, app, config_node_get(node, "vip_config"));
	for (enum announce_state state = ANNOUNCE_UP; state <= ANNOUNCE_JOIN; state++)
		check_numbers(c, &app->announce->of[state], state_node(node, state));
	check_unused(c, app, node);
	check_join(c, app, node);
	check_sizes(c, app, node);
}

/* ---- groups ---- */

struct group_ref {
	const struct app_spec *app;
	const char *group;
	const struct config_node *node; /* of the app */
	bool keep_last;
};

static int compare_groups(const void *a, const void *b)
{
	const struct group_ref *x = a, *y = b;
	int c = strcmp(x->group, y->group);
	return c ? c : (x->app > y->app) - (x->app < y->app);
}

static void check_groups(const struct state_check *c)
{
	struct group_ref *refs = mem_new(c->draft->n_apps, sizeof(*refs));
	const struct config_node *node = c->draft->first_app;
	size_t n = 0;
	for (size_t i = 0; i < c->draft->n_apps; i++, node = node->next)
		if (c->draft->apps[i].group)
			refs[n++] = (struct group_ref){ &c->draft->apps[i], c->draft->apps[i].group,
							node, c->draft->apps[i].keep_last };
	qsort(refs, n, sizeof(*refs), compare_groups);
	for (size_t i = 0; i < n; i++) {
		bool alone = (i == 0 || !str_equal(refs[i - 1].group, refs[i].group)) &&
			     (i + 1 == n || !str_equal(refs[i + 1].group, refs[i].group));
		if (alone && refs[i].keep_last)
			config_warn(c->findings, config_at(config_node_get(refs[i].node, "group")),
				    "keep_last has no effect: no other app is in group '%s'",
				    refs[i].group);
	}
	free(refs);
}

/* ---- all of them ---- */

static void classify_peers(struct state_check *c)
{
	const struct config_draft_bgp *bgp = &c->draft->bgp;
	for (size_t i = 0; i < bgp->n_peers; i++) {
		const struct bgp_peer_config *peer = &bgp->peers[i];
		if (peer->ext_communities.n > c->n_ext)
			c->n_ext = peer->ext_communities.n;
		if (peer->large_communities.n > c->n_large)
			c->n_large = peer->large_communities.n;
		bool ibgp = bgp_peer_is_internal(&bgp->bgp, peer);
		c->ibgp = c->ibgp || ibgp || peer->as_rule == BGP_AS_AUTO;
		c->ebgp = c->ebgp || !ibgp;
	}
	c->n_ext += bgp->bgp.ext_communities.n;
	c->n_large += bgp->bgp.large_communities.n;
}

void config_check_announce(const struct config_draft *draft, struct config_findings *findings)
{
	struct state_check c = { .findings = findings, .draft = draft };
	if (draft->n_apps == 0)
		return;
	classify_peers(&c);
	const struct config_node *node = draft->first_app;
	for (size_t i = 0; i < draft->n_apps; i++, node = node->next) {
		const struct app_spec *app = &draft->apps[i];
		if (node->kind != CONFIG_MAPPING)
			continue; /* reported already */
		if (app->announce)
			check_states(&c, app, node);
		check_join_time(app, node, findings);
		if (app->keep_last && !config_node_get(node, "group"))
			config_error(
				findings, config_at(config_node_get(node, "keep_last")),
				"requires 'group', the same for all apps that are judged together");
	}
	check_groups(&c);
}
