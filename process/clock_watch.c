/* SPDX-License-Identifier: MIT */
/* A timer that never expires, which the kernel cancels when the clock is set. */
#include "process/clock_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"
#include "process/loop.h"

struct clock_watch {
	int fd;
	sd_event_source *source;
	clock_watch_cb *set;
	void *userdata;
};

static int arm(int fd)
{
	const struct itimerspec never = { .it_value.tv_sec = INT_MAX };
	int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
	return timerfd_settime(fd, flags, &never, NULL) < 0 ? -errno : 0;
}

static int on_fd(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)revents;
	struct clock_watch *w = userdata;
	uint64_t n;
	if (read(fd, &n, sizeof(n)) < 0 && errno == EAGAIN)
		return 0;
	/* A cancelled timer reports one step only: it is set again. */
	if (arm(fd) < 0)
		w->source = sd_event_source_disable_unref(w->source);
	w->set(w->userdata);
	return 0;
}

struct clock_watch *clock_watch_new(sd_event *loop, clock_watch_cb *set, void *userdata)
{
	struct clock_watch *w = mem_new(1, sizeof(*w));
	w->set = set;
	w->userdata = userdata;
	w->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->fd >= 0 && arm(w->fd) == 0 &&
	    loop_io_add(loop, &w->source, w->fd, EPOLLIN, LOOP_IDLE, on_fd, w) == 0)
		return w;
	clock_watch_free(w);
	return NULL;
}

void clock_watch_free(struct clock_watch *w)
{
	if (!w)
		return;
	sd_event_source_disable_unref(w->source);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}
