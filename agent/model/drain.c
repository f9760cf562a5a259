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
	case DRAIN_BY_HOST:
		return "host";
	case DRAIN_BY_FLEET:
		return "fleet";
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
	struct drain_request *r = &d->requests[source];
	bool is_new = !r->on;
	if (is_new) {
		r->since = now;
		r->earlier = 0;
	}
	r->on = true;
	r->until = until;
	str_printable(r->reason, sizeof(r->reason), reason, strlen(reason));
	return is_new;
}

bool drain_lift(struct drain *d, enum drain_source source)
{
	bool was_on = d->requests[source].on;
	d->requests[source].on = false;
	return was_on;
}
