/* SPDX-License-Identifier: MIT */
/*
 * How an answer of Consul is used, and when to query again. Pure.
 *
 * Two blocking queries are always pending: the services of this node, and its checks. Each is a
 * stream of answers with a growing index. The rule that tells an outage from a deregistration
 * (docs/consul.md has it for operators):
 *
 *	answer                                            use
 *	none, not 200, broken JSON, no index, no leader   rejected: the last known catalog stays
 *	null or empty, and the index did not grow         rejected: it contradicts the catalog
 *	null after that, or after the connection was      merged: the agent at the other end has
 *	lost; or the first one about another node name    not registered itself yet
 *	another registration of the node (its ID or       merged: services in it are added and
 *	CreateIndex changed), or an index that fell       updated, missing ones are retained
 *	the same index                                    merged: nothing can have been removed
 *	a grown index, the same node                      followed, with all that it removes
 *
 * So a service is removed only by a Consul that knew it. A Consul whose state was reset may add
 * and update services; those that it does not know stay.
 */
#ifndef CONSUL_PLAN_H
#define CONSUL_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "consul/payload.h"
#include "lib/backoff.h"
#include "lib/err.h"
#include "lib/mono.h"

enum consul_use { CONSUL_REJECT, CONSUL_MERGE, CONSUL_FOLLOW };

struct consul_answer {
	bool failed;  /* no usable answer; `error` says why */
	bool refused; /* 403 or 429: query less often */
	bool cut_off; /* no connection, other than by a timeout: Consul may have restarted */
	bool leaderless;
	bool filtered; /* the token hides part of it */
	bool nomad;    /* the last service of a node may go, and the node is known all the same */
	uint64_t index;
	uint64_t from_index; /* the next answer is compared with this; 0: with `index` */
	bool present;        /* the node is known, or has checks */
	const char *node_id; /* NULL: this stream has none */
	uint64_t create_index;
	const char *error; /* "": none */
};

struct consul_stream {
	uint64_t index;       /* of the last answer that was used; 0: none yet */
	uint64_t asked_index; /* of the next query; 0: Consul answers at once */
	bool present;
	char node_id[CONSUL_NODE_ID_MAX];
	uint64_t create_index;
	mono_t failing_since; /* USEC_NEVER: the last answer was used */
	bool cut_off;         /* since then */
	bool contradicted; /* since the last answer that was used, one said that the node is gone */
	bool renamed;      /* the next answer is about a node of another name */
	struct backoff backoff;
	span_t credit; /* processing time that may be spent at once */
	mono_t credit_at;
};

struct consul_step {
	enum consul_use use;
	bool reset;    /* Consul state was reset */
	bool regained; /* the first answer used after the connection was lost */
	span_t wait;   /* until the next query */
};

void consul_stream_init(struct consul_stream *s);
/* `cost` is how long it took to process the last answer, `random` any 32 bits. With CONSUL_REJECT
 * the text says why. */
struct consul_step consul_stream_step(struct consul_stream *s, const struct consul_answer *a,
				      mono_t now, span_t cost, uint32_t random, struct err *err);
/* The next query is answered at once, instead of when the index grows. */
void consul_stream_refresh(struct consul_stream *s);
/* The same, and that query is about a node of another name: its answer removes nothing. */
void consul_stream_rename(struct consul_stream *s);

#endif
