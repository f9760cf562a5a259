/* SPDX-License-Identifier: MIT */
/* Services for the agent to watch, as processes that hold listening sockets. */
#ifndef BENCH_LISTENERS_H
#define BENCH_LISTENERS_H

#include <stddef.h>
#include <stdint.h>

#include "bench/subject.h"

struct listeners {
	struct subject process;
	double since; /* just before the last of them began to listen */
};

/* TCP ports first … first + n - 1; they listen when it returns. */
void listeners_start(struct listeners *l, uint16_t first, size_t n);
/* SIGKILL, and collected. Returns the time just before the signal. */
double listeners_kill(struct listeners *l);

#endif
