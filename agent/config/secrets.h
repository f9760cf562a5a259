/* SPDX-License-Identifier: MIT */
/* Secrets that stand in files of their own: password_file, consul_token_file, and the keys of
 * agent.api.tls. Reads them. */
#ifndef AGENT_CONFIG_SECRETS_H
#define AGENT_CONFIG_SECRETS_H

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"

/*
 * The passwords of peers are read: a line each, of at most 80 bytes. "%d/" becomes the directory of
 * $CREDENTIALS_DIRECTORY (systemd.exec(5)), also in consul_token_file, which is read later. Before
 * the keys of `bgp` are checked against each other.
 */
void config_read_secrets(struct config_draft *draft, const struct config_node *root,
			 struct config_findings *findings);

/* The files of agent.api.tls, with "%d/" as above; *ret is set when all of them can be used. */
struct tls_keys;
void config_read_tls(struct config_draft *draft, const struct config_node *root,
		     struct tls_keys **ret, struct config_findings *findings);

#endif
