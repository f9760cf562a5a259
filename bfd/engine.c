/* SPDX-License-Identifier: MIT */
#include "bfd/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bfd/input.h"
#include "bfd/socket.h"
#include "lib/deadlines.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/fd.h"
#include "process/loop.h"

/* Of a turn and socket: more than a receive buffer holds, so that all that was there is read, but no
 * flood keeps time from passing. */
#define BATCHES_MAX 256
/* An interface, an address or a port that is not there yet. */
#define RETRY      (250 * USEC_PER_MSEC)
#define PORTS      (UINT16_MAX - BFD_SOURCE_PORT_MIN + 1)
#define PORT_TRIES 64
/* With those that are on their way to AdminDown. */
#define SESSIONS_MAX ((size_t)2 * BFD_SESSIONS_MAX)

/* What the agent knows of a session, besides its counters. */
struct told {
	enum bfd_state state, remote_state;
	uint32_t remote_discr;
	span_t tx_interval, detection_time;
};

struct session {
	struct bfd_entry entry;
	struct deadline deadline;
	struct list_node untold; /* on engine.untold, or on engine.gone */
	struct list_node due;    /* in this turn */
	struct told told;
	int fd;
	uint16_t port; /* 0: none yet */
	bool muted, is_leaving;
	uint64_t sent, send_errors;
	char error[sizeof(((struct bfd_status *)0)->error)]; /* of sending */
};

struct listener {
	struct list_node node;
	struct bfd_listener socket;
	char error[sizeof(((struct bfd_status *)0)->error)];
};

struct bfd_engine {
	struct bfd_table table;
	struct deadlines deadlines;
	struct list listeners, untold, gone;
	mono_t answered_at; /* when the main loop was heard of */
	mono_t retry_at;    /* USEC_NEVER: all sockets are open */
	size_t n_leaving;
	struct bfd_counts told_counts;
	bool are_counts_due;
	uint32_t random; /* for jitter */
	uint32_t *sent;  /* see bfd_engine_new() */
};

static struct session *session_of(struct bfd_entry *entry)
{
	return list_entry(entry, struct session, entry);
}

static void set_text(char *buf, const char *text)
{
	const int max = sizeof(((struct bfd_status *)0)->error) - 1;
	snprintf(buf, (size_t)max + 1, "%.*s", max, text);
}

/* ---- what the agent is told ---- */

static void tell(struct bfd_engine *e, struct session *s)
{
	if (!list_linked(&s->untold))
		list_append(&e->untold, &s->untold);
}

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
	tell(e, s);
}

static void set_error(struct bfd_engine *e, struct session *s, const char *text)
{
	if (str_equal(s->error, text))
		return;
	set_text(s->error, text);
	tell(e, s);
}

/* ---- receiving sockets ---- */

static struct listener *find_listener(const struct bfd_engine *e, const struct bfd_key *key)
{
	list_for_each (it, &e->listeners) {
		struct listener *l = list_entry(it, struct listener, node);
		if (bfd_listener_serves(&l->socket, key))
			return l;
	}
	return NULL;
}

static void tell_served(struct bfd_engine *e, const struct listener *l)
{
	for (struct bfd_entry *it = e->table.by_id; it; it = it->by_id.next)
		if (bfd_listener_serves(&l->socket, &it->key))
			tell(e, session_of(it));
}

static void open_listener(struct bfd_engine *e, struct listener *l)
{
	struct err err = { "" };
	l->socket.fd = bfd_listener_open(&l->socket, &err);
	if (str_equal(l->error, err.text))
		return;
	set_text(l->error, err.text);
	tell_served(e, l);
}

static void want_listener(struct bfd_engine *e, const struct bfd_key *key)
{
	if (find_listener(e, key))
		return;
	struct listener *l = mem_new(1, sizeof(*l));
	l->socket = (struct bfd_listener){ .fd = -1,
					   .family = key->peer.family,
					   .multihop = key->multihop };
	memcpy(l->socket.vrf, key->vrf, sizeof(l->socket.vrf));
	list_append(&e->listeners, &l->node);
	open_listener(e, l);
}

static void free_listener(struct listener *l)
{
	list_remove(&l->node);
	fd_close(&l->socket.fd);
	free(l);
}

static bool is_used(const struct bfd_engine *e, const struct listener *l)
{
	for (const struct bfd_entry *it = e->table.by_id; it; it = it->by_id.next)
		if (bfd_listener_serves(&l->socket, &it->key))
			return true;
	return false;
}

static void release_listeners(struct bfd_engine *e)
{
	list_for_each (it, &e->listeners) {
		struct listener *l = list_entry(it, struct listener, node);
		if (!is_used(e, l))
			free_listener(l);
	}
}

/* ---- sending ---- */

static bool is_port_used(const struct bfd_engine *e, uint16_t port)
{
	for (struct bfd_entry *it = e->table.by_id; it; it = it->by_id.next)
		if (session_of(it)->port == port)
			return true;
	return false;
}

/* The port that it had, or any that is free. */
static int open_on_free_port(const struct bfd_engine *e, struct session *s, struct err *err)
{
	int rc = -EADDRINUSE;
	if (s->port)
		rc = bfd_sender_open(&s->entry.key, s->port, &s->entry.ifindex, err);
	for (unsigned i = 0; rc == -EADDRINUSE && i < PORT_TRIES; i++) {
		uint16_t port = (uint16_t)(BFD_SOURCE_PORT_MIN + loop_random() % PORTS);
		if (is_port_used(e, port))
			continue;
		rc = bfd_sender_open(&s->entry.key, port, &s->entry.ifindex, err);
		if (rc >= 0)
			s->port = port;
	}
	return rc;
}

static void open_sender(struct bfd_engine *e, struct session *s)
{
	struct err err = { "" };
	s->fd = open_on_free_port(e, s, &err);
	if (s->fd < 0)
		s->fd = -1;
	set_error(e, s, s->fd < 0 ? err.text : "");
}

/* Its interface or address is gone: the same one may come back with another number. */
static bool is_socket_lost(int rc)
{
	return rc == -ENODEV || rc == -ENXIO || rc == -EINVAL || rc == -EADDRNOTAVAIL;
}

static void send_failed(struct bfd_engine *e, struct session *s, int rc)
{
	struct err err;
	s->send_errors++;
	err_set(&err, rc, "cannot send: %s", strerror(-rc));
	set_error(e, s, err.text);
	if (!is_socket_lost(rc))
		return;
	fd_close(&s->fd);
	e->retry_at = usec_min(e->retry_at, usec_add(loop_clock(), RETRY));
}

static bool is_mute(const struct bfd_engine *e, const struct session *s, mono_t now)
{
	return now > usec_add(e->answered_at, s->entry.fsm.config.hold_time);
}

static void transmit(struct bfd_engine *e, struct session *s, const struct bfd_packet *p,
		     mono_t now)
{
	uint8_t buf[BFD_PACKET_MAX];
	const bool was_mute = s->muted;
	s->muted = is_mute(e, s, now);
	if (s->muted != was_mute)
		tell(e, s);
	if (s->muted)
		return;
	if (s->fd < 0) {
		s->send_errors++;
		return;
	}
	const size_t len = bfd_output(&s->entry, p, buf);
	if (e->sent)
		e->sent[s->entry.id % BFD_SLOTS] = s->entry.auth.sent;
	int rc = bfd_sender_send(s->fd, &s->entry.key, s->entry.ifindex, buf, len);
	if (rc < 0) {
		send_failed(e, s, rc);
		return;
	}
	s->sent++;
	set_error(e, s, "");
}

/* ---- sessions ---- */

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
		transmit(e, s, &a->packet, now);
	const mono_t due = bfd_fsm_deadline(&s->entry.fsm);
	if (due == USEC_NEVER)
		deadlines_remove(&e->deadlines, &s->deadline);
	else
		deadlines_set(&e->deadlines, &s->deadline, due);
	tell_changes(e, s);
}

static void step(struct bfd_engine *e, struct session *s, struct bfd_event event)
{
	struct bfd_actions actions;
	event.random = next_random(e);
	bfd_fsm_step(&s->entry.fsm, &event, &actions);
	carry_out(e, s, &actions, event.now);
}

static uint32_t choose_discr(const struct bfd_table *t)
{
	uint32_t discr;
	do
		discr = loop_random();
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
	release_listeners(e);
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
	s->entry.auth.sent = loop_random();
	s->fd = -1;
	if (r->discr == 0 || bfd_table_find_discr(&e->table, r->discr)) {
		bfd_fsm_init(&s->entry.fsm, config, choose_discr(&e->table), now);
		return;
	}
	s->entry.auth.sent = r->auth_sent;
	s->port = is_port_used(e, r->port) ? 0 : r->port;
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
	want_listener(e, &s->entry.key);
	open_sender(e, s);
	tell(e, s);
	step(e, s, (struct bfd_event){ .type = BFD_EV_START, .now = now });
	e->retry_at = usec_min(e->retry_at, usec_add(now, RETRY));
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

static void take_datagram(struct bfd_engine *e, const struct bfd_datagram *d, mono_t now)
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
			take_datagram(e, &batch.items[j], now);
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

static void retry(struct bfd_engine *e)
{
	const mono_t now = loop_clock();
	bool any = false;
	if (now < e->retry_at)
		return;
	list_for_each (it, &e->listeners) {
		struct listener *l = list_entry(it, struct listener, node);
		if (l->socket.fd < 0)
			open_listener(e, l);
		any |= l->socket.fd < 0;
	}
	for (struct bfd_entry *it = e->table.by_id; it; it = it->by_id.next) {
		struct session *s = session_of(it);
		if (s->fd < 0)
			open_sender(e, s);
		any |= s->fd < 0;
	}
	e->retry_at = any ? usec_add(now, RETRY) : USEC_NEVER;
}

void bfd_engine_turn(struct bfd_engine *e, bool readable, bool late)
{
	if (readable || late)
		receive_all(e);
	pass_time(e, readable || late, late);
	retry(e);
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
	const struct listener *l = find_listener(e, &s->entry.key);
	bfd_fsm_status(&s->entry.fsm, &status);
	status.port = s->port;
	status.muted = s->muted;
	status.sent = s->sent;
	status.send_errors = s->send_errors;
	status.received = s->entry.received;
	memcpy(status.dropped, s->entry.dropped, sizeof(status.dropped));
	set_text(status.error, l && l->error[0] ? l->error : s->error);
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
		tell(e, session_of(it));
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
