/* SPDX-License-Identifier: MIT */
/* The API's listening socket, TCP or unix. */
#ifndef AGENT_HTTP_SOCKET_H
#define AGENT_HTTP_SOCKET_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "lib/endpoint.h"
#include "lib/err.h"

struct api_socket {
	int fd;
	char unix_path[108]; /* "" for TCP */
	dev_t device;        /* of the unix socket's file, so that only ours is removed */
	ino_t inode;
};

/* CLOEXEC and NONBLOCK. `mode` is of a unix socket; one without a listener is replaced. */
int api_socket_open(const struct endpoint *at, mode_t mode, struct api_socket *ret,
		    struct err *err);
/* Removes the file of the unix socket if it is still ours. The fd is the caller's to close. */
void api_socket_unlink(const struct api_socket *s);
/* Does a process listen on this unix socket? */
bool api_socket_is_alive(const char *path);

#endif
