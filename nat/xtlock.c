/* SPDX-License-Identifier: MIT */
#include "nat/xtlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

const char *xtlock_path(void)
{
	const char *path = getenv("XTABLES_LOCKFILE");
	return path && path[0] ? path : "/run/xtables.lock";
}

int xtlock_acquire(int *ret, struct err *err)
{
	int fd = open(xtlock_path(), O_RDONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0 && errno == EROFS) {
		*ret = -1;
		return 0;
	}
	if (fd < 0)
		return err_set(err, -errno, "cannot open the xtables lock %s: %s", xtlock_path(),
			       strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*ret = fd;
		return 0;
	}
	int r = errno == EWOULDBLOCK ? -EBUSY : -errno;
	close(fd);
	if (r == -EBUSY)
		return err_set(err, r, "waiting for the xtables lock %s, held by another process",
			       xtlock_path());
	return err_set(err, r, "cannot lock %s: %s", xtlock_path(), strerror(-r));
}
