/* SPDX-License-Identifier: MIT */
#include "agent/fleet/fleet_app.h"

#include <stdlib.h>
#include <string.h>

#include "agent/app/joins.h"
#include "agent/fleet/fleet_told.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

#define POLL     (2 * USEC_PER_SEC)
#define POLL_MAX (30 * USEC_PER_SEC)
#define REFRESH  (200 * USEC_PER_SEC) /* of `has`, unless the window is short */
/* A router on this host, which waits for a CPU to read the withdrawal, comes before Consul. */
#define AFTER_ROUTERS (5 * USEC_PER_MSEC)

static fleet_call_cb on_done;

/* ---- timing ---- */

void fleet_app_wake(struct fleet_app *f, mono_t when)
{
	struct fleet_shared *s = f->shared;
	deadlines_set(&s->wakes, &f->wake, when);
	loop_timer_set(s->loop, &s->timer,
		       usec_min(deadlines_next_due(&s->wakes), fleet_session_deadline(&s->session)),
		       LOOP_HTTP, s->on_timer, s->userdata);
}

struct fleet_app *fleet_app_of_wake(struct deadline *wake)
{
	return (struct fleet_app *)((char *)wake - offsetof(struct fleet_app, wake));
}

/* ---- the queue for calls ---- */

static void call_ended(struct fleet_app *f, mono_t now)
{
	struct fleet_shared *s = f->shared;
	if (!f->is_calling)
		return;
	f->is_calling = false;
	s->n_calls--;
	struct fleet_app *next = list_first(&s->waiting, struct fleet_app, waiting);
	if (!next)
		return;
	list_remove(&next->waiting);
	fleet_app_wake(next, now);
}

/* False: it is called when a call has ended. */
static bool may_call(struct fleet_app *f)
{
	struct fleet_shared *s = f->shared;
	if (f->is_calling || s->n_calls < FLEET_CALLS_MAX)
		return true;
	if (!list_linked(&f->waiting))
		list_append(&s->waiting, &f->waiting);
	return false;
}

static void call(struct fleet_app *f, enum fleet_txn kind, const struct fleet_write *write)
{
	f->shared->n_calls += !f->is_calling;
	f->is_calling = true;
	fleet_call_begin(&f->calls, kind, write);
}

void fleet_app_cancel(struct fleet_app *f)
{
	mono_t now = loop_now(f->shared->loop);
	fleet_call_cancel(&f->calls);
	f->is_answered = false;
	fleet_member_answer(&f->member, f->request, FLEET_FAILED, NULL, 0, now);
	call_ended(f, now);
}

static void pass_session(struct fleet_app *f, mono_t now)
{
	const struct fleet_session *s = &f->shared->session;
	if (!str_equal(f->member.claim.session, s->id)) {
		fleet_app_cancel(f);
		f->calls.is_known = f->calls.is_lost = false;
		memset(f->calls.own, 0, sizeof(f->calls.own));
	}
	fleet_member_session(&f->member, s->id[0] ? s->id : NULL, s->until, now);
}

/* ---- life ---- */

static int compare_vips(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

/* In order, so that it does not matter in which one the definition has them. */
static size_t collect_vips(const struct fleet_spec *spec, const struct app_spec *app,
			   struct prefix ret[static FLEET_VIPS_MAX],
			   struct fleet_rule rules[static FLEET_VIPS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < app->n_vips; i++) {
		if (!fleet_spec_min_up(spec, &app->vips[i]))
			continue;
		if (n < FLEET_VIPS_MAX)
			ret[n] = app->vips[i];
		n++;
	}
	size_t kept = n < FLEET_VIPS_MAX ? n : FLEET_VIPS_MAX;
	if (n == 0)
		return 0;
	qsort(ret, kept, sizeof(*ret), compare_vips);
	for (size_t i = 0; i < kept; i++) {
		const struct fleet_spec_vip *of = fleet_spec_of(spec, &ret[i]);
		rules[i] = (struct fleet_rule){ of->min_up, spec->window, of->max_joining };
	}
	return n;
}

static void set_times(struct fleet_app *f)
{
	const struct fleet_spec *spec = f->shared->spec;
	f->config.timeout = spec->timeout;
	f->calls.window = spec->window;
	f->config.poll = POLL;
	f->config.poll_max = POLL_MAX;
	f->config.refresh = usec_min(REFRESH, spec->window / 3);
	f->config.settle_session = FLEET_SETTLE;
	f->config.settle_keys = f->config.refresh + POLL_MAX;
}

struct fleet_app *fleet_app_new(struct fleet_shared *shared, const struct app_spec *spec)
{
	struct fleet_app *f = mem_new(1, sizeof(*f));
	f->shared = shared;
	f->n_vips = collect_vips(shared->spec, spec, f->vips, f->config.rules);
	if (f->n_vips == 0) {
		free(f);
		return NULL;
	}
	f->name = mem_strdup(spec->name);
	f->config.n_vips = f->n_vips < FLEET_VIPS_MAX ? f->n_vips : FLEET_VIPS_MAX;
	f->details = mem_new(f->config.n_vips, sizeof(*f->details));
	f->seen = fleet_seen_new(f->config.n_vips);
	f->kept_since = USEC_NEVER;
	f->calls = (struct fleet_call){
		.transport = &shared->transport,
		.keys = { .prefix = shared->prefix,
			  .vips = f->vips,
			  .n_vips = f->config.n_vips,
			  .node = shared->node },
		.done = on_done,
		.userdata = f,
	};
	set_times(f);
	fleet_member_init(&f->member, &f->config, shared->node, loop_random());
	f->member.settled_at = shared->settled_at;
	f->member.last_id = f->member.claim.number = shared->number;
	return f;
}

static bool has_vip(const struct fleet_app *f, const struct prefix *vip)
{
	for (size_t i = 0; i < f->config.n_vips; i++)
		if (prefix_equal(&f->vips[i], vip))
			return true;
	return false;
}

static bool shares_vip(const struct fleet_app *f, const struct fleet_app *other)
{
	for (size_t i = 0; i < f->config.n_vips; i++)
		if (has_vip(other, &f->vips[i]))
			return true;
	return false;
}

void fleet_app_start(struct fleet_app *f, mono_t now)
{
	struct fleet_shared *s = f->shared;
	pass_session(f, now);
	list_for_each (it, &s->gone) {
		const struct fleet_app *other = list_entry(it, struct fleet_app, gone);
		if (shares_vip(f, other))
			fleet_member_succeed(&f->member, &other->member);
	}
	fleet_app_wake(f, now);
}

void fleet_app_free(struct fleet_app *f)
{
	if (!f)
		return;
	struct fleet_shared *s = f->shared;
	list_remove(&f->waiting);
	list_remove(&f->gone);
	deadlines_remove(&s->wakes, &f->wake);
	fleet_app_cancel(f);
	if (f->member.last_id > s->number)
		s->number = f->member.last_id;
	if (f->member.claim.number > s->number)
		s->number = f->member.claim.number;
	fleet_member_done(&f->member);
	free(f->details);
	free(f->seen);
	free(f->name);
	free(f);
}

static bool same_rule(const struct fleet_rule *a, const struct fleet_rule *b)
{
	return a->window == b->window && a->max_joining == b->max_joining &&
	       a->min_up.is_share == b->min_up.is_share && a->min_up.value == b->min_up.value;
}

/* One that waits in line asks again. */
static void set_rules(struct fleet_app *f, const struct fleet_rule *rules)
{
	bool same = true;
	mono_t now = loop_now(f->shared->loop);
	for (size_t i = 0; i < f->config.n_vips; i++) {
		same &= same_rule(&rules[i], &f->config.rules[i]);
		f->config.rules[i] = rules[i];
	}
	if (same)
		return;
	fleet_member_rules(&f->member, now);
	fleet_app_wake(f, now);
}

bool fleet_app_fits(struct fleet_app *f, const struct app_spec *spec)
{
	struct prefix vips[FLEET_VIPS_MAX];
	struct fleet_rule rules[FLEET_VIPS_MAX];
	size_t n = collect_vips(f->shared->spec, spec, vips, rules);
	if (n != f->n_vips)
		return false;
	for (size_t i = 0; i < f->config.n_vips; i++)
		if (!prefix_equal(&vips[i], &f->vips[i]))
			return false;
	set_times(f);
	set_rules(f, rules);
	return true;
}

/* ---- evidence ---- */

bool fleet_app_keeps(const struct fleet_app *f)
{
	return f->member.form == FLEET_DEGRADED && f->member.evidence == FLEET_SOFT;
}

static enum fleet_join join_of(const struct app *app)
{
	if (!app_joins(app) || app->drained_since != USEC_NEVER)
		return FLEET_JOIN_NONE;
	return app->joining->is_due ? FLEET_JOIN_PASSED : FLEET_JOIN_STANDS;
}

static void update_join(struct fleet_app *f, enum fleet_join join, mono_t now)
{
	if (f->member.joiner.join == join)
		return;
	if (f->member.joiner.join == FLEET_JOIN_NONE)
		f->has_place = false;
	fleet_member_join(&f->member, join, now);
	fleet_app_wake(f, now);
}

bool fleet_app_promotes(const struct fleet_app *f)
{
	return f->n_vips > FLEET_VIPS_MAX || f->member.joiner.is_promoted;
}

bool fleet_app_update(struct fleet_app *f, const struct app *app, enum fleet_evidence evidence,
		      bool announced, mono_t now)
{
	f->is_drained = app->drained_since != USEC_NEVER;
	update_join(f, join_of(app), now);
	/* It cannot look whether enough are left without it. */
	announced |= f->n_vips > FLEET_VIPS_MAX && f->member.was_announced;
	if (f->member.evidence != evidence) {
		fleet_member_evidence(&f->member, evidence, announced, now);
		fleet_app_wake(f, evidence == FLEET_HARD ? usec_add(now, AFTER_ROUTERS) : now);
	}
	bool keeps = fleet_app_keeps(f);
	if (!keeps) {
		f->kept_since = USEC_NEVER;
	} else if (f->kept_since == USEC_NEVER) {
		f->kept_since = now;
		f->is_told = false;
		f->up = f->min_up = f->ahead = 0;
	}
	return keeps;
}

void fleet_app_tell(struct fleet_app *f, mono_t now)
{
	fleet_member_tell(&f->member, now);
	fleet_app_wake(f, now);
}

/* ---- answers ---- */

/* Once for each time that it is kept. */
static void log_kept(struct fleet_app *f)
{
	if (f->is_told || f->kept_since == USEC_NEVER)
		return;
	f->is_told = true;
	if (f->error.text[0])
		log_event(LOG_WARNING, "app", EVENT("app.guarded", .app = f->name),
			  "%s: kept by the fleet guard, Consul does not say whether it may go: %s",
			  f->name, f->error.text);
	else
		log_event(LOG_WARNING, "app", EVENT("app.guarded", .app = f->name),
			  "%s: kept by the fleet guard: %zu other%s announced, %zu must stay",
			  f->name, f->up, f->up == 1 ? " is" : "s are", f->min_up);
}

static void note_decision(struct fleet_app *f)
{
	const struct fleet_decision *d = &f->member.decision;
	if (f->member.evidence != FLEET_SOFT || d->min_up == 0)
		return;
	f->up = d->up;
	f->min_up = d->min_up;
	f->ahead = d->ahead;
	if (d->step == FLEET_STEP_WAIT)
		log_kept(f);
}

static void note_place(struct fleet_app *f)
{
	const struct fleet_joiner *j = &f->member.joiner;
	if (j->decision.step != FLEET_STEP_WAIT && j->decision.step != FLEET_STEP_PROMOTE)
		return;
	f->has_place = true;
	f->join_ahead = j->decision.ahead;
	str_copy(f->join_first, sizeof(f->join_first), j->decision.first);
}

static void let_go(struct fleet_app *f, mono_t now)
{
	log_event(LOG_WARNING, "app", EVENT("app.granted", .app = f->name),
		  "%s: withdrawal granted by the fleet guard: %zu other%s announced, %zu must stay",
		  f->name, f->up, f->up == 1 ? " is" : "s are", f->min_up);
	registry_guard_changed(f->shared->registry, f->name, now);
}

static void call_back(struct fleet_app *f, mono_t now)
{
	log_event(LOG_WARNING, "app", EVENT("app.guarded", .app = f->name),
		  "%s: announced again by the fleet guard, although it is down: %zu other%s "
		  "announced, %zu must stay",
		  f->name, f->up, f->up == 1 ? " is" : "s are", f->min_up);
	registry_guard_changed(f->shared->registry, f->name, now);
	f->is_told = true;
}

static bool is_report(const struct fleet_app *f)
{
	return f->calls.kind == FLEET_TXN_REPORT || f->calls.kind == FLEET_TXN_REFRESH;
}

/* Two agents that claim at once are not an error. One whose report is refused has keys that another
 * session holds: that of the instance before, or of a host with the same name. */
static bool is_told(const struct fleet_app *f, enum fleet_result result)
{
	return result == FLEET_FAILED || (result == FLEET_CONFLICT && is_report(f));
}

/* Of a retired one the VIPs may be fewer than the rules. */
static void note_seen(struct fleet_app *f, const struct fleet_view *views, mono_t now)
{
	bool read = f->calls.kind == FLEET_TXN_READ || f->calls.kind == FLEET_TXN_REFRESH ||
		    f->calls.kind == FLEET_TXN_CLAIM || f->calls.kind == FLEET_TXN_JOIN;
	if (views && read && !f->is_gone)
		fleet_seen_note(f->seen, f->config.n_vips, views, f->config.rules, wall_now(), now);
}

static void on_done(enum fleet_result result, const struct fleet_view *views, const struct err *err,
		    void *userdata)
{
	struct fleet_app *f = userdata;
	mono_t now = loop_now(f->shared->loop);
	enum fleet_form before = f->member.form;
	bool was_promoted = f->member.joiner.is_promoted;
	call_ended(f, now);
	pass_session(f, now);
	bool had_reported = f->member.is_reported;
	/* By an instance before this one. */
	f->member.was_announced |= f->calls.was_announced;
	fleet_member_answer(&f->member, f->request, result, views, wall_now(), now);
	f->is_answered = result == FLEET_OK;
	note_seen(f, views, now);
	f->error = is_told(f, result) ? *err : (struct err){ "" };
	/* Those of a session before go when that ends. */
	if (f->calls.is_lost && had_reported)
		fleet_member_keys_lost(&f->member, now);
	f->calls.is_lost = false;
	note_decision(f);
	note_place(f);
	if (result == FLEET_FAILED)
		log_kept(f);
	fleet_app_wake(f, fleet_member_deadline(&f->member));
	if (before == FLEET_DEGRADED && f->member.form == FLEET_WITHDRAWN)
		let_go(f, now);
	else if (before == FLEET_WITHDRAWN && f->member.form == FLEET_DEGRADED)
		call_back(f, now);
	else if (!was_promoted && f->member.joiner.is_promoted)
		registry_guard_changed(f->shared->registry, f->name, now);
}

/* ---- requests ---- */

/* Nothing new is told: only then it may be a large answer. After one that was lost or refused it is
 * a small one, as that may have been the reason. */
static bool is_refresh(const struct fleet_app *f, const struct fleet_request *r)
{
	const struct fleet_member *m = &f->member;
	return m->is_reported && m->reported == r->form && f->is_answered &&
	       fleet_seen_is_due(f->seen, f->config.n_vips, f->config.refresh, loop_random(),
				 loop_now(f->shared->loop));
}

static enum fleet_txn txn_of(const struct fleet_app *f, const struct fleet_request *r)
{
	switch (r->kind) {
	case FLEET_READ:
		return FLEET_TXN_READ;
	case FLEET_REPORT:
		return is_refresh(f, r) ? FLEET_TXN_REFRESH : FLEET_TXN_REPORT;
	case FLEET_CLAIM:
		return FLEET_TXN_CLAIM;
	case FLEET_JOIN:
		return FLEET_TXN_JOIN;
	case FLEET_DROP:
		return r->leaves ? FLEET_TXN_FORGET : FLEET_TXN_DROP;
	}
	return FLEET_TXN_READ;
}

static void send_request(struct fleet_app *f, const struct fleet_request *r)
{
	enum fleet_form form = r->form;
	if (form == FLEET_WITHDRAWN && f->is_drained)
		form = FLEET_DRAINED;
	/* A retired app deletes its keys. */
	const struct app *app = f->is_gone ? NULL : registry_find(f->shared->registry, f->name);
	for (size_t i = 0; app && i < f->config.n_vips; i++)
		fleet_told(app, &f->vips[i], f->shared->config_sha256, loop_now(f->shared->loop),
			   wall_now(), &f->details[i]);
	const struct fleet_write write = {
		.session = f->member.claim.session,
		.serial = r->id,
		.form = form,
		.details = app ? f->details : NULL,
		.seen = wall_now(),
		.announced = f->member.was_announced,
		.leaves = r->leaves,
	};
	f->request = r->id;
	call(f, txn_of(f, r), &write);
}

/* Does another app of this agent have keys of the VIP by now? One of too many VIPs has none. */
static bool is_of_another(const struct fleet_app *f, const struct prefix *vip)
{
	struct prefix vips[FLEET_VIPS_MAX];
	struct fleet_rule rules[FLEET_VIPS_MAX];
	const struct fleet_spec *spec = f->shared->spec;
	const struct app *owner = registry_owner(f->shared->registry, vip);
	return owner && fleet_spec_min_up(spec, vip) &&
	       collect_vips(spec, owner->spec, vips, rules) <= FLEET_VIPS_MAX;
}

/* They are its own business. */
static void drop_keys_of_others(struct fleet_app *f)
{
	size_t n = 0;
	for (size_t i = 0; i < f->config.n_vips; i++)
		if (!is_of_another(f, &f->vips[i]))
			f->vips[n++] = f->vips[i];
	if (n == f->config.n_vips)
		return;
	f->calls.is_known = false;
	f->config.n_vips = f->calls.keys.n_vips = n;
	fleet_member_narrow(&f->member);
}

/* With the session go the keys that it held. */
static bool has_gone(struct fleet_app *f)
{
	if (!f->is_gone)
		return false;
	if (f->n_vips > FLEET_VIPS_MAX) /* it has none */
		return true;
	if (!f->member.request.id)
		drop_keys_of_others(f);
	return f->config.n_vips == 0 || f->member.is_gone;
}

void fleet_app_retire(struct fleet_app *f, mono_t now)
{
	fleet_app_cancel(f);
	pass_session(f, now);
	fleet_member_retire(&f->member, now);
	f->is_gone = true;
	f->kept_since = USEC_NEVER;
	list_append(&f->shared->gone, &f->gone);
	fleet_app_wake(f, now);
}

static void note_timeout(struct fleet_app *f)
{
	char text[DURATION_TEXT_MAX];
	fleet_app_cancel(f);
	err_set(&f->error, 0, "no answer from Consul within %s",
		duration_format(f->config.timeout, text));
	log_kept(f);
}

void fleet_app_run(struct fleet_app *f, mono_t now)
{
	struct fleet_request r;
	pass_session(f, now);
	if (has_gone(f)) {
		fleet_app_free(f);
		return;
	}
	if (f->n_vips > FLEET_VIPS_MAX)
		return;
	if (!may_call(f))
		return;
	bool due = fleet_member_next(&f->member, now, &r);
	if (f->is_calling && f->member.request.id != f->request)
		note_timeout(f);
	if (due)
		send_request(f, &r);
	fleet_app_wake(f, fleet_member_deadline(&f->member));
}
