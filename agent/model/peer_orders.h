/* SPDX-License-Identifier: MIT */
/*
 * The operator's orders for single peers, which outlast the process: a peer is disabled, or was
 * added over the API. Found by the address, the interface and the port of the peer. Pure.
 */
#ifndef AGENT_MODEL_PEER_ORDERS_H
#define AGENT_MODEL_PEER_ORDERS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/config.h"
#include "lib/addr.h"
#include "lib/err.h"
#include "lib/wallclock.h"

/* Peers that may be added over the API, and the length of the definition of one. */
#define PEER_ORDERS_ADDED_MAX 64
#define PEER_DEFINITION_MAX   8192

struct peer_id {
	struct addr addr;         /* family 0: the peer on `ifname`, whatever its address */
	char ifname[IF_NAMESIZE]; /* scope of a link-local address, else empty */
	uint16_t port;
};

/* "10.0.0.1", "fe80::1%eth0", "eth0"; -EINVAL with a text. */
int peer_id_parse(const char *name, uint16_t port, struct peer_id *ret, struct err *err);
struct peer_id peer_id_of(const struct bgp_peer_config *peer);
bool peer_id_equal(const struct peer_id *a, const struct peer_id *b);
/* As bgp_peer_configured_name(), and " port N" where it is not 179. */
#define PEER_ID_TEXT_MAX (BGP_PEER_NAME_MAX + 16)
const char *peer_id_format(const struct peer_id *id, char buf[static PEER_ID_TEXT_MAX]);

struct peer_order {
	struct peer_id id;
	bool disabled;
	char *text; /* of the disabled one, for the operator of the other side; "" for none */
	wall_t disabled_at;
	char *disabled_by; /* "uid 0" */
	char *definition;  /* of an added peer: JSON, the keys of bgp.peers[]; NULL: not added */
	wall_t added_at;
	char *added_by;
	char *refused; /* of the added one: why it is not a peer at present; NULL: it is one */
};

struct peer_orders {
	struct peer_order *items;
	size_t n, cap;
};

void peer_orders_done(struct peer_orders *o);
/* NULL: there is none. */
struct peer_order *peer_orders_find(const struct peer_orders *o, const struct peer_id *id);
/* The texts are copied. A peer that is disabled already keeps its time unless the text is
 * another. */
void peer_orders_disable(struct peer_orders *o, const struct peer_id *id, const char *text,
			 wall_t at, const char *by);
/* False: it was not disabled. */
bool peer_orders_enable(struct peer_orders *o, const struct peer_id *id);
/* Adds it, or replaces its definition. */
void peer_orders_add(struct peer_orders *o, const struct peer_id *id, const char *definition,
		     wall_t at, const char *by);
/* It is not an added one any more; whether it is disabled stays. False: it was not added. */
bool peer_orders_remove(struct peer_orders *o, const struct peer_id *id);
void peer_order_refuse(struct peer_order *order, const char *why);
/* Sets what is ordered for each peer of a list that the speaker is about to get. Texts are views,
 * until the next change of the orders. */
void peer_orders_mark(const struct peer_orders *o, struct bgp_peer_config *peers, size_t n);
/* How many were added. */
size_t peer_orders_added(const struct peer_orders *o);

#endif
