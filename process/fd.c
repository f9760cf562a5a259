/* SPDX-License-Identifier: MIT */
#include "process/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int fd_reopen(int found)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	return fd;
}

void fd_keep_only(int fd, int as)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = STDIN_FILENO; null >= 0 && i <= STDERR_FILENO; i++)
		dup2(null, i);
	if (fd != as)
		dup3(fd, as, O_CLOEXEC);
	close_range((unsigned)as + 1, ~0U, 0);
}
