/* SPDX-License-Identifier: MIT */
#include "agent/config/app_hash.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/show.h"
#include "lib/mem.h"
#include "lib/str.h"

static char *text_of(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	if (!text)
		abort(); /* out of memory, see lib/mem.h */
	return text;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In an order that depends on the elements only. */
static void sort(json_t *array)
{
	size_t n = json_array_size(array);
	char **texts = mem_new(n + 1, sizeof(*texts));
	for (size_t i = 0; i < n; i++)
		texts[i] = text_of(json_array_get(array, i));
	qsort(texts, n, sizeof(*texts), compare);
	json_array_clear(array);
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(array, json_string(texts[i]));
		free(texts[i]);
	}
	free(texts);
}

static void sort_lists(json_t *o, const struct app_spec *spec)
{
	const char *key;
	json_t *value;
	json_object_foreach(o, key, value)
	{
		if (json_is_object(value))
			sort_lists(value, spec);
		else if (json_is_array(value) &&
			 !(str_equal(key, "vip") && announce_specs_increases(spec->announce)))
			sort(value);
	}
}

const char *config_app_hash(const struct app_spec *spec, char buf[static SHA256_TEXT_MAX])
{
	json_t *o = config_show_app(spec, CONFIG_SHOW_ALL), *states = json_object_get(o, "states");
	json_object_del(o, "join_time");
	json_object_del(states, "join");
	if (json_object_size(states) == 0)
		json_object_del(o, "states");
	sort_lists(o, spec);
	char *text = text_of(o);
	sha256_text(text, strlen(text), buf);
	free(text);
	json_decref(o);
	return buf;
}
