/* SPDX-License-Identifier: MIT */
/* A listening socket that the service manager passed (LISTEN_FDS, sd_listen_fds(3)). */
#ifndef AGENT_HTTP_PASSED_SOCKET_H
#define AGENT_HTTP_PASSED_SOCKET_H

#include <stdbool.h>

#include "lib/err.h"

bool passed_socket_is_there(void);
/* CLOEXEC and NONBLOCK. -EINVAL with a text unless it is one listening stream socket. */
int passed_socket_get(int *ret, struct err *err);

#endif
