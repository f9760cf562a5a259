/* SPDX-License-Identifier: MIT */
#include "agent/programs/outbox.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/mem.h"
#include "process/fd.h"
#include "process/loop.h"

static int on_writable(sd_event_source *source, int fd, uint32_t revents, void *userdata);

void outbox_open(struct outbox *o, sd_event *loop, int fd)
{
	o->loop = loop;
	o->fd = fd;
}

void outbox_close(struct outbox *o)
{
	o->writable = sd_event_source_disable_unref(o->writable);
	if (o->fd >= 0)
		fd_close(&o->fd);
	mem_free(&o->octets);
	o->len = o->cap = 0;
}

/* False: it has closed its stdin. */
static bool flush(struct outbox *o)
{
	size_t done = 0;
	while (done < o->len) {
		ssize_t n = write(o->fd, o->octets + done, o->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done > 0)
		memmove(o->octets, o->octets + done, o->len - done);
	o->len -= done;
	o->taken += done;
	return true;
}

static void update(struct outbox *o)
{
	if (!flush(o)) {
		outbox_close(o);
		return;
	}
	if (o->len == 0)
		o->writable = sd_event_source_disable_unref(o->writable);
	else if (!o->writable)
		loop_io_add(o->loop, &o->writable, o->fd, EPOLLOUT, LOOP_HTTP, on_writable, o);
}

static int on_writable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct outbox *o = userdata;
	update(o);
	if (o->read)
		o->read(o->userdata);
	return 0;
}

void outbox_line(struct outbox *o, const char *text)
{
	size_t n = strlen(text);
	if (o->fd < 0)
		return;
	if (o->len + n + 1 > OUTBOX_MAX) {
		o->dropped++;
		return;
	}
	o->octets = mem_grow(o->octets, &o->cap, o->len + n + 1, 1);
	memcpy(o->octets + o->len, text, n);
	o->octets[o->len + n] = '\n';
	o->len += n + 1;
	if (!o->writable)
		update(o);
}
