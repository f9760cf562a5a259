/* SPDX-License-Identifier: MIT */
/* `sandbox` of GET /v1/status: what keeps a process that was broken into from doing more. */
#ifndef AGENT_STATUS_SANDBOX_STATUS_H
#define AGENT_STATUS_SANDBOX_STATUS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct sandbox_status {
	bool is_filtered; /* system calls are */
	int landlock;     /* ABI version; 0: none */
	const char
		*commands; /* "launcher": a process of its own starts them; "none": nothing can */
	uint64_t refused_calls; /* that are on no list */
	int last_refused;       /* the number of the last one; -1: none */
};

/* {"system_calls", "landlock", "commands", "refused_calls", "last_refused"} */
json_t *view_sandbox(const struct sandbox_status *s);

#endif
