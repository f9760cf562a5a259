/* SPDX-License-Identifier: MIT */
#include "agent/status/alarm.h"

#include <stdarg.h>
#include <stdio.h>

#include "agent/status/view_json.h"

json_t *alarm_add(json_t *alarms, const char *kind, const char *key, const char *subject,
		  const char *fmt, ...)
{
	char text[ALARM_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	json_t *o = json_pack("{s:s, s:o}", "alarm", kind, "text", view_text(text));
	if (key)
		json_object_set_new(o, key, view_text(subject));
	json_array_append_new(alarms, o);
	return o;
}

void alarm_add_count(json_t *alarm, size_t n)
{
	json_object_set_new(alarm, "count", json_integer(VIEW_INT(n)));
}
