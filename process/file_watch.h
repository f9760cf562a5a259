/* SPDX-License-Identifier: MIT */
/*
 * Whether files exist, and the moment when one appears or goes.
 *
 * inotify tells of changes in a directory, so each path is watched from the deepest directory of
 * it that exists: its own, or one above it that waits for the next to appear. Every few seconds all
 * are looked at anyway, for what gives no event: network file systems, targets of symbolic
 * links, more directories than the kernel takes watches for.
 */
#ifndef PROCESS_FILE_WATCH_H
#define PROCESS_FILE_WATCH_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/err.h"
#include "lib/mono.h"

struct file_watcher;
struct file_watch;

/* From the loop, at LOOP_HEALTH. May free no presence but its own. */
typedef void file_watch_cb(bool exists, void *userdata);

/* `resync` is a span. */
int file_watcher_new(sd_event *loop, usec_t resync, struct file_watcher **ret, struct err *err);
/* No presence may be left. */
void file_watcher_free(struct file_watcher *w);

/* `path` is absolute and copied. `ret_exists`: now; `changed` tells of what comes after. */
struct file_watch *file_watch_new(struct file_watcher *w, const char *path, file_watch_cb *changed,
				  void *userdata, bool *ret_exists);
void file_watch_free(struct file_watch *p);

#endif
