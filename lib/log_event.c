/* SPDX-License-Identifier: MIT */
#include "lib/log_event.h"

#include "lib/array.h"

#define FIELD(name)                                                                                \
	{                                                                                          \
#name, offsetof(struct log_event, name), false                                     \
	}
#define NUMBER(name)                                                                               \
	{                                                                                          \
#name, offsetof(struct log_event, name), true                                      \
	}

static const struct {
	const char *name;
	size_t offset;
	bool is_number;
} fields[] = {
	FIELD(kind),    FIELD(app),   FIELD(vip),     FIELD(peer),         FIELD(group),
	FIELD(service), FIELD(alarm), FIELD(subject), FIELD(notification), FIELD(by),
	FIELD(from),    FIELD(cause), NUMBER(count),  FIELD(health),
};

_Static_assert(ARRAY_SIZE(fields) == LOG_EVENT_FIELDS, "each member is a field");
_Static_assert(sizeof(struct log_event) == LOG_EVENT_FIELDS * sizeof(char *), "and no other");

const char **log_event_slot(struct log_event *e, size_t i)
{
	return (const char **)(void *)((char *)e + fields[i].offset);
}

bool log_event_field_is_number(size_t i)
{
	return fields[i].is_number;
}

const char *log_event_field(const struct log_event *e, size_t i, const char **ret_name)
{
	*ret_name = fields[i].name;
	return *(const char *const *)(const void *)((const char *)e + fields[i].offset);
}
