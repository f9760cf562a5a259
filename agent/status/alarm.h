/* SPDX-License-Identifier: MIT */
/* One alarm among those of GET /v1/status (alarms.h). */
#ifndef AGENT_STATUS_ALARM_H
#define AGENT_STATUS_ALARM_H

#include <jansson.h>
#include <stddef.h>

#define ALARM_TEXT_MAX 900

/* `key` NULL: it has no subject. The text is cut to ALARM_TEXT_MAX. Returns the alarm, for further
 * members; it belongs to `alarms`. */
json_t *alarm_add(json_t *alarms, const char *kind, const char *key, const char *subject,
		  const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* How many things it concerns. */
void alarm_add_count(json_t *alarm, size_t n);

#endif
