/* SPDX-License-Identifier: MIT */
#include "process/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/regular_file.h"

static bool is_trusted(const struct stat *st)
{
	return !(st->st_mode & (S_IWGRP | S_IWOTH)) && (st->st_uid == 0 || st->st_uid == geteuid());
}

int trusted_file_read(const char *path, char *buf, size_t size)
{
	struct stat st;
	ssize_t n = regular_file_read(path, O_NOFOLLOW, buf, size - 1, &st);
	if (n == -ELOOP || n == -EINVAL || (n >= 0 && !is_trusted(&st)))
		return -EPERM;
	if (n <= 0)
		return n == 0 ? -ENOENT : (int)n;
	buf[n] = 0;
	return 0;
}
