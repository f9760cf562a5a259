/* SPDX-License-Identifier: MIT */
/* The tokens of agent.api.tokens, read from their files. */
#ifndef AGENT_HTTP_TOKENS_H
#define AGENT_HTTP_TOKENS_H

#include "agent/model/principal.h"

struct tokens;

/* Reads the files. One that cannot be read is told, by its number in `grants`, and not accepted. */
typedef void tokens_failed_cb(size_t i, const struct err *err, void *userdata);
struct tokens *tokens_new(const struct api_grants *grants, tokens_failed_cb *failed,
			  void *userdata);
void tokens_free(struct tokens *t);
/* Whether the header Authorization presents a token. GoCast's users may send others, "Basic" for
 * example, to whatever they ask. */
bool tokens_is_bearer(const char *authorization);
/* The name of the token in the header "Authorization: Bearer TOKEN"; NULL when it is none of them.
 * Takes as long for one as for another. */
const char *tokens_find(const struct tokens *t, const char *authorization);

#endif
