/* SPDX-License-Identifier: MIT */
/* An event: a line of the log with its subject in fields. The same fields are in JSON lines of the
 * log, in /v1/events and in what hooks get. Pure. */
#ifndef LIB_LOG_EVENT_H
#define LIB_LOG_EVENT_H

#include <stdbool.h>
#include <stddef.h>

struct log_event {
	const char *kind; /* "app.up": docs/events.md */
	/* NULL: not about one. */
	const char *app, *vip, *peer, *group;
	const char *service;      /* of Consul */
	const char *alarm;        /* its name */
	const char *subject;      /* of an alarm, whatever it is */
	const char *notification; /* that ended a session: "received 6/2 Cease, …" */
	const char *by;           /* the principal of a request */
	const char *from;         /* the address that it came from, by TCP */
	const char *cause;        /* of a route that was announced or withdrawn */
	const char *count;        /* how many it is about; a number */
	const char *health;       /* of an app whose drain began or ended */
};

#define LOG_EVENT_FIELDS 14

/* Who asks for a change by a request, for its event. Views. */
struct log_requester {
	const char *by, *from; /* as above */
};

/* The name and the value of field i, the kind being the first; NULL: it has none. */
const char *log_event_field(const struct log_event *e, size_t i, const char **ret_name);
/* Its value is a number, which JSON has without quotes. */
bool log_event_field_is_number(size_t i);
/* Where field i is. */
const char **log_event_slot(struct log_event *e, size_t i);

#endif
