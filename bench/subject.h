/* SPDX-License-Identifier: MIT */
/* The program under test, as a process: started, measured from outside, ended by its pid. */
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include <sys/types.h>

struct subject {
	pid_t pid;
};

/* Megabytes of 10^6 bytes, as /proc/PID/status has them. */
struct memory {
	double resident, anonymous, file; /* VmRSS, RssAnon, RssFile */
};

/* Runs a program; `argv` ends with NULL. Its output goes to a log that fail() shows. */
void subject_exec(struct subject *s, const char *const argv[]);
/* Runs a function in a fork; it is not to return. */
void subject_fork(struct subject *s, void (*body)(void *userdata), void *userdata);
void subject_signal(const struct subject *s, int number);
/* Until it has ended; SIGKILL if that takes more than 20 s. */
void subject_wait(struct subject *s);
/* SIGTERM, and waits. */
void subject_stop(struct subject *s);
struct memory subject_memory(const struct subject *s);
/* CPU time that it has spent outside the kernel. */
double subject_user_ms(const struct subject *s);
/* CPU time that it has spent, the kernel's on its behalf included; finer than a tick. */
double subject_cpu_ms(const struct subject *s);
/* All threads, to the nanosecond also while it runs on another CPU. */
double subject_cpu_now_ms(const struct subject *s);

#endif
