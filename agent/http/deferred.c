/* SPDX-License-Identifier: MIT */
#include "agent/http/deferred.h"

#include <microhttpd.h>
#include <stdlib.h>

#include "lib/mem.h"

void deferred_add(struct list *all, struct deferred *d, struct MHD_Connection *conn,
		  const struct api_reply *reply)
{
	d->conn = conn;
	d->reply = *reply;
	d->ready = false;
	list_append(all, &d->node);
	MHD_suspend_connection(conn);
}

static void resume(struct deferred *d, bool stored)
{
	struct api_reply *reply = &d->reply;
	list_remove(&d->node);
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

/* Checks end in any order. */
static bool is_meant(const struct api_reply *reply, enum api_defer kind, uint64_t number)
{
	bool alone = kind == API_DEFER_CHECKED;
	return reply->defer == kind && (alone ? reply->number == number : reply->number <= number);
}

void deferred_answer(struct list *all, enum api_defer kind, uint64_t up_to, unsigned status,
		     const char *body)
{
	list_for_each (it, all) {
		struct deferred *d = list_entry(it, struct deferred, node);
		if (!is_meant(&d->reply, kind, up_to))
			continue;
		free(d->reply.body);
		d->reply.status = status;
		d->reply.content_type = "application/json";
		d->reply.body = mem_strdup(body);
		resume(d, true);
	}
}

void deferred_done(struct deferred *d)
{
	list_remove(&d->node);
	reply_done(&d->reply);
}
