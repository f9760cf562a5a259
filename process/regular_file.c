/* SPDX-License-Identifier: MIT */
#include "process/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "process/fd.h"

int regular_file_open(const char *path, struct stat *ret)
{
	struct stat st;
	int found = open(path, O_PATH | O_CLOEXEC);
	if (found < 0)
		return -errno;
	int r = fstat(found, &st) < 0 ? -errno : 0;
	if (r == 0 && (!S_ISREG(st.st_mode) || st.st_size == 0))
		r = -EINVAL;
	if (r == 0)
		r = fd_reopen(found);
	close(found);
	if (r >= 0)
		*ret = st;
	return r;
}

ssize_t regular_file_read(const char *path, int flags, char *buf, size_t size, struct stat *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	if (fd < 0)
		return -errno;
	ssize_t n = fstat(fd, ret) < 0 ? -errno : S_ISREG(ret->st_mode) ? 0 : -EINVAL;
	if (n == 0) {
		n = read(fd, buf, size);
		if (n < 0)
			n = -errno;
	}
	close(fd);
	return n;
}
