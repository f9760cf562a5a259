/* SPDX-License-Identifier: MIT */
/*
 * Whether files exist, and when one appears or disappears.
 *
 * inotify reports changes in a directory, so each path is watched from its deepest directory that
 * exists: its own, or one above it until the next appears. Every few seconds all files are checked
 * anyway, for changes without events: on network file systems, of the targets of symbolic links,
 * and beyond the kernel's limits of watches and of users of inotify.
 */
#ifndef PROCESS_FILE_WATCH_H
#define PROCESS_FILE_WATCH_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/err.h"
#include "lib/mono.h"

struct file_watcher;
struct file_watch;

/* From the loop, at LOOP_HEALTH. May free no other watch than its own. */
typedef void file_watch_cb(bool exists, void *userdata);

/* All files are checked every `resync`. */
int file_watcher_new(sd_event *loop, span_t resync, struct file_watcher **ret, struct err *err);
/* All watches must have been freed. */
void file_watcher_free(struct file_watcher *w);

/* `path` is absolute and copied. *ret_exists is the state now; `changed` reports later changes. */
struct file_watch *file_watch_new(struct file_watcher *w, const char *path, file_watch_cb *changed,
				  void *userdata, bool *ret_exists);
void file_watch_free(struct file_watch *p);

#endif
