/* SPDX-License-Identifier: MIT */
/* File descriptors as members of their owner: -1 is none. */
#ifndef PROCESS_FD_H
#define PROCESS_FD_H

/* Closes it, if there is one, and leaves -1. */
void fd_close(int *fd);

/* In a forked child: nothing of the parent's stays open, its sockets, its lock, its log. `fd` becomes `as`,
 * which is not one of the standard three; those lead to /dev/null. */
void fd_keep_only(int fd, int as);

#endif
