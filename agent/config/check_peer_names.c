/* SPDX-License-Identifier: MIT */
#include "agent/config/check_peer_names.h"

#include <stdlib.h>

#include "agent/model/peer_names.h"
#include "lib/mem.h"
#include "lib/str.h"

/* Peers whose address is known at the start only may have any. */
static bool knows_all_peers(const struct config_draft_bgp *bgp)
{
	for (size_t i = 0; i < bgp->n_peers; i++)
		if (!addr_is_set(&bgp->peers[i].addr))
			return false;
	return true;
}

/* The address may turn out to be that of a peer which is found later: the default gateway's may be
 * any, an unnumbered peer's is link-local, and on its interface. */
static bool may_be_found(const struct config_draft_bgp *bgp, const struct bgp_peer_ref *ref)
{
	if (!addr_is_set(&ref->addr))
		return false;
	for (size_t i = 0; i < bgp->n_peers; i++) {
		const struct bgp_peer_config *p = &bgp->peers[i];
		const bool fits = !p->unnumbered ||
				  (ref->addr.family == AF_INET6 && addr_is_link_local(&ref->addr) &&
				   (!ref->ifname[0] || str_equal(ref->ifname, p->ifname)));
		if (!addr_is_set(&p->addr) && fits)
			return true;
	}
	return false;
}

static void check_empty(const struct config_node *list, struct config_findings *findings)
{
	if (list && list->kind == CONFIG_SEQUENCE && !list->first)
		config_error(findings, config_at(list),
			     "names no peer: expected some, or no such key");
}

/* A peer that the file has is that of the file, with its description. */
static bool is_of_file(const struct config_draft_bgp *bgp, const struct bgp_peer_config *added)
{
	for (size_t i = 0; i < bgp->n_peers; i++)
		if (bgp_peer_is_same(&bgp->peers[i], added))
			return true;
	return false;
}

static bool is_added(const struct config_draft_bgp *bgp, const struct bgp_peer_ref *ref)
{
	for (size_t i = 0; i < bgp->added.n; i++)
		if (bgp_peer_ref_matches(ref, &bgp->added.items[i]) &&
		    !is_of_file(bgp, &bgp->added.items[i]))
			return true;
	return false;
}

/* The name in the list, where that is one. */
static const struct config_node *node_of(const struct config_node *list,
					 const struct bgp_peer_ref *ref)
{
	const struct config_node *node = list && list->kind == CONFIG_SEQUENCE ? list->first : NULL;
	while (node && !str_same(node->text, ref->text))
		node = node->next;
	return node ? node : list;
}

/* Interfaces and descriptions are in the file; an address may be that of a peer which is found
 * later.
 */
static void check_names_of(const struct config_draft_bgp *bgp, const struct peer_names *names,
			   const struct bgp_peer_refs *refs, const struct config_node *list,
			   struct config_findings *findings)
{
	struct err err = { "" };
	for (size_t i = 0; i < refs->n; i++) {
		const struct bgp_peer_refs one = { &refs->items[i], 1 };
		if (peer_refs_check(names, &one, &err) == 0)
			continue;
		const struct config_place at = config_at(node_of(list, one.items));
		if (is_added(bgp, one.items))
			config_warn(findings, at,
				    "'%s' was added over HTTP and is kept in the state file only: "
				    "put that peer into bgp.peers to have all in one place",
				    one.items->text);
		else if (bgp->lenient_names)
			config_warn(findings, at, "%s", err.text);
		else if (may_be_found(bgp, one.items))
			config_warn(findings, at,
				    "%s; or it is the one whose address is found later", err.text);
		else
			config_error(findings, at, "%s", err.text);
	}
}

void config_check_peer_names(const struct config_draft_bgp *bgp,
			     const struct bgp_peer_filter *filter, const struct config_node *node,
			     struct config_findings *findings)
{
	const struct config_node *only = config_node_get(node, "peers");
	const struct config_node *except = config_node_get(node, "except_peers");
	check_empty(only, findings);
	check_empty(except, findings);
	if (!filter || bgp->n_peers == 0)
		return;
	const struct bgp_peer_config **peers = mem_new(bgp->n_peers, sizeof(*peers));
	for (size_t i = 0; i < bgp->n_peers; i++)
		peers[i] = &bgp->peers[i];
	const struct peer_names names = { peers, bgp->n_peers };
	check_names_of(bgp, &names, &filter->only, only, findings);
	check_names_of(bgp, &names, &filter->except, except, findings);
	if (except && knows_all_peers(bgp) && bgp->added.n == 0 &&
	    peer_names_count(&names, filter) == 0)
		config_warn(findings, config_at(except),
			    "leaves no peer: it is not announced at all");
	free(peers);
}
