/* SPDX-License-Identifier: MIT */
/*
 * The values of a fleet's keys in Consul, as JSON. Pure.
 *
 *	up/NODE   {"version": 1, "form": "normal", "serial": 7, "since": 1790000000, "attributes": "med 10",
 *	           "config": "…"}                         the last three for people, and they may be missing
 *	has/NODE  {"version": 1, "seen": 1790000000, "announced": true}   seconds since 1970
 *	.leave    {"version": 1, "writer": {…}, "slots": [CLAIM, …], "line": [CLAIM, …]}
 *	.join     as `.leave`, without slots
 *	.roll     {"version": 1, "writer": {…}, "slots": [{"node": "web1", "id": "8f3c…", "since": 1790000000,
 *	           "why": "reboot"}, …]}
 *	CLAIM     {"node": "web1", "session": "e2ecb391-…", "number": 3}
 *
 * A value that is not as it should be is refused as a whole, also one of another version: half of
 * it could make more seem to be announced than are. Members that are not known are passed over.
 *
 * `serial` and `writer` differ with every write. Consul keeps the index of a key that is written
 * with the value that it has, and a request that is late would pass the check of the index.
 */
#ifndef FLEET_VALUES_H
#define FLEET_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet/guard.h"
#include "lib/err.h"

#define FLEET_NODES_MAX 4096                /* nodes, and claims, of one VIP */
#define FLEET_VALUE_MAX ((size_t)512 << 10) /* Consul's limit, kv_max_value_size */

const char *fleet_form_name(enum fleet_form form); /* "normal", … */

/* May it be the name of a node in a key? 1 to FLEET_NODE_MAX - 1 printable ASCII characters, no
 * '/'. */
bool fleet_node_is_valid(const char *node);

/* Free the texts. `writer` has node and session, and a number for each write. */
char *fleet_up_encode(const struct fleet_up *up, uint64_t serial);
char *fleet_has_encode(wall_t seen, bool announced);
char *fleet_leave_encode(const struct fleet_leave *l, const struct fleet_claim *writer);

/* `number` is another one for each write of this writer. */
char *fleet_slots_encode(const struct fleet_slots *s, const struct fleet_slot *writer,
			 uint64_t number);

/* -EPROTO with what is wrong. *ret is filled on success only. */
/* All but `node` and `session`. */
int fleet_up_parse(const char *text, size_t len, struct fleet_up *ret, struct err *err);
/* All but `node`; false where it does not say whether it was announced. */
int fleet_has_parse(const char *text, size_t len, struct fleet_has *ret, struct err *err);
/* All but `index`; free ret->items. */
int fleet_slots_parse(const char *text, size_t len, struct fleet_slots *ret, struct err *err);
/* All but `index`; free ret->claims. */
int fleet_leave_parse(const char *text, size_t len, struct fleet_leave *ret, struct err *err);

#endif
