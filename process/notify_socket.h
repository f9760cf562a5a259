/* SPDX-License-Identifier: MIT */
/*
 * Datagrams to a service manager (systemd, podman), as sd_notify(3) describes them. Not by
 * sd_notify() itself, which blocks while the receiver does not read.
 */
#ifndef PROCESS_NOTIFY_SOCKET_H
#define PROCESS_NOTIFY_SOCKET_H

#include "lib/err.h"

struct notify_socket;

/* `path` as in $NOTIFY_SOCKET: absolute, or '@' and an abstract name. */
int notify_socket_new(const char *path, struct notify_socket **ret, struct err *err);
void notify_socket_free(struct notify_socket *n);
/* "READY=1\nSTATUS=…". -EAGAIN when the receiver does not read: to be sent again. */
int notify_socket_send(const struct notify_socket *n, const char *text);

#endif
