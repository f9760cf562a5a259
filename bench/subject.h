/* SPDX-License-Identifier: MIT */
/* What is measured, as a process of its own: started, looked at from outside, ended by its pid. */
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include <sys/types.h>

struct subject {
	pid_t pid; /* 0: does not run */
};

/* Megabytes of 10^6 bytes, as /proc/PID/status has them. */
struct memory {
	double resident, anonymous, file; /* VmRSS, RssAnon, RssFile */
};

/* Runs a program; `argv` ends with NULL. What it says goes to a log that fail() shows. */
void subject_exec(struct subject *s, const char *const argv[]);
/* Runs a function of ours, which is not to return. */
void subject_fork(struct subject *s, void (*body)(void *userdata), void *userdata);
/* SIGTERM, and SIGKILL if it is still there after 5 s. Does nothing when it does not run. */
void subject_stop(struct subject *s);
struct memory subject_memory(const struct subject *s);

#endif
