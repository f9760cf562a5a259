/* SPDX-License-Identifier: MIT */
/*
 * The lock that all users of legacy iptables take before they read, change and write back a table:
 * the kernel replaces whole tables, and a process that does not lock overwrites the changes of
 * others.
 */
#ifndef NAT_XTLOCK_H
#define NAT_XTLOCK_H

#include "lib/err.h"

/* XTABLES_LOCKFILE, else /run/xtables.lock, as iptables has it. */
const char *xtlock_path(void);
/* Never waits: -EBUSY when another process holds it. *ret is closed to unlock; -1, and 0 is
 * returned, on a read-only file system, where no process can lock. */
int xtlock_acquire(int *ret, struct err *err);

#endif
