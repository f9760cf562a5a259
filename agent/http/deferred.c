/* SPDX-License-Identifier: MIT */
#include "agent/http/deferred.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "lib/mem.h"
#include "process/loop.h"

void deferred_add(struct list *all, struct deferred *d, struct MHD_Connection *conn,
		  const struct api_reply *reply)
{
	d->conn = conn;
	d->reply = *reply;
	d->ready = false;
	d->watch = NULL;
	list_append(all, &d->node);
	MHD_suspend_connection(conn);
}

static void resume(struct deferred *d, bool stored)
{
	struct api_reply *reply = &d->reply;
	list_remove(&d->node);
	d->watch = sd_event_source_disable_unref(d->watch);
	d->ready = reply->defer != API_DEFER_RETRY;
	if (reply->defer == API_DEFER_STORED && !stored) {
		char *body = reply->body;
		reply->body = reply->body_unstored;
		reply->body_unstored = body;
	}
	MHD_resume_connection(d->conn);
}

void deferred_resume(struct list *all, enum api_defer kind, uint64_t up_to, bool stored)
{
	list_for_each (it, all) {
		struct deferred *d = list_entry(it, struct deferred, node);
		if (d->reply.defer == kind && d->reply.number <= up_to)
			resume(d, stored);
	}
}

/* Of these each ends for itself, in any order. */
static bool is_meant(const struct api_reply *reply, enum api_defer kind, uint64_t number)
{
	bool alone =
		kind == API_DEFER_CHECKED || kind == API_DEFER_FORECAST || kind == API_DEFER_FLEET;
	return reply->defer == kind && (alone ? reply->number == number : reply->number <= number);
}

static void set_answer(struct api_reply *reply, unsigned status, const char *body)
{
	free(reply->body);
	reply->status = status;
	reply->content_type = "application/json";
	reply->body = mem_strdup(body);
}

void deferred_answer(struct list *all, enum api_defer kind, uint64_t up_to, unsigned status,
		     const char *body)
{
	list_for_each (it, all) {
		struct deferred *d = list_entry(it, struct deferred, node);
		if (!is_meant(&d->reply, kind, up_to))
			continue;
		set_answer(&d->reply, status, body);
		resume(d, true);
	}
}

#define GONE "{\"error\": \"the client has closed its end of the connection\"}\n"

static int on_hang_up(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source, (void)fd, (void)events;
	struct deferred *d = userdata;
	d->reply.abandoned(d->reply.number, d->reply.abandoned_userdata);
	set_answer(&d->reply, 503, GONE);
	resume(d, true);
	d->gone(d->userdata);
	return 0;
}

void deferred_watch(struct deferred *d, sd_event *loop, int fd, deferred_gone_cb *gone,
		    void *userdata)
{
	if (!d->reply.abandoned)
		return;
	d->gone = gone;
	d->userdata = userdata;
	loop_io_add(loop, &d->watch, fd, EPOLLRDHUP, LOOP_HTTP, on_hang_up, d);
}

void deferred_done(struct deferred *d)
{
	d->watch = sd_event_source_disable_unref(d->watch);
	list_remove(&d->node);
	reply_done(&d->reply);
}
