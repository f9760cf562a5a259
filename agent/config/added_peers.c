/* SPDX-License-Identifier: MIT */
#include "agent/config/added_peers.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static struct bgp_peer_config named(const struct peer_order *order)
{
	struct bgp_peer_config peer = { .addr = order->id.addr, .port = order->id.port };
	json_t *definition = json_loads(order->definition, 0, NULL);
	const char *description = json_string_value(json_object_get(definition, "description"));
	memcpy(peer.ifname, order->id.ifname, sizeof(peer.ifname));
	peer.unnumbered = !addr_is_set(&peer.addr);
	peer.description = description ? mem_strdup(description) : NULL;
	json_decref(definition);
	return peer;
}

void config_added_peers_of(const struct peer_orders *orders, struct config_added_peers *ret)
{
	*ret = (struct config_added_peers){ 0 };
	ret->items = mem_new(orders->n + 1, sizeof(*ret->items));
	for (size_t i = 0; i < orders->n; i++)
		if (orders->items[i].definition)
			ret->items[ret->n++] = named(&orders->items[i]);
}

void config_added_peers_done(struct config_added_peers *peers)
{
	for (size_t i = 0; i < peers->n; i++)
		free((char *)peers->items[i].description);
	free(peers->items);
	*peers = (struct config_added_peers){ 0 };
}
