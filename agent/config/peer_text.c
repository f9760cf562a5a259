/* SPDX-License-Identifier: MIT */
#include "agent/config/peer_text.h"

#include <jansson.h>
#include <stdlib.h>

#include "lib/array.h"
#include "lib/str.h"

static json_t *value_of(const struct config_node *node)
{
	json_t *value = NULL;
	switch (node->kind) {
	case CONFIG_SCALAR:
		return config_node_is_null(node) ? json_null() : json_string(node->text);
	case CONFIG_MAPPING:
		value = json_object();
		for (const struct config_node *c = node->first; c; c = c->next)
			json_object_set_new(value, c->key, value_of(c));
		return value;
	case CONFIG_SEQUENCE:
		value = json_array();
		for (const struct config_node *c = node->first; c; c = c->next)
			json_array_append_new(value, value_of(c));
		return value;
	case CONFIG_BROKEN:
		break;
	}
	return json_null();
}

char *config_bgp_text(const struct config_node *bgp)
{
	static const char *const of_peers[] = { "peers", "aggregates", "peer_ip", "peer_as",
						"remote_as" };
	json_t *value = bgp ? value_of(bgp) : json_object();
	for (size_t i = 0; i < ARRAY_SIZE(of_peers); i++)
		json_object_del(value, of_peers[i]);
	char *text = json_dumps(value, 0);
	if (!text)
		abort(); /* out of memory, see lib/mem.h: the parser accepts UTF-8 only */
	json_decref(value);
	return text;
}
