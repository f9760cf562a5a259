/* SPDX-License-Identifier: MIT */
#include "agent/config/api_peer.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/build.h"
#include "agent/config/check_bgp.h"
#include "agent/config/check_peers.h"
#include "agent/config/draft.h"
#include "agent/config/schema_bgp.h"
#include "agent/config/secrets.h"
#include "agent/config/tree_json.h"
#include "lib/mem.h"
#include "lib/str.h"

/* How the path of a key of the definition begins. */
#define PATH "bgp.peers[0]"

static json_t *compose(const struct config *config, const char *definition)
{
	json_t *bgp = json_loads(config->bgp_text, 0, NULL);
	json_t *peer = json_loads(definition, 0, NULL);
	json_t *root = json_pack("{s:o}", "bgp", bgp);
	json_object_set_new(bgp, "peers", json_pack("[o]", peer));
	return root;
}

/* Readers are shown the definition, and the state file has it. */
static void refuse_secrets(const struct config_node *node, const struct config_section *section,
			   struct config_findings *findings)
{
	for (const struct config_node *c = node->first; c; c = c->next) {
		size_t offset = 0;
		const struct config_key *key = config_section_find(section, c->key, &offset);
		if (key && key->flags & CONFIG_SECRET)
			config_error(findings, config_at_key(c),
				     "not over the API, as it would be in the state file: %s",
				     section == &config_peer_section
					     ? "write it to a file that only the agent can read, "
					       "and specify password_file"
					     : "specify it in the configuration file");
		else if (key && key->section && c->kind == CONFIG_MAPPING)
			refuse_secrets(c, key->section, findings);
	}
}

static void check_others(const struct config *config, const struct bgp_peer_config *peer,
			 const struct config_node *item, struct config_findings *findings)
{
	for (size_t i = 0; i < config->bgp.n_peers; i++) {
		const struct bgp_peer_config *other = &config->bgp.peers[i];
		if (!bgp_peer_is_same(other, peer))
			config_check_peer_pair(other, peer, config->bgp.listen, item, findings);
	}
}

/* Moves them, with the paths of a definition. */
static void report(struct config_findings *findings, const struct config_findings *found)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct config_finding *f = &found->items[i];
		struct config_place at = config_at_line(0, 0);
		const char *path = str_starts(f->path, PATH) ? f->path + strlen(PATH) : f->path;
		str_copy(at.path, sizeof(at.path), *path == '.' ? path + 1 : path);
		if (f->severity == CONFIG_ERROR)
			config_error(findings, at, "%s", f->text);
		else if (f->severity == CONFIG_WARNING)
			config_warn(findings, at, "%s", f->text);
	}
}

static void build(const struct config *config, const struct config_node *root,
		  struct config_draft *draft, struct config_findings *found)
{
	const struct config_node *list = config_node_get(config_node_get(root, "bgp"), "peers");
	const struct config_node *item = list ? list->first : NULL;
	if (!item) {
		config_error(found, config_at_line(0, 0),
			     "not the definition of a peer: expected a JSON object");
		return;
	}
	config_build(root, draft, found);
	refuse_secrets(item, &config_peer_section, found);
	config_read_secrets(draft, root, found);
	config_check_bgp(draft, root, found);
	if (found->n_errors == 0 && draft->bgp.n_peers == 1)
		check_others(config, &draft->bgp.peers[0], item, found);
}

int config_api_peer(const struct config *config, const char *definition,
		    struct bgp_peer_config *ret, struct config_findings *findings)
{
	struct config_findings found = { 0 };
	struct config_draft draft = { 0 };
	struct config_tree *tree = config_tree_new();
	json_t *bgp = compose(config, definition);
	config_tree_add_json(tree, bgp, &found);
	if (found.n_errors == 0)
		build(config, config_tree_root(tree), &draft, &found);
	bool ok = found.n_errors == 0 && draft.bgp.n_peers == 1;
	if (ok) {
		*ret = draft.bgp.peers[--draft.bgp.n_peers];
		config_peer_drop_inherited(ret);
	}
	report(findings, &found);
	config_findings_done(&found);
	config_draft_done(&draft);
	config_tree_free(tree);
	json_decref(bgp);
	return ok ? 0 : -EINVAL;
}

void config_add_api_peer(struct config *config, const struct bgp_peer_config *peer)
{
	struct bgp_peer_config *before = (struct bgp_peer_config *)config->bgp.peers;
	size_t n = config->bgp.n_peers;
	struct bgp_peer_config *all = mem_new(n + 1, sizeof(*all));
	for (size_t i = 0; i < n; i++)
		all[i] = before[i];
	all[n] = *peer;
	config->bgp.peers = all;
	config->bgp.n_peers = n + 1;
	free(before);
}

void config_drop_api_peers(struct config *config)
{
	struct bgp_peer_config *peers = (struct bgp_peer_config *)config->bgp.peers;
	while (config->bgp.n_peers > config->n_file_peers)
		config_peer_done(&peers[--config->bgp.n_peers]);
}
