/* SPDX-License-Identifier: MIT */
/*
 * Counts what the API refuses, by cause, and limits what the log and the events say of it: the
 * first few of a cause a minute are a line each, the others are a number at the end of it. While
 * that goes on the minute becomes longer, so that a client that is refused all the time does not
 * push everything else out of the log and the event ring.
 */
#ifndef AGENT_HTTP_REFUSALS_H
#define AGENT_HTTP_REFUSALS_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/model/api_counts.h"
#include "lib/log_event.h"
#include "lib/log_level.h"
#include "lib/mono.h"

struct refusals;

struct refusals *refusals_new(sd_event *loop);
void refusals_free(struct refusals *r);

void refusals_count(struct refusals *r, enum api_cause cause);
/* An event of kind request.refused about an app or a peer, with the principal. NULL: none of them
 * is known. */
void refusals_log(struct refusals *r, enum api_cause cause, enum log_level level,
		  const struct log_event *about, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Writes the numbers of what was left out until now; a timer does it. */
void refusals_end(struct refusals *r, mono_t now);
/* The counters; the caller changes those of connections. */
struct api_counts *refusals_counts(struct refusals *r);

#endif
