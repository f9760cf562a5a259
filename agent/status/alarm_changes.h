/* SPDX-License-Identifier: MIT */
/* Which alarms came and which went, between two lists of agent/status/alarms.h. Pure. */
#ifndef AGENT_STATUS_ALARM_CHANGES_H
#define AGENT_STATUS_ALARM_CHANGES_H

#include <jansson.h>
#include <stdbool.h>

/* `alarm`: its object in one of the lists. */
typedef void alarm_change_cb(bool on, const json_t *alarm, void *userdata);

/* An alarm is one by its name and its subject; one that counts its subjects, by its name: another
 * of them may be the first. Those that went come before those that came. */
void alarm_changes(const json_t *before, const json_t *now, alarm_change_cb *cb, void *userdata);

/* Two alarms of one kind, which count what they are about or are about the same. */
bool alarm_is_same(const json_t *a, const json_t *b);

/* Its subject, and the name of that; NULL: it has none. */
const char *alarm_subject(const json_t *alarm, const char **ret_key);

#endif
