/* SPDX-License-Identifier: MIT */
/*
 * One agent per network namespace: two would remove each other's VIPs and rules as leftovers. Two
 * locks, because each alone leaves a gap:
 *
 *	a file      /run/vipherald/lo-INODE.lock, INODE being the network namespace's; locked with
 *	            fcntl(). Other users cannot take it; containers with a /run of their own do not
 *	            see it.
 *	a name      the abstract unix socket @vipherald.lo, which belongs to the network namespace as
 *	            lo does. Any user may bind it.
 *
 * The kernel releases both when the process ends.
 */
#ifndef PROCESS_INSTANCE_LOCK_H
#define PROCESS_INSTANCE_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/err.h"

#define INSTANCE_LOCK_DIR  "/run/vipherald"
#define INSTANCE_LOCK_NAME "vipherald.lo"

struct instance_lock {
	int file, name; /* -1: not taken */
	char path[64];  /* of the file */
};

void instance_lock_init(struct instance_lock *l);
/* Makes `dir`, as far as we may. -EADDRINUSE with the process that has the lock; 0 also, with
 * l->file -1, where there is no directory for it that is safe from other users. */
int instance_lock_file(struct instance_lock *l, const char *dir, struct err *err);
/* -EADDRINUSE when another process has the name. */
int instance_lock_name(struct instance_lock *l, struct err *err);
/* Releases both, and removes the file. */
void instance_lock_done(struct instance_lock *l);

#endif
