/* SPDX-License-Identifier: MIT */
/*
 * Cleanup: a temporary directory, its files, and processes are removed at exit, at a failure and at
 * SIGINT, SIGTERM or SIGHUP; processes by their pid, and only those registered here. This is state
 * of the program, not of a function, because a signal handler has to reach it.
 */
#ifndef BENCH_SCRATCH_H
#define BENCH_SCRATCH_H

#include <sys/types.h>

#define SCRATCH_PATH_MAX 96

/* Makes the directory and takes over the signals. Once, before anything else here. */
void scratch_init(void);
/* The path of a file in the directory; it is removed, also when another process made it. */
const char *scratch_path(const char *name, char buf[static SCRATCH_PATH_MAX]);
void scratch_write(const char *path, const char *text, size_t len);
void scratch_hold(pid_t pid);
void scratch_release(pid_t pid); /* it has ended and was waited for */

/* The log whose last lines fail() shows. */
void scratch_set_log(const char *path);
/* It could not be measured: says why, cleans up, exit status 1. */
_Noreturn void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
