/* SPDX-License-Identifier: MIT */
/* Whether the agent knows what the command line names, for verbs whose answer does not tell: a list
 * of nothing is an answer, too. */
#ifndef AGENT_CLI_KNOWN_H
#define AGENT_CLI_KNOWN_H

#include "agent/cli/client.h"
#include "agent/cli/verb.h"

/* VERB_DONE, or the exit status behind a line on stderr that says what is not there. */
enum verb_exit known_peer(const struct client *client, const char *peer);
/* An app, a VIP, an aggregate, a peer or a group. */
enum verb_exit known_subject(const struct client *client, const char *name);

#endif
