/* SPDX-License-Identifier: MIT */
/*
 * The lock that all users of legacy iptables take before they read, change and write back a table:
 * the kernel replaces whole tables, and who does not lock overwrites what others did meanwhile.
 */
#ifndef NAT_XTLOCK_H
#define NAT_XTLOCK_H

#include "lib/err.h"

/* XTABLES_LOCKFILE, else /run/xtables.lock, as iptables has it. */
const char *xtlock_path(void);
/* Never waits: -EBUSY when somebody holds it. *ret is closed to unlock; -1, and 0 is returned, on
 * a read-only file system, where nobody can lock. */
int xtlock_take(int *ret, struct err *err);

#endif
