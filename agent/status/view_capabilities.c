/* SPDX-License-Identifier: MIT */
#include "agent/status/view_capabilities.h"

#include "agent/status/view_json.h"

static bool is_listed(const json_t *array, const char *name)
{
	size_t i;
	const json_t *item;
	json_array_foreach(array, i,
			   item) if (str_equal(json_string_value(item), name)) return true;
	return false;
}

static json_t *view_need(const struct capability_need *n)
{
	return json_pack("{s:s, s:b, s:o, s:s, s:s}", "capability", capability_name(n->number),
			 "present", !n->missing, "for", view_text(n->what), "key", n->key,
			 "without", n->without);
}

json_t *view_capabilities(const struct capability_needs *needs)
{
	json_t *missing = json_array(), *all = json_array();
	for (size_t i = 0; i < needs->n; i++) {
		const char *name = capability_name(needs->items[i].number);
		json_array_append_new(all, view_need(&needs->items[i]));
		if (needs->items[i].missing && !is_listed(missing, name))
			json_array_append_new(missing, json_string(name));
	}
	return json_pack("{s:o, s:o}", "missing", missing, "capabilities", all);
}
