/* SPDX-License-Identifier: MIT */
/* File descriptors as members of their owner: -1 is none. */
#ifndef PROCESS_FD_H
#define PROCESS_FD_H

/* Closes it, if there is one, and leaves -1. */
void fd_close(int *fd);

#endif
