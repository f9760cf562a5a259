/* SPDX-License-Identifier: MIT */
/* Status of the runner and of each monitor. Pure. */
#ifndef MONITORS_STATUS_H
#define MONITORS_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/histogram.h"
#include "lib/mono.h"
#include "lib/wallclock.h"
#include "monitors/load.h"
#include "monitors/recent.h"
#include "monitors/spec.h"
#include "monitors/verdict.h"

struct monitor_status {
	const char *text; /* of the spec */
	enum health health;
	mono_t since;
	mono_t last_check;                  /* when it ended; USEC_NEVER before the first */
	span_t took;                        /* of the last check */
	uint64_t checks, failures, unknown; /* unknown: checks that could not be made */
	wall_t cert_end;                    /* of the service, as last seen; 0: none */
	enum health latest;                 /* of the last check; UNKNOWN: it could not be made */
	const struct recent_checks *recent; /* a view; NULL: not known */
	bool running;
	bool unable;      /* the last check could not be made, which says nothing of the service */
	const char *said; /* the last result in words, output included; "" before the first */
	const char *output;           /* of the last command, unchanged, at most 4 KB; NULL: none */
	struct monitor_timing timing; /* in effect, defaults filled in */
	uint16_t streak;              /* results in a row that contradict the health; 0: none */
};

/* Of a runner: its commands, how far its other checks are behind, and how many it has made. */
struct monitor_runner_status {
	unsigned running, waiting;
	unsigned max; /* that run at once */
	struct load load;
	struct load network; /* of checks over the network */
	/* Since it began, also of monitors that are gone. */
	uint64_t checks, failures;
	uint64_t present_checks, present_failures; /* of the monitors that exist now */
	uint64_t timeouts;            /* checks that did not pass within their time limit */
	const struct histogram *took; /* by kind (monitors/kinds.h); a view */
};

#endif
