/* SPDX-License-Identifier: MIT */
#include "bfd/sessions.h"

#include <stdlib.h>

#include "lib/mem.h"

void bfd_sessions_init(struct bfd_sessions *all)
{
	*all = (struct bfd_sessions){ 0 };
	list_init(&all->unsent);
}

void bfd_sessions_done(struct bfd_sessions *all)
{
	struct bfd_session *s = all->by_id, *next;
	HASH_CLEAR(hh, all->by_id);
	for (; s; s = next) {
		next = s->hh.next;
		free(s);
	}
}

/* There are fewer sessions than slots. */
static uint32_t next_id(struct bfd_sessions *all)
{
	const struct bfd_session *s;
	do {
		all->last_id++;
		for (s = all->by_id; s && s->id % BFD_SLOTS != all->last_id % BFD_SLOTS;)
			s = s->hh.next;
	} while (s || all->last_id == 0);
	return all->last_id;
}

struct bfd_session *bfd_sessions_add(struct bfd_sessions *all, const struct bfd_key *key,
				     const struct bfd_config *config, mono_t now)
{
	struct bfd_session *s = mem_new(1, sizeof(*s));
	s->id = next_id(all);
	s->key = *key;
	s->config = *config;
	s->status =
		(struct bfd_status){ .state = BFD_DOWN, .remote_state = BFD_DOWN, .since = now };
	HASH_ADD(hh, all->by_id, id, sizeof(s->id), s);
	bfd_sessions_mark(all, s);
	return s;
}

void bfd_sessions_release(struct bfd_sessions *all, struct bfd_session *s)
{
	HASH_DEL(all->by_id, s);
	list_remove(&s->unsent);
	free(s);
}

struct bfd_session *bfd_sessions_find(const struct bfd_sessions *all, uint32_t id)
{
	struct bfd_session *s;
	HASH_FIND(hh, all->by_id, &id, sizeof(id), s);
	return s;
}

struct bfd_session *bfd_sessions_find_key(const struct bfd_sessions *all, const struct bfd_key *key)
{
	for (struct bfd_session *s = all->by_id; s; s = s->hh.next)
		if (!s->is_freed && bfd_key_equal(&s->key, key))
			return s;
	return NULL;
}

size_t bfd_sessions_count(const struct bfd_sessions *all)
{
	size_t n = 0;
	for (const struct bfd_session *s = all->by_id; s; s = s->hh.next)
		n += !s->is_freed;
	return n;
}

bool bfd_sessions_are_idle(const struct bfd_sessions *all)
{
	for (const struct bfd_session *s = all->by_id; s; s = s->hh.next)
		if (s->is_known || list_linked(&s->unsent))
			return false;
	return true;
}

void bfd_sessions_mark(struct bfd_sessions *all, struct bfd_session *s)
{
	if (!list_linked(&s->unsent))
		list_append(&all->unsent, &s->unsent);
}

struct bfd_message bfd_session_message(const struct bfd_session *s)
{
	struct bfd_message m = { .type = s->is_leaving ? BFD_MSG_REMOVE : BFD_MSG_SESSION,
				 .id = s->id };
	if (s->is_leaving)
		return m;
	m.session.key = s->key;
	m.session.config = s->config;
	m.session.resume = s->resume;
	return m;
}

static void add_counters(struct bfd_status *to, const struct bfd_status *before)
{
	to->up_events += before->up_events;
	to->down_events += before->down_events;
	to->sent += before->sent;
	to->send_errors += before->send_errors;
	to->received += before->received;
	for (size_t i = 0; i < BFD_DROP_N; i++)
		to->dropped[i] += before->dropped[i];
}

void bfd_session_learn(struct bfd_session *s, const struct bfd_status *said)
{
	const struct bfd_status old = s->status;
	s->status = *said;
	s->status.state = old.state;
	if (said->down_events == 0) /* of this helper */
		s->status.down = old.down;
	add_counters(&s->status, &s->before);
}

static void count_end(struct bfd_session *s, mono_t now)
{
	if (s->status.state == BFD_UP) {
		s->status.down_events++;
		s->status.down = (struct bfd_down){ .diag = BFD_DIAG_NONE,
						    .remote_state = BFD_DOWN,
						    .at = now };
	}
	if (s->status.state != BFD_DOWN)
		s->status.since = now;
	s->is_lost = s->status.state != BFD_DOWN;
	s->resume = (struct bfd_resume){ 0 };
	s->before = s->status;
}

static bool can_go_on(const struct bfd_session *s)
{
	const struct bfd_status *now = &s->status;
	return !s->is_leaving && now->state == BFD_UP && now->discr && now->remote_discr &&
	       now->port && now->remote_multiplier;
}

static void prepare(struct bfd_session *s, const uint32_t *sent)
{
	const struct bfd_status *now = &s->status;
	s->resume = (struct bfd_resume){
		.discr = now->discr,
		.remote_discr = now->remote_discr,
		.auth_sent = sent ? sent[s->id % BFD_SLOTS] : 0,
		.port = now->port,
		.remote_multiplier = now->remote_multiplier,
		.since = now->since,
		.tx_interval = now->tx_interval,
		.rx_interval = now->rx_interval,
		.remote_min_tx = now->remote_min_tx,
		.remote_min_rx = now->remote_min_rx,
	};
	s->before = *now;
}

void bfd_sessions_give_up(struct bfd_sessions *all, mono_t now)
{
	for (struct bfd_session *s = all->by_id; s; s = s->hh.next)
		if (!s->is_known && s->resume.discr)
			count_end(s, now);
}

void bfd_sessions_forget_helper(struct bfd_sessions *all, bool resume, const uint32_t *sent,
				mono_t now)
{
	struct bfd_session *s, *next;
	HASH_ITER (hh, all->by_id, s, next) {
		s->is_known = false;
		list_remove(&s->unsent);
		if (s->is_freed) {
			bfd_sessions_release(all, s);
			continue;
		}
		if (resume && can_go_on(s))
			prepare(s, sent);
		else
			count_end(s, now);
		if (!s->is_leaving)
			bfd_sessions_mark(all, s);
	}
}
