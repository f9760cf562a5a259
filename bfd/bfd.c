/* SPDX-License-Identifier: MIT */
/*
 * The agent's side: what the helper is to do, and what it has said. Both are kept as state, not as
 * a queue of orders: a session that the helper has to hear of is marked, and its message is made
 * when the socket takes it, so that a helper that was started again learns all of it the same way.
 */
#include "bfd/bfd.h"

#include <errno.h>
#include <stdlib.h>

#include "bfd/message.h"
#include "bfd/process.h"
#include "bfd/sessions.h"
#include "lib/backoff.h"
#include "lib/list.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "process/loop.h"
#include "process/random.h"

/* A helper that ends again and again must not keep the host busy. */
#define RESTART_FIRST (100 * USEC_PER_MSEC)
#define RESTART_MAX   (10 * USEC_PER_SEC)
#define STEADY        (60 * USEC_PER_SEC)
/* It tells peers for a second at most; one that does not run is not waited for. */
#define STOP_LIMIT (2 * USEC_PER_SEC)

struct bfd {
	sd_event *loop;
	const struct bfd_ops *ops;
	void *userdata;
	struct bfd_sessions sessions;
	struct bfd_process process;
	bool owes_pong;
	uint32_t ping;
	struct backoff backoff;
	sd_event_source *restart, *stop_limit, *stopped;
	bool is_stopping;
	mono_t ended_at; /* the last helper that exited on its own; 0: none has */
	uint64_t restarts;
	struct bfd_counts counts;
};

static void end_if_idle(struct bfd *b);
static void start_helper(struct bfd *b);

/* ---- to the helper ---- */

static bool send_pong(struct bfd *b)
{
	const struct bfd_message m = { .type = BFD_MSG_PONG, .id = b->ping };
	b->owes_pong = b->owes_pong && !bfd_process_send(&b->process, &m);
	return !b->owes_pong;
}

static bool send_sessions(struct bfd *b)
{
	struct bfd_session *s;
	while ((s = list_first(&b->sessions.unsent, struct bfd_session, unsent))) {
		const struct bfd_message m = bfd_session_message(s);
		if (!bfd_process_send(&b->process, &m))
			return false;
		list_remove(&s->unsent);
		s->is_known = true;
		s->resume.discr = 0;
	}
	return true;
}

/* Messages that do not fit are sent when the socket has room again. */
static void flush(struct bfd *b)
{
	if (b->process.socket >= 0)
		bfd_process_want_room(&b->process, !send_pong(b) || !send_sessions(b));
}

/* ---- sessions ---- */

/* The session, whatever happened to it inside. */
static struct bfd_session *report(struct bfd_session *s, enum bfd_state to)
{
	struct bfd *b = s->owner;
	const uint32_t id = s->id;
	const enum bfd_state from = s->status.state;
	s->status.state = to;
	if (from != to && !b->is_stopping && !s->is_freed && b->ops->changed)
		b->ops->changed(s, &s->status, from, s->userdata);
	return bfd_sessions_find(&b->sessions, id);
}

/* Those that depend on it are told of a failure that they have not seen. */
static void report_all(struct bfd_session *s, enum bfd_state to, bool was_down)
{
	if (was_down)
		s = report(s, BFD_UP);
	if (s && was_down)
		s = report(s, BFD_DOWN);
	if (s)
		report(s, to);
}

static void on_status(struct bfd *b, const struct bfd_message *m)
{
	struct bfd_session *s = bfd_sessions_find(&b->sessions, m->id);
	if (!s)
		return;
	const uint64_t before = s->status.down_events;
	bfd_session_learn(s, &m->status);
	report_all(s, m->status.state, s->status.down_events > before);
}

static void on_gone(struct bfd *b, uint32_t id)
{
	struct bfd_session *s = bfd_sessions_find(&b->sessions, id);
	if (!s || !s->is_leaving)
		return;
	s->is_known = false;
	if (s->is_freed)
		bfd_sessions_release(&b->sessions, s);
	end_if_idle(b);
}

/* ---- stopping ---- */

static int on_stopped(sd_event_source *source, void *userdata)
{
	(void)source;
	const struct bfd *b = userdata;
	if (b->ops->stopped)
		b->ops->stopped(b->userdata);
	return 0;
}

static int on_stop_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct bfd *b = userdata;
	b->stop_limit = sd_event_source_disable_unref(b->stop_limit);
	loop_defer(b->loop, &b->stopped, LOOP_BGP, on_stopped, b);
	return 0;
}

/* Nothing is left to do: the helper ends, and a stop is complete. */
static void end_if_idle(struct bfd *b)
{
	if (!bfd_sessions_are_idle(&b->sessions))
		return;
	if (b->process.pid > 0 && !b->process.is_ending)
		bfd_process_end(&b->process);
	if (b->is_stopping && b->stop_limit) {
		b->stop_limit = sd_event_source_disable_unref(b->stop_limit);
		loop_defer(b->loop, &b->stopped, LOOP_BGP, on_stopped, b);
	}
}

void bfd_stop(struct bfd *b)
{
	if (b->is_stopping)
		return;
	b->is_stopping = true;
	b->restart = sd_event_source_disable_unref(b->restart);
	for (struct bfd_session *s = b->sessions.by_id; s; s = s->hh.next) {
		s->is_leaving = true;
		list_remove(&s->unsent);
		if (s->is_known)
			bfd_sessions_mark(&b->sessions, s);
	}
	loop_timer_set(b->loop, &b->stop_limit, usec_add(loop_clock(), STOP_LIMIT), LOOP_BGP,
		       on_stop_limit, b);
	flush(b);
	end_if_idle(b);
}

/* ---- the helper ---- */

/* One at a time, from the beginning: the callback may free any of them. */
static bool report_one_down(struct bfd *b)
{
	for (struct bfd_session *s = b->sessions.by_id; s; s = s->hh.next) {
		if (!s->is_lost)
			continue;
		s->is_lost = false;
		report(s, BFD_DOWN);
		return true;
	}
	return false;
}

static int on_restart(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	start_helper(userdata);
	return 0;
}

static void restart_later(struct bfd *b)
{
	const mono_t now = loop_clock();
	if (!b->is_stopping && bfd_sessions_count(&b->sessions) > 0)
		loop_timer_set(b->loop, &b->restart,
			       usec_add(now, backoff_next(&b->backoff, loop_random())), LOOP_BGP,
			       on_restart, b);
}

static void tell_trouble(const struct bfd *b, const char *text)
{
	if (b->ops->trouble)
		b->ops->trouble(text, b->userdata);
}

/* Sessions that nothing runs are not called up: the next helper takes them over at once, or they
 * are lost. */
static void go_on(struct bfd *b)
{
	start_helper(b);
	if (b->process.pid == 0)
		bfd_sessions_give_up(&b->sessions, loop_clock());
}

/* One that ends again and again is not to be relied on. */
static bool is_first_end(struct bfd *b)
{
	const mono_t now = loop_clock(), before = b->ended_at;
	b->ended_at = now;
	return before == 0 || usec_sub(now, before) > STEADY;
}

static void on_ended(const char *why, void *userdata)
{
	struct bfd *b = userdata;
	const bool was_expected = b->process.is_ending;
	const bool resume = !was_expected && !b->is_stopping && is_first_end(b);
	if (usec_sub(loop_clock(), b->process.started_at) > STEADY)
		backoff_reset(&b->backoff);
	bfd_process_reap(&b->process);
	bfd_sessions_forget_helper(&b->sessions, resume, b->process.sent, loop_clock());
	if (was_expected) {
		if (!b->is_stopping && bfd_sessions_count(&b->sessions) > 0)
			start_helper(b);
		return;
	}
	b->restarts++;
	if (resume)
		go_on(b);
	else
		restart_later(b);
	while (report_one_down(b))
		;
	tell_trouble(b, why);
	end_if_idle(b);
}

static bool on_message(const struct bfd_message *m, void *userdata)
{
	struct bfd *b = userdata;
	switch ((enum bfd_message_type)m->type) {
	case BFD_MSG_STATUS:
		on_status(b, m);
		return true;
	case BFD_MSG_GONE:
		on_gone(b, m->id);
		return true;
	case BFD_MSG_PING:
		b->ping = m->id;
		b->owes_pong = true;
		flush(b);
		return true;
	case BFD_MSG_COUNTS:
		b->counts = m->counts;
		return true;
	case BFD_MSG_SESSION:
	case BFD_MSG_REMOVE:
	case BFD_MSG_PONG:
		break;
	}
	return false;
}

static void on_ready(void *userdata)
{
	flush(userdata);
}

static void warn_of_weak_numbers(void)
{
	uint32_t any;
	if (!random_unguessable(&any))
		log_warn("bfd", "the random numbers of the kernel are not ready yet (early boot): "
				"discriminators of sessions that begin now can be guessed");
}

/* Does nothing where there is one, or one is to be started later. */
static void start_helper(struct bfd *b)
{
	struct err err;
	b->restart = sd_event_source_disable_unref(b->restart);
	if (b->process.pid > 0)
		return;
	b->owes_pong = false;
	if (bfd_process_start(&b->process, &err) == 0) {
		warn_of_weak_numbers();
		flush(b);
		return;
	}
	tell_trouble(b, err.text);
	restart_later(b);
}

/* ---- the interface ---- */

int bfd_new(sd_event *loop, const struct bfd_ops *ops, void *userdata, struct bfd **ret,
	    struct err *err)
{
	static const struct bfd_process_ops process_ops = { on_message, on_ready, on_ended };
	(void)err;
	struct bfd *b = mem_new(1, sizeof(*b));
	b->loop = sd_event_ref(loop);
	b->ops = ops;
	b->userdata = userdata;
	bfd_process_init(&b->process, b->loop, &process_ops, b);
	b->backoff = (struct backoff){ RESTART_FIRST, RESTART_MAX, 0 };
	bfd_sessions_init(&b->sessions);
	*ret = b;
	return 0;
}

void bfd_free(struct bfd *b)
{
	if (!b)
		return;
	bfd_process_done(&b->process);
	bfd_sessions_done(&b->sessions);
	sd_event_source_disable_unref(b->restart);
	sd_event_source_disable_unref(b->stop_limit);
	sd_event_source_disable_unref(b->stopped);
	sd_event_unref(b->loop);
	free(b);
}

static int check_new(const struct bfd *b, const struct bfd_key *key,
		     const struct bfd_config *config, struct err *err)
{
	char text[BFD_KEY_TEXT_MAX];
	int rc = bfd_check(key, config, err);
	if (rc < 0)
		return rc;
	if (b->is_stopping)
		return err_set(err, -ESHUTDOWN, "BFD is stopping");
	if (bfd_session_find(b, key))
		return err_set(err, -EEXIST, "there is a BFD session with %s already",
			       bfd_key_format(key, text));
	if (bfd_sessions_count(&b->sessions) >= BFD_SESSIONS_MAX)
		return err_set(err, -ENOSPC, "more than %d BFD sessions", BFD_SESSIONS_MAX);
	return 0;
}

int bfd_session_new(struct bfd *b, const struct bfd_key *key, const struct bfd_config *config,
		    void *userdata, struct bfd_session **ret, struct err *err)
{
	int rc = check_new(b, key, config, err);
	if (rc < 0)
		return rc;
	struct bfd_session *s = bfd_sessions_add(&b->sessions, key, config, loop_clock());
	s->owner = b;
	s->userdata = userdata;
	*ret = s;
	if (b->process.pid == 0 && !b->restart)
		start_helper(b);
	else
		flush(b);
	return 0;
}

int bfd_session_change(struct bfd_session *s, const struct bfd_config *config, struct err *err)
{
	int rc = bfd_check(&s->key, config, err);
	if (rc < 0 || bfd_config_equal(&s->config, config))
		return rc;
	s->config = *config;
	if (!s->is_leaving) {
		bfd_sessions_mark(&s->owner->sessions, s);
		flush(s->owner);
	}
	return 0;
}

void bfd_session_free(struct bfd_session *s)
{
	if (!s)
		return;
	struct bfd *b = s->owner;
	if (!s->is_known) {
		bfd_sessions_release(&b->sessions, s);
		end_if_idle(b);
		return;
	}
	s->is_freed = true;
	if (s->is_leaving)
		return;
	s->is_leaving = true;
	bfd_sessions_mark(&b->sessions, s);
	flush(b);
}

const struct bfd_key *bfd_session_key(const struct bfd_session *s)
{
	return &s->key;
}

const struct bfd_config *bfd_session_config(const struct bfd_session *s)
{
	return &s->config;
}

const struct bfd_status *bfd_session_status(const struct bfd_session *s)
{
	return &s->status;
}

struct bfd_session *bfd_session_find(const struct bfd *b, const struct bfd_key *key)
{
	return bfd_sessions_find_key(&b->sessions, key);
}

const struct bfd_counts *bfd_counts(const struct bfd *b)
{
	return &b->counts;
}

pid_t bfd_helper_pid(const struct bfd *b)
{
	return b->process.pid;
}

uint64_t bfd_helper_restarts(const struct bfd *b)
{
	return b->restarts;
}
