/* SPDX-License-Identifier: MIT */
/* The tokens of agent.api.tokens, read from their files. */
#ifndef AGENT_HTTP_TOKENS_H
#define AGENT_HTTP_TOKENS_H

#include "agent/model/principal.h"

struct tokens;

/* Reads the files. A token that cannot be read is logged, and not accepted. */
struct tokens *tokens_new(const struct api_grants *grants);
void tokens_free(struct tokens *t);
/* The name of the token in the header "Authorization: Bearer TOKEN"; NULL when it is none of them.
 * Takes as long for one as for another. */
const char *tokens_find(const struct tokens *t, const char *authorization);

#endif
