/* SPDX-License-Identifier: MIT */
/* The configuration in effect as YAML, which can be loaded again. */
#include "agent/cli/json_at.h"
#include "agent/cli/show.h"
#include "agent/config/yaml_print.h"

int show_config(const struct show *s, const json_t *answer)
{
	const json_t *apps = json_at(answer, "apps");
	const json_t *last = json_array_get(apps, json_array_size(apps) - 1);
	if (json_at(last, "error")) {
		fprintf(stderr, "vipherald: %s\n", text_at(last, "error"));
		return VERB_REFUSED;
	}
	config_yaml_print(answer, s->out);
	return VERB_DONE;
}
