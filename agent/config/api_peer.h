/* SPDX-License-Identifier: MIT */
/*
 * Peers that are defined over the API, as if they stood in bgp.peers of the file: the same keys,
 * the defaults of `bgp`, the same checks. A definition is the text of a JSON object.
 *
 *	bgp of the file (config_bgp_text) ─┐
 *	definition ────────────────────────┴─> one text ──> parse, build, secrets, checks ──> peer
 */
#ifndef AGENT_CONFIG_API_PEER_H
#define AGENT_CONFIG_API_PEER_H

#include <stddef.h>

#include "agent/config/config.h"
#include "agent/config/findings.h"

/* -EINVAL, and the findings say why: those of the definition have the path of a key of it,
 * "hold_time". On success there may be warnings, and *ret is to be freed with config_peer_done(). A
 * password in the definition is refused, as it would be in the state file: password_file is
 * read. */
int config_api_peer(const struct config *config, const char *definition,
		    struct bgp_peer_config *ret, struct config_findings *findings);

/* Behind those of the file, of a configuration that is not in effect yet; takes the contents
 * over. */
void config_add_api_peer(struct config *config, const struct bgp_peer_config *peer);
/* All that were added. */
void config_drop_api_peers(struct config *config);

#endif
