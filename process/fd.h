/* SPDX-License-Identifier: MIT */
/* File descriptors as members of their owner: -1 is none. */
#ifndef PROCESS_FD_H
#define PROCESS_FD_H

/* Closes it, if there is one, and leaves -1. */
void fd_close(int *fd);

/* To read the file that an O_PATH descriptor found, which opened nothing: the magic link leads to
 * the same one, whatever its path names by then. A descriptor, or -errno. */
int fd_reopen(int found);

/* In a forked child: nothing of the parent's stays open, its sockets, its lock, its log. `fd`
 * becomes `as`, which is not one of the standard three; those lead to /dev/null. */
void fd_keep_only(int fd, int as);

#endif
