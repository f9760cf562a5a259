/* SPDX-License-Identifier: MIT */
#include "agent/status/view_config.h"

#include <stdlib.h>

#include "agent/config/show.h"
#include "lib/mem.h"
#include "lib/sha256.h"
#include "lib/str.h"

struct config_list {
	const struct config *config;
	char sha256[SHA256_TEXT_MAX];
	unsigned flags;
	size_t next;
	bool ended;
};

/* A reload exchanges the contents of the configuration in effect. */
static json_t *next_app(void *userdata)
{
	struct config_list *list = userdata;
	const struct config *c = list->config;
	if (list->ended)
		return NULL;
	if (!str_equal(list->sha256, c->set_sha256)) {
		list->ended = true;
		return json_pack("{s:s}", "error",
				 "a reload has changed the configuration meanwhile, try again");
	}
	return list->next < c->n_apps ? config_show_app(&c->apps[list->next++], list->flags) : NULL;
}

static void free_list(void *userdata)
{
	free(userdata);
}

struct stream *view_config(const struct status_sources *in, bool defaults, bool include_api)
{
	static const struct stream_ops ops = { next_app, free_list };
	struct config_list *list = mem_new(1, sizeof(*list));
	list->config = in->configuration;
	list->flags = (defaults ? CONFIG_SHOW_DEFAULTS : CONFIG_SHOW) |
		      (include_api ? CONFIG_SHOW_API_PEERS : 0);
	str_copy(list->sha256, sizeof(list->sha256), in->configuration->set_sha256);
	return stream_new(config_show(in->configuration, list->flags), "apps", &ops, list);
}
