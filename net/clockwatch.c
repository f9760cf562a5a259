/* SPDX-License-Identifier: MIT */
/* A timer for a day that never comes, which the kernel cancels when the clock is set. */
#include "net/clockwatch.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"
#include "net/loop.h"

struct clockwatch {
	int fd;
	sd_event_source *source;
	clockwatch_cb *set;
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
	struct clockwatch *w = userdata;
	uint64_t n;
	if (read(fd, &n, sizeof(n)) < 0 && errno == EAGAIN)
		return 0;
	/* A cancelled timer tells of one step only. */
	if (arm(fd) < 0)
		w->source = sd_event_source_disable_unref(w->source);
	w->set(w->userdata);
	return 0;
}

struct clockwatch *clockwatch_new(sd_event *loop, clockwatch_cb *set, void *userdata)
{
	struct clockwatch *w = mem_new(1, sizeof(*w));
	w->set = set;
	w->userdata = userdata;
	w->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->fd >= 0 && arm(w->fd) == 0 &&
	    loop_io_add(loop, &w->source, w->fd, EPOLLIN, LOOP_IDLE, on_fd, w) == 0)
		return w;
	clockwatch_free(w);
	return NULL;
}

void clockwatch_free(struct clockwatch *w)
{
	if (!w)
		return;
	sd_event_source_disable_unref(w->source);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}
