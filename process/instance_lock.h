/* SPDX-License-Identifier: MIT */
/*
 * One agent a network namespace: two would take each other's VIPs and rules for leftovers. The
 * claim is a unix socket of an abstract name, which belongs to the network namespace, exactly as
 * lo does, and goes with the process, however that ends.
 */
#ifndef PROCESS_INSTANCE_LOCK_H
#define PROCESS_INSTANCE_LOCK_H

#include "lib/err.h"

/* -EADDRINUSE when another process has it. *ret_fd holds the claim until it is closed. */
int instance_lock_acquire(int *ret_fd, struct err *err);

#endif
