/* SPDX-License-Identifier: MIT */
/*
 * Nomad's answers as values: services that it registers itself (provider "nomad"). Its catalog has
 * no query for the services of a node, so that they are read in two steps:
 *
 *	/v1/agent/self         the ID of the node
 *	/v1/services           the names of all services with the match tag; a blocking query
 *	/v1/service/NAME       the registrations of each, of which those of the node count
 *
 * Strict, as consul/payload.h. Pure.
 */
#ifndef CONSUL_NOMAD_H
#define CONSUL_NOMAD_H

#include <stddef.h>

#include "consul/payload.h"
#include "lib/err.h"

#define NOMAD_NAMES_MAX 10000

struct nomad_name {
	char *namespace, *name;
};

struct nomad_names {
	struct nomad_name *items;
	size_t n, cap;
};

/* GET /v1/agent/self: the ID of the node, of an agent that is a client. */
int nomad_self_parse(const char *json, size_t len, char ret[static CONSUL_NAME_MAX],
		     struct err *err);
/* GET /v1/services: the names with the tag. -EPROTO with what is wrong; *ret is filled only on
 * success. */
int nomad_names_parse(const char *json, size_t len, const char *match_tag, struct nomad_names *ret,
		      struct err *err);
void nomad_names_done(struct nomad_names *n);
/* GET /v1/service/NAME: adds the registrations of the node. -EPROTO: nothing was added that counts,
 * the whole is to be dropped. */
int nomad_service_parse(const char *json, size_t len, const char *node, const char *match_tag,
			struct consul_services *to, size_t *cap, struct err *err);

#endif
