/* SPDX-License-Identifier: MIT */
/*
 * Consul's answers as values. Pure.
 *
 * Strict: an answer is understood as a whole or it is an error, because half an answer looks like
 * services that went away. Fields that we do not use may be anything. The size of an answer is
 * bounded by who fetches it.
 */
#ifndef CONSUL_PAYLOAD_H
#define CONSUL_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define CONSUL_NODE_ID_MAX 64
#define CONSUL_NAME_MAX    512 /* of a node, a service, an ID; Consul's own limit is lower */
#define CONSUL_OUTPUT_MAX  200 /* of a check: the first line is what people want to see */

struct consul_service {
	char *id, *name;
	char *proxied; /* of a connect-proxy: the service it stands for; NULL: no proxy */
	char **tags;   /* NULL when the match tag is not among them */
	size_t n_tags;
};

/* GET /v1/catalog/node/NODE */
struct consul_services {
	bool present; /* false: Consul does not know the node (null) */
	char node_id[CONSUL_NODE_ID_MAX];
	uint64_t create_index; /* of the node; with node_id it tells one registration from the next
				*/
	struct consul_service *items; /* by name, then ID */
	size_t n;
};

enum consul_status { CONSUL_PASSING, CONSUL_WARNING, CONSUL_CRITICAL };
const char *consul_status_name(enum consul_status s);

struct consul_check {
	char *id;
	char *service; /* its name; "" for a check of the node */
	char *output;  /* printable, one line; "" when it never said anything */
	enum consul_status status;
};

/* GET /v1/health/node/NODE */
struct consul_checks {
	struct consul_check *items; /* by service, then ID */
	size_t n;
};

/* `json` need not end with NUL. Tags are kept only of services that have `match_tag`. -EPROTO
 * with what is wrong and where; *ret is filled only on success. */
int consul_services_parse(const char *json, size_t len, const char *match_tag,
			  struct consul_services *ret, struct err *err);
void consul_services_done(struct consul_services *c);
int consul_checks_parse(const char *json, size_t len, struct consul_checks *ret, struct err *err);
void consul_checks_done(struct consul_checks *c);
/* GET /v1/agent/self: the node's name. */
int consul_self_parse(const char *json, size_t len, char ret[static CONSUL_NAME_MAX],
		      struct err *err);

#endif
