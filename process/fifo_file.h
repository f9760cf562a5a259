/* SPDX-License-Identifier: MIT */
/* Opening a named pipe whose lines are carried out: only trusted users may have made it, or write
 * it. */
#ifndef PROCESS_FIFO_FILE_H
#define PROCESS_FIFO_FILE_H

#include <sys/types.h>

#include "lib/err.h"

/* A descriptor to read from, non-blocking. -errno and a text: -EINVAL if it is not a named pipe,
 * but a link for instance, -EPERM for one that others may write, or that belongs neither to root,
 * nor to this user, nor to `owner`. All of that is examined before anything is opened. */
int fifo_file_open(const char *path, uid_t owner, struct err *err);

#endif
