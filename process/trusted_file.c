/* SPDX-License-Identifier: MIT */
#include "process/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_trusted(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !(st.st_mode & (S_IWGRP | S_IWOTH)) &&
	       (st.st_uid == 0 || st.st_uid == geteuid());
}

int trusted_file_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	ssize_t n = is_trusted(fd) ? read(fd, buf, size - 1) : -EPERM;
	close(fd);
	if (n <= 0)
		return n == 0 ? -ENOENT : -EPERM;
	buf[n] = 0;
	return 0;
}
