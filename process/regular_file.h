/* SPDX-License-Identifier: MIT */
/* Opening a file that others name, without effect on what is no plain file. */
#ifndef PROCESS_REGULAR_FILE_H
#define PROCESS_REGULAR_FILE_H

#include <sys/stat.h>

/* A descriptor to read from; *ret is of the same file. -errno, and -EINVAL for all that is not a
 * regular file with something in it: to open a device, a FIFO or a file like /proc/kmsg is not
 * harmless, so it is examined before it is opened. Files of /proc have no size. */
int regular_file_open(const char *path, struct stat *ret);

#endif
