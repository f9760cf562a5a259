/* SPDX-License-Identifier: MIT */
#include "process/instance_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "process/fd.h"

#define TRIES 10 /* the previous owner may remove the file between our open and our lock */

void instance_lock_init(struct instance_lock *l)
{
	*l = (struct instance_lock){ .file = -1, .name = -1 };
}

/* ---- the file ---- */

/* Below /run only root makes a directory; one that others may write to proves nothing. */
static bool is_safe(const char *dir)
{
	struct stat st;
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return false;
	return lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static bool is_at(int fd, const char *path)
{
	struct stat a, b;
	return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static struct flock whole_file(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

static int explain_locked(int fd, struct err *err)
{
	struct flock lock = whole_file(F_WRLCK);
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
		return err_set(err, -EADDRINUSE,
			       "another vipherald manages lo in this network namespace: process "
			       "%d",
			       (int)lock.l_pid);
	return err_set(err, -EADDRINUSE,
		       "another vipherald manages lo in this network namespace: it has locked a "
		       "file in %s",
		       INSTANCE_LOCK_DIR);
}

/* -EAGAIN: the file was removed meanwhile. -ENOENT: it cannot be opened. */
static int lock_at(const char *path, int *ret, struct err *err)
{
	struct flock lock = whole_file(F_WRLCK);
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EACCES && unlink(path) == 0) /* left by another user: the
							     * directory is ours */
		return -EAGAIN;
	if (fd < 0)
		return -ENOENT;
	int r = fcntl(fd, F_SETLK, &lock) == 0 ? 0 : explain_locked(fd, err);
	if (r == 0 && !is_at(fd, path))
		r = -EAGAIN;
	if (r < 0)
		close(fd);
	else
		*ret = fd;
	return r;
}

int instance_lock_file(struct instance_lock *l, const char *dir, struct err *err)
{
	struct stat ns;
	int r = -EAGAIN;
	if (!is_safe(dir) || stat("/proc/self/ns/net", &ns) < 0)
		return 0;
	if ((size_t)snprintf(l->path, sizeof(l->path), "%s/lo-%lu.lock", dir,
			     (unsigned long)ns.st_ino) >= sizeof(l->path))
		return 0;
	for (int i = 0; r == -EAGAIN && i < TRIES; i++)
		r = lock_at(l->path, &l->file, err);
	return r == -EADDRINUSE ? r : 0;
}

/* ---- the name ---- */

int instance_lock_name(struct instance_lock *l, struct err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof(INSTANCE_LOCK_NAME);
	/* A leading NUL makes it abstract. */
	memcpy(sun.sun_path + 1, INSTANCE_LOCK_NAME, sizeof(INSTANCE_LOCK_NAME) - 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, -errno, "cannot create a unix socket: %s", strerror(errno));
	if (bind(fd, (const struct sockaddr *)&sun, len) == 0) {
		l->name = fd;
		return 0;
	}
	int e = errno;
	close(fd);
	return err_set(err, -e, "cannot bind the unix socket @" INSTANCE_LOCK_NAME ": %s",
		       strerror(e));
}

void instance_lock_done(struct instance_lock *l)
{
	if (l->file >= 0 && is_at(l->file, l->path))
		unlink(l->path);
	fd_close(&l->file);
	fd_close(&l->name);
}
