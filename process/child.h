/* SPDX-License-Identifier: MIT */
/*
 * Runs a command as a child in a session of its own, with its output captured and a time limit.
 *
 * Only the first CHILD_OUTPUT_MAX bytes of stdout and stderr together are kept; the rest is read
 * and dropped, so that a command that prints for ever is not stopped by a full pipe and does not
 * fill our memory. The end of the process counts, not the end of its output: a background
 * grandchild may hold the pipe.
 *
 * Nothing that it starts outlives it: at the time limit, at child_free() and after its exit,
 * SIGKILL goes to the whole process group, and to whoever left the group (process/subreaper.h).
 */
#ifndef PROCESS_CHILD_H
#define PROCESS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "lib/err.h"
#include "lib/mono.h"

#define CHILD_OUTPUT_MAX 4096

struct child;

enum child_end {
	CHILD_EXITED,
	CHILD_SIGNALLED,
	CHILD_TIMED_OUT,
	CHILD_LOST, /* it ended, but SIGCHLD is ignored or somebody else reaped it */
};

struct child_result {
	enum child_end end;
	int status;         /* exit status or signal number */
	const char *output; /* NUL-terminated, as captured; valid until child_free() */
	size_t output_len;
};

/* Called once from the loop. The child may be freed inside it. */
typedef void child_done_cb(const struct child_result *result, void *userdata);

/* Who a command runs as instead of as we do: with exactly these groups and no capability. */
struct child_user {
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t n_groups;
};

/* argv[0] is looked up in PATH; stdin is /dev/null; no fd of ours leaks into it. The signal mask
 * and dispositions are reset. `timeout` USEC_NEVER: no limit. -errno when it could not be started,
 * with the text saying why. Needs neither SIGCHLD blocked nor a handler for it, but it must not
 * be ignored. `user` NULL: as we do; else CAP_SETUID and CAP_SETGID are needed. */
int child_spawn(sd_event *loop, const char *const argv[], const struct child_user *user,
		usec_t timeout, child_done_cb *done, void *userdata, struct child **ret,
		struct err *err);
/* Kills it if it still runs, without calling back and without waiting: the loop collects what is
 * left of it. */
void child_free(struct child *c);

#endif
