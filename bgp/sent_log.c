/* SPDX-License-Identifier: MIT */
#include "bgp/sent_log.h"

#include <stdlib.h>

#include "lib/mem.h"

static struct sent_entry *pop(struct sent_log *l)
{
	struct sent_entry *e = &l->entries[l->head];
	if (++l->head == l->n)
		l->head = l->n = 0;
	return e;
}

static void release(struct rib *rib, struct rib_route *route)
{
	route->holders--;
	rib_collect(rib, route);
}

void sent_log_done(struct sent_log *l, struct rib *rib)
{
	while (l->n > 0)
		release(rib, pop(l)->route);
	free(l->entries);
	*l = (struct sent_log){ 0 };
}

void sent_log_route(struct sent_log *l, struct rib_route *route, bool withdrawn, const char *why)
{
	if (!l)
		return;
	if (l->n >= SENT_LOG_MAX) {
		++*(withdrawn ? &l->more_withdrawn : &l->more_announced);
		return;
	}
	route->holders++;
	l->entries = mem_grow(l->entries, &l->cap, l->n + 1, sizeof(*l->entries));
	l->entries[l->n++] = (struct sent_entry){ route, why, withdrawn };
}

void sent_log_again(struct sent_log *l, const char *why)
{
	if (!l)
		return;
	l->again++;
	l->again_why = why;
}

void sent_log_first(struct sent_log *l)
{
	if (l)
		l->first++;
}

void sent_log_end_of_rib(struct sent_log *l)
{
	if (!l)
		return;
	l->of_session += l->first;
	l->first = 0;
}

void sent_log_session_down(struct sent_log *l)
{
	if (l)
		l->first = 0;
}

bool sent_log_pending(const struct sent_log *l)
{
	return l && (l->n > 0 || l->more_announced > 0 || l->more_withdrawn > 0 ||
		     l->of_session > 0 || l->again > 0);
}

static bool tell_number(size_t *n, bool withdrawn, const char *why, sent_log_cb *tell,
			void *userdata)
{
	const struct bgp_sent sent = { .withdrawn = withdrawn, .n = *n, .why = why };
	if (*n == 0)
		return false;
	*n = 0;
	tell(&sent, userdata);
	return true;
}

bool sent_log_tell(struct sent_log *l, struct rib *rib, sent_log_cb *tell, void *userdata)
{
	if (l->n == 0)
		return tell_number(&l->more_withdrawn, true, NULL, tell, userdata) ||
		       tell_number(&l->more_announced, false, NULL, tell, userdata) ||
		       tell_number(&l->of_session, false, BGP_SENT_FOR_SESSION, tell, userdata) ||
		       tell_number(&l->again, false, l->again_why, tell, userdata);
	const struct sent_entry e = *pop(l);
	const struct bgp_sent sent = { .withdrawn = e.withdrawn,
				       .n = 1,
				       .prefix = &e.route->prefix,
				       .tag = e.route->tag,
				       .why = e.why };
	tell(&sent, userdata);
	release(rib, e.route);
	return true;
}
