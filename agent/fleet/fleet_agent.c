/* SPDX-License-Identifier: MIT */
#include "agent/fleet/fleet_agent.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/fleet/fleet_app.h"
#include "agent/fleet/fleet_read.h"
#include "agent/fleet/fleet_rolling.h"
#include "agent/fleet/shared.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

#define TTL       (15 * USEC_PER_SEC)
#define SPREAD    (5 * USEC_PER_SEC) /* of sessions that were lost together */
#define APPS_TURN 64

static const char create_body[] = "{\"Name\":\"vipherald fleet guard\",\"TTL\":\"15s\","
				  "\"Behavior\":\"delete\",\"LockDelay\":\"0s\",\"NodeChecks\":[]}";

struct fleet_agent {
	struct fleet_agent_env env;
	struct fleet_shared shared;
	struct fleet_app *apps; /* by name */
	struct http_call *call; /* about the session */
	uint64_t request;       /* of the session, that the call is about */
	mono_t since;           /* the session began, or ended */
	bool was_lost;          /* it is in the log */
	bool was_joined;        /* there was a session */
	bool is_stopped;
	struct err error;
};

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

/* ---- the session ---- */

static void wake_all(struct fleet_agent *a, mono_t now)
{
	for (struct fleet_app *f = a->apps; f; f = f->hh.next)
		fleet_app_wake(f, now);
	list_for_each (it, &a->shared.gone)
		fleet_app_wake(list_entry(it, struct fleet_app, gone), now);
}

/* After anything that may have changed the session. */
static void session_changed(struct fleet_agent *a, const char *before, mono_t now)
{
	const char *id = a->shared.session.id;
	if (str_equal(before, id))
		return;
	a->since = now;
	if (id[0]) {
		if (a->was_joined)
			a->shared.settled_at = usec_add(now, FLEET_SETTLE);
		a->was_joined = true;
		log_event(LOG_INFO, "fleet", EVENT("fleet.joined"),
			  "%s has joined, its session is %s", a->shared.node, id);
		a->was_lost = false;
	} else {
		log_event(LOG_WARNING, "fleet", EVENT("fleet.lost"),
			  "the session of %s has ended%s%s: apps whose checks fail stay "
			  "announced until Consul answers",
			  a->shared.node, a->error.text[0] ? ", " : "", a->error.text);
		a->was_lost = true;
	}
	wake_all(a, now);
}

static void session_failed(struct fleet_agent *a)
{
	if (a->was_lost || a->shared.session.id[0])
		return;
	a->was_lost = true;
	log_warn("fleet",
		 "no session in Consul: %s; apps whose checks fail stay announced until "
		 "there is one",
		 a->error.text);
}

/* "" when the answer has none. */
static void read_id(const struct http_response *r, char ret[static FLEET_SESSION_MAX])
{
	json_t *o = json_loadb(r->body, r->len, 0, NULL);
	const char *id = json_string_value(json_object_get(o, "ID"));
	size_t n = id ? strlen(id) : 0;
	ret[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if (!isxdigit((unsigned char)id[i]) && id[i] != '-')
			n = 0;
	if (n > 0 && n < FLEET_SESSION_MAX)
		str_copy(ret, FLEET_SESSION_MAX, id);
	json_decref(o);
}

/* Of the sessions of an ID. */
static bool is_empty_list(const struct http_response *r)
{
	json_t *list = json_loadb(r->body, r->len, 0, NULL);
	bool empty = json_is_array(list) && json_array_size(list) == 0;
	json_decref(list);
	return empty;
}

static enum fleet_session_result session_result(struct fleet_agent *a,
						const struct http_response *r,
						char ret_id[static FLEET_SESSION_MAX])
{
	struct consul_answer answer = { 0 };
	enum fleet_session_request kind = a->shared.session.kind;
	ret_id[0] = '\0';
	if (!r->error[0] && r->status == 404 && kind == FLEET_SESSION_RENEW)
		return FLEET_SESSION_GONE;
	struct err err = { "" };
	consul_transport_answer(r, &answer, &err);
	if (answer.failed) {
		a->error = err;
		return FLEET_SESSION_FAILED;
	}
	if (kind == FLEET_SESSION_INFO && is_empty_list(r)) {
		err_set(&a->error, 0, "Consul does not know it any more");
		return FLEET_SESSION_GONE;
	}
	if (kind == FLEET_SESSION_CREATE)
		read_id(r, ret_id);
	if (kind != FLEET_SESSION_CREATE || ret_id[0])
		return FLEET_SESSION_OK;
	err_set(&a->error, 0, "Consul answers without the ID of a session");
	return FLEET_SESSION_FAILED;
}

static void on_session(const struct http_response *r, void *userdata)
{
	struct fleet_agent *a = userdata;
	char before[FLEET_SESSION_MAX], id[FLEET_SESSION_MAX];
	mono_t now = loop_now(a->env.loop);
	a->call = NULL;
	str_copy(before, sizeof(before), a->shared.session.id);
	enum fleet_session_result result = session_result(a, r, id);
	fleet_session_answer(&a->shared.session, a->request, result, id, now);
	session_changed(a, before, now);
	if (result == FLEET_SESSION_OK)
		a->error.text[0] = '\0';
	else
		session_failed(a);
	on_timer(NULL, now, a);
}

static void cancel_session_call(struct fleet_agent *a)
{
	if (a->call)
		http_cancel(a->call);
	a->call = NULL;
}

static int call_session(struct fleet_agent *a)
{
	struct consul_transport *t = a->shared.transport;
	const char *id = a->shared.session.id;
	switch (a->shared.session.kind) {
	case FLEET_SESSION_CREATE:
		return consul_transport_put(t, "session/create", NULL, create_body, on_session, a,
					    &a->call);
	case FLEET_SESSION_RENEW:
		return consul_transport_put(t, "session/renew", id, "", on_session, a, &a->call);
	case FLEET_SESSION_INFO:
		return consul_transport_get(t, "session/info", id, 0, 0, on_session, a, &a->call,
					    NULL);
	}
	return -EINVAL;
}

static void send_session(struct fleet_agent *a, uint64_t request)
{
	cancel_session_call(a);
	a->request = request;
	if (a->shared.transport && call_session(a) < 0)
		a->call = NULL;
}

static void run_session(struct fleet_agent *a, mono_t now)
{
	struct fleet_session *s = &a->shared.session;
	char before[FLEET_SESSION_MAX], text[DURATION_TEXT_MAX];
	uint64_t in_flight = s->request;
	str_copy(before, sizeof(before), s->id);
	s->timeout = a->env.spec->timeout;
	uint64_t request = fleet_session_next(s, now);
	if (in_flight && s->request != in_flight) {
		cancel_session_call(a);
		if (a->shared.transport)
			err_set(&a->error, 0, "no answer within %s",
				duration_format(s->timeout, text));
		session_failed(a);
	}
	session_changed(a, before, now);
	if (request)
		send_session(a, request);
}

/* ---- the loop ---- */

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct fleet_agent *a = userdata;
	struct fleet_shared *s = &a->shared;
	struct deadline *due;
	mono_t now = loop_now(a->env.loop);
	(void)source, (void)usec;
	if (a->is_stopped)
		return 0;
	run_session(a, now);
	for (size_t i = 0; i < APPS_TURN && (due = deadlines_pop(&s->wakes, now)); i++)
		fleet_app_run(fleet_app_of_wake(due), now);
	return loop_timer_set(
		a->env.loop, &s->timer,
		usec_min(deadlines_next_due(&s->wakes), fleet_session_deadline(&s->session)),
		LOOP_HTTP, on_timer, a);
}

/* ---- the registry ---- */

static struct fleet_app *find(const struct fleet_agent *a, const char *name)
{
	struct fleet_app *f;
	HASH_FIND(hh, a->apps, name, strlen(name), f);
	return f;
}

static void retire(struct fleet_agent *a, struct fleet_app *f, mono_t now)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, a->apps, f);
	fleet_app_retire(f, now);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
static struct fleet_app *add(struct fleet_agent *a, const struct app_spec *spec)
{
	struct fleet_app *f = fleet_app_new(&a->shared, spec);
	if (f)
		HASH_ADD_KEYPTR(hh, a->apps, f->name, strlen(f->name), f);
	return f;
}

static bool on_update(const struct app *app, enum fleet_evidence evidence, bool announced,
		      mono_t now, void *userdata)
{
	struct fleet_agent *a = userdata;
	struct fleet_app *f = find(a, app->spec->name);
	if (a->is_stopped)
		return f && fleet_app_keeps(f) && evidence == FLEET_SOFT;
	if (f && !fleet_app_fits(f, app->spec)) {
		retire(a, f, now);
		f = NULL;
	}
	if (!f) {
		f = add(a, app->spec);
		if (f)
			fleet_app_start(f, now);
	}
	return f && fleet_app_update(f, app, evidence, announced, now);
}

static bool on_guards(const struct app *app, void *userdata)
{
	const struct fleet_agent *a = userdata;
	return !a->is_stopped && find(a, app->spec->name);
}

static bool on_promote(const struct app *app, void *userdata)
{
	struct fleet_agent *a = userdata;
	const struct fleet_app *f = find(a, app->spec->name);
	return !f || (!a->is_stopped && fleet_app_promotes(f));
}

static void on_gone(const struct app *app, void *userdata)
{
	struct fleet_agent *a = userdata;
	struct fleet_app *f = find(a, app->spec->name);
	if (!f || a->is_stopped)
		return;
	retire(a, f, loop_now(a->env.loop));
	/* Another app that gets its VIPs later begins anew. */
	f->member.was_kept = f->member.was_announced = false;
}

static const struct registry_fleet registry_ops = {
	.update = on_update, .guards = on_guards, .promotes = on_promote, .gone = on_gone
};

/* ---- life ---- */

static void set_node(struct fleet_agent *a)
{
	char host[HOST_NAME_MAX + 1] = "";
	const char *node = a->env.spec->node;
	if (!node && gethostname(host, sizeof(host) - 1) == 0)
		node = host;
	if (!node || !fleet_node_is_valid(node)) {
		err_set(&a->error, -EINVAL,
			"the host name '%.64s' is not the name of a node, set fleet.node", host);
		log_error("fleet", "%s; apps whose checks fail stay announced", a->error.text);
		return;
	}
	str_copy(a->shared.node, sizeof(a->shared.node), node);
}

static const char *variable(const char *name)
{
	return getenv(name);
}

static void connect_to_consul(struct fleet_agent *a)
{
	struct err err = { "" };
	if (!a->shared.node[0])
		return;
	int r = consul_transport_new(a->env.loop, a->env.consul, variable, &a->shared.transport,
				     &err);
	if (r == 0) {
		consul_transport_be_consistent(a->shared.transport);
		return;
	}
	a->shared.transport = NULL;
	err_set(&a->error, r, "%s",
		r == -ENOENT ? "no Consul is configured: set agent.consul_addr" : err.text);
	log_error("fleet", "%s; apps whose checks fail stay announced", a->error.text);
	a->was_lost = true;
}

struct fleet_agent *fleet_agent_new(const struct fleet_agent_env *env)
{
	struct fleet_agent *a = mem_new(1, sizeof(*a));
	mono_t now = loop_now(env->loop);
	a->env = *env;
	a->since = now;
	a->shared = (struct fleet_shared){ .loop = env->loop,
					   .registry = env->registry,
					   .spec = env->spec,
					   .config_sha256 = env->config_sha256,
					   .on_timer = on_timer,
					   .userdata = a };
	str_copy(a->shared.prefix, sizeof(a->shared.prefix), env->spec->prefix);
	list_init(&a->shared.gone);
	list_init(&a->shared.waiting);
	list_init(&a->shared.reads);
	list_init(&a->shared.rollings);
	set_node(a);
	fleet_session_init(&a->shared.session, TTL, env->spec->timeout, SPREAD, loop_random(), now);
	connect_to_consul(a);
	registry_set_fleet(env->registry, &registry_ops, a);
	loop_timer_set(env->loop, &a->shared.timer, now, LOOP_HTTP, on_timer, a);
	return a;
}

void fleet_agent_free(struct fleet_agent *a)
{
	struct fleet_app *f, *next;
	if (!a)
		return;
	registry_set_fleet(a->env.registry, NULL, NULL);
	HASH_ITER (hh, a->apps, f, next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
		HASH_DELETE(hh, a->apps, f);
		fleet_app_free(f);
	}
	list_for_each (it, &a->shared.gone)
		fleet_app_free(list_entry(it, struct fleet_app, gone));
	cancel_session_call(a);
	fleet_reads_end(&a->shared, "vipherald is stopping");
	fleet_rollings_cancel(&a->shared, true);
	consul_transport_free(a->shared.transport);
	sd_event_source_disable_unref(a->shared.timer);
	deadlines_done(&a->shared.wakes);
	free(a);
}

static void cancel_all(struct fleet_agent *a)
{
	for (struct fleet_app *f = a->apps; f; f = f->hh.next)
		fleet_app_cancel(f);
	list_for_each (it, &a->shared.gone)
		fleet_app_cancel(list_entry(it, struct fleet_app, gone));
	cancel_session_call(a);
}

void fleet_agent_reconnect(struct fleet_agent *a)
{
	if (!a || a->is_stopped)
		return;
	cancel_all(a);
	fleet_reads_end(&a->shared, "the keys of Consul have changed meanwhile: try again");
	fleet_rollings_cancel(&a->shared, false);
	consul_transport_free(a->shared.transport);
	a->shared.transport = NULL;
	connect_to_consul(a);
	wake_all(a, loop_now(a->env.loop));
}

void fleet_agent_config_changed(struct fleet_agent *a)
{
	mono_t now;
	if (!a || a->is_stopped)
		return;
	now = loop_now(a->env.loop);
	for (struct fleet_app *f = a->apps; f; f = f->hh.next)
		fleet_app_tell(f, now);
}

static void on_destroyed(const struct http_response *r, void *userdata)
{
	struct fleet_agent *a = userdata;
	(void)r;
	a->call = NULL;
}

void fleet_agent_stop(struct fleet_agent *a)
{
	if (!a || a->is_stopped)
		return;
	a->is_stopped = true;
	cancel_all(a);
	fleet_rollings_cancel(&a->shared, true);
	fleet_reads_end(&a->shared, "vipherald is stopping");
	a->shared.timer = sd_event_source_disable_unref(a->shared.timer);
	if (a->shared.session.id[0] && a->shared.transport &&
	    consul_transport_put(a->shared.transport, "session/destroy", a->shared.session.id, "",
				 on_destroyed, a, &a->call) < 0)
		a->call = NULL;
}

struct fleet_shared *fleet_agent_shared(struct fleet_agent *a)
{
	return a ? &a->shared : NULL;
}

/* ---- status ---- */

const struct fleet_app *fleet_agent_find(const struct fleet_agent *a, const char *app)
{
	return a ? find(a, app) : NULL;
}

const struct fleet_app *fleet_agent_first(const struct fleet_agent *a)
{
	return a ? a->apps : NULL;
}

const struct fleet_app *fleet_agent_next(const struct fleet_app *at)
{
	return at->hh.next;
}

void fleet_agent_status(const struct fleet_agent *a, struct fleet_agent_status *ret)
{
	*ret = (struct fleet_agent_status){
		.node = a->shared.node,
		.prefix = a->shared.prefix,
		.address =
			a->shared.transport ? consul_transport_address(a->shared.transport) : NULL,
		.session = a->shared.session.id,
		.session_since = a->since,
		.error = a->error.text,
		.n_apps = HASH_COUNT(a->apps),
	};
	for (const struct fleet_app *f = a->apps; f; f = f->hh.next) {
		struct fleet_app_status app;
		fleet_app_status(f, &app);
		ret->n_kept += app.is_kept;
		ret->n_waiting += app.is_waiting;
		ret->n_joining += app.is_joining;
	}
}

void fleet_app_status(const struct fleet_app *f, struct fleet_app_status *ret)
{
	const struct fleet_member *m = &f->member;
	bool drained = m->form == FLEET_WITHDRAWN && f->is_drained;
	*ret = (struct fleet_app_status){
		.name = f->name,
		.form = fleet_form_name(drained ? FLEET_DRAINED : fleet_member_shown(m)),
		.is_reported = m->is_reported && m->reported == fleet_member_shown(m),
		.is_kept = fleet_app_keeps(f),
		.is_waiting = fleet_app_keeps(f) && m->decision.step == FLEET_STEP_WAIT,
		.is_settling = m->settled_at > loop_now(f->shared->loop),
		.is_too_large = f->n_vips > FLEET_VIPS_MAX,
		.kept_since = f->kept_since,
		.up = f->up,
		.min_up = f->min_up,
		.ahead = f->ahead,
		.is_joining = fleet_joiner_stands(&m->joiner),
		.has_place = fleet_joiner_stands(&m->joiner) && f->has_place,
		.has_session = f->shared->session.id[0],
		.join_ahead = f->join_ahead,
		.join_first = f->join_first,
		.error = f->error.text,
	};
}

const struct fleet_seen *fleet_app_seen(const struct fleet_app *f, const struct prefix *vip)
{
	mono_t now = loop_now(f->shared->loop);
	for (size_t i = 0; i < f->config.n_vips; i++)
		if (prefix_equal(&f->vips[i], vip))
			return usec_add(f->seen[i].at, 2 * f->config.refresh) >= now &&
					       f->seen[i].at != USEC_NEVER
				       ? &f->seen[i]
				       : NULL;
	return NULL;
}

const struct fleet_claim *fleet_app_claim(const struct fleet_app *f)
{
	return &f->member.claim;
}
