/* SPDX-License-Identifier: MIT */
#include "process/fifo_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/fd.h"

static int check(const char *path, int found, uid_t owner, struct err *err)
{
	struct stat st;
	if (fstat(found, &st) < 0)
		return err_set(err, -errno, "fifo %s: %s", path, strerror(errno));
	if (!S_ISFIFO(st.st_mode))
		return err_set(err, -EINVAL,
			       "fifo %s is not a named pipe: remove it, then mkfifo -m 600 %s",
			       path, path);
	if (st.st_mode & S_IWOTH)
		return err_set(err, -EPERM, "fifo %s may be written by every user: chmod o-w %s",
			       path, path);
	if (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != owner)
		return err_set(
			err, -EPERM,
			"fifo %s belongs to user %u, which is neither root, nor the agent's, "
			"nor the user of the process: chown it",
			path, (unsigned)st.st_uid);
	return 0;
}

int fifo_file_open(const char *path, uid_t owner, struct err *err)
{
	int found = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (found < 0)
		return err_set(err, -errno, "fifo %s: %s; make it with mkfifo -m 600", path,
			       strerror(errno));
	int rc = check(path, found, owner, err);
	if (rc == 0) {
		rc = fd_reopen(found);
		if (rc < 0)
			err_set(err, rc, "fifo %s: %s", path, strerror(-rc));
	}
	close(found);
	return rc;
}
