/* SPDX-License-Identifier: MIT */
#include "process/async_fsync.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/mem.h"
#include "process/loop.h"

struct async_fsync {
	sd_event *loop;
	aio_context_t context; /* 0: none, yet or at all */
	int event_fd;
	sd_event_source *event, *finished;
	int result; /* of a fsync() that blocked, to be reported */
	async_fsync_done_cb *done;
	void *userdata;
};

static void report(struct async_fsync *s, int result)
{
	async_fsync_done_cb *done = s->done;
	s->done = NULL;
	if (done)
		done(result == -EINVAL ? 0 : result, s->userdata);
}

static int on_event(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)revents;
	struct async_fsync *s = userdata;
	struct io_event ended = { 0 };
	struct timespec now = { 0 };
	uint64_t n;
	if (read(fd, &n, sizeof(n)) < 0)
		return 0;
	if (syscall(SYS_io_getevents, s->context, 0L, 1L, &ended, &now) == 1)
		report(s, (int)ended.res);
	return 0;
}

static int on_finished(sd_event_source *source, void *userdata)
{
	(void)source;
	struct async_fsync *s = userdata;
	report(s, s->result);
	return 0;
}

static void stop_async(struct async_fsync *s)
{
	s->event = sd_event_source_disable_unref(s->event);
	if (s->context)
		syscall(SYS_io_destroy, s->context); /* waits for the request in progress */
	s->context = 0;
	if (s->event_fd >= 0)
		close(s->event_fd);
	s->event_fd = -1;
}

/* Not before it is needed: io_destroy() waits for the kernel's other processors, 20 to 40 ms, and
 * an agent has several of these files. */
static bool has_context(struct async_fsync *s)
{
	if (s->context)
		return true;
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bool ok =
		s->event_fd >= 0 && syscall(SYS_io_setup, 1U, &s->context) == 0 &&
		loop_io_add(s->loop, &s->event, s->event_fd, EPOLLIN, LOOP_APPLY, on_event, s) == 0;
	if (!ok)
		stop_async(s);
	return ok;
}

struct async_fsync *async_fsync_new(sd_event *loop)
{
	struct async_fsync *s = mem_new(1, sizeof(*s));
	s->loop = loop;
	s->event_fd = -1;
	return s;
}

void async_fsync_free(struct async_fsync *s)
{
	if (!s)
		return;
	stop_async(s);
	sd_event_source_disable_unref(s->finished);
	free(s);
}

static int submit(struct async_fsync *s, int fd)
{
	struct iocb sync = {
		.aio_lio_opcode = IOCB_CMD_FSYNC,
		.aio_fildes = (uint32_t)fd,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)s->event_fd,
	};
	struct iocb *list[] = { &sync };
	return syscall(SYS_io_submit, s->context, 1L, list) == 1 ? 0 : -errno;
}

void async_fsync_start(struct async_fsync *s, int fd, async_fsync_done_cb *done, void *userdata)
{
	s->done = done;
	s->userdata = userdata;
	if (has_context(s) && submit(s, fd) == 0)
		return;
	/* Also for a file that AIO refuses. */
	s->result = fsync(fd) < 0 ? -errno : 0;
	if (loop_defer(s->loop, &s->finished, LOOP_APPLY, on_finished, s) < 0)
		report(s, s->result);
}
