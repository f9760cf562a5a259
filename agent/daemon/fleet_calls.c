/* SPDX-License-Identifier: MIT */
#include "agent/daemon/fleet_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/parts.h"
#include "agent/daemon/rolling.h"
#include "agent/daemon/shown.h"
#include "agent/daemon/waiting.h"
#include "agent/fleet/fleet_agent.h"
#include "agent/fleet/fleet_read.h"
#include "agent/fleet/fleet_rolling.h"
#include "agent/http/reply_forms.h"
#include "agent/status/stream.h"
#include "agent/status/view_fleet_vip.h"
#include "agent/status/view_roll.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

#define WAITING_MAX   32
#define PER_PRINCIPAL 16
/* Nodes of an answer, of all VIPs; it has some 400 octets for each. */
#define NODES_MAX 16384
/* For a slot that is freed by hand: Consul may need a few attempts. */
#define RELEASE_TIME (10 * USEC_PER_SEC)

/* Between two questions of a client. */
#define ASKS_AGAIN (2 * USEC_PER_SEC)

enum waits_for { FOR_STATUS, FOR_PHASE, FOR_RELEASE };

struct fleet_wait {
	struct waiter waiter; /* first */
	struct fleet_calls *calls;
	enum waits_for what;
	mono_t limit;               /* of FOR_PHASE and FOR_RELEASE; else USEC_NEVER */
	struct fleet_read *read;    /* NULL: none is under way */
	struct prefix *vips;        /* that are read */
	size_t n_vips, room;        /* of FOR_STATUS: nodes that the answer may have yet */
	json_t *seen;               /* likewise */
	char id[FLEET_ROLL_ID_MAX]; /* of FOR_PHASE: of the roll */
	enum roll_phase phase;
	char note[ROLL_NOTE_MAX];  /* that its client knows */
	char node[FLEET_NODE_MAX]; /* of FOR_RELEASE: it ends there */
	struct prefix found[FLEET_VIPS_MAX];
	size_t n_found;
	struct fleet_rolling *release;
};

struct fleet_calls {
	struct agent *a;
	struct waiting waiting; /* struct fleet_wait */
	sd_event_source *timer;
	mono_t told_at; /* a client that awaits the end had an answer: it asks again */
};

struct fleet_calls *fleet_calls_new(struct agent *a)
{
	struct fleet_calls *c = mem_new(1, sizeof(*c));
	c->a = a;
	waiting_init(&c->waiting, WAITING_MAX, PER_PRINCIPAL, "requests about the fleet");
	return c;
}

/* ---- the end of a request ---- */

static void end(struct fleet_wait *w)
{
	fleet_read_cancel(w->read);
	fleet_rolling_free(w->release);
	waiting_remove(&w->calls->waiting, &w->waiter);
	json_decref(w->seen);
	free(w->vips);
	free(w);
}

/* Takes the body over. */
static void answer(struct fleet_wait *w, unsigned status, json_t *body)
{
	char *text = stream_json_text(body);
	api_send_fleet(w->calls->a->api, w->waiter.number, status, text);
	free(text);
	json_decref(body);
	end(w);
}

static void refuse(struct fleet_wait *w, unsigned status, const char *why)
{
	answer(w, status, reply_error(why, false));
}

void fleet_calls_stop(struct fleet_calls *c)
{
	if (!c)
		return;
	c->waiting.stopped = true;
	c->timer = sd_event_source_disable_unref(c->timer);
	for (struct waiter *x; (x = waiting_first(&c->waiting));)
		refuse((struct fleet_wait *)x, 503, "vipherald is stopping");
}

void fleet_calls_free(struct fleet_calls *c)
{
	if (!c)
		return;
	fleet_calls_stop(c);
	free(c);
}

static void on_abandoned(uint64_t number, void *userdata)
{
	struct fleet_calls *c = userdata;
	struct waiter *x = waiting_find(&c->waiting, number);
	if (x)
		end((struct fleet_wait *)x);
}

static struct fleet_wait *begin(struct fleet_calls *c, enum waits_for what,
				const struct api_call *call, struct api_reply *ret)
{
	struct fleet_wait *w = mem_new(1, sizeof(*w));
	w->calls = c;
	w->what = what;
	w->limit = USEC_NEVER;
	waiting_add(&c->waiting, &w->waiter, call, API_DEFER_FLEET, ret);
	ret->abandoned = on_abandoned;
	ret->abandoned_userdata = c;
	return w;
}

static void fail(struct api_reply *ret, unsigned status, const struct err *err)
{
	reply_json(ret, status, reply_error(err->text, false));
}

/* ---- time limits ---- */

static json_t *view_state(const struct fleet_calls *c);

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

static void schedule(struct fleet_calls *c)
{
	mono_t first = USEC_NEVER;
	list_for_each (it, &c->waiting.list)
		first = usec_min(first,
				 ((struct fleet_wait *)list_entry(it, struct waiter, node))->limit);
	loop_timer_set(c->a->loop, &c->timer, first, LOOP_HTTP, on_timer, c);
}

/* Its client asks again, unless that was the end. */
static void tell_phase(struct fleet_wait *w)
{
	struct fleet_calls *c = w->calls;
	c->told_at = loop_now(c->a->loop);
	answer(w, 200, view_state(c));
}

static void expire(struct fleet_wait *w)
{
	struct fleet_rolling_status s = { .error = "" };
	struct err err;
	if (w->what == FOR_PHASE) {
		tell_phase(w);
		return;
	}
	if (w->release)
		fleet_rolling_status(w->release, &s);
	err_set(&err, 0, "the slot of %s was not released within 10 s%s%.300s", w->node,
		s.error[0] ? ": " : "", s.error);
	refuse(w, 504, err.text);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct fleet_calls *c = userdata;
	(void)source, (void)usec;
	list_for_each (it, &c->waiting.list) {
		struct fleet_wait *w = (struct fleet_wait *)list_entry(it, struct waiter, node);
		if (w->limit <= loop_now(c->a->loop))
			expire(w);
	}
	schedule(c);
	return 0;
}

/* ---- which VIPs ---- */

static void add_vip(struct fleet_wait *w, const struct prefix *vip)
{
	w->vips = mem_grow_by_one(w->vips, w->n_vips, sizeof(*w->vips));
	w->vips[w->n_vips++] = *vip;
}

static void add_vips_of(struct fleet_wait *w, const struct app *app, bool guarded)
{
	for (size_t i = 0; i < app->spec->n_vips && w->n_vips <= FLEET_READ_VIPS_MAX; i++)
		if (!guarded || fleet_spec_min_up(&w->calls->a->config->fleet, &app->spec->vips[i]))
			add_vip(w, &app->spec->vips[i]);
}

static int add_app(struct fleet_wait *w, const char *name, struct err *err)
{
	const struct app *app = registry_find(w->calls->a->registry, name);
	if (!app)
		return err_set(err, -ENOENT, "no app '%.128s'", name);
	add_vips_of(w, app, false);
	return 0;
}

/* Those that are named; without any, all of the apps here. */
static int find_vips(struct fleet_wait *w, const struct fleet_query *q, struct err *err)
{
	struct agent *a = w->calls->a;
	int rc = 0;
	for (size_t i = 0; i < q->n_vips; i++)
		add_vip(w, &q->vips[i]);
	for (size_t i = 0; rc == 0 && i < q->n_apps; i++)
		rc = add_app(w, q->apps[i], err);
	if (rc < 0 || q->n_vips + q->n_apps > 0)
		return rc;
	for (const struct app *app = a->registry->apps; app; app = app->hh.next)
		add_vips_of(w, app, w->what == FOR_STATUS);
	if (w->n_vips > 0 && w->n_vips <= FLEET_READ_VIPS_MAX)
		return 0;
	return err_set(err, -EINVAL, "%s VIPs here: name one with vip=",
		       w->n_vips ? "more than 1024" : "no guarded");
}

/* ---- the status ---- */

static void on_view(size_t i, const struct fleet_view *view, void *userdata)
{
	struct fleet_wait *w = userdata;
	struct agent *a = w->calls->a;
	struct view_clock clock = status_clock();
	json_array_append_new(
		w->seen, view_fleet_vip(&a->config->fleet, &w->vips[i], view, &clock, w->room));
	size_t n = view->n_up + view->n_has;
	w->room -= n < w->room ? n : w->room;
}

/* Consul does not answer: the VIPs that were not read, as this agent knows them. */
static void add_own(struct fleet_wait *w)
{
	struct agent *a = w->calls->a;
	struct status_sources in = shown_sources(a);
	for (size_t i = json_array_size(w->seen); i < w->n_vips; i++)
		json_array_append_new(w->seen,
				      view_fleet_vip_own(&in, &a->config->fleet, &w->vips[i]));
}

static json_t *view_status_of(struct fleet_wait *w, const char *error)
{
	struct agent *a = w->calls->a;
	struct fleet_agent_status self;
	struct view_clock clock = status_clock();
	fleet_agent_status(a->fleet, &self);
	if (error)
		add_own(w);
	return json_pack("{s:o, s:o, s:o, s:O}", "node", view_text(self.node), "error",
			 view_text_or_null(error), "roll",
			 view_roll(rolling_current(a->rolling), &clock), "vips", w->seen);
}

static void on_seen(const struct err *err, void *userdata)
{
	struct fleet_wait *w = userdata;
	w->read = NULL;
	answer(w, 200, view_status_of(w, err ? err->text : NULL));
}

static unsigned status_of(int rc)
{
	switch (rc) {
	case -ENOENT:
		return 404;
	case -EBUSY:
		return 409;
	case -EINVAL:
	case -E2BIG:
		return 400;
	default:
		return 503;
	}
}

/* Where it cannot begin, the reply says so. */
static void read_views(struct fleet_wait *w, const struct fleet_query *q,
		       const struct fleet_read_ops *ops, struct api_reply *ret)
{
	struct err err;
	struct fleet_shared *s = fleet_agent_shared(w->calls->a->fleet);
	int rc = s ? find_vips(w, q, &err)
		   : err_set(&err, -ENOENT,
			     "no fleet is configured: set fleet.engine and fleet.vips");
	if (rc == 0)
		rc = fleet_read_new(s, w->vips, w->n_vips, ops, w, &w->read, &err);
	if (rc == 0)
		return;
	ret->defer = API_SEND_NOW;
	ret->abandoned = NULL;
	if (rc == -ENOTCONN && w->what == FOR_STATUS)
		reply_json(ret, 200, view_status_of(w, err.text));
	else
		fail(ret, status_of(rc), &err);
	end(w);
}

static void ask_status(struct fleet_calls *c, const struct api_call *call, struct api_reply *ret)
{
	static const struct fleet_read_ops ops = { on_view, on_seen };
	struct fleet_wait *w = begin(c, FOR_STATUS, call, ret);
	w->seen = json_array();
	w->room = NODES_MAX;
	read_views(w, &call->fleet, &ops, ret);
}

/* ---- rolling work ---- */

/* {roll, last}: what is under way, and how the one before ended. */
static json_t *view_state(const struct fleet_calls *c)
{
	const char *end_of_last;
	struct view_clock clock = status_clock();
	const char *last = rolling_last(c->a->rolling, &end_of_last);
	json_t *o = json_pack("{s:o}", "roll", view_roll(rolling_current(c->a->rolling), &clock));
	json_object_set_new(o, "last",
			    *last ? json_pack("{s:s, s:s}", "id", last, "end", end_of_last)
				  : json_null());
	return o;
}

static bool is_as_asked(const struct fleet_wait *w)
{
	const struct roll *r = rolling_current(w->calls->a->rolling);
	return r && str_equal(r->id, w->id) && r->phase == w->phase && str_equal(r->note, w->note);
}

static void ask_roll(struct fleet_calls *c, const struct api_call *call, struct api_reply *ret)
{
	const struct fleet_query *q = &call->fleet;
	const struct roll *r = rolling_current(c->a->rolling);
	bool is_client = r && q->id && str_equal(q->id, r->id);
	if (is_client)
		rolling_asked(c->a->rolling);
	if (!is_client || !q->has_phase || q->phase != r->phase) {
		reply_json(ret, 200, view_state(c));
		return;
	}
	c->told_at = 0;
	struct fleet_wait *w = begin(c, FOR_PHASE, call, ret);
	str_copy(w->id, sizeof(w->id), q->id);
	w->phase = q->phase;
	str_copy(w->note, sizeof(w->note), r->note);
	w->limit = usec_add(loop_now(c->a->loop), q->wait);
	schedule(c);
}

/* A command line awaits its end. */
static bool is_awaited(const struct fleet_calls *c)
{
	const struct roll *r = rolling_current(c->a->rolling);
	if (r && c->told_at && loop_now(c->a->loop) <= usec_add(c->told_at, ASKS_AGAIN))
		return true;
	list_for_each (it, &c->waiting.list) {
		const struct fleet_wait *w =
			(struct fleet_wait *)list_entry(it, struct waiter, node);
		if (r && w->what == FOR_PHASE && str_equal(w->id, r->id))
			return true;
	}
	return false;
}

static void begin_roll(struct fleet_calls *c, const struct api_call *call, struct api_reply *ret)
{
	const struct fleet_query *q = &call->fleet;
	const struct log_requester by = api_call_requester(call);
	struct roll wanted = {
		.n_apps = q->n_apps, .n_vips = q->n_vips, .limit = q->slots, .quiet = q->quiet
	};
	struct err err;
	for (size_t i = 0; i < q->n_apps; i++)
		wanted.apps[i] = mem_strdup(q->apps[i]);
	memcpy(wanted.vips, q->vips, sizeof(wanted.vips));
	str_printable(wanted.why, sizeof(wanted.why), q->reason, strlen(q->reason));
	int rc = rolling_begin(c->a->rolling, &wanted, is_awaited(c), &by, &err);
	roll_done(&wanted);
	if (rc < 0)
		fail(ret, status_of(rc), &err);
	else
		reply_json(ret, 200, view_state(c));
}

static void finish_roll(struct fleet_calls *c, const struct api_call *call, struct api_reply *ret)
{
	static const enum rolling_result results[] = {
		[FLEET_QUERY_DONE] = ROLLING_DONE,
		[FLEET_QUERY_FAILED] = ROLLING_FAILED,
		[FLEET_QUERY_CANCELLED] = ROLLING_CANCELLED,
	};
	struct err err;
	const struct fleet_query *q = &call->fleet;
	int rc = rolling_finish(c->a->rolling, q->id, results[q->result], q->exit_status, &err);
	if (rc < 0)
		fail(ret, status_of(rc), &err);
	else
		reply_json(ret, 200, view_state(c));
}

/* ---- a slot that is freed by hand ---- */

static void released(struct fleet_wait *w, bool found)
{
	json_t *vips = json_array();
	for (size_t i = 0; found && i < w->n_found; i++)
		json_array_append_new(vips, view_prefix(&w->found[i]));
	answer(w, 200,
	       json_pack("{s:s, s:o, s:o}", "result", found ? "released" : "unchanged", "node",
			 view_text(w->node), "vips", vips));
}

static void on_release(void *userdata)
{
	struct fleet_wait *w = userdata;
	struct fleet_rolling_status s;
	fleet_rolling_status(w->release, &s);
	if (s.state == FLEET_ROLL_ENDED)
		released(w, s.found);
}

static void on_slots(size_t i, const struct fleet_view *view, void *userdata)
{
	struct fleet_wait *w = userdata;
	for (size_t k = 0; k < view->roll.n && w->n_found < FLEET_VIPS_MAX; k++)
		if (str_equal(view->roll.items[k].node, w->node)) {
			w->found[w->n_found++] = w->vips[i];
			break;
		}
}

static void on_slots_seen(const struct err *err, void *userdata)
{
	struct fleet_wait *w = userdata;
	struct err why;
	struct fleet_rolling_spec spec = {
		.vips = w->found,
		.n_vips = w->n_found,
		.limit = 1,
		.me = { .id = "by hand" },
		.state = FLEET_ROLL_RELEASING,
	};
	w->read = NULL;
	if (err) {
		struct err copy = *err;
		refuse(w, 503, copy.text);
	} else if (w->n_found == 0) {
		err_set(&why, 0, "%s has no slot at the VIPs that were looked at", w->node);
		refuse(w, 404, why.text);
	} else {
		str_copy(spec.me.node, sizeof(spec.me.node), w->node);
		if (fleet_rolling_new(fleet_agent_shared(w->calls->a->fleet), &spec, on_release, w,
				      &w->release, &why) < 0)
			refuse(w, 503, why.text);
	}
}

static bool is_own(const struct agent *a, const char *node)
{
	struct fleet_agent_status self = { .node = "" };
	if (a->fleet)
		fleet_agent_status(a->fleet, &self);
	return str_equal(self.node, node);
}

static void release(struct fleet_calls *c, const struct api_call *call, struct api_reply *ret)
{
	static const struct fleet_read_ops ops = { on_slots, on_slots_seen };
	const struct log_requester by = api_call_requester(call);
	const struct roll *r = rolling_current(c->a->rolling);
	log_info("api", "slot of %.64s for rolling work released by %s", call->fleet.node,
		 call->who);
	struct fleet_wait *w = begin(c, FOR_RELEASE, call, ret);
	str_copy(w->node, sizeof(w->node), call->fleet.node);
	w->limit = usec_add(loop_now(c->a->loop), RELEASE_TIME);
	schedule(c);
	if (!r || !is_own(c->a, w->node)) {
		read_views(w, &call->fleet, &ops, ret);
		return;
	}
	w->n_found = r->n_vips;
	memcpy(w->found, r->vips, sizeof(w->found));
	str_copy(w->id, sizeof(w->id), r->id);
	rolling_release(c->a->rolling, &by);
}

/* ---- all ---- */

/* The own roll has ended: it was released. */
static void check_wait(struct fleet_wait *w)
{
	const struct roll *r = rolling_current(w->calls->a->rolling);
	if (w->what == FOR_PHASE && !is_as_asked(w)) {
		rolling_asked(w->calls->a->rolling);
		tell_phase(w);
	} else if (w->what == FOR_RELEASE && w->id[0] && !(r && str_equal(r->id, w->id))) {
		released(w, true);
	}
}

void fleet_calls_roll_changed(void *userdata)
{
	struct fleet_calls *c = userdata;
	if (!c->a->rolling) /* at its start */
		return;
	list_for_each (it, &c->waiting.list)
		check_wait((struct fleet_wait *)list_entry(it, struct waiter, node));
}

void fleet_calls_answer(struct fleet_calls *c, const struct api_call *call, struct api_reply *ret)
{
	if (!c->a->rolling || !waiting_has_room(&c->waiting, call, ret)) {
		if (!c->a->rolling)
			ret->defer = API_DEFER_RETRY;
		return;
	}
	if (call->kind == API_FLEET_VIPS)
		ask_status(c, call, ret);
	else if (call->kind == API_ROLL)
		ask_roll(c, call, ret);
	else if (call->kind == API_ROLL_BEGIN)
		begin_roll(c, call, ret);
	else if (call->kind == API_ROLL_FINISH)
		finish_roll(c, call, ret);
	else
		release(c, call, ret);
}
