/* SPDX-License-Identifier: MIT */
/* Files of /proc, which have no size and are read to their end. */
#ifndef PROCESS_PROC_FILE_H
#define PROCESS_PROC_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* The content, with a NUL behind it; NULL when it cannot be read. Reading stops when `max` octets
 * or more are there. Free it. */
char *proc_file_read(const char *path, size_t max, size_t *ret_len);
/* The environment of a process. That of another user's is opened as that user, which takes
 * CAP_SETUID and CAP_SETGID, as running commands as a user does, instead of CAP_SYS_PTRACE. */
char *proc_environ_read(pid_t pid, size_t max, size_t *ret_len);

#endif
