/* SPDX-License-Identifier: MIT */
#include "process/nice_limit.h"

#include <sys/resource.h>

/* The kernel counts the other way round: 40 is nice -20. */
#define LIMIT ((rlim_t)(20 - NICE_URGENT))

void nice_limit_raise(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NICE, &limit) < 0 || limit.rlim_cur >= LIMIT)
		return;
	limit.rlim_cur = LIMIT;
	if (limit.rlim_max < LIMIT)
		limit.rlim_max = LIMIT;
	(void)setrlimit(RLIMIT_NICE, &limit);
}

void nice_limit_clear(void)
{
	const struct rlimit none = { 0, 0 };
	(void)setrlimit(RLIMIT_NICE, &none);
}
