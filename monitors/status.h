/* SPDX-License-Identifier: MIT */
/* The status of a monitor and of the runner, for the API and the metrics. Pure. */
#ifndef MONITORS_STATUS_H
#define MONITORS_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/mono.h"
#include "monitors/load.h"
#include "monitors/verdict.h"

struct monitor_status {
	const char *text; /* of the spec */
	enum health health;
	mono_t since;
	mono_t last_check; /* when it ended; USEC_NEVER before the first */
	span_t took;       /* of the last check */
	uint64_t checks, failures;
	bool running;
	const char *said;   /* the last result in words, output included; "" before the first */
	const char *output; /* of the last command, as it came, at most 4 KB; NULL: none */
	/* In effect, defaults filled in. */
	span_t interval, fast_interval, timeout;
	uint16_t rise, fall;
	uint16_t streak; /* how many results in a row speak for a change of health; 0: none */
};

/* The commands of a runner. */
struct monitor_runner_status {
	unsigned running, waiting;
	unsigned max; /* that run at once */
	struct load load;
};

#endif
