/* SPDX-License-Identifier: MIT */
/* agent.disable_file: while it exists, all apps are drained. */
#ifndef AGENT_DAEMON_DISABLE_FILE_H
#define AGENT_DAEMON_DISABLE_FILE_H

#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "process/file_watch.h"

struct disable_file;

/* Drains at once if the file exists. The others must outlive it; `path` is copied. */
struct disable_file *disable_file_new(sd_event *loop, struct file_watcher *watcher,
				      struct registry *registry, const char *path);
void disable_file_free(struct disable_file *d);

#endif
