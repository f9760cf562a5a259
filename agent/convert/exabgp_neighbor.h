/* SPDX-License-Identifier: MIT */
/* A neighbor of ExaBGP as a peer. Pure. */
#ifndef AGENT_CONVERT_EXABGP_NEIGHBOR_H
#define AGENT_CONVERT_EXABGP_NEIGHBOR_H

#include "agent/convert/document.h"
#include "agent/convert/exabgp_routes.h"
#include "agent/convert/statements.h"

#define EXABGP_LAYERS_MAX 16

/* The blocks that a neighbor consists of, the one that counts first: templates, its own, its
 * group. */
struct exabgp_neighbor {
	const struct statement *own;
	const struct statement *layers[EXABGP_LAYERS_MAX];
	size_t n_layers;
	const struct statement *group; /* the last layer, or NULL */
};

/* In the place of a program's name, for peers that listen to those which match a pattern. */
#define EXABGP_MATCHED "*"

/*
 * Adds a peer, and the routes that it is sent. The programs that it listens to are appended to
 * `programs`, an object with a list of peer addresses by program; `told` is the same of those that
 * are told of its session.
 */
void exabgp_neighbor_carry(struct convert *c, const struct exabgp_neighbor *n,
			   struct exabgp_routes *routes, json_t *programs, json_t *told);

#endif
