/* SPDX-License-Identifier: MIT */
#include "lib/log_event.h"

#include "lib/array.h"

#define FIELD(name)                                                                                \
	{                                                                                          \
#name, offsetof(struct log_event, name)                                            \
	}

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	FIELD(kind),  FIELD(app),     FIELD(vip),          FIELD(peer), FIELD(service),
	FIELD(alarm), FIELD(subject), FIELD(notification), FIELD(by),
};

_Static_assert(ARRAY_SIZE(fields) == LOG_EVENT_FIELDS, "each member is a field");
_Static_assert(sizeof(struct log_event) == LOG_EVENT_FIELDS * sizeof(char *), "and no other");

const char **log_event_slot(struct log_event *e, size_t i)
{
	return (const char **)(void *)((char *)e + fields[i].offset);
}

const char *log_event_field(const struct log_event *e, size_t i, const char **ret_name)
{
	*ret_name = fields[i].name;
	return *(const char *const *)(const void *)((const char *)e + fields[i].offset);
}
