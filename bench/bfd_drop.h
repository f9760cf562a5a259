/* SPDX-License-Identifier: MIT */
/* Part of scenario_bfd(): a real router, and the host of the agent that stands still. */
#ifndef BENCH_BFD_DROP_H
#define BENCH_BFD_DROP_H

#include "bench/report.h"

/* With BFD every `ms` milliseconds, times 3; left out, with a message, without BIRD. */
void bfd_drop(struct report *r, unsigned ms, double limit);

#endif
