/* SPDX-License-Identifier: MIT */
#include "process/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"

#define READ_SIZE 4096

/* Closes the descriptor. */
static char *read_all(int fd, size_t max, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0, cap = 0;
	ssize_t n = -1;
	do {
		text = mem_grow(text, &cap, len + READ_SIZE + 1, 1);
		n = read(fd, text + len, READ_SIZE);
		len += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && len < max) || (n < 0 && errno == EINTR));
	close(fd);
	text[len] = 0;
	*ret_len = len;
	return text;
}

char *proc_file_read(const char *path, size_t max, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? NULL : read_all(fd, max, ret_len);
}

/* With its owner's identity in the file system, for this one call. The kernel refuses the identity
 * silently, and then the file. It makes the process undumpable with every change. */
static int open_as_owner(const char *path, const struct stat *owner)
{
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	uid_t uid = (uid_t)setfsuid(owner->st_uid);
	gid_t gid = (gid_t)setfsgid(owner->st_gid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	setfsgid(gid);
	setfsuid(uid);
	prctl(PR_SET_DUMPABLE, dumpable == 1, 0, 0, 0);
	return fd;
}

char *proc_environ_read(pid_t pid, size_t max, size_t *ret_len)
{
	char path[48];
	struct stat owner;
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == EACCES && stat(path, &owner) == 0 && owner.st_uid != 0)
		fd = open_as_owner(path, &owner);
	return fd < 0 ? NULL : read_all(fd, max, ret_len);
}
