/* SPDX-License-Identifier: MIT */
/*
 * fsync() that does not keep the loop: the disk may take milliseconds, a busy one seconds. The
 * kernel does it in a worker of its own (Linux AIO, IOCB_CMD_FSYNC, Linux 4.18) and tells by an
 * eventfd. Not io_uring, which hosts and container engines switch off.
 *
 * Where the kernel has no AIO either, or a sandbox refuses it, the loop waits for the disk.
 */
#ifndef PROCESS_ASYNC_FSYNC_H
#define PROCESS_ASYNC_FSYNC_H

#include <stdbool.h>
#include <systemd/sd-event.h>

struct async_fsync;

/* Never fails. */
struct async_fsync *async_fsync_new(sd_event *loop);
/* Waits for what is under way, and calls nobody back. */
void async_fsync_free(struct async_fsync *s);
/* False when async_fsync_start() waits for the disk. */
bool async_fsync_is_async(const struct async_fsync *s);

/* 0, or the -errno of fsync(); always from the loop, never from inside async_fsync_start(). The
 * next one may be started inside. */
typedef void async_fsync_done_cb(int result, void *userdata);
/* A file or a directory, one at a time. `fd` may be closed once it is told. A file system that has
 * no fsync() for it has nothing to wait for: 0. */
void async_fsync_start(struct async_fsync *s, int fd, async_fsync_done_cb *done, void *userdata);

#endif
