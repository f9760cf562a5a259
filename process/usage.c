/* SPDX-License-Identifier: MIT */
#include "process/usage.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static span_t span_of(const struct timeval *t)
{
	return (span_t)t->tv_sec * USEC_PER_SEC + (span_t)t->tv_usec;
}

static void read_memory(struct process_usage *ret)
{
	uint64_t pages = 0, resident = 0, size = (uint64_t)sysconf(_SC_PAGESIZE);
	FILE *f = fopen("/proc/self/statm", "re");
	if (!f)
		return;
	if (fscanf(f, "%" SCNu64 " %" SCNu64, &pages, &resident) == 2) {
		ret->virtual_bytes = pages * size;
		ret->resident_bytes = resident * size;
	}
	fclose(f);
}

static void count_fds(struct process_usage *ret)
{
	DIR *dir = opendir("/proc/self/fd");
	if (!dir)
		return;
	/* cppcheck-suppress readdirCalled; there is one thread */
	for (const struct dirent *e; (e = readdir(dir));)
		ret->open_fds += e->d_name[0] != '.';
	closedir(dir);
	ret->open_fds--; /* the directory's own */
}

void process_usage(struct process_usage *ret)
{
	struct rusage usage;
	*ret = (struct process_usage){ 0 };
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		ret->cpu = span_of(&usage.ru_utime) + span_of(&usage.ru_stime);
	read_memory(ret);
	count_fds(ret);
}
