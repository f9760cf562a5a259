/* SPDX-License-Identifier: MIT */
#include "agent/http/passed_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

bool passed_socket_is_there(void)
{
	return sd_listen_fds(0) > 0;
}

int passed_socket_get(int *ret, struct err *err)
{
	int n = sd_listen_fds(0), fd = SD_LISTEN_FDS_START;
	if (n != 1)
		return err_set(err, -EINVAL,
			       "%d sockets were passed (LISTEN_FDS), expected one for the API", n);
	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
		return err_set(
			err, -EINVAL,
			"the socket that was passed (LISTEN_FDS) is not a stream socket that "
			"listens, expected ListenStream= in the .socket unit");
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return err_set(err, -errno, "the socket that was passed: %s", strerror(errno));
	*ret = fd;
	return 0;
}
