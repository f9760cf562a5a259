/* SPDX-License-Identifier: MIT */
/*
 * Gives up, for good, what the process does not need: capabilities, gaining any by exec
 * (no_new_privs, so setuid programs run without their privilege), another user's identity, and
 * being looked into by processes of its own user (PR_SET_DUMPABLE: no ptrace, no core dump).
 */
#ifndef PROCESS_PRIVILEGE_DROP_H
#define PROCESS_PRIVILEGE_DROP_H

#include <stdint.h>

#include "lib/err.h"
#include "process/child.h"

struct privilege_drop {
	uint64_t keep; /* a bit for each CAP_… that stays, where the process has it */
	const struct child_user *user; /* NULL: the user stays */
};

/* Permitted and effective set become what is kept, inheritable and ambient set empty. So does the
 * bounding set, from which commands of a root process get theirs, if the process has CAP_SETPCAP.
 * May be called again to give up more. An error: what was meant to be given up may still be held,
 * and the process should end. */
int privilege_drop(const struct privilege_drop *drop, struct err *err);

#endif
