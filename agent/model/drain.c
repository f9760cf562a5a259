/* SPDX-License-Identifier: MIT */
#include "agent/model/drain.h"

#include <string.h>

#include "lib/str.h"

const char *drain_source_name(enum drain_source source)
{
	switch (source) {
	case DRAIN_BY_API:
		return "api";
	case DRAIN_BY_FILE:
		return "file";
	case DRAIN_BY_STOP:
		return "stop";
	}
	return "unknown";
}

bool drain_is_on(const struct drain *d)
{
	for (size_t i = 0; d && i < DRAIN_SOURCES; i++)
		if (d->requests[i].on)
			return true;
	return false;
}

bool drain_request(struct drain *d, enum drain_source source, const char *reason, mono_t until,
		   mono_t now)
{
	struct drain_request *hold = &d->requests[source];
	bool is_new = !hold->on;
	if (is_new) {
		hold->since = now;
		hold->earlier = 0;
	}
	hold->on = true;
	hold->until = until;
	str_printable(hold->reason, sizeof(hold->reason), reason, strlen(reason));
	return is_new;
}

bool drain_lift(struct drain *d, enum drain_source source)
{
	bool was_on = d->requests[source].on;
	d->requests[source].on = false;
	return was_on;
}
