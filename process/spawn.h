/* SPDX-License-Identifier: MIT */
/* Starts a program: in a session of its own, with signal mask and
 * dispositions reset, and without any other file descriptor of this process. */
#ifndef PROCESS_SPAWN_H
#define PROCESS_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The user that a command runs as: with exactly these groups and no capability. */
struct child_user {
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t n_groups;
};

/* The standard descriptors of a command. */
struct spawn_fds {
	int in;  /* -1: /dev/null */
	int out; /* stdout, and stderr where that is -1 */
	int err;
};

struct spawn {
	const char *const *argv;       /* argv[0] is looked up in PATH of this process */
	char *const *env;              /* all of its environment; ends with NULL */
	const struct child_user *user; /* NULL: ours */
	struct spawn_fds fds;
	/* A child of our parent, which waits for it, instead of our own child. */
	bool is_for_parent;
};

/* Waits until the program runs. -errno of the step that failed otherwise; -ENOENT: there is no such
 * program. A process that failed has been reaped; that of a parent is left to it, which finds its
 * number in *ret then. */
int spawn_start(const struct spawn *s, pid_t *ret);

/* In a forked child, which may only make system calls. */
void spawn_reset_signals(void);

#endif
