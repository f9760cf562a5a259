/* SPDX-License-Identifier: MIT */
/*
 * What an answer of Consul is worth, and when to ask again. Pure.
 *
 * Two questions are always under way, each a blocking query: the services of this node and its
 * checks. Each is a stream of answers with a growing index. The rule that tells an outage from a
 * real deregistration (docs/consul.md has it for operators):
 *
 *	the answer                                        is
 *	none, not 200, broken JSON, no index, no leader   kept out: what was known stays
 *	null or empty, and the index did not grow         kept out, as it contradicts what was known
 *	another registration of the node (its ID or       merged: what is there counts, what is
 *	CreateIndex changed), or an index that fell       missing is held as it was
 *	the same index                                    merged, too: nothing can have gone
 *	a grown index, the same node                      followed, whatever it takes away
 *
 * So only what Consul itself remembers to have removed is removed. Consul with a lost or an old
 * memory may add services and confirm them, but what it does not know about, it cannot take away.
 */
#ifndef CONSUL_PLAN_H
#define CONSUL_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "consul/payload.h"
#include "lib/backoff.h"
#include "lib/err.h"
#include "lib/mono.h"

enum consul_take { CONSUL_KEEP, CONSUL_MERGE, CONSUL_FOLLOW };

struct consul_answer {
	bool failed;  /* not understood at all; the text in `error` says why */
	bool refused; /* by us being who we are (403) or asking too much (429): ask less often */
	bool cut_off; /* nobody answered, and not for want of time: Consul may have restarted */
	bool leaderless;
	bool filtered; /* the token may not see everything */
	uint64_t index;
	bool present;        /* the node is known, or has checks */
	const char *node_id; /* NULL: this stream has none */
	uint64_t create_index;
	const char *error; /* "" when nothing failed */
};

struct consul_stream {
	uint64_t index;       /* of the last answer that was taken; 0: none yet */
	uint64_t asked_index; /* the next question's; 0: it answers at once */
	bool present;
	char node_id[CONSUL_NODE_ID_MAX];
	uint64_t create_index;
	usec_t failing_since; /* USEC_NEVER: the last answer was good */
	bool cut_off;         /* since then */
	struct backoff backoff;
	usec_t credit; /* work that may be done at once */
	usec_t credit_at;
};

struct consul_step {
	enum consul_take take;
	bool restarted; /* Consul's memory is another one than before */
	bool regained;  /* the first good answer after we were cut off */
	usec_t wait;    /* until the next question */
};

void consul_stream_init(struct consul_stream *s);
/* Takes an answer; `cost` is how long it took to digest the last one, `random` any 32 bits. With
 * CONSUL_KEEP the text says why it was not taken. */
struct consul_step consul_stream_step(struct consul_stream *s, const struct consul_answer *a,
				      usec_t now, usec_t cost, uint32_t random, struct err *err);
/* Something else calls for an answer at once. */
void consul_stream_refresh(struct consul_stream *s);

#endif
