/* SPDX-License-Identifier: MIT */
/* The other end of a TCP connection, when it is a socket of this network namespace. */
#ifndef NET_SOCKET_OWNER_H
#define NET_SOCKET_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum socket_owner_kind {
	SOCKET_ELSEWHERE, /* the address of the other end is not one of this host */
	SOCKET_OF_OTHERS, /* of another process here */
	SOCKET_OURS,      /* of this process */
	SOCKET_GONE,      /* of this host, and closed: whose it was cannot be told */
};

struct socket_owner {
	enum socket_owner_kind kind;
	bool uid_known;
	uint32_t uid; /* of SOCKET_OF_OTHERS */
};

/* `fd` is a connected TCP socket. A closed socket counts as gone also while the kernel still sends
 * what was written to it. */
void socket_owner_find(int fd, struct socket_owner *ret);

#endif
