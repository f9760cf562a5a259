/* SPDX-License-Identifier: MIT */
/*
 * A file that has either the old content or the new as a whole, even after a crash or a power
 * failure: the new content is written to a file beside it and synced, that file is renamed, and the
 * directory is synced. The loop writes to the page cache only; process/async_fsync.h waits for the
 * disk.
 *
 * The file stays locked (flock), so that two processes that are given the same name do not
 * overwrite each other's content.
 */
#ifndef PROCESS_ATOMIC_FILE_H
#define PROCESS_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "lib/err.h"

struct atomic_file;

/* Locks the file, and creates the directory (mode 0700) if only that is missing. -EBUSY: another
 * process has the file. The file itself need not exist. */
int atomic_file_new(sd_event *loop, const char *path, struct atomic_file **ret, struct err *err);
/* A write in progress is cancelled: the old content stays. */
void atomic_file_free(struct atomic_file *f);

/* Reads the content. -ENOENT: there is no file. -EPERM: another user could have written it. -EFBIG:
 * longer than `max`. Free *ret, which has a NUL behind it. */
int atomic_file_read(struct atomic_file *f, size_t max, char **ret, size_t *ret_len,
		     struct err *err);
/* Renames the present file, within its directory; or links it to a second name, under which it
 * stays when it is replaced. */
int atomic_file_set_aside(struct atomic_file *f, const char *path, struct err *err);
int atomic_file_link(struct atomic_file *f, const char *path, struct err *err);

/* `err` is NULL when the new content is on the disk. Called from the loop; the next write may be
 * started inside. */
typedef void atomic_file_done_cb(const struct err *err, void *userdata);
/* Takes over `content` (malloced). One write at a time. */
void atomic_file_start(struct atomic_file *f, char *content, size_t len, atomic_file_done_cb *done,
		       void *userdata);
/* Blocks until it is on the disk; for the start and the end of the process. A write in progress is
 * cancelled. Does not take over `content`. */
int atomic_file_write_now(struct atomic_file *f, const char *content, size_t len, struct err *err);

#endif
