/* SPDX-License-Identifier: MIT */
#include "agent/status/alarm_changes.h"

#include "agent/status/view_json.h"
#include "lib/array.h"
#include "lib/str.h"

const char *alarm_subject(const json_t *alarm, const char **ret_key)
{
	static const char *const keys[] = { "app",   "vip",  "peer",   "service",
					    "group", "path", "process" };
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *subject = json_string_value(json_object_get(alarm, keys[i]));
		*ret_key = keys[i];
		if (subject)
			return subject;
	}
	*ret_key = NULL;
	return NULL;
}

bool alarm_is_same(const json_t *a, const json_t *b)
{
	const char *key_a, *key_b;
	if (!str_equal(view_member(a, "alarm"), view_member(b, "alarm")))
		return false;
	if (json_object_get(a, "count") && json_object_get(b, "count"))
		return true;
	const char *of_a = alarm_subject(a, &key_a), *of_b = alarm_subject(b, &key_b);
	return str_equal(of_a ? of_a : "", of_b ? of_b : "");
}

static bool has(const json_t *alarms, const json_t *wanted)
{
	size_t i;
	const json_t *alarm;
	json_array_foreach(alarms, i, alarm) if (alarm_is_same(alarm, wanted)) return true;
	return false;
}

static void tell(const json_t *of, const json_t *not_in, bool on, alarm_change_cb *cb,
		 void *userdata)
{
	size_t i;
	const json_t *alarm;
	json_array_foreach(of, i, alarm) if (!has(not_in, alarm)) cb(on, alarm, userdata);
}

void alarm_changes(const json_t *before, const json_t *now, alarm_change_cb *cb, void *userdata)
{
	tell(before, now, false, cb, userdata);
	tell(now, before, true, cb, userdata);
}
