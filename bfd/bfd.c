/* SPDX-License-Identifier: MIT */
/*
 * The agent's side: what the helper is to do, and what it has said. Both are kept as state, not as a
 * queue of orders: a session that the helper has to hear of is marked, and its message is made when the
 * socket takes it, so that a helper that was started again learns all of it the same way.
 */
#include "bfd/bfd.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bfd/helper.h"
#include "bfd/message.h"
#include "bfd/sessions.h"
#include "lib/backoff.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "process/fd.h"
#include "process/loop.h"
#include "process/subreaper.h"

/* A helper that ends again and again must not keep the host busy. */
#define RESTART_FIRST (100 * USEC_PER_MSEC)
#define RESTART_MAX   (10 * USEC_PER_SEC)
#define STEADY        (60 * USEC_PER_SEC)
/* It tells peers for a second at most; one that does not run is not waited for. */
#define STOP_LIMIT   (2 * USEC_PER_SEC)
#define MESSAGES_MAX 64

struct helper {
	pid_t pid; /* 0: there is none */
	int socket, pidfd;
	sd_event_source *input, *end;
	struct subreaper_tree tree; /* keeps others from reaping it */
	mono_t started_at;
	bool is_ending; /* as it should */
	bool owes_pong;
	uint32_t ping;
};

struct bfd {
	sd_event *loop;
	const struct bfd_ops *ops;
	void *userdata;
	struct bfd_sessions sessions;
	struct helper helper;
	struct backoff backoff;
	sd_event_source *restart, *stop_limit, *stopped;
	bool is_stopping;
	uint32_t *sent;  /* shared with the helper: sequence numbers; NULL: none */
	mono_t ended_at; /* the last helper that ended by itself; 0: none has */
	uint64_t restarts;
	struct bfd_counts counts;
};

static void end_if_idle(struct bfd *b);
static void start_helper(struct bfd *b);

/* ---- to the helper ---- */

static bool send_message(const struct bfd *b, const struct bfd_message *m)
{
	return send(b->helper.socket, m, bfd_message_size(m), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static bool send_pong(struct bfd *b)
{
	const struct bfd_message m = { .type = BFD_MSG_PONG, .id = b->helper.ping };
	b->helper.owes_pong = b->helper.owes_pong && !send_message(b, &m);
	return !b->helper.owes_pong;
}

static bool send_sessions(struct bfd *b)
{
	struct bfd_session *s;
	while ((s = list_first(&b->sessions.unsent, struct bfd_session, unsent))) {
		const struct bfd_message m = bfd_session_message(s);
		if (!send_message(b, &m))
			return false;
		list_remove(&s->unsent);
		s->is_known = true;
		s->resume.discr = 0;
	}
	return true;
}

/* What does not fit leaves when the socket has room again. */
static void flush(struct bfd *b)
{
	if (b->helper.socket < 0)
		return;
	const bool all = send_pong(b) && send_sessions(b);
	(void)sd_event_source_set_io_events(b->helper.input, EPOLLIN | (all ? 0 : EPOLLOUT));
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
	loop_defer(b->loop, &b->stopped, LOOP_BGP, on_stopped, b);
	return 0;
}

/* Nothing is left to do: the helper ends, and a stop is complete. */
static void end_if_idle(struct bfd *b)
{
	struct helper *h = &b->helper;
	if (!bfd_sessions_are_idle(&b->sessions))
		return;
	if (h->pid > 0 && !h->is_ending) {
		h->is_ending = true;
		h->input = sd_event_source_disable_unref(h->input);
		fd_close(&h->socket);
		kill(h->pid, SIGKILL);
	}
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

/* Waits for one that was killed: at the very end only. */
static void reap(struct helper *h, bool wait)
{
	siginfo_t si;
	h->input = sd_event_source_disable_unref(h->input);
	h->end = sd_event_source_disable_unref(h->end);
	fd_close(&h->socket);
	fd_close(&h->pidfd);
	if (h->pid == 0)
		return;
	kill(h->pid, SIGKILL);
	subreaper_tree_end(&h->tree);
	while (waitid(P_PID, (id_t)h->pid, &si, WEXITED | (wait ? 0 : WNOHANG)) < 0 &&
	       errno == EINTR)
		;
	h->pid = 0;
}

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

/* Sessions that nothing runs are not called up: the next helper takes them over at once, or they are lost. */
static void go_on(struct bfd *b)
{
	start_helper(b);
	if (b->helper.pid == 0)
		bfd_sessions_give_up(&b->sessions, loop_clock());
}

/* One that ends again and again is no ground to stand on. */
static bool is_first_end(struct bfd *b)
{
	const mono_t now = loop_clock(), before = b->ended_at;
	b->ended_at = now;
	return before == 0 || usec_sub(now, before) > STEADY;
}

static void helper_ended(struct bfd *b, const char *why)
{
	struct helper *h = &b->helper;
	const bool was_expected = h->is_ending;
	const bool resume = !was_expected && !b->is_stopping && is_first_end(b);
	if (usec_sub(loop_clock(), h->started_at) > STEADY)
		backoff_reset(&b->backoff);
	reap(h, false);
	bfd_sessions_forget_helper(&b->sessions, resume, b->sent, loop_clock());
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

/* False: it is no helper of ours any more. */
static bool take_message(struct bfd *b, const struct bfd_message *m)
{
	switch ((enum bfd_message_type)m->type) {
	case BFD_MSG_STATUS:
		on_status(b, m);
		return true;
	case BFD_MSG_GONE:
		on_gone(b, m->id);
		return true;
	case BFD_MSG_PING:
		b->helper.ping = m->id;
		b->helper.owes_pong = true;
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

/* The callbacks inside may end the helper: its socket is looked at anew each time. */
static int on_input(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct bfd *b = userdata;
	struct bfd_message m, buf;
	for (unsigned i = 0; i < MESSAGES_MAX && b->helper.socket >= 0; i++) {
		ssize_t n = recv(b->helper.socket, &buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) { /* on_end() follows */
			b->helper.input = sd_event_source_disable_unref(b->helper.input);
			fd_close(&b->helper.socket);
			return 0;
		}
		if (bfd_message_read(&buf, (size_t)n, false, &m) < 0 || !take_message(b, &m)) {
			helper_ended(b, "the process that runs BFD sends what cannot be "
					"understood; it was ended");
			return 0;
		}
	}
	flush(b);
	return 0;
}

/* What it has said before is heard first: it may have taken a session down. */
static int on_end(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct bfd *b = userdata;
	const pid_t pid = b->helper.pid;
	if (b->helper.socket >= 0)
		on_input(source, fd, revents, b);
	if (b->helper.pid == pid)
		helper_ended(b, "the process that runs BFD has ended");
	return 0;
}

/* Without it authenticated sessions are not resumed. */
static void share_numbers(struct bfd *b)
{
	if (b->sent)
		return;
	void *shared = mmap(NULL, BFD_SLOTS * sizeof(*b->sent), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	b->sent = shared == MAP_FAILED ? NULL : shared;
}

static int watch_helper(struct bfd *b)
{
	struct helper *h = &b->helper;
	subreaper_tree_init(&h->tree);
	subreaper_tree_start(&h->tree, h->pid);
	h->pidfd = (int)syscall(SYS_pidfd_open, h->pid, 0);
	if (h->pidfd < 0)
		return -errno;
	int rc = loop_io_add(b->loop, &h->input, h->socket, EPOLLIN, LOOP_BGP, on_input, b);
	return rc < 0 ? rc : loop_io_add(b->loop, &h->end, h->pidfd, EPOLLIN, LOOP_BGP, on_end, b);
}

/* Does nothing where there is one, or one is to be started later. */
static void start_helper(struct bfd *b)
{
	struct err err;
	struct helper *h = &b->helper;
	b->restart = sd_event_source_disable_unref(b->restart);
	if (h->pid > 0)
		return;
	*h = (struct helper){ .socket = -1, .pidfd = -1, .started_at = loop_clock() };
	share_numbers(b);
	int rc = bfd_helper_start(b->sent, &h->pid, &h->socket, &err);
	if (rc == 0 && (rc = watch_helper(b)) < 0)
		err_set(&err, rc, "cannot watch the BFD process: %s", strerror(-rc));
	if (rc == 0) {
		flush(b);
		return;
	}
	reap(h, false);
	tell_trouble(b, err.text);
	restart_later(b);
}

/* ---- the interface ---- */

int bfd_new(sd_event *loop, const struct bfd_ops *ops, void *userdata, struct bfd **ret,
	    struct err *err)
{
	(void)err;
	struct bfd *b = mem_new(1, sizeof(*b));
	b->loop = sd_event_ref(loop);
	b->ops = ops;
	b->userdata = userdata;
	b->helper = (struct helper){ .socket = -1, .pidfd = -1 };
	b->backoff = (struct backoff){ RESTART_FIRST, RESTART_MAX, 0 };
	bfd_sessions_init(&b->sessions);
	*ret = b;
	return 0;
}

void bfd_free(struct bfd *b)
{
	if (!b)
		return;
	reap(&b->helper, true);
	bfd_sessions_done(&b->sessions);
	if (b->sent)
		munmap(b->sent, BFD_SLOTS * sizeof(*b->sent));
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
	if (b->helper.pid == 0 && !b->restart)
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
	return b->helper.pid;
}

uint64_t bfd_helper_restarts(const struct bfd *b)
{
	return b->restarts;
}
