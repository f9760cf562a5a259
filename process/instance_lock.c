/* SPDX-License-Identifier: MIT */
#include "process/instance_lock.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME "vipherald.lo"

int instance_lock_acquire(int *ret_fd, struct err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof(NAME);
	memcpy(sun.sun_path + 1, NAME, sizeof(NAME) - 1); /* a leading NUL makes it abstract */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(err, -errno, "cannot create a unix socket: %s", strerror(errno));
	if (bind(fd, (const struct sockaddr *)&sun, len) == 0) {
		*ret_fd = fd;
		return 0;
	}
	int e = errno;
	close(fd);
	if (e == EADDRINUSE)
		return err_set(err, -e,
			       "another vipherald manages lo in this network namespace; "
			       "'ss -xap | grep " NAME "' shows its process");
	return err_set(err, -e, "cannot bind the unix socket @" NAME ": %s", strerror(e));
}
