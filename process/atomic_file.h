/* SPDX-License-Identifier: MIT */
/*
 * A file that is always there as a whole, the old content or the new, whatever is killed or loses
 * power when: written beside it, synced, renamed over it, and its directory synced. The loop writes
 * into memory only; the waiting for the disk is done elsewhere (process/async_fsync.h).
 *
 * The file is locked (flock) as long as it is ours, so that two processes that were given the same
 * name do not overwrite each other's.
 */
#ifndef PROCESS_ATOMIC_FILE_H
#define PROCESS_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "lib/err.h"

struct atomic_file;

/* Takes the lock, and makes the directory (mode 0700) if only that is missing. -EBUSY: somebody
 * else has the file. Other errors name the path. The file itself need not exist. */
int atomic_file_new(sd_event *loop, const char *path, struct atomic_file **ret, struct err *err);
/* What is under way is dropped: then the old content stays. */
void atomic_file_free(struct atomic_file *r);

/* The content. -ENOENT: there is no file. -EPERM: others than we could have written it. -EFBIG:
 * longer than `max`. Free *ret, which has a NUL behind it. */
int atomic_file_read(struct atomic_file *r, size_t max, char **ret, size_t *ret_len,
		     struct err *err);
/* Gives the file that is there another name, in the same directory; or one more name, which keeps
 * it when it is replaced. */
int atomic_file_set_aside(struct atomic_file *r, const char *path, struct err *err);
int atomic_file_link(struct atomic_file *r, const char *path, struct err *err);

/* `err` is NULL when the new content is on the disk. Called from the loop; the next write may be
 * started inside. */
typedef void atomic_file_done_cb(const struct err *err, void *userdata);
/* Takes `content` (malloced) over. One at a time. */
void atomic_file_start(struct atomic_file *r, char *content, size_t len, atomic_file_done_cb *done,
		       void *userdata);
/* Waits for the disk; for the start and the end of the process. What is under way is dropped. Does
 * not take `content` over. */
int atomic_file_write_now(struct atomic_file *r, const char *content, size_t len, struct err *err);
/* False when writing makes the loop wait for the disk. */
bool atomic_file_is_async(const struct atomic_file *r);

#endif
