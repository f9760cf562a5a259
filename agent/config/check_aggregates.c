/* SPDX-License-Identifier: MIT */
#include "agent/config/check_aggregates.h"

#include "agent/config/check_peer_names.h"

struct aggregates_check {
	struct config_findings *findings;
	const struct config_draft *draft;
	size_t n_communities, n_ext, n_large; /* the most that bgp and a peer add */
};

/* ---- each other ---- */

static struct config_place at_prefix(const struct config_node *node)
{
	const struct config_node *prefix = config_node_get(node, "prefix");
	return config_at(prefix ? prefix : node);
}

static void check_overlap(const struct aggregates_check *c, size_t i,
			  const struct config_node *node)
{
	char text[PREFIX_TEXT_MAX], other[PREFIX_TEXT_MAX];
	const struct aggregate_spec *items = c->draft->bgp.aggregates.items;
	prefix_format(&items[i].prefix, text);
	for (size_t k = 0; k < c->draft->bgp.aggregates.n; k++) {
		if (k < i && prefix_equal(&items[k].prefix, &items[i].prefix))
			config_error(c->findings, at_prefix(node), "duplicate aggregate '%s'",
				     text);
		else if (items[k].prefix.addr.family &&
			 aggregate_covers(&items[k], &items[i].prefix))
			config_warn(c->findings, at_prefix(node),
				    "'%s' lies in the aggregate %s: both are announced, and an app "
				    "in both counts for both",
				    text, prefix_format(&items[k].prefix, other));
	}
}

/* ---- the apps ---- */

/* How many apps have a VIP in it; *ret_same has that prefix as a VIP, NULL: none has. */
static size_t count_apps(const struct config_draft *draft, const struct aggregate_spec *spec,
			 const struct app_spec **ret_same)
{
	size_t n = 0;
	for (size_t i = 0; i < draft->n_apps; i++) {
		const struct app_spec *app = &draft->apps[i];
		bool covered = false;
		for (size_t v = 0; v < app->n_vips; v++) {
			covered = covered || aggregate_covers(spec, &app->vips[v]);
			if (prefix_equal(&spec->prefix, &app->vips[v]))
				*ret_same = app;
		}
		n += covered;
	}
	return n;
}

static void check_apps(const struct aggregates_check *c, const struct aggregate_spec *spec,
		       const struct config_node *node)
{
	char text[PREFIX_TEXT_MAX];
	const struct app_spec *same = NULL;
	size_t n = count_apps(c->draft, spec, &same);
	const struct config_node *min = config_node_get(node, "min");
	prefix_format(&spec->prefix, text);
	if (same)
		config_error(c->findings, at_prefix(node),
			     "'%s' is a VIP of app '%s': an aggregate is announced in addition to "
			     "the VIPs in it, remove one of them",
			     text, same->name ? same->name : "");
	if (n == 0)
		config_warn(c->findings, at_prefix(node),
			    "no app of the file has a VIP in %s: it is announced for those of HTTP "
			    "or Consul only",
			    text);
	else if (n < spec->min)
		config_warn(c->findings, config_at(min ? min : node),
			    "%u is more than the %zu app%s of the file with a VIP in %s: it is "
			    "announced only together with others of HTTP or Consul",
			    spec->min, n, n == 1 ? "" : "s", text);
	else if (spec->summary_only && n > spec->min)
		config_warn(c->findings, config_at(config_node_get(node, "summary_only")),
			    "with min %u of %zu apps, the VIP of one that is down still gets its "
			    "traffic through %s, and nothing answers: expected min: %zu",
			    spec->min, n, text, n);
}

/* ---- what fits into a route ---- */

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void count_shared(struct aggregates_check *c)
{
	const struct config_draft_bgp *bgp = &c->draft->bgp;
	for (size_t i = 0; i < bgp->n_peers; i++) {
		c->n_communities = larger(c->n_communities, bgp->peers[i].communities.n);
		c->n_ext = larger(c->n_ext, bgp->peers[i].ext_communities.n);
		c->n_large = larger(c->n_large, bgp->peers[i].large_communities.n);
	}
	c->n_communities += bgp->bgp.communities.n;
	c->n_ext += bgp->bgp.ext_communities.n;
	c->n_large += bgp->bgp.large_communities.n;
}

static void check_size(const struct aggregates_check *c, const struct config_node *node,
		       const char *key, size_t own, size_t shared, size_t max)
{
	size_t n = own + shared;
	if (own > 0 && n > max)
		config_error(c->findings, config_at(config_node_get(node, key)),
			     "%zu %s including those of bgp and of a peer, at most %zu fit into a "
			     "route",
			     n, key, max);
}

void config_check_aggregates(const struct config_draft *draft, const struct config_node *root,
			     struct config_findings *findings)
{
	struct aggregates_check c = { .findings = findings, .draft = draft };
	const struct config_node *list =
		config_node_get(config_node_get(root, "bgp"), "aggregates");
	const struct config_node *node = list ? list->first : NULL;
	const struct aggregate_list *all = &draft->bgp.aggregates;
	count_shared(&c);
	if (all->n > AGGREGATES_MAX) {
		config_error(findings, config_at(list), "%zu aggregates, at most %d are allowed",
			     all->n, AGGREGATES_MAX);
		return;
	}
	for (size_t i = 0; node && i < all->n; i++, node = node->next) {
		const struct aggregate_spec *spec = &all->items[i];
		if (!spec->prefix.addr.family)
			continue; /* reported already */
		check_overlap(&c, i, node);
		check_apps(&c, spec, node);
		config_check_peer_names(&draft->bgp, spec->peers, node, findings);
		check_size(&c, node, "communities", spec->communities.n, c.n_communities,
			   BGP_COMMUNITIES_MAX);
		check_size(&c, node, "ext_communities", spec->ext_communities.n, c.n_ext,
			   BGP_EXT_COMMUNITIES_MAX);
		check_size(&c, node, "large_communities", spec->large_communities.n, c.n_large,
			   BGP_LARGE_COMMUNITIES_MAX);
	}
}
