/* SPDX-License-Identifier: MIT */
/* Our own files that decide what runs, as which user: read only if root or this user alone may have
 * written them. */
#ifndef PROCESS_TRUSTED_FILE_H
#define PROCESS_TRUSTED_FILE_H

#include <stddef.h>

/* The beginning of the file, with a NUL behind it. -ENOENT: there is none, or it is empty. -EPERM:
 * it is a link, no regular file, or others may have written it. */
int trusted_file_read(const char *path, char *buf, size_t size);

#endif
