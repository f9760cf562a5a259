/* SPDX-License-Identifier: MIT */
/* The definition of a peer in a request: keys of bgp.peers[] as parameters, or a JSON object as the
 * body. Their meaning is checked later (agent/config/api_peer.h). Pure. */
#ifndef AGENT_HTTP_PEER_DEFINITION_H
#define AGENT_HTTP_PEER_DEFINITION_H

#include <stddef.h>

#include "agent/http/arg.h"
#include "lib/err.h"

struct peer_definition_source {
	const char *address; /* of the path */
	const struct api_arg *args;
	size_t n_args;
	const char *body;
	size_t body_len;
};

/* *ret: one JSON object, first peer_ip, or interface where the path has the name of one; free it. A
 * parameter that comes more than once is a list. -EINVAL with a text. */
int peer_definition_make(const struct peer_definition_source *source, char **ret, struct err *err);

#endif
