/* SPDX-License-Identifier: MIT */
#include "agent/http/followers.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "lib/list.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

/* An event has 300 octets, mostly. */
#define BLOCK 4096

struct followers {
	sd_event *loop;
	sd_event_source *wake, *beat;
	struct list list;
};

struct follower {
	struct list_node node;
	struct listener *listener;
	struct MHD_Connection *conn;
	struct event_feed *feed;
	char *principal;
	bool suspended;
	bool gone; /* the client has closed its end */
};

/* The connection */

static ssize_t on_room(void *cls, uint64_t pos, char *buf, size_t max)
{
	(void)pos;
	struct follower *r = cls;
	if (r->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	ssize_t n = event_feed_read(r->feed, buf, max);
	if (n > 0)
		return n;
	if (n < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (event_feed_is_over(r->feed))
		return MHD_CONTENT_READER_END_OF_STREAM;
	r->suspended = true;
	MHD_suspend_connection(r->conn);
	return 0;
}

static void free_follower(void *cls)
{
	struct follower *r = cls;
	list_remove(&r->node);
	event_feed_free(r->feed);
	free(r->principal);
	free(r);
}

static void resume(struct follower *r)
{
	if (!r->suspended)
		return;
	r->suspended = false;
	MHD_resume_connection(r->conn);
	listener_wake(r->listener);
}

/* Events and beats */

static int on_wake(sd_event_source *source, void *userdata)
{
	(void)source;
	struct followers *all = userdata;
	list_for_each (it, &all->list) {
		struct follower *r = list_entry(it, struct follower, node);
		if (r->suspended && event_feed_has_more(r->feed))
			resume(r);
	}
	return 0;
}

void followers_wake(struct followers *all)
{
	if (!list_empty(&all->list))
		loop_defer(all->loop, &all->wake, LOOP_HTTP, on_wake, all);
}

static void schedule_beat(struct followers *all);

static int on_beat(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct followers *all = userdata;
	list_for_each (it, &all->list) {
		struct follower *r = list_entry(it, struct follower, node);
		if (!r->suspended)
			continue;
		event_feed_beat(r->feed);
		resume(r);
	}
	if (!list_empty(&all->list))
		schedule_beat(all);
	return 0;
}

static void schedule_beat(struct followers *all)
{
	loop_timer_set(all->loop, &all->beat, usec_add(loop_now(all->loop), FOLLOWER_BEAT),
		       LOOP_HTTP, on_beat, all);
}

/* Limits */

size_t followers_count(const struct followers *all)
{
	size_t n = 0;
	list_for_each (it, &all->list)
		n += !list_entry(it, struct follower, node)->gone;
	return n;
}

static size_t count_of(const struct followers *all, const char *principal)
{
	size_t n = 0;
	list_for_each (it, &all->list) {
		const struct follower *r = list_entry(it, struct follower, node);
		n += !r->gone && str_equal(r->principal, principal);
	}
	return n;
}

/* The library does not see it while the connection is suspended. */
static bool has_hung_up(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct pollfd p = { .fd = info ? info->connect_fd : -1, .events = POLLRDHUP };
	return poll(&p, 1, 0) > 0 && p.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

static void drop_gone(struct followers *all)
{
	list_for_each (it, &all->list) {
		struct follower *r = list_entry(it, struct follower, node);
		r->gone = r->gone || has_hung_up(r->conn);
		if (r->gone)
			resume(r);
	}
}

int followers_check(struct followers *all, const char *principal, struct err *err)
{
	if (count_of(all, principal) >= FOLLOWERS_PER_PRINCIPAL ||
	    followers_count(all) >= FOLLOWERS_MAX)
		drop_gone(all);
	if (count_of(all, principal) >= FOLLOWERS_PER_PRINCIPAL)
		return err_set(err, -EAGAIN,
			       "%s follows the events %d times already, which is the limit of one "
			       "principal",
			       principal, FOLLOWERS_PER_PRINCIPAL);
	if (followers_count(all) >= FOLLOWERS_MAX)
		return err_set(err, -EAGAIN,
			       "%d clients follow the events already, which is the limit of all",
			       FOLLOWERS_MAX);
	return 0;
}

/* Coming and going */

bool followers_add(struct followers *all, struct listener *listener, struct MHD_Connection *conn,
		   const char *principal, struct api_reply *reply)
{
	struct follower *r = mem_new(1, sizeof(*r));
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK, on_room, r, free_follower);
	r->listener = listener;
	r->conn = conn;
	r->principal = mem_strdup(principal);
	r->feed = reply->feed;
	reply->feed = NULL;
	if (!response) {
		free_follower(r);
		return false;
	}
	if (list_empty(&all->list))
		schedule_beat(all);
	list_append(&all->list, &r->node);
	MHD_set_connection_option(conn, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)FOLLOWER_STUCK);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	/* The timeout of a follower is not that of the next request. */
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	enum MHD_Result rc = MHD_queue_response(conn, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return rc == MHD_YES;
}

void followers_review(struct followers *all, follower_may_cb *may, void *userdata)
{
	list_for_each (it, &all->list) {
		struct follower *r = list_entry(it, struct follower, node);
		if (may(r->listener, r->conn, userdata))
			continue;
		event_feed_cut(r->feed, "the configuration does not allow it any more");
		resume(r);
	}
}

void followers_end(struct followers *all)
{
	list_for_each (it, &all->list) {
		struct follower *r = list_entry(it, struct follower, node);
		event_feed_end(r->feed, "the agent ends");
		resume(r);
	}
}

struct followers *followers_new(sd_event *loop)
{
	struct followers *all = mem_new(1, sizeof(*all));
	all->loop = loop;
	list_init(&all->list);
	return all;
}

void followers_free(struct followers *all)
{
	if (!all)
		return;
	sd_event_source_disable_unref(all->wake);
	sd_event_source_disable_unref(all->beat);
	free(all);
}
