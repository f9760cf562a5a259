/* SPDX-License-Identifier: MIT */
#include "bgp/linger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/list.h"
#include "lib/mem.h"
#include "process/loop.h"

#define LINGER_TIME USEC_PER_SEC
/* Input dropped per wake-up, so that a peer that floods us does not starve others. */
#define DROP_MAX 16

struct bgp_linger {
	sd_event *loop;
	void (*empty)(void *userdata);
	void *userdata;
	struct list goodbyes;
};

struct goodbye {
	struct bgp_linger *owner;
	struct list_node node;
	int fd;
	sd_event_source *io, *timer;
	size_t len, written;
	uint8_t rest[];
};

static void goodbye_free(struct goodbye *g)
{
	sd_event_source_disable_unref(g->io);
	sd_event_source_disable_unref(g->timer);
	list_remove(&g->node);
	close(g->fd);
	free(g);
}

static void goodbye_over(struct goodbye *g)
{
	struct bgp_linger *l = g->owner;
	goodbye_free(g);
	if (list_empty(&l->goodbyes) && l->empty)
		l->empty(l->userdata);
}

/* False when the peer is gone. */
static bool write_rest(struct goodbye *g)
{
	while (g->written < g->len) {
		ssize_t n = send(g->fd, g->rest + g->written, g->len - g->written, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		g->written += (size_t)n;
	}
	shutdown(g->fd, SHUT_WR);
	sd_event_source_set_io_events(g->io, EPOLLIN);
	return true;
}

/* False when there is nothing more to come. */
static bool drop_input(struct goodbye *g)
{
	uint8_t dropped[4096];
	for (unsigned i = 0; i < DROP_MAX; i++) {
		ssize_t n = recv(g->fd, dropped, sizeof(dropped), 0);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n == 0)
			return false;
	}
	return true;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct goodbye *g = userdata;
	bool open = true;
	(void)source;
	(void)fd;
	if (revents & EPOLLOUT)
		open = write_rest(g);
	if (open && (revents & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		open = drop_input(g);
	if (!open)
		goodbye_over(g);
	return 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	goodbye_over(userdata);
	return 0;
}

struct bgp_linger *bgp_linger_new(sd_event *loop, void (*empty)(void *userdata), void *userdata)
{
	struct bgp_linger *l = mem_new(1, sizeof(*l));
	*l = (struct bgp_linger){ .loop = loop, .empty = empty, .userdata = userdata };
	list_init(&l->goodbyes);
	return l;
}

void bgp_linger_free(struct bgp_linger *l)
{
	if (!l)
		return;
	list_for_each (it, &l->goodbyes)
		goodbye_free(list_entry(it, struct goodbye, node));
	free(l);
}

void bgp_linger_add(struct bgp_linger *l, int fd, const uint8_t *rest, size_t len)
{
	struct goodbye *g = mem_new(1, sizeof(*g) + len);
	g->owner = l;
	g->fd = fd;
	g->len = len;
	if (len > 0)
		memcpy(g->rest, rest, len);
	list_append(&l->goodbyes, &g->node);
	if (loop_io_add(l->loop, &g->io, fd, EPOLLIN | EPOLLOUT, LOOP_INPUT, on_io, g) < 0 ||
	    loop_timer_set(l->loop, &g->timer, usec_add(loop_now(l->loop), LINGER_TIME), LOOP_BGP,
			   on_timeout, g) < 0)
		goodbye_free(g); /* without a watch it can only be closed as it is */
}

bool bgp_linger_busy(const struct bgp_linger *l)
{
	return !list_empty(&l->goodbyes);
}
