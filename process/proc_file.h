/* SPDX-License-Identifier: MIT */
/* Files of /proc, which have no size and are read to their end. */
#ifndef PROCESS_PROC_FILE_H
#define PROCESS_PROC_FILE_H

#include <stddef.h>

/* The content, with a NUL behind it; NULL when it cannot be read. Reading stops when `max` octets
 * or more are there. Free it. */
char *proc_file_read(const char *path, size_t max, size_t *ret_len);

#endif
