/* SPDX-License-Identifier: MIT */
#include "bfd/engine.h"

#include <stdlib.h>
#include <string.h>

#include "bfd/engine_io.h"
#include "bfd/input.h"
#include "lib/mem.h"
#include "process/fd.h"
#include "process/loop.h"
#include "process/random.h"

/* Of a turn and socket: more than a receive buffer holds, so that all that was there is read, but
 * no flood keeps time from passing. */
#define BATCHES_MAX 256
/* With those that are on their way to AdminDown. */
#define SESSIONS_MAX ((size_t)2 * BFD_SESSIONS_MAX)

/* ---- sessions ---- */

static void tell_changes(struct bfd_engine *e, struct session *s)
{
	struct bfd_status now = { 0 };
	bfd_fsm_status(&s->entry.fsm, &now);
	const struct told *t = &s->told;
	if (t->state == now.state && t->remote_state == now.remote_state &&
	    t->remote_discr == now.remote_discr && t->tx_interval == now.tx_interval &&
	    t->detection_time == now.detection_time)
		return;
	s->told = (struct told){ now.state, now.remote_state, now.remote_discr, now.tx_interval,
				 now.detection_time };
	bfd_engine_tell(e, s);
}

/* Not for secrets, but some thousand times a second. */
static uint32_t next_random(struct bfd_engine *e)
{
	e->random = e->random * 1664525 + 1013904223; /* Numerical Recipes 7.1 */
	return e->random;
}

static void carry_out(struct bfd_engine *e, struct session *s, const struct bfd_actions *a,
		      mono_t now)
{
	if (a->send)
		bfd_engine_transmit(e, s, &a->packet, now);
	const mono_t due = bfd_fsm_deadline(&s->entry.fsm);
	if (due == USEC_NEVER)
		deadlines_remove(&e->deadlines, &s->deadline);
	else
		deadlines_set(&e->deadlines, &s->deadline, due);
	bfd_engine_watch(e, s, now);
	tell_changes(e, s);
}

static void step(struct bfd_engine *e, struct session *s, struct bfd_event event)
{
	struct bfd_actions actions;
	event.random = next_random(e);
	bfd_fsm_step(&s->entry.fsm, &event, &actions);
	carry_out(e, s, &actions, event.now);
}

/* Who knows it can send packets in the name of the peer that count (RFC 5880 10). */
static uint32_t choose_discr(const struct bfd_table *t)
{
	uint32_t discr;
	do
		(void)random_unguessable(&discr); /* the agent tells when it is not */
	while (discr == 0 || bfd_table_find_discr(t, discr));
	return discr;
}

/* Out of everything; the agent is still to be told. */
static void finish(struct bfd_engine *e, struct session *s)
{
	bfd_table_remove(&e->table, &s->entry);
	deadlines_remove(&e->deadlines, &s->deadline);
	list_remove(&s->untold);
	fd_close(&s->fd);
	if (s->is_leaving)
		e->n_leaving--;
	list_append(&e->gone, &s->untold);
	bfd_engine_release_listeners(e);
}

static void finish_those_that_left(struct bfd_engine *e)
{
	struct bfd_entry *next;
	for (struct bfd_entry *it = e->table.by_id; it && e->n_leaving > 0; it = next) {
		next = it->by_id.next;
		if (session_of(it)->is_leaving && bfd_fsm_is_finished(&it->fsm))
			finish(e, session_of(it));
	}
}

static void init(const struct bfd_engine *e, struct session *s, const struct bfd_message *m,
		 mono_t now)
{
	const struct bfd_resume *r = &m->session.resume;
	const struct bfd_config *config = &m->session.config;
	s->entry.id = m->id;
	s->entry.key = m->session.key;
	(void)random_unguessable(&s->entry.auth.sent);
	s->fd = -1;
	if (r->discr == 0 || bfd_table_find_discr(&e->table, r->discr)) {
		bfd_fsm_init(&s->entry.fsm, config, choose_discr(&e->table), now);
		return;
	}
	s->entry.auth.sent = r->auth_sent;
	s->port = bfd_engine_is_port_used(e, r->port) ? 0 : r->port;
	bfd_fsm_resume(&s->entry.fsm, config, r, now);
}

static void add(struct bfd_engine *e, const struct bfd_message *m, mono_t now)
{
	struct session *s = mem_new(1, sizeof(*s));
	struct bfd_entry *old = bfd_table_find_key(&e->table, &m->session.key);
	if (old) /* two would contradict each other */
		finish(e, session_of(old));
	init(e, s, m, now);
	bfd_table_add(&e->table, &s->entry);
	bfd_engine_want_listener(e, &s->entry.key);
	bfd_engine_open_sender(e, s);
	bfd_engine_tell(e, s);
	step(e, s, (struct bfd_event){ .type = BFD_EV_START, .now = now });
	e->retry_at = usec_min(e->retry_at, usec_add(now, BFD_ENGINE_RETRY));
}

void bfd_engine_set(struct bfd_engine *e, const struct bfd_message *m, mono_t now)
{
	struct bfd_entry *entry = bfd_table_find(&e->table, m->id);
	if (entry)
		step(e, session_of(entry),
		     (struct bfd_event){
			     .type = BFD_EV_CHANGE, .now = now, .config = &m->session.config });
	else if (bfd_table_count(&e->table) < SESSIONS_MAX)
		add(e, m, now);
}

void bfd_engine_remove(struct bfd_engine *e, uint32_t id, mono_t now)
{
	struct bfd_entry *entry = bfd_table_find(&e->table, id);
	if (!entry || session_of(entry)->is_leaving)
		return;
	session_of(entry)->is_leaving = true;
	e->n_leaving++;
	step(e, session_of(entry), (struct bfd_event){ .type = BFD_EV_STOP, .now = now });
	finish_those_that_left(e);
}

void bfd_engine_answered(struct bfd_engine *e, mono_t now)
{
	e->answered_at = now;
}

/* ---- turns ---- */

static void receive_datagram(struct bfd_engine *e, const struct bfd_datagram *d, mono_t now)
{
	struct bfd_actions actions;
	enum bfd_drop why;
	struct bfd_entry *entry = bfd_input(&e->table, d, now, next_random(e), &actions, &why);
	if (entry)
		carry_out(e, session_of(entry), &actions, now);
}

static void receive(struct bfd_engine *e, const struct listener *l)
{
	struct bfd_batch batch = { .is_last = l->socket.fd < 0 };
	for (unsigned i = 0; !batch.is_last && i < BATCHES_MAX; i++) {
		bfd_listener_receive(&l->socket, &batch);
		const mono_t now = loop_clock();
		for (size_t j = 0; j < batch.n; j++)
			receive_datagram(e, &batch.items[j], now);
	}
}

static void receive_all(struct bfd_engine *e)
{
	list_for_each (it, &e->listeners)
		receive(e, list_entry(it, struct listener, node));
}

/* Those that are nearly due send now. */
static void collect_due(struct bfd_engine *e, mono_t now, struct list *ret)
{
	struct deadline *due;
	list_init(ret);
	while ((due = deadlines_pop(&e->deadlines, usec_add(now, BFD_SLACK_MAX))))
		list_append(ret, &list_entry(due, struct session, deadline)->due);
}

static bool any_expects_packet(const struct list *due, mono_t now)
{
	list_for_each (it, due)
		if (bfd_fsm_expects_packet(&list_entry(it, struct session, due)->entry.fsm, now))
			return true;
	return false;
}

static void pass_time(struct bfd_engine *e, bool has_read, bool late)
{
	struct list due;
	const mono_t now = loop_clock();
	collect_due(e, now, &due);
	if (!has_read && any_expects_packet(&due, now))
		receive_all(e);
	list_for_each (it, &due) {
		list_remove(it);
		step(e, list_entry(it, struct session, due),
		     (struct bfd_event){ .type = BFD_EV_TIMER, .now = now, .late = late });
	}
}

void bfd_engine_turn(struct bfd_engine *e, bool readable, bool late)
{
	if (readable || late)
		receive_all(e);
	pass_time(e, readable || late, late);
	bfd_engine_retry(e);
	finish_those_that_left(e);
}

mono_t bfd_engine_deadline(const struct bfd_engine *e)
{
	return usec_min(deadlines_next_due(&e->deadlines), e->retry_at);
}

size_t bfd_engine_poll(const struct bfd_engine *e, struct pollfd *fds, size_t max)
{
	size_t n = 0;
	list_for_each (it, &e->listeners) {
		const struct listener *l = list_entry(it, struct listener, node);
		if (n < max && l->socket.fd >= 0)
			fds[n++] = (struct pollfd){ .fd = l->socket.fd, .events = POLLIN };
	}
	return n;
}

/* ---- to the agent ---- */

static struct bfd_status status_of(const struct bfd_engine *e, const struct session *s)
{
	struct bfd_status status = { 0 };
	const struct listener *l = bfd_engine_find_listener(e, &s->entry.key);
	bfd_fsm_status(&s->entry.fsm, &status);
	status.port = s->port;
	status.muted = s->muted;
	status.sent = s->sent;
	status.send_errors = s->send_errors;
	status.received = s->entry.received;
	memcpy(status.dropped, s->entry.dropped, sizeof(status.dropped));
	bfd_engine_set_text(status.error, l && l->error[0] ? l->error : s->error);
	return status;
}

bool bfd_engine_next(const struct bfd_engine *e, struct bfd_message *ret)
{
	const struct session *gone = list_first(&e->gone, struct session, untold);
	const struct session *s = list_first(&e->untold, struct session, untold);
	if (gone)
		*ret = (struct bfd_message){ .type = BFD_MSG_GONE, .id = gone->entry.id };
	else if (s)
		*ret = (struct bfd_message){ .type = BFD_MSG_STATUS,
					     .id = s->entry.id,
					     .status = status_of(e, s) };
	else if (e->are_counts_due)
		*ret = (struct bfd_message){ .type = BFD_MSG_COUNTS, .counts = e->table.counts };
	else
		return false;
	return true;
}

void bfd_engine_told(struct bfd_engine *e, const struct bfd_message *m)
{
	struct session *gone = list_first(&e->gone, struct session, untold);
	struct session *s = list_first(&e->untold, struct session, untold);
	if (m->type == BFD_MSG_GONE && gone) {
		list_remove(&gone->untold);
		free(gone);
	} else if (m->type == BFD_MSG_STATUS && s) {
		list_remove(&s->untold);
	} else if (m->type == BFD_MSG_COUNTS) {
		e->told_counts = m->counts;
		e->are_counts_due = false;
	}
}

void bfd_engine_tell_all(struct bfd_engine *e)
{
	for (struct bfd_entry *it = e->table.by_id; it; it = it->by_id.next)
		bfd_engine_tell(e, session_of(it));
	/* A flood of packets must not become one of messages. */
	e->are_counts_due = memcmp(&e->told_counts, &e->table.counts, sizeof(e->told_counts)) != 0;
}

/* ---- */

struct bfd_engine *bfd_engine_new(mono_t now, uint32_t *sent)
{
	struct bfd_engine *e = mem_new(1, sizeof(*e));
	list_init(&e->listeners);
	list_init(&e->untold);
	list_init(&e->gone);
	e->answered_at = now;
	e->retry_at = USEC_NEVER;
	e->random = loop_random();
	e->sent = sent;
	return e;
}

static void free_list(struct list *list)
{
	list_for_each (it, list)
		free(list_entry(it, struct session, untold));
}

void bfd_engine_free(struct bfd_engine *e)
{
	if (!e)
		return;
	while (e->table.by_id)
		finish(e, session_of(e->table.by_id));
	free_list(&e->gone);
	deadlines_done(&e->deadlines);
	free(e);
}
