/* SPDX-License-Identifier: MIT */
/*
 * Two queries, each always in one place: waiting for its answer, or waiting to ask again.
 *
 * Every question has a number from one counter, so that the state can tell whether an answer was
 * asked for before or after something else was seen. When the state needs the other stream's word
 * (a new service without checks), that stream's long poll is broken off and asked anew without
 * waiting: one more request for a change, none while nothing changes.
 *
 * A long poll that stays silent looks the same whether nothing happens or Consul hangs. So a poll
 * waits for a minute at most, and one that is not back soon after it was due is a failure.
 */
#include "consul/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

#define BODY_MAX       ((size_t)32 << 20)
#define POLL_MAX       (60 * USEC_PER_SEC)
#define POLL_GRACE     (5 * USEC_PER_SEC)
#define ANSWER_MAX     (10 * USEC_PER_SEC)
#define CONNECT_MAX    (5 * USEC_PER_SEC)
#define TOKEN_MAX      4096
#define ERROR_BODY_MAX 160

enum query_kind { QUERY_SERVICES, QUERY_CHECKS };

struct query {
	struct consul_client *client;
	enum query_kind kind;
	struct consul_stream plan;
	struct http_call *call;
	sd_event_source *timer;
	uint64_t number;
	usec_t cost; /* of digesting the last answer */
	usec_t answered_at;
	uint64_t answers, failures;
};

struct consul_client {
	sd_event *loop;
	struct http *http;
	const struct consul_config *config;
	struct consul_settings settings;
	struct http_server server;
	consul_changed_cb *changed;
	void *userdata;
	struct consul_catalog state;
	char node[CONSUL_NAME_MAX];
	bool node_known; /* false: ask for it before the next question */
	struct query queries[2];
	uint64_t last_number;
	enum consul_contact contact;
	usec_t contact_since, error_at;
	struct err error;
	sd_event_source *deadline;
};

static void ask(struct query *q);

static struct query *other_of(struct query *q)
{
	return &q->client->queries[q->kind == QUERY_SERVICES ? QUERY_CHECKS : QUERY_SERVICES];
}

/* ---- contact ---- */

static const char *address_of(const struct consul_client *c)
{
	const char *at = strrchr(c->settings.base, '@'); /* what is before it may be a secret */
	if (c->settings.unix_path[0])
		return c->settings.unix_path;
	return at ? at + 1 : c->settings.base;
}

static usec_t failing_since(const struct consul_client *c)
{
	return usec_min(c->queries[0].plan.failing_since, c->queries[1].plan.failing_since);
}

static void set_contact(struct consul_client *c, enum consul_contact contact, usec_t now)
{
	char span[DURATION_TEXT_MAX];
	if (c->contact == contact)
		return;
	duration_format(usec_sub(now, c->contact_since) / USEC_PER_MSEC * USEC_PER_MSEC, span);
	if (contact == CONSUL_LOST)
		log_warn("consul", "%s: %s; the last known state stays, retrying", address_of(c),
			 c->error.text);
	else if (c->contact == CONSUL_LOST)
		log_info("consul", "%s: answers again after %s", address_of(c), span);
	else
		log_info("consul", "%s: in contact, node %s", address_of(c), c->node);
	c->contact = contact;
	c->contact_since = now;
}

static void judge_contact(struct consul_client *c, usec_t now)
{
	c->state.stale_since = failing_since(c);
	if (c->state.stale_since != USEC_NEVER)
		set_contact(c, CONSUL_LOST, now);
	else if (c->state.has_services && c->state.has_checks)
		set_contact(c, CONSUL_IN_CONTACT, now);
}

/* ---- telling the agent ---- */

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata);

static void tell(struct consul_client *c, bool services)
{
	usec_t now = loop_now(c->loop);
	judge_contact(c, now);
	loop_timer_set(c->loop, &c->deadline, consul_catalog_deadline(&c->state, now), LOOP_HEALTH,
		       on_deadline, c);
	c->changed(services, c->userdata);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	tell(userdata, false);
	return 0;
}

/* ---- asking again ---- */

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	ask(userdata);
	return 0;
}

static void ask_in(struct query *q, usec_t wait)
{
	if (wait == 0) {
		ask(q);
		return;
	}
	loop_timer_set(q->client->loop, &q->timer, usec_add(loop_clock(), wait), LOOP_HEALTH,
		       on_time, q);
}

/* Breaks off a long poll; whoever waits to ask again, after a failure say, goes on waiting. */
static void refresh(struct query *q)
{
	consul_stream_refresh(&q->plan);
	if (!q->call)
		return;
	http_cancel(q->call);
	q->call = NULL;
	ask(q);
}

/* ---- answers ---- */

static void describe_status(const struct http_response *r, struct err *err)
{
	char body[ERROR_BODY_MAX];
	str_printable(body, sizeof(body), r->body, strcspn(r->body, "\r\n"));
	err_set(err, -EIO, "HTTP %ld%s%s%s", r->status, body[0] ? ": " : "", body,
		r->status == 403 ? " (check the token)" : "");
}

/* What does not depend on which question it was. */
static void read_answer(const struct http_response *r, struct consul_answer *a, struct err *err)
{
	char text[HTTP_HEADER_MAX];
	a->refused = r->status == 403 || r->status == 429;
	if (r->error[0])
		err_set(err, -EIO, "%s", r->error);
	else if (r->status != 200)
		describe_status(r, err);
	a->failed = r->error[0] || r->status != 200;
	a->cut_off = r->error[0] && !r->timed_out;
	a->error = err->text;
	if (!http_header(r, "X-Consul-Index", text) ||
	    str_to_u64(text, UINT64_MAX - 1, &a->index) < 0)
		a->index = 0;
	a->leaderless = http_header(r, "X-Consul-KnownLeader", text) && str_equal(text, "false");
	a->filtered = http_header(r, "X-Consul-Results-Filtered-By-ACLs", text) &&
		      str_equal(text, "true");
}

/* Nothing was taken; the step has put the reason into c->error. */
static void kept_out(struct query *q, const struct consul_step *step)
{
	struct consul_client *c = q->client;
	q->failures++;
	c->error_at = loop_now(c->loop);
	if (q->kind == QUERY_SERVICES && !c->settings.node)
		c->node_known = false; /* it may come back as another */
	log_debug("consul", "%s: %s", address_of(c), c->error.text);
	tell(c, false);
	ask_in(q, step->wait);
}

static struct consul_step step(struct query *q, const struct consul_answer *a)
{
	struct consul_client *c = q->client;
	struct consul_step s = consul_stream_step(&q->plan, a, loop_now(c->loop), q->cost,
						  loop_random(), &c->error);
	if (s.reset)
		log_warn("consul",
			 "%s: its memory is another than before (index %llu): what it lost is "
			 "held as it was",
			 address_of(c), (unsigned long long)a->index);
	return s;
}

static void taken(struct query *q, const struct consul_step *s, uint64_t generation, usec_t began)
{
	struct consul_client *c = q->client;
	q->answers++;
	q->answered_at = loop_now(c->loop);
	/* Before the others are told: what they do with it takes time, too. */
	bool ask_other = q->kind == QUERY_SERVICES ? consul_catalog_needs_checks(&c->state)
						   : consul_catalog_needs_services(&c->state);
	tell(c, c->state.generation != generation);
	q->cost = loop_clock() - began;
	ask_in(q, s->wait);
	if (ask_other)
		refresh(other_of(q));
}

static void on_catalog(const struct http_response *r, void *userdata)
{
	struct query *q = userdata;
	struct consul_client *c = q->client;
	struct consul_answer a = { 0 };
	struct consul_services catalog = { 0 };
	struct err err = { "" };
	usec_t began = loop_clock();
	q->call = NULL;
	read_answer(r, &a, &err);
	if (!a.failed &&
	    consul_services_parse(r->body, r->len, c->config->match_tag, &catalog, &err) < 0)
		a.failed = true;
	a.present = catalog.present;
	a.node_id = catalog.node_id;
	a.create_index = catalog.create_index;
	struct consul_step s = step(q, &a);
	if (s.use == CONSUL_REJECT) {
		consul_services_done(&catalog);
		kept_out(q, &s);
		return;
	}
	uint64_t generation = c->state.generation;
	consul_catalog_apply_services(&c->state, &catalog, &s, q->number, c->last_number,
				      loop_now(c->loop));
	taken(q, &s, generation, began);
}

static void on_checks(const struct http_response *r, void *userdata)
{
	struct query *q = userdata;
	struct consul_client *c = q->client;
	struct consul_answer a = { 0 };
	struct consul_checks checks = { 0 };
	struct err err = { "" };
	usec_t began = loop_clock();
	q->call = NULL;
	read_answer(r, &a, &err);
	if (!a.failed && consul_checks_parse(r->body, r->len, &checks, &err) < 0)
		a.failed = true;
	a.present = checks.n > 0;
	struct consul_step s = step(q, &a);
	if (s.use == CONSUL_REJECT) {
		consul_checks_done(&checks);
		kept_out(q, &s);
		return;
	}
	consul_catalog_apply_checks(&c->state, &checks, &s, q->number, c->last_number,
				    loop_now(c->loop));
	taken(q, &s, c->state.generation, began);
}

/* The name of the node. A failure counts as one of the catalog, which waits for it. */
static void on_self(const struct http_response *r, void *userdata)
{
	struct query *q = userdata;
	struct consul_client *c = q->client;
	struct consul_answer a = { 0 };
	struct err err = { "" };
	bool first = !c->node[0];
	q->call = NULL;
	read_answer(r, &a, &err);
	if (!a.failed && consul_self_parse(r->body, r->len, c->node, &err) < 0)
		a.failed = true;
	if (a.failed) {
		err_prefix(&err, 0, "asking for the name of the node (or set CONSUL_NODE): ");
		struct consul_step s = step(q, &a);
		kept_out(q, &s);
		return;
	}
	c->node_known = true;
	ask(q);
	if (first)
		ask(other_of(q));
}

/* ---- questions ---- */

/* Read anew each time, so that a token that is rotated is taken up. */
static bool read_token(const char *file, char buf[static TOKEN_MAX])
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, TOKEN_MAX - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	buf[n] = 0;
	buf[strcspn(buf, " \t\r\n")] = 0;
	return buf[0];
}

static int start_call(struct consul_client *c, const struct http_request *request,
		      http_done_cb *done, void *userdata, struct http_call **ret, struct err *err)
{
	char from_file[TOKEN_MAX], header[TOKEN_MAX + 32];
	const char *token = c->settings.token, *headers[] = { NULL, NULL };
	struct http_request r = *request;
	if (c->settings.token_file) {
		if (!read_token(c->settings.token_file, from_file))
			return err_set(err, -EIO, "the token file '%s' cannot be read or is empty",
				       c->settings.token_file);
		token = from_file;
	}
	if (token) {
		snprintf(header, sizeof(header), "X-Consul-Token: %s", token);
		headers[0] = header;
	}
	r.server = &c->server;
	r.headers = headers;
	r.connect_timeout = CONNECT_MAX;
	r.body_max = BODY_MAX;
	return http_start(c->http, &r, done, userdata, ret, err);
}

static usec_t poll_time(const struct consul_client *c)
{
	return usec_min(c->config->query_interval, POLL_MAX);
}

/* Consul adds up to a sixteenth of the wait, so that not all polls end together. */
static usec_t time_limit(const struct query *q)
{
	usec_t wait = poll_time(q->client);
	return q->plan.asked_index > 0 ? wait + wait / 16 + POLL_GRACE : ANSWER_MAX;
}

static bool question_url(const struct query *q, char url[static CONSUL_URL_MAX])
{
	const struct consul_client *c = q->client;
	const char *path = q->kind == QUERY_SERVICES ? "catalog/node" : "health/node";
	if (!c->node_known && q->kind == QUERY_SERVICES)
		return consul_settings_url(&c->settings, "agent/self", NULL, 0, 0, url);
	return consul_settings_url(&c->settings, path, c->node, q->plan.asked_index,
				   (unsigned)(poll_time(c) / USEC_PER_MSEC), url);
}

static void ask(struct query *q)
{
	struct consul_client *c = q->client;
	char url[CONSUL_URL_MAX];
	struct err err = { "" };
	bool self = !c->node_known && q->kind == QUERY_SERVICES;
	http_done_cb *done = self ? on_self : q->kind == QUERY_SERVICES ? on_catalog : on_checks;
	loop_timer_set(c->loop, &q->timer, USEC_NEVER, LOOP_HEALTH, on_time, q);
	struct http_request request = { .url = url, .timeout = self ? ANSWER_MAX : time_limit(q) };
	q->number = ++c->last_number;
	int r = question_url(q, url) ? start_call(c, &request, done, q, &q->call, &err)
				     : err_set(&err, -EINVAL, "the name of the node is too long");
	if (r == 0)
		return;
	struct consul_answer a = { .failed = true, .error = err.text };
	struct consul_step s = step(q, &a);
	kept_out(q, &s);
}

int consul_client_put(struct consul_client *c, const char *path, const char *name, const char *body,
		      http_done_cb *done, void *userdata, struct http_call **ret)
{
	char url[CONSUL_URL_MAX];
	struct http_request request = {
		.method = "PUT", .url = url, .body = body, .timeout = ANSWER_MAX
	};
	if (!consul_settings_url(&c->settings, path, name, 0, 0, url))
		return -ENAMETOOLONG;
	return start_call(c, &request, done, userdata, ret, NULL);
}

/* ---- life ---- */

static void init_query(struct consul_client *c, enum query_kind kind)
{
	struct query *q = &c->queries[kind];
	q->client = c;
	q->kind = kind;
	q->answered_at = USEC_NEVER;
	consul_stream_init(&q->plan);
}

static void start(struct consul_client *c)
{
	if (c->settings.node) {
		str_copy(c->node, sizeof(c->node), c->settings.node);
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
	consul_catalog_init(&c->state, config->warning_fails,
			    config->max_stale > 0 ? config->max_stale : USEC_NEVER);
	init_query(c, QUERY_SERVICES);
	init_query(c, QUERY_CHECKS);
	int r = consul_settings_make(config, env, &c->settings, err);
	if (r == 0)
		r = http_new(loop, &c->http, err);
	if (r < 0) {
		consul_client_free(c);
		return r;
	}
	c->server = (struct http_server){
		.unix_path = c->settings.unix_path[0] ? c->settings.unix_path : NULL,
		.ca_file = c->settings.ca_file,
		.cert_file = c->settings.cert_file,
		.key_file = c->settings.key_file,
		.insecure = c->settings.insecure,
	};
	start(c);
	*ret = c;
	return 0;
}

void consul_client_free(struct consul_client *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < 2; i++)
		sd_event_source_disable_unref(c->queries[i].timer);
	sd_event_source_disable_unref(c->deadline);
	http_free(c->http);
	consul_catalog_done(&c->state);
	sd_event_unref(c->loop);
	free(c);
}

/* ---- what is asked of it ---- */

const struct consul_catalog *consul_client_catalog(const struct consul_client *c)
{
	return &c->state;
}

enum consul_health consul_client_judge(const struct consul_client *c, const char *service,
				       char said[static CONSUL_SAID_MAX])
{
	return consul_catalog_judge(&c->state, service, loop_now(c->loop), said);
}

static struct consul_stream_status status_of(const struct query *q)
{
	return (struct consul_stream_status){
		.index = q->plan.index,
		.failing_since = q->plan.failing_since,
		.answered_at = q->answered_at,
		.answers = q->answers,
		.failures = q->failures,
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
