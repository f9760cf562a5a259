/* SPDX-License-Identifier: MIT */
#include "agent/daemon/what_if.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/daemon/next_config.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/peer_find.h"
#include "agent/daemon/reload.h"
#include "agent/daemon/shown.h"
#include "agent/daemon/turn.h"
#include "agent/daemon/waiting.h"
#include "agent/fleet/fleet_agent.h"
#include "agent/fleet/fleet_read.h"
#include "agent/http/reply_forms.h"
#include "agent/status/stream.h"
#include "agent/status/view_forecast.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/kinds.h"
#include "process/loop.h"

/* An answer has up to a few megabytes. */
#define WAITING_MAX   4
#define PER_PRINCIPAL 2
/* Between two looks at the clock. */
#define STEPS 16

_Static_assert(WHAT_IF_NAMES_MAX <= FAULT_NAMES_MAX, "a fault has room for all names");

struct question {
	struct waiter waiter; /* first */
	struct what_if *owner;
	struct fault fault;
	struct peer_id down[WHAT_IF_NAMES_MAX];
	size_t n_down;
	bool consul_away, fleet;
	struct next_config *config; /* NULL: that in effect */
	struct plan *plan;
	struct forecast_view *view; /* NULL: the configuration is still read */
	struct fleet_read *read;    /* under way; NULL: none */
	uint64_t reloads;           /* reload_count() of the configuration that it is about */
};

struct what_if {
	struct agent *a;
	struct waiting waiting; /* struct question, the first is under way */
	sd_event_source *turn;
};

struct what_if *what_if_new(struct agent *a)
{
	struct what_if *w = mem_new(1, sizeof(*w));
	w->a = a;
	waiting_init(&w->waiting, WAITING_MAX, PER_PRINCIPAL, "forecasts");
	return w;
}

static void end(struct what_if *w, struct question *q)
{
	waiting_remove(&w->waiting, &q->waiter);
	fleet_read_cancel(q->read);
	forecast_view_free(q->view);
	plan_free(q->plan);
	next_config_free(q->config);
	fault_done(&q->fault);
	free(q);
}

/* Takes the body over. */
static void finish(struct what_if *w, struct question *q, unsigned status, json_t *body)
{
	char *text = stream_json_text(body);
	api_send_forecast(w->a->api, q->waiter.number, status, text);
	free(text);
	json_decref(body);
	end(w, q);
}

static void refuse(struct what_if *w, struct question *q, const char *why)
{
	finish(w, q, 503, reply_error(why, false));
}

void what_if_stop(struct what_if *w)
{
	if (!w)
		return;
	w->waiting.stopped = true;
	w->turn = sd_event_source_disable_unref(w->turn);
	for (struct waiter *x; (x = waiting_first(&w->waiting));)
		refuse(w, (struct question *)x, "vipherald is stopping");
}

void what_if_free(struct what_if *w)
{
	if (!w)
		return;
	what_if_stop(w);
	free(w);
}

/* ---- another configuration ---- */

static bool is_known(const struct question *q, const char *name)
{
	const struct config *next = q->config->check.next;
	for (size_t i = 0; i < next->n_apps; i++)
		if (str_equal(next->apps[i].name, name))
			return true;
	return registry_find(q->owner->a->registry, name);
}

static bool is_peer(const struct agent *a, const struct bgp_config *next, const struct peer_id *id)
{
	for (size_t i = 0; i < next->n_peers; i++) {
		const struct peer_id of = peer_id_of(&next->peers[i]);
		if (peer_id_equal(&of, id))
			return true;
	}
	for (size_t i = 0; i < bgp_speaker_n_peers(a->speaker); i++) {
		const struct peer_id of = peer_id_of(bgp_speaker_peer_config(a->speaker, i));
		if (peer_id_equal(&of, id))
			return true;
	}
	return false;
}

/* Names that may be in the configuration, too, are looked up once it is loaded. */
static int check_names(const struct question *q, struct err *err)
{
	char text[PEER_ID_TEXT_MAX];
	const struct bgp_config *next = &q->config->check.check.identity.bgp;
	for (size_t i = 0; i < q->fault.n_apps; i++)
		if (!is_known(q, q->fault.apps[i]))
			return err_set(err, -ENOENT,
				       "'%.128s' is not an app, now or in the configuration, nor a "
				       "kind of monitor",
				       q->fault.apps[i]);
	for (size_t i = 0; i < q->n_down; i++)
		if (!is_peer(q->owner->a, next, &q->down[i]))
			return err_set(err, -ENOENT, "no peer '%s', now or in the configuration",
				       peer_id_format(&q->down[i], text));
	if (q->consul_away && config_diff_has_key(&q->config->diff, CONFIG_AGENT, "consul_"))
		return err_set(err, -EINVAL,
			       "consul_away: the configuration changes consul_ keys, so that the "
			       "services of Consul are unknown: use only one of the two");
	return 0;
}

/* forecast_away_fn */
static bool fails_away(const char *app, mono_t now, mono_t *ret_at, void *userdata)
{
	const struct agent *a = userdata;
	const struct discovery *d = sources_discovery(a->sources, APP_FROM_CONSUL);
	return d && discovery_fails_away(d, app, now, ret_at);
}

static struct forecast_config make_plan(struct question *q)
{
	struct agent *a = q->owner->a;
	struct file_check *check = &q->config->check;
	q->plan = plan_new(a->registry, check->next);
	return (struct forecast_config){ .plan = q->plan,
					 .next = check->next,
					 .bgp = { &a->identity.bgp, &check->check.identity.bgp },
					 .findings = next_config_findings(q->config) };
}

static void make_view(struct question *q)
{
	struct agent *a = q->owner->a;
	struct status_sources in = shown_sources(a);
	struct forecast_question question = {
		.down = q->down,
		.n_down = q->n_down,
		.consul_away = q->consul_away,
		.fleet = q->fleet,
	};
	if (q->config)
		question.config = make_plan(q);
	const struct forecast_env env = { a->registry, fails_away, a, q->plan };
	q->view = forecast_view_new(&in, forecast_new(&env, &q->fault), &question);
	json_decref(question.config.findings);
}

/* False: it has been answered. */
static bool config_step(struct what_if *w, struct question *q)
{
	struct err err;
	mono_t limit = turn_end();
	int rc = 1;
	while (rc > 0 && !turn_is_over(limit))
		rc = next_config_step(q->config);
	if (rc < 0) {
		finish(w, q, 422, next_config_findings(q->config));
		return false;
	}
	if (rc > 0)
		return true;
	rc = check_names(q, &err);
	if (rc < 0) {
		finish(w, q, rc == -ENOENT ? 404 : 400, reply_error(err.text, false));
		return false;
	}
	make_view(q);
	return true;
}

/* ---- steps ---- */

static bool step(struct what_if *w, struct question *q)
{
	struct status_sources in = shown_sources(w->a);
	mono_t limit = turn_end(), now = loop_now(w->a->loop);
	bool more = true;
	forecast_view_begin_turn(q->view, &in);
	while (more && !turn_is_over(limit))
		for (int i = 0; more && i < STEPS; i++)
			more = forecast_view_step(q->view, now);
	forecast_view_end_turn(q->view);
	return more;
}

static int on_turn(sd_event_source *source, void *userdata);

static void go_on(struct what_if *w)
{
	if (w->waiting.n > 0)
		loop_defer(w->a->loop, &w->turn, LOOP_APPLY, on_turn, w);
}

/* ---- the fleet ---- */

static void on_view(size_t i, const struct fleet_view *view, void *userdata)
{
	struct question *q = userdata;
	forecast_view_see(q->view, i, view, wall_now());
}

/* Without an answer of Consul we give none: a gate must not open for it. */
static void on_read(const struct err *err, void *userdata)
{
	struct question *q = userdata;
	struct what_if *w = q->owner;
	struct err why;
	q->read = NULL;
	if (err) {
		err_set(&why, -EAGAIN, "the state of the fleet is unknown: %s", err->text);
		refuse(w, q, why.text);
	} else {
		forecast_view_seen(q->view);
	}
	go_on(w);
}

static void read_views(struct what_if *w, struct question *q, const struct prefix *vips, size_t n)
{
	static const struct fleet_read_ops ops = { on_view, on_read };
	struct err err;
	if (n == 0) {
		forecast_view_seen(q->view);
		return;
	}
	if (fleet_read_new(fleet_agent_shared(w->a->fleet), vips, n, &ops, q, &q->read, &err) < 0)
		refuse(w, q, err.text);
}

static void answer(struct what_if *w, struct question *q)
{
	const struct prefix *vips;
	size_t n;
	if (forecast_view_reads(q->view, &vips, &n)) {
		read_views(w, q, vips, n);
		return;
	}
	api_send_forecast(w->a->api, q->waiter.number, 200, forecast_view_text(q->view));
	end(w, q);
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	struct what_if *w = userdata;
	struct question *q = (struct question *)waiting_first(&w->waiting);
	if (!q || q->read) /* its client has gone, or it waits */
		return 0;
	if (q->reloads != reload_count(w->a->reload)) {
		refuse(w, q, "the configuration has changed meanwhile, try again");
	} else if (!q->view) {
		config_step(w, q);
	} else if (!step(w, q)) {
		answer(w, q);
	}
	go_on(w);
	return 0;
}

static void on_abandoned(uint64_t number, void *userdata)
{
	struct what_if *w = userdata;
	struct waiter *x = waiting_find(&w->waiting, number);
	if (x)
		end(w, (struct question *)x);
	go_on(w);
}

/* ---- what is asked ---- */

/* The name of an app comes before that of a kind. `may_come`: it may be of another
 * configuration. */
static int add_fault(const struct agent *a, const char *name, bool may_come, struct fault *ret,
		     struct err *err)
{
	const struct monitor_kind *kind = monitor_kind_find(name);
	char kinds[160];
	struct strbuf text = strbuf_over(kinds, sizeof(kinds));
	if (registry_find(a->registry, name)) {
		fault_add_app(ret, name);
		return 0;
	}
	if (kind) {
		fault_add_kind(ret, kind);
		return 0;
	}
	if (may_come) {
		fault_add_app(ret, name);
		return 0;
	}
	monitor_kind_list_names(&text);
	return err_set(
		err, -ENOENT,
		"'%.128s' is neither an app nor a kind of monitor: expected an app or one of %s",
		name, kinds);
}

static int find_faults(const struct agent *a, const struct what_if_query *query, struct fault *ret,
		       struct err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < query->n_fails; i++)
		rc = add_fault(a, query->fails[i], query->config, ret, err);
	return rc;
}

static int suppose_away(const struct agent *a, struct fault *ret, struct err *err)
{
	ret->consul_away = true;
	if (sources_discovery(a->sources, APP_FROM_CONSUL))
		return 0;
	return err_set(err, -EINVAL,
		       "consul_away: no Consul is configured, expected agent.consul_addr");
}

static int check_fleet(const struct agent *a, struct err *err)
{
	return a->fleet
		       ? 0
		       : err_set(err, -EINVAL,
				 "fleet: none is configured, expected fleet.engine and fleet.vips");
}

static int find_peers(const struct agent *a, const struct what_if_query *query, struct peer_id *ret,
		      struct err *err)
{
	int rc = 0;
	size_t index;
	for (size_t i = 0; rc == 0 && i < query->n_peers; i++) {
		struct api_call call = { .name = mem_strdup(query->peers[i]) };
		rc = peer_find_present(a, &call, &index, &ret[i], err);
		if (rc == -ENOENT && query->config)
			rc = peer_id_parse(call.name, BGP_PORT, &ret[i], err);
		free(call.name);
	}
	return rc;
}

static int read_question(struct question *q, const struct what_if_query *query, struct err *err)
{
	const struct agent *a = q->owner->a;
	int rc = find_faults(a, query, &q->fault, err);
	if (rc == 0 && query->consul_away)
		rc = suppose_away(a, &q->fault, err);
	if (rc == 0 && query->fleet)
		rc = check_fleet(a, err);
	if (rc == 0)
		rc = find_peers(a, query, q->down, err);
	q->n_down = query->n_peers;
	q->consul_away = query->consul_away;
	q->fleet = query->fleet;
	return rc;
}

void what_if_ask(struct what_if *w, const struct api_call *call, struct api_reply *ret)
{
	struct err err;
	const struct what_if_query *query = &call->what_if;
	if (!waiting_has_room(&w->waiting, call, ret))
		return;
	struct question *q = mem_new(1, sizeof(*q));
	q->owner = w;
	int rc = read_question(q, query, &err);
	if (rc < 0) {
		fault_done(&q->fault);
		free(q);
		reply_json(ret, rc == -ENOENT ? 404 : 400, reply_error(err.text, false));
		return;
	}
	q->reloads = reload_count(w->a->reload);
	if (query->config)
		q->config = next_config_new(w->a, call->body, call->body_len, q->consul_away);
	else
		make_view(q);
	waiting_add(&w->waiting, &q->waiter, call, API_DEFER_FORECAST, ret);
	ret->abandoned = on_abandoned;
	ret->abandoned_userdata = w;
	go_on(w);
}
