/* SPDX-License-Identifier: MIT */
/*
 * Consul's answers as values. Pure.
 *
 * Strict: an answer that Consul would not give is an error as a whole, because half an answer looks
 * like services that went away. What Consul passes on from any service of the node is not its word:
 * it accepts IDs and names of a megabyte, NUL octets in all of them, and any nesting in a proxy's
 * configuration. Such a service or check is skipped alone and named, the others count. Fields
 * that we do not use may be anything. The size of an answer is bounded by who fetches it.
 */
#ifndef CONSUL_PAYLOAD_H
#define CONSUL_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/json_scan.h"

#define CONSUL_NODE_ID_MAX 64
#define CONSUL_NAME_MAX    512 /* of a node or a service, far beyond that of an app */
#define CONSUL_OUTPUT_MAX  200 /* of a check: the first line is what people want to see */
#define CONSUL_SKIPPED_MAX 8   /* are named, the others only counted */

/* Items of an answer that were skipped, and why. */
struct consul_skipped {
	size_t n;
	char *texts[CONSUL_SKIPPED_MAX]; /* of the first ones: "service 'x': …" */
};

void consul_skipped_done(struct consul_skipped *s);
bool consul_skipped_equal(const struct consul_skipped *a, const struct consul_skipped *b);

struct consul_service {
	char *id, *name;
	char *proxied; /* of a connect-proxy: the service it stands for; NULL: no proxy */
	char **tags;   /* NULL when the match tag is not among them */
	size_t n_tags;
	char *flaw; /* why its tags cannot be used; NULL: they can */
};

/* GET /v1/catalog/node/NODE */
struct consul_services {
	bool present; /* false: Consul does not know the node (null) */
	char node_id[CONSUL_NODE_ID_MAX];
	uint64_t create_index; /* of the node; with node_id it tells one registration from the next
				*/
	struct consul_service *items; /* by name, then ID */
	size_t n;
	struct consul_skipped skipped;
};

enum consul_status { CONSUL_PASSING, CONSUL_WARNING, CONSUL_CRITICAL };
const char *consul_status_name(enum consul_status s);

struct consul_check {
	char *id;      /* printable, cut at CONSUL_OUTPUT_MAX */
	char *service; /* its name; "" for a check of the node */
	char *output;  /* printable, one line; "" when it never said anything */
	enum consul_status status;
};

/* GET /v1/health/node/NODE */
struct consul_checks {
	struct consul_check *items; /* by service, then ID */
	size_t n;
	struct consul_skipped skipped;
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

/* ---- parts, also of Nomad's answers (consul/nomad.h) ---- */

/* An item was skipped. `name` is shown as the JSON has it, in quotes: a NUL octet in it is an
 * escape there. */
void consul_skip(struct consul_skipped *s, struct json_slice name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Why a name of a service is none for us; NULL: it is one. */
const char *consul_name_flaw(const char *name, size_t len);
/* Keeps them when `match_tag` is among them. */
int consul_tags_read(struct json_slice value, const char *match_tag, struct consul_service *ret,
		     struct err *err);
void consul_service_done(struct consul_service *s);
/* By name, then ID. */
void consul_services_sort(struct consul_services *c);

#endif
