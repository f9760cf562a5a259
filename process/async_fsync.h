/* SPDX-License-Identifier: MIT */
/*
 * fsync() that does not block the loop: a disk may take milliseconds, a busy one seconds. The
 * kernel does it in one of its workers (Linux AIO, IOCB_CMD_FSYNC, since 4.18) and signals an
 * eventfd. Not io_uring, which hosts and container engines disable.
 *
 * Where the kernel has no AIO, or a sandbox refuses it, fsync() blocks the loop.
 */
#ifndef PROCESS_ASYNC_FSYNC_H
#define PROCESS_ASYNC_FSYNC_H

#include <systemd/sd-event.h>

struct async_fsync;

/* Never fails. */
struct async_fsync *async_fsync_new(sd_event *loop);
/* Waits for the fsync() in progress, without calling back. */
void async_fsync_free(struct async_fsync *s);

/* 0, or the -errno of fsync(); always from the loop, never from inside async_fsync_start(). The
 * next one may be started inside. */
typedef void async_fsync_done_cb(int result, void *userdata);
/* A file or a directory, one at a time. `fd` may be closed after the callback. 0 for a file system
 * without fsync(). */
void async_fsync_start(struct async_fsync *s, int fd, async_fsync_done_cb *done, void *userdata);

#endif
