/* SPDX-License-Identifier: MIT */
#include "agent/programs/programs.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/programs/answer.h"
#include "agent/programs/program_routes.h"
#include "agent/programs/program_run.h"
#include "agent/programs/reload_pace.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

/* How often it is looked at whether all have arrived. */
#define ARRIVAL_POLL (50 * USEC_PER_MSEC)
/* A program has said its first lines when it has had a route, and was quiet for so long. */
#define QUIET (300 * USEC_PER_MSEC)
/* Routes that are tried again in a turn of the loop. */
#define RETRIES_A_TURN 200
/* How often it is looked at, in a stop, whether all that they had started is gone. */
#define REAPED_POLL (5 * USEC_PER_MSEC)
/* How long one that was killed may take. */
#define KILLED_MAX (500 * USEC_PER_MSEC)

struct known_peer {
	char name[BGP_PEER_NAME_MAX];
	bool up;
};

struct programs {
	struct programs_env env;
	struct known_peer *peers; /* as told */
	size_t n_peers, cap_peers;
	struct list running;  /* struct program */
	struct list stopping; /* those that a reload has removed */
	mono_t limit;         /* of the arrival */
	sd_event_source *arrival, *retry, *sweep;
	uint64_t pass; /* of the retries */
	struct reload_pace pace;
	sd_event_source *reload;
	char reload_by[64]; /* the last program that has asked */
	bool arrived, stopped;
	char host[256];
	/* Of a stop; NULL: none is waited for. */
	void (*done)(void *userdata);
	void *done_userdata;
	sd_event_source *end_of_stop;
	mono_t limit_of_stop;
	bool had_left, killed; /* processes, when the stop began */
};

/* ---- The first lines. ---- */

/* One that has ended, or that only its fifo can speak for, is not waited for. */
static bool has_arrived(const struct program *p, mono_t now)
{
	bool spoke = p->last_route > 0 && usec_add(p->last_route, QUIET) <= now;
	return spoke || p->state == PROGRAM_DONE || p->state == PROGRAM_READS;
}

static bool have_all(const struct programs *ps, mono_t now)
{
	list_for_each (it, &ps->running)
		if (!has_arrived(list_entry(it, struct program, node), now))
			return false;
	return true;
}

static int on_arrival(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct programs *ps = userdata;
	mono_t now = loop_now(ps->env.loop);
	if (now < ps->limit && !have_all(ps, now)) {
		loop_timer_set(ps->env.loop, &ps->arrival, usec_add(now, ARRIVAL_POLL), LOOP_APPLY,
			       on_arrival, ps);
		return 0;
	}
	ps->arrived = true;
	ps->env.arrived(ps->env.userdata);
	return 0;
}

/* ---- Names and VIPs that have become free. ---- */

static int on_retry(sd_event_source *source, void *userdata)
{
	(void)source;
	struct programs *ps = userdata;
	size_t left = RETRIES_A_TURN;
	list_for_each (it, &ps->running)
		left -= program_retry(list_entry(it, struct program, node), ps->pass, left);
	if (left == 0)
		loop_defer(ps->env.loop, &ps->retry, LOOP_IDLE, on_retry, ps);
	return 0;
}

static void retry(void *userdata)
{
	struct programs *ps = userdata;
	if (ps->stopped)
		return;
	ps->pass++;
	loop_defer(ps->env.loop, &ps->retry, LOOP_IDLE, on_retry, ps);
}

/* ---- The reload that they ask for. ---- */

static int on_reload(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct programs *ps = userdata;
	reload_pace_begin(&ps->pace, loop_now(ps->env.loop));
	ps->env.reload(ps->reload_by, ps->env.userdata);
	return 0;
}

static void ask_reload(const struct program *p, void *userdata)
{
	struct programs *ps = userdata;
	mono_t at = reload_pace_ask(&ps->pace, loop_now(ps->env.loop));
	str_copy(ps->reload_by, sizeof(ps->reload_by), p->spec.name);
	if (at != USEC_NEVER)
		loop_timer_set(ps->env.loop, &ps->reload, at, LOOP_APPLY, on_reload, ps);
}

/* ---- Life. ---- */

static struct program *find_in(const struct list *list, const char *name)
{
	list_for_each (it, list) {
		struct program *p = list_entry(it, struct program, node);
		if (str_equal(p->spec.name, name))
			return p;
	}
	return NULL;
}

static void on_gone(void *userdata);

static const struct program_owner owner = { .gone = on_gone, .again = retry, .reload = ask_reload };

/* Two processes of one name at a time would both use what is theirs: a port, a file, an address. */
static void add(struct programs *ps, const struct program_spec *spec)
{
	struct program *p = program_new(&ps->env, spec);
	p->owner = &owner;
	p->owner_userdata = ps;
	list_append(&ps->running, &p->node);
	if (!find_in(&ps->stopping, spec->name))
		program_start(p);
}

struct programs *programs_new(const struct programs_env *env, const struct program_list *list,
			      mono_t limit)
{
	struct programs *ps = mem_new(1, sizeof(*ps));
	ps->env = *env;
	ps->limit = limit;
	list_init(&ps->running);
	list_init(&ps->stopping);
	if (gethostname(ps->host, sizeof(ps->host) - 1) < 0)
		str_copy(ps->host, sizeof(ps->host), "localhost");
	registry_on_freed(env->registry, retry, ps);
	for (size_t i = 0; i < list->n; i++)
		add(ps, &list->items[i]);
	loop_timer_set(env->loop, &ps->arrival, loop_now(env->loop), LOOP_APPLY, on_arrival, ps);
	return ps;
}

static void free_all(struct list *list)
{
	list_for_each (it, list) {
		struct program *p = list_entry(it, struct program, node);
		list_remove(&p->node);
		program_free(p);
	}
}

void programs_free(struct programs *ps)
{
	if (!ps)
		return;
	registry_on_freed(ps->env.registry, NULL, ps);
	sd_event_source_disable_unref(ps->arrival);
	sd_event_source_disable_unref(ps->retry);
	sd_event_source_disable_unref(ps->reload);
	sd_event_source_disable_unref(ps->sweep);
	sd_event_source_disable_unref(ps->end_of_stop);
	free_all(&ps->running);
	free_all(&ps->stopping);
	free(ps->peers);
	free(ps);
}

/* ---- A reload. ---- */

static void start_next(struct programs *ps, const char *name)
{
	struct program *next = find_in(&ps->running, name);
	if (next && !ps->stopped && !find_in(&ps->stopping, name))
		program_start(next);
}

/* Those that have ended are freed, not from inside their own callbacks. */
static int on_sweep(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct programs *ps = userdata;
	list_for_each (it, &ps->stopping) {
		struct program *p = list_entry(it, struct program, node);
		if (!program_is_gone(p))
			continue;
		list_remove(&p->node);
		start_next(ps, p->spec.name);
		program_free(p);
	}
	if (!list_empty(&ps->stopping))
		loop_timer_set(ps->env.loop, &ps->sweep,
			       usec_add(loop_now(ps->env.loop), ARRIVAL_POLL), LOOP_IDLE, on_sweep,
			       ps);
	return 0;
}

/* Its routes go at once, its process when it has exited on its own or was killed. */
static void let_go(struct programs *ps, struct program *p)
{
	program_withdraw_all(p, true);
	if (program_app(p))
		registry_unregister(ps->env.registry, p->spec.name, loop_now(ps->env.loop));
	program_stop(p);
	list_remove(&p->node);
	list_append(&ps->stopping, &p->node);
	loop_timer_set(ps->env.loop, &ps->sweep, usec_add(loop_now(ps->env.loop), ARRIVAL_POLL),
		       LOOP_IDLE, on_sweep, ps);
}

static void change_one(struct programs *ps, const struct program_spec *spec)
{
	struct program *p = find_in(&ps->running, spec->name);
	if (p && program_spec_runs_alike(&p->spec, spec)) {
		program_change(p, spec);
		return;
	}
	if (p)
		let_go(ps, p);
	add(ps, spec);
}

void programs_change(struct programs *ps, const struct program_list *list)
{
	if (!ps || ps->stopped)
		return;
	list_for_each (it, &ps->running) {
		struct program *p = list_entry(it, struct program, node);
		if (!program_list_find(list, p->spec.name))
			let_go(ps, p);
	}
	for (size_t i = 0; i < list->n; i++)
		change_one(ps, &list->items[i]);
}

/* ---- A stop. ---- */

void programs_mute(struct programs *ps)
{
	if (!ps || ps->stopped)
		return;
	ps->stopped = true;
	ps->arrival = sd_event_source_disable_unref(ps->arrival);
	ps->retry = sd_event_source_disable_unref(ps->retry);
	ps->reload = sd_event_source_disable_unref(ps->reload);
	list_for_each (it, &ps->running)
		program_mute(list_entry(it, struct program, node));
}

static size_t left_in(const struct list *list)
{
	size_t n = 0;
	list_for_each (it, list)
		n += list_entry(it, struct program, node)->child != NULL;
	return n;
}

size_t programs_left(const struct programs *ps)
{
	return ps ? left_in(&ps->running) + left_in(&ps->stopping) : 0;
}

void programs_stop(struct programs *ps)
{
	programs_mute(ps);
	if (!ps)
		return;
	ps->had_left |= programs_left(ps) > 0;
	list_for_each (it, &ps->running)
		program_stop(list_entry(it, struct program, node));
}

/* Leftover processes of checks, such as one blocked on a dead file server, are only waited for if a
 * program has run. */
static bool all_gone(const struct programs *ps)
{
	return programs_left(ps) == 0 && (!ps->had_left || child_all_reaped());
}

/* Once. */
static void tell_done(struct programs *ps)
{
	void (*done)(void *userdata) = ps->done;
	ps->done = NULL;
	ps->end_of_stop = sd_event_source_disable_unref(ps->end_of_stop);
	if (done)
		done(ps->done_userdata);
}

static void kill_left(const struct list *list)
{
	list_for_each (it, list) {
		const struct program *p = list_entry(it, struct program, node);
		if (!p->child)
			continue;
		log_warn("exec", "process %s has not ended after SIGTERM, killing it",
			 p->spec.name);
		child_signal(p->child, SIGKILL);
	}
}

static void wait_on(struct programs *ps);

/* Their descendants, also those that have left their process groups, are killed in turns of the
 * loop. */
static int on_end_of_stop(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct programs *ps = userdata;
	mono_t now = loop_now(ps->env.loop);
	if (now >= ps->limit_of_stop && !ps->killed) {
		ps->killed = true;
		ps->limit_of_stop = usec_add(now, KILLED_MAX);
		kill_left(&ps->running);
		kill_left(&ps->stopping);
	}
	if (all_gone(ps) || now >= ps->limit_of_stop)
		tell_done(ps);
	else
		wait_on(ps);
	return 0;
}

static void wait_on(struct programs *ps)
{
	mono_t next = programs_left(ps) > 0 ? ps->limit_of_stop
					    : usec_add(loop_now(ps->env.loop), REAPED_POLL);
	loop_timer_set(ps->env.loop, &ps->end_of_stop, next, LOOP_APPLY, on_end_of_stop, ps);
}

static void on_gone(void *userdata)
{
	struct programs *ps = userdata;
	if (ps->done && programs_left(ps) == 0)
		wait_on(ps);
}

void programs_finish(struct programs *ps, mono_t limit, void (*done)(void *userdata),
		     void *userdata)
{
	if (!ps || all_gone(ps)) {
		done(userdata);
		return;
	}
	ps->done = done;
	ps->done_userdata = userdata;
	ps->limit_of_stop = limit;
	wait_on(ps);
}

/* ---- Sessions. ---- */

static void tell(struct programs *ps, const struct bgp_peer_status *peer, bool up)
{
	char text[1024];
	list_for_each (it, &ps->running) {
		struct program *p = list_entry(it, struct program, node);
		struct strbuf sb = strbuf_over(text, sizeof(text));
		if (p->spec.encoder == PROGRAM_TELLS_NOTHING || !p->child)
			continue;
		const struct answer_session s = {
			.peer = peer,
			.up = up,
			.why = peer->last_error,
			.host = ps->host,
			.pid = (int)getpid(),
			.parent = (int)getppid(),
			.number = ++p->n_told,
			.at = wall_now(),
		};
		answer_session(&s, p->spec.encoder, &sb);
		outbox_line(&p->answers, text);
	}
}

/* Those that are up have a place in the list. */
static bool *is_up(struct programs *ps, const struct bgp_peer_config *peer)
{
	char name[BGP_PEER_NAME_MAX];
	bgp_peer_name(peer, name);
	for (size_t i = 0; i < ps->n_peers; i++)
		if (str_equal(ps->peers[i].name, name))
			return &ps->peers[i].up;
	ps->peers = mem_grow(ps->peers, &ps->cap_peers, ps->n_peers + 1, sizeof(*ps->peers));
	struct known_peer *known = &ps->peers[ps->n_peers++];
	str_copy(known->name, sizeof(known->name), name);
	return &known->up;
}

void programs_peer_changed(struct programs *ps, const struct bgp_peer_status *peer)
{
	bool up = peer->established_since != USEC_NEVER;
	bool *was_up = ps ? is_up(ps, peer->config) : NULL;
	if (!was_up || *was_up == up)
		return;
	*was_up = up;
	tell(ps, peer, up);
}

/* ---- Views. ---- */

const struct program *programs_first(const struct programs *ps)
{
	return ps ? list_first(&ps->running, struct program, node) : NULL;
}

const struct program *programs_next(const struct programs *ps, const struct program *p)
{
	const struct list_node *next = p->node.next;
	(void)ps;
	return next == &ps->running.head ? NULL : list_entry(next, struct program, node);
}
