/* SPDX-License-Identifier: MIT */
/* Two variables mark the environment of a command: the agent that started it
 * (process/stale_children.h) and the check it belongs to (process/subreaper.h). */
#ifndef PROCESS_MARKS_H
#define PROCESS_MARKS_H

#include <sys/types.h>

#define MARK_AGENT "VIPHERALD_AGENT="
#define MARK_CHECK "VIPHERALD_CHECK="
#define MARKS_MAX  1024

/* The marks in the environment of a process, each with a NUL behind it, and the octets that they
 * take; 0: its environment is empty; 1, one NUL: it has none. -errno when it cannot be read. */
ssize_t marks_read(pid_t pid, char ret[static MARKS_MAX]);

#endif
