/* SPDX-License-Identifier: MIT */
/*
 * Runs a command as a child in a session of its own, with its output captured and a time limit.
 *
 * Only the first CHILD_OUTPUT_MAX bytes of stdout and stderr together are captured; the rest is
 * read and dropped, so that a command that prints without end is not blocked by a full pipe. The
 * child ends when its process exits, not at the end of the output: a background process may have
 * the pipe open.
 *
 * No process that it starts survives it: at the time limit, in child_free() and after its exit,
 * SIGKILL is sent to the process group and to descendants that left it (process/subreaper.h).
 */
#ifndef PROCESS_CHILD_H
#define PROCESS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "lib/err.h"
#include "lib/mono.h"
#include "process/spawn.h"

#define CHILD_OUTPUT_MAX 4096

struct child;

enum child_end {
	CHILD_EXITED,
	CHILD_SIGNALLED,
	CHILD_TIMED_OUT,
	CHILD_LOST, /* it has ended, but SIGCHLD is ignored or it was reaped elsewhere */
};

struct child_result {
	enum child_end end;
	int status;         /* exit status or signal number */
	const char *output; /* NUL-terminated, as captured; valid until child_free() */
	size_t output_len;
};

/* Called once from the loop. The child may be freed inside it. */
typedef void child_done_cb(const struct child_result *result, void *userdata);

/* argv[0] is looked up in the agent's PATH; stdin is /dev/null; no other fd is inherited. `env`
 * ends with NULL, and is copied: with the marks of process/stale_children.h and
 * process/subreaper.h, it is all of the child's environment. The signal mask and dispositions are
 * reset. `timeout` USEC_NEVER: no limit. SIGCHLD need not be blocked or handled, but must not be
 * ignored. `user` NULL: the agent's own; else CAP_SETUID and CAP_SETGID are needed. Where there is
 * a launcher (process/launcher.h), it starts the command.
 */
int child_spawn(sd_event *loop, const char *const argv[], char *const env[],
		const struct child_user *user, span_t timeout, child_done_cb *done, void *userdata,
		struct child **ret, struct err *err);
/* The same with stdin, which ends after these octets. -ENOBUFS: they do not fit into a pipe, which
 * holds 64 KiB unless this user has many. */
struct child_input {
	const char *text;
	size_t len;
};
int child_spawn_with(sd_event *loop, const char *const argv[], char *const env[],
		     const struct child_user *user, const struct child_input *input, span_t timeout,
		     child_done_cb *done, void *userdata, struct child **ret, struct err *err);
/* The same with pipes that the caller reads and writes, non-blocking, and closes. Nothing is
 * captured. */
struct child_pipes {
	int in;       /* to its stdin */
	int out, err; /* from its stdout and stderr */
};
int child_spawn_piped(sd_event *loop, const char *const argv[], char *const env[],
		      const struct child_user *user, child_done_cb *done, void *userdata,
		      struct child_pipes *ret_pipes, struct child **ret, struct err *err);
/* To it and its process group; nothing when it has ended. */
void child_signal(const struct child *c, int number);
/* A function of this program in a child, for library calls that may wait. Its stdout is captured,
 * what it returns is the exit status. It has no other fd, must not touch the loop, and ends with
 * the agent. */
typedef int child_fn(const void *arg);
int child_call(sd_event *loop, child_fn *fn, const void *arg, span_t timeout, child_done_cb *done,
	       void *userdata, struct child **ret, struct err *err);
/* Kills it if it still runs, without calling back and without waiting: the loop reaps it. */
void child_free(struct child *c);
/* None of the processes that were killed, and of those that they had started, is left. */
bool child_all_reaped(void);

#endif
