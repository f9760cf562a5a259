/* SPDX-License-Identifier: MIT */
/*
 * Two queries; each is either pending or waits for its next start.
 *
 * Queries are numbered by one counter, so that the catalog knows whether an answer was queried
 * before or after something else was seen. When the catalog needs the other stream (a new service
 * without checks), the blocking query of that stream is cancelled and started again without
 * waiting: one more request for a change, none while nothing changes.
 *
 * A blocking query stays silent whether nothing happens or Consul hangs. So it waits for a minute
 * at most, and fails when it is not answered soon after that.
 */
#include "consul/client.h"

#include <stdlib.h>

#include "consul/nomad.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

#define POLL_MAX (60 * USEC_PER_SEC)
/* A neighbour that changes all the time must not fill the log. */
#define SKIPPED_LOG_GAP (60 * USEC_PER_SEC)

enum query_kind { QUERY_SERVICES, QUERY_CHECKS };

struct query {
	struct consul_client *client;
	enum query_kind kind;
	struct consul_stream plan;
	struct http_call *call;
	sd_event_source *timer;
	uint64_t number;
	span_t cost; /* of processing the last answer */
	mono_t answered_at;
	uint64_t answers, failures;
	struct consul_skipped skipped; /* of the last answer that was used */
	mono_t skipped_logged_at;
};

/* Nomad is asked for each service that the list of names has; together they are one answer. */
struct round {
	struct consul_answer answer; /* to the question for the names, with what the others add */
	struct nomad_names names;
	size_t next; /* of the names, to be asked for */
	struct consul_services services;
	size_t cap;
};

struct consul_client {
	sd_event *loop;
	struct consul_transport *transport;
	const struct consul_config *config;
	consul_changed_cb *changed;
	void *userdata;
	struct consul_catalog catalog;
	char node[CONSUL_NAME_MAX];
	bool node_known;         /* false: query it before the services */
	struct query queries[2]; /* of Nomad the first one only */
	struct round round;      /* of Nomad */
	uint64_t last_number;
	enum consul_contact contact;
	mono_t contact_since, error_at;
	struct err error;
	sd_event_source *deadline;
};

static void start_query(struct query *q);

static struct query *other_of(struct query *q)
{
	return &q->client->queries[q->kind == QUERY_SERVICES ? QUERY_CHECKS : QUERY_SERVICES];
}

/* ---- contact ---- */

static const char *module_of(const struct consul_client *c)
{
	return c->config->nomad ? "nomad" : "consul";
}

static const char *address_of(const struct consul_client *c)
{
	return consul_transport_address(c->transport);
}

static mono_t failing_since(const struct consul_client *c)
{
	return usec_min(c->queries[0].plan.failing_since, c->queries[1].plan.failing_since);
}

static void set_contact(struct consul_client *c, enum consul_contact contact, mono_t now)
{
	char span[DURATION_TEXT_MAX];
	if (c->contact == contact)
		return;
	duration_format(usec_sub(now, c->contact_since) / USEC_PER_MSEC * USEC_PER_MSEC, span);
	if (contact == CONSUL_LOST)
		log_event(LOG_WARNING, module_of(c),
			  EVENT(c->config->nomad ? "nomad.lost" : "consul.lost"),
			  "%s: %s; keeping the last known state, retrying", address_of(c),
			  c->error.text);
	else if (c->contact == CONSUL_LOST)
		log_event(LOG_INFO, module_of(c),
			  EVENT(c->config->nomad ? "nomad.restored" : "consul.restored"),
			  "%s: contact restored after %s", address_of(c), span);
	else
		log_info(module_of(c), "%s: in contact, node %s", address_of(c), c->node);
	c->contact = contact;
	c->contact_since = now;
}

static void update_contact(struct consul_client *c, mono_t now)
{
	c->catalog.stale_since = failing_since(c);
	if (c->catalog.stale_since != USEC_NEVER)
		set_contact(c, CONSUL_LOST, now);
	else if (c->catalog.has_services && c->catalog.has_checks)
		set_contact(c, CONSUL_IN_CONTACT, now);
}

/* ---- reporting changes ---- */

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata);

static void report(struct consul_client *c, bool services)
{
	mono_t now = loop_now(c->loop);
	update_contact(c, now);
	loop_timer_set(c->loop, &c->deadline, consul_catalog_deadline(&c->catalog, now),
		       LOOP_HEALTH, on_deadline, c);
	c->changed(services, c->userdata);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	report(userdata, false);
	return 0;
}

/* ---- repeating queries ---- */

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	start_query(userdata);
	return 0;
}

static void start_in(struct query *q, span_t wait)
{
	if (wait == 0) {
		start_query(q);
		return;
	}
	loop_timer_set(q->client->loop, &q->timer, usec_add(loop_clock(), wait), LOOP_HEALTH,
		       on_time, q);
}

/* Ends a blocking query early. The wait for the next one, after a failure say, is not cut short. */
static void refresh(struct query *q)
{
	consul_stream_refresh(&q->plan);
	if (!q->call)
		return;
	http_cancel(q->call);
	q->call = NULL;
	start_query(q);
}

/* ---- answers ---- */

/* The reason is in c->error. */
static void rejected(struct query *q, const struct consul_step *step)
{
	struct consul_client *c = q->client;
	q->failures++;
	c->error_at = loop_now(c->loop);
	if (q->kind == QUERY_SERVICES && !consul_transport_node(c->transport))
		c->node_known = false; /* Consul may come back with another name */
	log_debug(module_of(c), "%s: %s", address_of(c), c->error.text);
	report(c, false);
	start_in(q, step->wait);
}

static struct consul_step step(struct query *q, const struct consul_answer *a)
{
	struct consul_client *c = q->client;
	struct consul_step s = consul_stream_step(&q->plan, a, loop_now(c->loop), q->cost,
						  loop_random(), &c->error);
	log_debug(module_of(c), "%s: answer about %s, index %llu: %s", address_of(c),
		  q->kind == QUERY_SERVICES ? "services" : "checks", (unsigned long long)a->index,
		  s.use == CONSUL_REJECT ? c->error.text : "used");
	if (s.reset)
		log_event(LOG_WARNING, module_of(c),
			  EVENT(c->config->nomad ? "nomad.reset" : "consul.reset"),
			  "%s: %s state was reset (index %llu): services that it lost are "
			  "retained",
			  address_of(c), c->config->nomad ? "Nomad" : "Consul",
			  (unsigned long long)a->index);
	return s;
}

static void applied(struct query *q, const struct consul_step *s, uint64_t generation, mono_t began)
{
	struct consul_client *c = q->client;
	q->answers++;
	q->answered_at = loop_now(c->loop);
	bool other_needed = q->kind == QUERY_SERVICES ? consul_catalog_needs_checks(&c->catalog)
						      : consul_catalog_needs_services(&c->catalog);
	report(c, c->catalog.generation != generation);
	q->cost = loop_clock() - began;
	start_in(q, s->wait);
	if (other_needed)
		refresh(other_of(q));
}

/* Takes the texts over. Each item is logged once while it stays. */
static void note_skipped(struct query *q, struct consul_skipped *skipped)
{
	mono_t now = loop_now(q->client->loop);
	bool same = consul_skipped_equal(&q->skipped, skipped);
	bool quiet = q->skipped_logged_at != USEC_NEVER &&
		     usec_sub(now, q->skipped_logged_at) < SKIPPED_LOG_GAP;
	if (!same && !quiet && skipped->n > 0) {
		q->skipped_logged_at = now;
		for (size_t i = 0; i < skipped->n && i < CONSUL_SKIPPED_MAX; i++)
			log_warn(module_of(q->client), "%s: %s; it is skipped, the others count",
				 address_of(q->client), skipped->texts[i]);
		if (skipped->n > CONSUL_SKIPPED_MAX)
			log_warn(module_of(q->client), "%s: %zu more are skipped",
				 address_of(q->client), skipped->n - CONSUL_SKIPPED_MAX);
	}
	consul_skipped_done(&q->skipped);
	q->skipped = *skipped;
	*skipped = (struct consul_skipped){ 0 };
}

/* Takes the contents of the services over. */
static void apply_services(struct query *q, struct consul_answer *a,
			   struct consul_services *services, mono_t began)
{
	struct consul_client *c = q->client;
	a->present = services->present;
	a->node_id = services->node_id;
	a->create_index = services->create_index;
	struct consul_step s = step(q, a);
	if (s.use == CONSUL_REJECT) {
		consul_services_done(services);
		rejected(q, &s);
		return;
	}
	uint64_t generation = c->catalog.generation;
	note_skipped(q, &services->skipped);
	consul_catalog_apply_services(&c->catalog, services, &s, q->number, c->last_number,
				      loop_now(c->loop));
	applied(q, &s, generation, began);
}

static void on_services(const struct http_response *r, void *userdata)
{
	struct query *q = userdata;
	struct consul_client *c = q->client;
	struct consul_answer a = { 0 };
	struct consul_services services = { 0 };
	struct err err = { "" };
	mono_t began = loop_clock();
	q->call = NULL;
	consul_transport_answer(r, &a, &err);
	if (!a.failed &&
	    consul_services_parse(r->body, r->len, c->config->match_tag, &services, &err) < 0)
		a.failed = true;
	apply_services(q, &a, &services, began);
}

/* ---- answers of Nomad ---- */

static void ask_for_next(struct query *q, mono_t began);

static void round_done(struct round *round)
{
	nomad_names_done(&round->names);
	consul_services_done(&round->services);
	*round = (struct round){ 0 };
}

/* Half a round is not an answer: it looks like services that went away. */
static void fail_round(struct query *q, const struct consul_answer *last)
{
	struct consul_answer a = *last;
	struct consul_services none = { 0 };
	a.failed = a.nomad = true;
	round_done(&q->client->round);
	apply_services(q, &a, &none, loop_clock());
}

static void finish_round(struct query *q, mono_t began)
{
	struct consul_client *c = q->client;
	struct consul_answer a = c->round.answer;
	struct consul_services services = c->round.services;
	c->round.services = (struct consul_services){ 0 };
	round_done(&c->round);
	if (services.n > 0)
		consul_services_sort(&services);
	/* A node without services is not known there. */
	services.present = services.n > 0;
	str_copy(services.node_id, sizeof(services.node_id), c->node);
	a.error = "";
	a.nomad = true;
	apply_services(q, &a, &services, began);
}

/* A service may have changed since the names were asked for: what a later answer lacks is gone. The
 * names, and services that were asked for before, are as old as they are. */
static void note_answer(struct consul_answer *whole, const struct consul_answer *part)
{
	if (!whole->from_index)
		whole->from_index = whole->index;
	if (part->index == 0)
		whole->index = 0; /* there is no rule for it */
	else if (whole->index > 0 && part->index > whole->index)
		whole->index = part->index;
	whole->leaderless |= part->leaderless;
	whole->filtered |= part->filtered;
}

static void on_registrations(const struct http_response *r, void *userdata)
{
	struct query *q = userdata;
	struct consul_client *c = q->client;
	struct round *round = &c->round;
	struct consul_answer a = { 0 };
	struct err err = { "" };
	mono_t began = loop_clock();
	q->call = NULL;
	consul_transport_answer(r, &a, &err);
	if (!a.failed && nomad_service_parse(r->body, r->len, c->node, c->config->match_tag,
					     &round->services, &round->cap, &err) < 0)
		a.failed = true;
	if (a.failed) {
		err_prefix(&err, 0, "service '%.100s': ", round->names.items[round->next].name);
		fail_round(q, &a);
		return;
	}
	note_answer(&round->answer, &a);
	round->next++;
	ask_for_next(q, began);
}

static void ask_for_next(struct query *q, mono_t began)
{
	struct round *round = &q->client->round;
	struct err err = { "" };
	if (round->next == round->names.n) {
		finish_round(q, began);
		return;
	}
	const struct nomad_name *name = &round->names.items[round->next];
	if (consul_transport_get_in(q->client->transport, name->namespace, "service", name->name,
				    on_registrations, q, &q->call, &err) == 0)
		return;
	struct consul_answer a = { .error = err.text };
	fail_round(q, &a);
}

static void on_names(const struct http_response *r, void *userdata)
{
	struct query *q = userdata;
	struct consul_client *c = q->client;
	struct consul_answer a = { 0 };
	struct err err = { "" };
	mono_t began = loop_clock();
	q->call = NULL;
	round_done(&c->round);
	consul_transport_answer(r, &a, &err);
	if (!a.failed &&
	    nomad_names_parse(r->body, r->len, c->config->match_tag, &c->round.names, &err) < 0)
		a.failed = true;
	if (a.failed) {
		fail_round(q, &a);
		return;
	}
	c->round.answer = a;
	ask_for_next(q, began);
}

/* ---- answers of Consul about checks ---- */

static void on_checks(const struct http_response *r, void *userdata)
{
	struct query *q = userdata;
	struct consul_client *c = q->client;
	struct consul_answer a = { 0 };
	struct consul_checks checks = { 0 };
	struct err err = { "" };
	mono_t began = loop_clock();
	q->call = NULL;
	consul_transport_answer(r, &a, &err);
	if (!a.failed && consul_checks_parse(r->body, r->len, &checks, &err) < 0)
		a.failed = true;
	a.present = checks.n > 0;
	struct consul_step s = step(q, &a);
	if (s.use == CONSUL_REJECT) {
		consul_checks_done(&checks);
		rejected(q, &s);
		return;
	}
	note_skipped(q, &checks.skipped);
	consul_catalog_apply_checks(&c->catalog, &checks, &s, q->number, c->last_number,
				    loop_now(c->loop));
	applied(q, &s, c->catalog.generation, began);
}

/* The agent came back as another node: both queries start over. */
static void on_rename(struct query *q, const char *from)
{
	struct consul_client *c = q->client;
	log_warn(module_of(c),
		 "%s: the agent's node was %s and is %s now: services that it lost are "
		 "retained",
		 address_of(c), from, c->node);
	consul_catalog_doubt_checks(&c->catalog, c->last_number);
	consul_stream_rename(&q->plan);
	consul_stream_rename(&other_of(q)->plan);
	refresh(other_of(q));
}

/* The name of the node. A failure counts for the services, which wait for it. */
static void on_self(const struct http_response *r, void *userdata)
{
	struct query *q = userdata;
	struct consul_client *c = q->client;
	struct consul_answer a = { 0 };
	struct err err = { "" };
	char from[CONSUL_NAME_MAX];
	str_copy(from, sizeof(from), c->node);
	q->call = NULL;
	consul_transport_answer(r, &a, &err);
	if (!a.failed && (c->config->nomad ? nomad_self_parse
					   : consul_self_parse)(r->body, r->len, c->node, &err) < 0)
		a.failed = true;
	if (a.failed) {
		err_prefix(&err, 0, "querying the %s: ",
			   c->config->nomad ? "ID of the node"
					    : "name of the node (or set CONSUL_NODE)");
		struct consul_step s = step(q, &a);
		rejected(q, &s);
		return;
	}
	c->node_known = true;
	if (from[0] && !str_equal(from, c->node))
		on_rename(q, from);
	start_query(q);
	if (!from[0] && !c->config->nomad)
		start_query(other_of(q));
}

/* ---- queries ---- */

static int start_call(struct query *q, struct err *err)
{
	struct consul_client *c = q->client;
	bool services = q->kind == QUERY_SERVICES;
	if (services && !c->node_known)
		return consul_transport_get(c->transport, "agent/self", NULL, 0, 0, on_self, q,
					    &q->call, err);
	if (c->config->nomad)
		return consul_transport_get(c->transport, "services", NULL, q->plan.asked_index,
					    usec_min(c->config->query_interval, POLL_MAX), on_names,
					    q, &q->call, err);
	return consul_transport_get(c->transport, services ? "catalog/node" : "health/node",
				    c->node, q->plan.asked_index,
				    usec_min(c->config->query_interval, POLL_MAX),
				    services ? on_services : on_checks, q, &q->call, err);
}

static void start_query(struct query *q)
{
	struct consul_client *c = q->client;
	struct err err = { "" };
	loop_timer_set(c->loop, &q->timer, USEC_NEVER, LOOP_HEALTH, on_time, q);
	q->number = ++c->last_number;
	if (start_call(q, &err) == 0)
		return;
	struct consul_answer a = { .failed = true, .error = err.text };
	struct consul_step s = step(q, &a);
	rejected(q, &s);
}

/* ---- life ---- */

static void init_query(struct consul_client *c, enum query_kind kind)
{
	struct query *q = &c->queries[kind];
	q->client = c;
	q->kind = kind;
	q->answered_at = q->skipped_logged_at = USEC_NEVER;
	consul_stream_init(&q->plan);
}

static void start(struct consul_client *c)
{
	const char *node = consul_transport_node(c->transport);
	if (node) {
		str_copy(c->node, sizeof(c->node), node);
		c->node_known = true;
		loop_timer_set(c->loop, &c->queries[QUERY_CHECKS].timer, loop_clock(), LOOP_HEALTH,
			       on_time, &c->queries[QUERY_CHECKS]);
	}
	loop_timer_set(c->loop, &c->queries[QUERY_SERVICES].timer, loop_clock(), LOOP_HEALTH,
		       on_time, &c->queries[QUERY_SERVICES]);
}

int consul_client_new(sd_event *loop, const struct consul_config *config, consul_getenv *env,
		      consul_changed_cb *changed, void *userdata, struct consul_client **ret,
		      struct err *err)
{
	struct consul_client *c = mem_new(1, sizeof(*c));
	c->loop = sd_event_ref(loop);
	c->config = config;
	c->changed = changed;
	c->userdata = userdata;
	c->contact_since = loop_clock();
	c->error_at = USEC_NEVER;
	consul_catalog_init(&c->catalog, config->warning_fails,
			    config->max_stale > 0 ? config->max_stale : USEC_NEVER);
	c->catalog.has_checks = config->nomad; /* none are waited for */
	init_query(c, QUERY_SERVICES);
	init_query(c, QUERY_CHECKS);
	int r = consul_transport_new(loop, config, env, &c->transport, err);
	if (r < 0) {
		consul_client_free(c);
		return r;
	}
	start(c);
	*ret = c;
	return 0;
}

void consul_client_free(struct consul_client *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < 2; i++) {
		sd_event_source_disable_unref(c->queries[i].timer);
		consul_skipped_done(&c->queries[i].skipped);
	}
	sd_event_source_disable_unref(c->deadline);
	consul_transport_free(c->transport);
	round_done(&c->round);
	consul_catalog_done(&c->catalog);
	sd_event_unref(c->loop);
	free(c);
}

/* ---- results ---- */

const struct consul_catalog *consul_client_catalog(const struct consul_client *c)
{
	return &c->catalog;
}

struct consul_transport *consul_client_transport(const struct consul_client *c)
{
	return c->transport;
}

enum consul_health consul_client_judge(const struct consul_client *c, const char *service,
				       char said[static CONSUL_SAID_MAX])
{
	return consul_catalog_judge(&c->catalog, service, loop_now(c->loop), said);
}

static struct consul_stream_status status_of(const struct query *q)
{
	return (struct consul_stream_status){
		.index = q->plan.index,
		.failing_since = q->plan.failing_since,
		.answered_at = q->answered_at,
		.answers = q->answers,
		.failures = q->failures,
		.skipped = q->skipped,
	};
}

void consul_client_status(const struct consul_client *c, struct consul_client_status *ret)
{
	*ret = (struct consul_client_status){
		.address = address_of(c),
		.node = c->node,
		.contact = c->contact,
		.contact_since = c->contact_since,
		.error = c->error.text,
		.error_at = c->error_at,
		.catalog = status_of(&c->queries[QUERY_SERVICES]),
		.checks = status_of(&c->queries[QUERY_CHECKS]),
	};
}
