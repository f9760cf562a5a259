/* SPDX-License-Identifier: MIT */
#include "agent/daemon/rolling.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/app/drains.h"
#include "agent/daemon/host_shutdown.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/rolling_apps.h"
#include "agent/fleet/fleet_agent.h"
#include "agent/fleet/fleet_rolling.h"
#include "agent/store/place.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

/* Between looks at what is on this host. */
#define TICK (200 * USEC_PER_MSEC)
/* A client that is silent for so long, before its command begins, is gone. */
#define CLIENT_GONE (60 * USEC_PER_SEC)

struct rolling {
	struct agent *a;
	struct roll *roll;          /* NULL: none */
	struct fleet_rolling *slot; /* NULL: not begun, or no fleet */
	bool may_be_late;           /* writes of an instance before */
	bool is_cancelled;          /* it ends without its command */
	enum roll_phase before;     /* it was gone on with from there; ROLL_WAITING: it is new */
	bool has_ended;             /* the command has, perhaps only as the host shuts down */
	enum rolling_result result; /* has_ended */
	mono_t returns_at;          /* RETURNING: since then */
	mono_t asked_at;
	char last_id[FLEET_ROLL_ID_MAX];
	const char *last_end;
	sd_event_source *timer;
	rolling_changed_cb *changed;
	void *userdata;
	bool is_stopped;
};

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata);
static fleet_rolling_cb on_slot;

const struct roll *rolling_current(const struct rolling *w)
{
	return w ? w->roll : NULL;
}

const char *rolling_last(const struct rolling *w, const char **ret_end)
{
	*ret_end = w->last_end;
	return w->last_id;
}

static void set_roll(struct rolling *w, struct roll *r)
{
	w->roll = r;
	w->a->roll = r; /* for the status */
}

static mono_t now_of(const struct rolling *w)
{
	return loop_now(w->a->loop);
}

static void schedule(struct rolling *w, mono_t when)
{
	loop_timer_set(w->a->loop, &w->timer, when, LOOP_HTTP, on_tick, w);
}

/* "dns and 2 more" */
static const char *name_of(const struct roll *r, char buf[static 200])
{
	int n = snprintf(buf, 200, "%.128s", r->apps[0]);
	if (r->n_apps > 1)
		snprintf(buf + n, 200 - (size_t)n, " and %zu more", r->n_apps - 1);
	return buf;
}

static void set_note(struct rolling *w, const char *note)
{
	if (str_equal(w->roll->note, note))
		return;
	str_printable(w->roll->note, sizeof(w->roll->note), note, strlen(note));
	w->changed(w->userdata);
}

/* ---- what the phase stands for ---- */

static void apply_drain(struct rolling *w, const struct log_requester *by)
{
	const struct roll *r = w->roll;
	char reason[DRAIN_REASON_MAX];
	bool on = r && roll_drains(r);
	snprintf(reason, sizeof(reason), "rolling work%s%s", on && r->why[0] ? ": " : "",
		 on ? r->why : "");
	registry_set_rolled(w->a->registry, on ? r->apps : NULL, on ? r->n_apps : 0, reason, by,
			    now_of(w));
}

static void log_phase(const struct rolling *w)
{
	char name[200];
	const struct roll *r = w->roll;
	const char *app = r->apps[0];
	name_of(r, name);
	switch (r->phase) {
	case ROLL_WAITING:
		log_info("fleet", "rolling work on %s waits for one of %" PRIu32 " slots", name,
			 r->limit);
		break;
	case ROLL_DRAINING:
		if (w->before == ROLL_FAILED)
			log_info("fleet",
				 "rolling work on %s is repeated: it stays drained, looking for "
				 "one of %" PRIu32 " slots",
				 name, r->limit);
		else
			log_event(
				LOG_INFO, "fleet", EVENT("fleet.rolling", .app = app, .by = r->by),
				"%s has one of %" PRIu32 " slots for rolling work, draining it%s%s",
				name, r->limit, r->why[0] ? ": " : "", r->why);
		break;
	case ROLL_DRAINED:
		log_info("fleet", "%s is drained for rolling work, the command may run", name);
		break;
	case ROLL_RETURNING:
		log_info("fleet", "rolling work on %s is done, waiting until it is back in service",
			 name);
		break;
	case ROLL_RELEASING:
		log_debug("fleet", "giving back the slot of %s", name);
		break;
	case ROLL_FAILED:
		log_event(LOG_WARNING, "fleet", EVENT("fleet.failed", .app = app, .by = r->by),
			  "rolling work on %s failed, exit status %d: it stays drained and "
			  "keeps its slot, so that the roll stops; fix it, then repeat the command "
			  "or run 'vipherald fleet release'",
			  name, r->exit_status);
		break;
	}
}

static void begin_return(struct rolling *w)
{
	w->returns_at = loop_clock();
	rolling_check(w->a, w->roll);
}

static void enter(struct rolling *w, enum roll_phase phase, const struct log_requester *by)
{
	struct roll *r = w->roll;
	r->phase = phase;
	r->since = wall_now();
	r->note[0] = '\0';
	w->has_ended = false;
	store_put_roll(w->a->store, r);
	log_phase(w);
	apply_drain(w, by);
	if (phase == ROLL_RELEASING && w->slot)
		fleet_rolling_release(w->slot);
	if (phase == ROLL_RETURNING)
		begin_return(w);
	schedule(w, now_of(w));
	w->changed(w->userdata);
}

static void end(struct rolling *w)
{
	char name[200];
	struct roll *r = w->roll;
	w->last_end = w->is_cancelled ? "cancelled" : "released";
	str_copy(w->last_id, sizeof(w->last_id), r->id);
	log_event(LOG_INFO, "fleet", EVENT("fleet.released", .app = r->apps[0], .by = r->by),
		  "rolling work on %s has ended, its slot is free", name_of(r, name));
	fleet_rolling_free(w->slot);
	w->slot = NULL;
	set_roll(w, NULL);
	roll_done(r);
	free(r);
	store_put_roll(w->a->store, NULL);
	apply_drain(w, NULL);
	w->timer = sd_event_source_disable_unref(w->timer);
	w->changed(w->userdata);
}

/* ---- the slot ---- */

static enum fleet_roll_state slot_state(enum roll_phase phase)
{
	switch (phase) {
	case ROLL_WAITING:
		return FLEET_ROLL_WAITING;
	case ROLL_RELEASING:
		return FLEET_ROLL_RELEASING;
	case ROLL_DRAINING:
		return FLEET_ROLL_CHECKING;
	case ROLL_DRAINED:
	case ROLL_RETURNING:
	case ROLL_FAILED:
		break;
	}
	return FLEET_ROLL_HELD;
}

static void begin_slot(struct rolling *w, enum fleet_roll_state state)
{
	const struct roll *r = w->roll;
	struct err err;
	struct fleet_rolling_spec spec = {
		.vips = r->vips,
		.n_vips = r->n_vips,
		.limit = r->limit,
		.me = { .since = r->begun },
		.state = state,
		.may_be_late = w->may_be_late,
	};
	str_copy(spec.me.id, sizeof(spec.me.id), r->id);
	str_copy(spec.me.why, sizeof(spec.me.why), r->why);
	if (fleet_rolling_new(fleet_agent_shared(w->a->fleet), &spec, on_slot, w, &w->slot, &err) <
	    0)
		set_note(w, err.text);
}

static void renew_slot(struct rolling *w, enum fleet_roll_state state)
{
	fleet_rolling_free(w->slot);
	w->slot = NULL;
	begin_slot(w, state);
}

static bool has_slot(const struct rolling *w)
{
	struct fleet_rolling_status s;
	if (!w->slot)
		return false;
	fleet_rolling_status(w->slot, &s);
	return s.state == FLEET_ROLL_HELD;
}

/* A slot without a record on the disk would be left over after a crash. */
static void begin_when_stored(struct rolling *w)
{
	uint64_t number;
	switch (store_progress(w->a->store, &number)) {
	case STORE_DONE:
		begin_slot(w, FLEET_ROLL_WAITING);
		break;
	case STORE_PENDING:
		break;
	case STORE_FAILED:
		set_note(w, "cannot write the state file, which has to record the slot");
		break;
	}
}

/* Between a look and what follows from it, the note of before stands. */
static void note_wait(struct rolling *w, const struct fleet_rolling_status *s)
{
	char note[ROLL_NOTE_MAX] = "";
	const struct fleet_roll_wait *wait = &s->wait;
	if (s->error[0])
		snprintf(note, sizeof(note), "Consul: %.400s", s->error);
	else if (wait->is_known && wait->by_guard)
		snprintf(note, sizeof(note),
			 "%zu other%s announced and in no other work, %zu must stay (fleet.vips)",
			 wait->others, wait->others == 1 ? " is" : "s are", wait->min_up);
	else if (wait->is_known && wait->taken >= w->roll->limit)
		snprintf(note, sizeof(note), "%zu of %" PRIu32 " slots taken, the longest by %s",
			 wait->taken, w->roll->limit, wait->node);
	if (note[0] || w->roll->phase == ROLL_RELEASING)
		set_note(w, note);
}

static void on_slot(void *userdata)
{
	struct rolling *w = userdata;
	struct fleet_rolling_status s;
	fleet_rolling_status(w->slot, &s);
	if (s.state == FLEET_ROLL_ENDED)
		end(w);
	else if (w->roll->phase == ROLL_WAITING && s.state == FLEET_ROLL_HELD)
		enter(w, ROLL_DRAINING, NULL);
	else if (s.state != FLEET_ROLL_HELD)
		note_wait(w, &s);
}

/* ---- the phases ---- */

/* Back to the phase before it was resumed: a host whose work failed stays drained. */
static void go_back(struct rolling *w)
{
	enum roll_phase before = w->before;
	w->before = ROLL_WAITING;
	if (!has_slot(w)) {
		w->may_be_late = true;
		renew_slot(w, FLEET_ROLL_HELD);
	}
	enter(w, before, NULL);
}

static void cancel(struct rolling *w, const char *why)
{
	log_info("fleet", "rolling work on %s is given up: %s", w->roll->apps[0], why);
	if (w->before != ROLL_WAITING) {
		go_back(w);
		return;
	}
	w->is_cancelled = true;
	enter(w, w->roll->phase == ROLL_WAITING ? ROLL_RELEASING : ROLL_RETURNING, NULL);
}

/* Of an instance before, or given up before it was begun. */
static void release_anew(struct rolling *w)
{
	if (w->a->fleet) {
		begin_slot(w, FLEET_ROLL_RELEASING);
		return;
	}
	log_warn("fleet",
		 "no fleet is configured any more: the slot of %s stays in Consul, free it "
		 "with 'vipherald fleet release' on another host",
		 w->roll->apps[0]);
	end(w);
}

static bool client_is_gone(const struct rolling *w)
{
	return usec_add(w->asked_at, CLIENT_GONE) <= now_of(w);
}

/* By a shutdown it is interrupted, or has asked for it: drained, it goes on after the boot. */
static void apply_result(struct rolling *w)
{
	if (!w->has_ended)
		return;
	if (host_shutdown_is_near(w->a))
		set_note(w, "the host shuts down");
	else
		enter(w, w->result == ROLLING_DONE ? ROLL_RETURNING : ROLL_FAILED, NULL);
}

static void step(struct rolling *w)
{
	char note[ROLL_NOTE_MAX];
	bool early = w->roll->phase == ROLL_WAITING || w->roll->phase == ROLL_DRAINING;
	if (early && client_is_gone(w)) {
		cancel(w, "its client has gone");
		return;
	}
	switch (w->roll->phase) {
	case ROLL_WAITING:
		if (!w->slot)
			begin_when_stored(w);
		break;
	case ROLL_DRAINING:
		if (!has_slot(w)) /* repeated, or after a restart */
			break;
		if (rolling_is_drained(w->a, w->roll, note))
			enter(w, ROLL_DRAINED, NULL);
		else
			set_note(w, note);
		break;
	case ROLL_RETURNING:
		if (rolling_is_back(w->a, w->roll, w->returns_at, note))
			enter(w, ROLL_RELEASING, NULL);
		else
			set_note(w, note);
		break;
	case ROLL_RELEASING:
		if (!w->slot)
			release_anew(w);
		break;
	case ROLL_DRAINED:
		apply_result(w);
		break;
	case ROLL_FAILED:
		break;
	}
}

static bool is_ticking(const struct rolling *w)
{
	if (!w->roll || w->roll->phase == ROLL_FAILED)
		return false;
	return w->roll->phase != ROLL_DRAINED || w->has_ended;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct rolling *w = userdata;
	(void)source, (void)usec;
	if (w->roll && !w->is_stopped)
		step(w);
	if (is_ticking(w) && !w->is_stopped)
		schedule(w, usec_add(now_of(w), TICK));
	return 0;
}

/* ---- orders ---- */

void rolling_asked(struct rolling *w)
{
	w->asked_at = now_of(w);
}

static bool has_same_apps(const struct roll *a, const struct roll *b)
{
	bool same = a->n_apps == b->n_apps;
	for (size_t i = 0; same && i < a->n_apps; i++)
		same = str_equal(a->apps[i], b->apps[i]);
	return same;
}

static int check_free(const struct rolling *w, const struct roll *wanted, bool is_awaited,
		      struct err *err)
{
	char name[200];
	const struct roll *r = w->roll;
	bool may_go_on =
		r && (r->phase == ROLL_FAILED || (r->phase == ROLL_RETURNING && !is_awaited));
	if (!r || (may_go_on && has_same_apps(r, wanted)))
		return 0;
	return err_set(err, -EBUSY,
		       "rolling work on %s is under way on this host (%s): wait for its end, or "
		       "cancel it with 'vipherald fleet release'",
		       name_of(r, name), roll_phase_name(r->phase));
}

static void make_id(char buf[static FLEET_ROLL_ID_MAX])
{
	snprintf(buf, FLEET_ROLL_ID_MAX, "%08" PRIx32 "%08" PRIx32, loop_random(), loop_random());
}

/* Its slot is there yet, unless it was freed by hand. What failed is drained all the while. */
static void go_on(struct rolling *w, const struct roll *wanted, const struct log_requester *by)
{
	struct roll *r = w->roll;
	make_id(r->id);
	r->quiet = wanted->quiet;
	r->limit = wanted->limit;
	str_copy(r->why, sizeof(r->why), wanted->why);
	str_copy(r->by, sizeof(r->by), by->by ? by->by : "");
	w->before = r->phase;
	w->is_cancelled = false;
	enter(w, w->before == ROLL_FAILED ? ROLL_DRAINING : ROLL_WAITING, by);
	renew_slot(w, FLEET_ROLL_CHECKING);
}

int rolling_begin(struct rolling *w, const struct roll *wanted, bool is_awaited,
		  const struct log_requester *by, struct err *err)
{
	struct state_place here;
	int rc = check_free(w, wanted, is_awaited, err);
	if (rc < 0)
		return rc;
	rolling_asked(w);
	if (w->roll) {
		go_on(w, wanted, by);
		return 0;
	}
	struct roll *r = mem_new(1, sizeof(*r));
	rc = rolling_make(w->a, wanted, r, err);
	if (rc < 0) {
		roll_done(r);
		free(r);
		return rc;
	}
	state_place_find(&here);
	str_copy(r->boot, sizeof(r->boot), here.boot);
	str_copy(r->by, sizeof(r->by), by->by ? by->by : "");
	make_id(r->id);
	set_roll(w, r);
	w->may_be_late = w->is_cancelled = false;
	w->before = ROLL_WAITING;
	enter(w, ROLL_WAITING, by);
	return 0;
}

static int refuse_phase(const struct roll *r, struct err *err)
{
	return err_set(err, -EBUSY, "rolling work on %.128s is %s: it cannot end in this phase",
		       r->apps[0], roll_phase_name(r->phase));
}

int rolling_finish(struct rolling *w, const char *id, enum rolling_result result, int exit_status,
		   struct err *err)
{
	struct roll *r = w->roll;
	if (!r || !str_equal(r->id, id))
		return err_set(err, -ENOENT, "no rolling work '%.40s' is under way", id);
	bool early = r->phase == ROLL_WAITING || r->phase == ROLL_DRAINING;
	if (result == ROLLING_CANCELLED && (early || r->phase == ROLL_DRAINED)) {
		cancel(w, "by its client");
		return 0;
	}
	/* Said twice, as when the answer to the first was lost. */
	if ((result == ROLLING_FAILED && r->phase == ROLL_FAILED) ||
	    (result != ROLLING_FAILED &&
	     (r->phase == ROLL_RETURNING || r->phase == ROLL_RELEASING)))
		return 0;
	if (r->phase != ROLL_DRAINED || result == ROLLING_CANCELLED)
		return refuse_phase(r, err);
	r->exit_status = exit_status;
	w->has_ended = true;
	w->result = result;
	apply_result(w);
	schedule(w, now_of(w));
	return 0;
}

void rolling_release(struct rolling *w, const struct log_requester *by)
{
	if (!w->roll || w->roll->phase == ROLL_RELEASING)
		return;
	log_info("fleet", "rolling work on %s is ended by an operator", w->roll->apps[0]);
	w->is_cancelled = w->roll->phase == ROLL_WAITING || w->roll->phase == ROLL_DRAINING;
	enter(w, ROLL_RELEASING, by);
}

/* ---- life ---- */

/* A status is known of a command that failed: what goes on after that is a repetition. */
static enum roll_phase phase_before(const struct roll *r)
{
	bool repeated = r->phase == ROLL_DRAINING || r->phase == ROLL_DRAINED;
	return repeated && r->exit_status > 0 ? ROLL_FAILED : ROLL_WAITING;
}

static void restore(struct rolling *w, const struct roll *from)
{
	struct state_place here;
	state_place_find(&here);
	bool rebooted = here.boot[0] && !str_equal(here.boot, from->boot);
	struct roll *r = mem_new(1, sizeof(*r));
	*r = *from;
	for (size_t i = 0; i < r->n_apps; i++)
		r->apps[i] = mem_strdup(from->apps[i]);
	set_roll(w, r);
	/* Those of the other phases were confirmed before the phase was stored. */
	w->may_be_late = from->phase == ROLL_WAITING || from->phase == ROLL_DRAINING ||
			 from->phase == ROLL_RELEASING;
	w->is_cancelled = from->phase == ROLL_WAITING && rebooted;
	w->before = phase_before(from);
	log_info("fleet", "rolling work on %s goes on after a %s", r->apps[0],
		 rebooted ? "reboot of the host" : "restart of the agent");
	str_copy(r->boot, sizeof(r->boot), here.boot);
	/* The slot first: what comes after may release it. */
	if (r->phase != ROLL_WAITING)
		begin_slot(w, slot_state(r->phase));
	enum roll_phase phase = roll_phase_after_start(from->phase, rebooted);
	if (rebooted && from->phase == ROLL_DRAINING && w->before == ROLL_FAILED)
		phase = ROLL_FAILED; /* the repeated command was not run */
	if (phase != from->phase) {
		enter(w, phase, NULL);
		return;
	}
	store_put_roll(w->a->store, r);
	apply_drain(w, NULL);
	schedule(w, now_of(w));
}

struct rolling *rolling_new(struct agent *a, rolling_changed_cb *changed, void *userdata)
{
	struct rolling *w = mem_new(1, sizeof(*w));
	w->a = a;
	w->changed = changed;
	w->userdata = userdata;
	w->last_end = "";
	w->asked_at = loop_now(a->loop);
	if (store_roll(a->store))
		restore(w, store_roll(a->store));
	return w;
}

void rolling_stop(struct rolling *w)
{
	if (!w)
		return;
	w->is_stopped = true;
	w->timer = sd_event_source_disable_unref(w->timer);
	fleet_rolling_free(w->slot);
	w->slot = NULL;
}

void rolling_free(struct rolling *w)
{
	if (!w)
		return;
	struct roll *r = w->roll;
	rolling_stop(w);
	set_roll(w, NULL);
	if (r)
		roll_done(r);
	free(r);
	free(w);
}
