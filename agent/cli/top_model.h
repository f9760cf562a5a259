/* SPDX-License-Identifier: MIT */
/*
 * State of `vipherald top`: the last answers of the agent and those before, from which rates
 * follow, and the operator's keys. Pure.
 */
#ifndef AGENT_CLI_TOP_MODEL_H
#define AGENT_CLI_TOP_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"
#include "lib/mono.h"

enum top_view { TOP_STATUS, TOP_PEERS, TOP_APPS, TOP_EVENTS, N_TOP_VIEWS };
enum top_sort { TOP_BY_STATE, TOP_BY_CHANGE, TOP_BY_NAME, N_TOP_SORTS };

struct top_answer {
	json_t *last, *before; /* NULL: none yet */
	mono_t last_at, before_at;
};

struct top_model {
	struct top_answer views[N_TOP_VIEWS];
	struct err trouble; /* of the last attempt; "": the agent answered */
	span_t interval;
	enum top_sort sort;
	bool paused, help;
};

void top_model_done(struct top_model *m);
/* Order and number of apps that a round asks for: of 10,000 apps those that fit on the screen. */
struct top_order {
	enum top_sort sort;
	size_t lines;
};

/* Target of the API that answers a view. */
#define TOP_TARGET_MAX 80
const char *top_view_target(enum top_view view, const struct top_order *order,
			    char buf[static TOP_TARGET_MAX]);
/* Takes the answer over. One that is not an object counts as trouble. */
void top_model_answer(struct top_model *m, enum top_view view, json_t *answer, mono_t now);
void top_model_failed(struct top_model *m, const char *text);
/* False: the operator quits. */
bool top_model_key(struct top_model *m, int key);

const char *top_sort_name(enum top_sort sort);
/* How many there are, of which the answer may have the first ones only. */
size_t top_model_total(const struct top_model *m, enum top_view view);
/* Apps or peers, the first to be shown first: `*ret` has *ret_n objects; free() it. */
void top_model_sorted(const struct top_model *m, enum top_view view, const json_t ***ret,
		      size_t *ret_n);

/* A second of a counter of the status, as "12.5"; "-" without two answers of the same agent. */
#define TOP_RATE_MAX 24
const char *top_model_rate(const struct top_model *m, const char *path,
			   char buf[static TOP_RATE_MAX]);
/* The same of a peer, and with `peer` NULL of all together. */
const char *top_model_peer_rate(const struct top_model *m, const json_t *peer, const char *path,
				char buf[static TOP_RATE_MAX]);

#endif
