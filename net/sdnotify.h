/* SPDX-License-Identifier: MIT */
/*
 * Datagrams to a service manager (systemd, podman), as sd_notify(3) describes them. Not by
 * sd_notify() itself: it waits when nobody reads, and nothing here may.
 */
#ifndef NET_SDNOTIFY_H
#define NET_SDNOTIFY_H

#include "lib/err.h"

struct sdnotify;

/* `path` as in $NOTIFY_SOCKET: absolute, or '@' and an abstract name. */
int sdnotify_new(const char *path, struct sdnotify **ret, struct err *err);
void sdnotify_free(struct sdnotify *n);
/* "READY=1\nSTATUS=…". 0, or -errno: -EAGAIN when nobody reads, and it is to be said again. */
int sdnotify_send(const struct sdnotify *n, const char *text);

#endif
