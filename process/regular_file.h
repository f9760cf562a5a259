/* SPDX-License-Identifier: MIT */
/* Opening a file that others name, without effect on what is not a plain file. */
#ifndef PROCESS_REGULAR_FILE_H
#define PROCESS_REGULAR_FILE_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* A descriptor to read from; *ret is of the same file. -errno, and -EINVAL for all that is not a
 * regular file with something in it: to open a device, a FIFO or a file like /proc/kmsg is not
 * harmless, so it is examined before it is opened. Files of /proc have no size. */
int regular_file_open(const char *path, struct stat *ret);

/* The beginning of a file that the operator names, up to `size` octets, and how many there are;
 * *ret is of the same file. `flags` are added to those of open(2). -errno, and -EINVAL for what is
 * no regular file: to read a FIFO or a device could last for ever. */
ssize_t regular_file_read(const char *path, int flags, char *buf, size_t size, struct stat *ret);

#endif
