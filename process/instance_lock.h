/* SPDX-License-Identifier: MIT */
/*
 * One agent per network namespace: two would remove each other's VIPs and rules as leftovers. The
 * lock is a unix socket with an abstract name, which belongs to the network namespace as lo does,
 * and which the kernel removes when the process ends.
 */
#ifndef PROCESS_INSTANCE_LOCK_H
#define PROCESS_INSTANCE_LOCK_H

#include "lib/err.h"

/* -EADDRINUSE when another process has it. The lock is released when *ret_fd is closed. */
int instance_lock_acquire(int *ret_fd, struct err *err);

#endif
