/* SPDX-License-Identifier: MIT */
/*
 * The system calls that this process and its children may make from now on (seccomp(2)).
 *
 * Those of the list in syscall_filter.c work. Those with which a process that was broken into
 * starts programs, changes what the kernel runs, or gets at other processes end it (SIGSYS). All
 * others fail with ENOSYS and are counted: a library that grows a new call goes on with the old
 * one.
 */
#ifndef PROCESS_SYSCALL_FILTER_H
#define PROCESS_SYSCALL_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* For good. Needs no_new_privs. -EOPNOTSUPP: the kernel has no filters. */
int syscall_filter_install(struct err *err);

/* For a fork that does one thing, on top of the above or alone: only these, and sockets of IP and
 * unix. Memory is never executable. All others fail with ENOSYS, the dangerous ones end the
 * process. Needs no_new_privs, which it sets. */
int syscall_filter_narrow(const char *const *names, size_t n, struct err *err);

/* Calls of this process and of its forks that failed since, and the last one of them, by its number
 * (-1: none). */
uint64_t syscall_filter_refused(int *ret_last);
/* Its name, "call 451" when the library does not know it. */
#define SYSCALL_NAME_MAX 48
const char *syscall_filter_name(int number, char buf[static SYSCALL_NAME_MAX]);

#endif
