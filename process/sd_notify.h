/* SPDX-License-Identifier: MIT */
/*
 * Datagrams to a service manager (systemd, podman), as sd_notify(3) describes them. Not by
 * sd_notify() itself: it waits when nobody reads, and nothing here may.
 */
#ifndef PROCESS_SD_NOTIFY_H
#define PROCESS_SD_NOTIFY_H

#include "lib/err.h"

struct notify_socket;

/* `path` as in $NOTIFY_SOCKET: absolute, or '@' and an abstract name. */
int notify_socket_new(const char *path, struct notify_socket **ret, struct err *err);
void notify_socket_free(struct notify_socket *n);
/* "READY=1\nSTATUS=…". 0, or -errno: -EAGAIN when nobody reads, and it is to be said again. */
int notify_socket_send(const struct notify_socket *n, const char *text);

#endif
