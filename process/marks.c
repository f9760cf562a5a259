/* SPDX-License-Identifier: MIT */
#include "process/marks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "process/proc_file.h"

/* An environment can be large, and a shell puts the marks anywhere. */
#define ENVIRON_MAX ((size_t)256 << 10)

static bool is_mark(const char *entry)
{
	return strncmp(entry, MARK_AGENT, strlen(MARK_AGENT)) == 0 ||
	       strncmp(entry, MARK_CHECK, strlen(MARK_CHECK)) == 0;
}

static ssize_t filter(const char *env, size_t len, char *ret)
{
	size_t used = 0;
	for (const char *p = env; p < env + len; p += strlen(p) + 1) {
		size_t n = strlen(p) + 1;
		if (!is_mark(p) || n > MARKS_MAX - used)
			continue;
		memcpy(ret + used, p, n);
		used += n;
	}
	if (used == 0)
		ret[used++] = 0;
	return (ssize_t)used;
}

ssize_t marks_read(pid_t pid, char ret[static MARKS_MAX])
{
	size_t len = 0;
	char *env = proc_environ_read(pid, ENVIRON_MAX, &len);
	ssize_t n = !env ? -EACCES : len > 0 ? filter(env, len, ret) : 0;
	free(env);
	return n;
}
