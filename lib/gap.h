/* SPDX-License-Identifier: MIT */
/*
 * Gaps: the loop did not run although something was due, because this process, its container or its
 * host was stopped (SIGSTOP, cgroup freezer, live migration, snapshot) or starved. The time is lost
 * for what has to happen within a limit: a check that failed meanwhile says nothing about the
 * service, a lease that was not renewed nothing about its client. Pure.
 */
#ifndef LIB_GAP_H
#define LIB_GAP_H

#include <stdbool.h>

#include "lib/mono.h"

/* A busy host is late by less. */
#define GAP_MIN (100 * USEC_PER_MSEC)
/* While something has a limit the loop has to be woken this often, or a gap goes unnoticed. */
#define GAP_TICK (250 * USEC_PER_MSEC)

struct gap {
	mono_t expected; /* when the loop runs next, at the latest */
	span_t lost;     /* by all gaps so far */
	mono_t ended;    /* the last one; 0: none yet */
};

void gap_init(struct gap *g);
/* The loop is to run at `when`; USEC_NEVER when nothing is due. */
void gap_expect(struct gap *g, mono_t when);
/* It runs now. The same gap is not counted twice. */
void gap_note(struct gap *g, mono_t now);

#endif
