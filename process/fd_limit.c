/* SPDX-License-Identifier: MIT */
#include "process/fd_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* For BGP and the API: their connections, and what they open for a moment. */
#define RESERVE_CORE 192
/* The same, and checks: 64 commands with up to three each, and as many requests. */
#define RESERVE_CHECKS 512

static struct rlimit for_children; /* rlim_max 0: was not raised */

void fd_limit_raise(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
		return;
	const struct rlimit raised = { .rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max };
	if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
		for_children = limit;
}

uint64_t fd_limit(void)
{
	struct rlimit limit;
	return getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 0 : limit.rlim_cur;
}

/* A small limit is shared out in proportion. */
static uint64_t reserve(enum fd_use use, uint64_t limit)
{
	uint64_t wanted = use == FD_FOR_CHECKS ? RESERVE_CORE : RESERVE_CHECKS;
	uint64_t most = use == FD_FOR_CHECKS ? limit / 4 : limit / 2;
	return wanted < most ? wanted : most;
}

int fd_limit_check(enum fd_use use, struct err *err)
{
	uint64_t limit = fd_limit(), kept = reserve(use, limit);
	/* The kernel gives the lowest number that is free: below it, all are taken. */
	int lowest = open("/", O_PATH | O_CLOEXEC);
	if (lowest >= 0)
		close(lowest);
	if (lowest >= 0 && (uint64_t)lowest < limit - kept)
		return 0;
	return err_set(err, -EMFILE,
		       "file descriptors are used up (limit %llu, the last %llu are kept for BGP, "
		       "the API%s); raise the limit (LimitNOFILE=, ulimit -Hn)",
		       (unsigned long long)limit, (unsigned long long)kept,
		       use == FD_FOR_NEW ? " and checks" : "");
}

void fd_limit_lower(void)
{
	if (for_children.rlim_max > 0)
		setrlimit(RLIMIT_NOFILE, &for_children);
}
