/* SPDX-License-Identifier: MIT */
#include "agent/daemon/disable_file.h"

#include <stdlib.h>

#include "agent/app/drains.h"
#include "lib/mem.h"
#include "process/loop.h"

struct disable_file {
	sd_event *loop;
	struct registry *registry;
	char *path;
	struct file_watch *watch;
};

static void on_change(bool exists, void *userdata)
{
	struct disable_file *d = userdata;
	mono_t now = loop_now(d->loop);
	if (exists)
		registry_drain(d->registry, NULL, DRAIN_BY_FILE, NULL, d->path, USEC_NEVER, now);
	else
		registry_undrain(d->registry, NULL, DRAIN_BY_FILE, NULL, now);
}

struct disable_file *disable_file_new(sd_event *loop, struct file_watcher *watcher,
				      struct registry *registry, const char *path)
{
	struct disable_file *d = mem_new(1, sizeof(*d));
	bool exists = false;
	d->loop = loop;
	d->registry = registry;
	d->path = mem_strdup(path);
	d->watch = file_watch_new(watcher, d->path, on_change, d, &exists);
	if (exists)
		on_change(true, d);
	return d;
}

void disable_file_free(struct disable_file *d)
{
	if (!d)
		return;
	file_watch_free(d->watch);
	free(d->path);
	free(d);
}
