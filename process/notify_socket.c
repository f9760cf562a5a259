/* SPDX-License-Identifier: MIT */
#include "process/notify_socket.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/mem.h"

struct notify_socket {
	int fd;
	struct sockaddr_un to; /* not connected: the receiver may be restarted */
	socklen_t to_len;
};

static int set_address(struct notify_socket *n, const char *path, struct err *err)
{
	size_t len = strlen(path);
	if (len < 2 || (path[0] != '/' && path[0] != '@') || len >= sizeof(n->to.sun_path))
		return err_set(err, -EAFNOSUPPORT,
			       "NOTIFY_SOCKET '%.120s' is neither the path of a unix socket nor "
			       "an abstract name",
			       path);
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, path, len);
	n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (path[0] == '@')
		n->to.sun_path[0] = 0;
	return 0;
}

int notify_socket_new(const char *path, struct notify_socket **ret, struct err *err)
{
	struct notify_socket *n = mem_new(1, sizeof(*n));
	n->fd = -1;
	int r = set_address(n, path, err);
	if (r == 0) {
		n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (n->fd < 0)
			r = err_set(err, -errno, "cannot create a unix socket: %s",
				    strerror(errno));
	}
	if (r < 0) {
		notify_socket_free(n);
		return r;
	}
	*ret = n;
	return 0;
}

void notify_socket_free(struct notify_socket *n)
{
	if (!n)
		return;
	if (n->fd >= 0)
		close(n->fd);
	free(n);
}

int notify_socket_send(const struct notify_socket *n, const char *text)
{
	const struct sockaddr *to = (const struct sockaddr *)&n->to;
	ssize_t sent = sendto(n->fd, text, strlen(text), MSG_NOSIGNAL, to, n->to_len);
	return sent < 0 ? -errno : 0;
}
