/* SPDX-License-Identifier: MIT */
/* Who has a name or a port that we want: asked of the kernel (sock_diag), and, for the process, of
 * /proc. For messages at the start; walks all processes. */
#ifndef NET_SOCKET_HOLDER_H
#define NET_SOCKET_HOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct socket_holder {
	bool found;     /* there is such a socket */
	bool has_uid;   /* kernels before 4.21 do not tell that of a unix socket */
	uid_t uid;      /* the user that made it, as our user namespace calls it */
	uint32_t inode; /* of the socket */
	pid_t pid;      /* 0: not known, for want of rights or in another pid namespace */
	char comm[16];
};

/* Of the abstract unix socket `name`, without the NUL in front. */
void socket_holder_of_name(const char *name, struct socket_holder *ret);
/* Of a TCP socket that listens on the port. */
void socket_holder_of_port(uint16_t port, struct socket_holder *ret);

#define SOCKET_HOLDER_TEXT_MAX 96
/* "process 17 (python3) of user alice (uid 1000)", with what is known of it; "another process". */
const char *socket_holder_format(const struct socket_holder *h,
				 char buf[static SOCKET_HOLDER_TEXT_MAX]);

#endif
