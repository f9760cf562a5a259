/* SPDX-License-Identifier: MIT */
#include "consul/publish.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/list.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

#define TTL      (120 * USEC_PER_SEC)
#define TTL_TEXT "120s"
#define RENEW    (TTL / 3)
/* 50 calls a second at most, some every PACE. */
#define PACE      (100 * USEC_PER_MSEC)
#define PER_PACE  5
#define CALLS_MAX 16
#define ID_MAX    256
#define ERROR_MAX 200

enum published_state { PUBLISH_NEW, PUBLISH_REGISTERED, PUBLISH_GONE };

struct published {
	struct consul_publish *publish;
	char *app; /* the key */
	char *text;
	enum published_state sent; /* the state that the pending call is for */
	enum consul_status status;
	enum published_state state;
	mono_t renew_at; /* 0: Consul does not have the present status and text */
	bool changed;    /* since the last call was started */
	bool seen;
	struct http_call *call;
	struct list_node queue;
	UT_hash_handle hh;
};

struct consul_publish {
	sd_event *loop;
	struct consul_transport *transport;
	struct published *apps;
	struct list queue;
	sd_event_source *pace;
	struct http_call *call; /* of the service */
	span_t retry;
	bool has_service, failing;
	unsigned n_calls;
};

static void arm(struct consul_publish *p, span_t wait);

struct consul_publish *consul_publish_new(sd_event *loop, struct consul_transport *transport,
					  span_t retry)
{
	struct consul_publish *p = mem_new(1, sizeof(*p));
	p->loop = loop;
	p->transport = transport;
	p->retry = retry;
	list_init(&p->queue);
	return p;
}

static void published_free(struct published *a)
{
	HASH_DELETE(hh, a->publish->apps, a);
	list_remove(&a->queue);
	http_cancel(a->call);
	a->publish->n_calls -= a->call != NULL;
	free(a->text);
	free(a->app);
	free(a);
}

void consul_publish_free(struct consul_publish *p)
{
	struct published *a, *next;
	if (!p)
		return;
	HASH_ITER (hh, p->apps, a, next)
		published_free(a);
	http_cancel(p->call);
	sd_event_source_disable_unref(p->pace);
	free(p);
}

/* ---- calls ---- */

static const char *check_id(const struct published *a, char buf[static ID_MAX])
{
	snprintf(buf, ID_MAX, CONSUL_PUBLISH_SERVICE ":%s", a->app);
	return buf;
}

/* Takes the object. */
static int put(struct consul_publish *p, const char *path, const char *name, json_t *body,
	       http_done_cb *done, void *userdata, struct http_call **ret)
{
	char *text = body ? json_dumps(body, JSON_COMPACT) : mem_strdup("");
	int r = text ? consul_transport_put(p->transport, path, name, text, done, userdata, ret)
		     : -EINVAL;
	free(text);
	json_decref(body);
	return r;
}

/* Consul forwards a new output at once only together with a new status, else up to five minutes
 * late: so a check is registered with another status than the one that is sent next. */
static enum consul_status other_status(enum consul_status status)
{
	return status == CONSUL_WARNING ? CONSUL_CRITICAL : CONSUL_WARNING;
}

static json_t *check_body(const struct published *a)
{
	char id[ID_MAX];
	return json_pack("{s:s, s:s+, s:s, s:s, s:s}", "ID", check_id(a, id), "Name", "app ",
			 a->app, "ServiceID", CONSUL_PUBLISH_SERVICE, "TTL", TTL_TEXT, "Status",
			 consul_status_name(other_status(a->status)));
}

static json_t *update_body(const struct published *a)
{
	return json_pack("{s:s, s:s}", "Status", consul_status_name(a->status), "Output", a->text);
}

static const char *refusal(const struct http_response *r, char buf[static ERROR_MAX])
{
	char body[ERROR_MAX - 32];
	str_printable(body, sizeof(body), r->body, strcspn(r->body, "\r\n"));
	snprintf(buf, ERROR_MAX, "HTTP %ld: %s", r->status, body);
	return buf;
}

/* Consul may have lost everything: service and check are registered again. */
static void failed(struct consul_publish *p, const struct http_response *r)
{
	char text[ERROR_MAX];
	if (!p->failing)
		log_warn("consul", "cannot publish the states of apps: %s",
			 r->error[0] ? r->error : refusal(r, text));
	p->failing = true;
	p->has_service = false;
	arm(p, p->retry);
}

static bool succeeded(const struct http_response *r)
{
	return !r->error[0] && r->status == 200;
}

static void enqueue(struct published *a)
{
	if (!list_linked(&a->queue))
		list_append(&a->publish->queue, &a->queue);
}

/* Any answer will do: Consul has removed the check, or does not have it. */
static void on_removal(struct published *a, const struct http_response *r)
{
	if (!r->error[0]) {
		published_free(a);
		return;
	}
	enqueue(a);
	failed(a->publish, r);
}

static void on_sent(const struct http_response *r, void *userdata)
{
	struct published *a = userdata;
	struct consul_publish *p = a->publish;
	a->call = NULL;
	p->n_calls--;
	if (a->sent == PUBLISH_GONE && a->state == PUBLISH_GONE) {
		on_removal(a, r);
		return;
	}
	if (a->sent != a->state) { /* its state changed meanwhile */
		enqueue(a);
		arm(p, 0);
		return;
	}
	if (!succeeded(r)) {
		a->state = PUBLISH_NEW;
		a->renew_at = 0;
		enqueue(a);
		failed(p, r);
		return;
	}
	p->failing = false;
	a->changed |= a->state == PUBLISH_NEW;
	a->state = PUBLISH_REGISTERED;
	a->renew_at = a->changed ? 0 : usec_add(loop_now(p->loop), RENEW);
	if (!a->changed)
		return;
	enqueue(a);
	arm(p, 0);
}

static int send_state(struct published *a)
{
	struct consul_publish *p = a->publish;
	char id[ID_MAX];
	check_id(a, id);
	a->sent = a->state;
	a->changed = false;
	switch (a->state) {
	case PUBLISH_NEW:
		return put(p, "agent/check/register", NULL, check_body(a), on_sent, a, &a->call);
	case PUBLISH_REGISTERED:
		return put(p, "agent/check/update", id, update_body(a), on_sent, a, &a->call);
	case PUBLISH_GONE:
		return put(p, "agent/check/deregister", id, NULL, on_sent, a, &a->call);
	}
	return -EINVAL;
}

static void on_service(const struct http_response *r, void *userdata)
{
	struct consul_publish *p = userdata;
	p->call = NULL;
	p->has_service = succeeded(r);
	if (!p->has_service)
		failed(p, r);
	else
		arm(p, 0);
}

static void send_service(struct consul_publish *p)
{
	if (!p->call)
		put(p, "agent/service/register", NULL,
		    json_pack("{s:s, s:s}", "ID", CONSUL_PUBLISH_SERVICE, "Name",
			      CONSUL_PUBLISH_SERVICE),
		    on_service, p, &p->call);
}

/* ---- pace ---- */

static int on_pace(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct consul_publish *p = userdata;
	struct published *a;
	if (list_empty(&p->queue))
		return 0;
	if (!p->has_service) {
		send_service(p);
		return 0;
	}
	for (int i = 0; i < PER_PACE && p->n_calls < CALLS_MAX &&
			(a = list_first(&p->queue, struct published, queue));
	     i++) {
		list_remove(&a->queue);
		if (a->call)
			continue; /* queued again when that call ends, if need be */
		if (send_state(a) == 0)
			p->n_calls++;
	}
	if (!list_empty(&p->queue))
		arm(p, PACE);
	return 0;
}

static void arm(struct consul_publish *p, span_t wait)
{
	if (p->failing && wait < p->retry)
		wait = p->retry;
	loop_timer_set(p->loop, &p->pace, usec_add(loop_now(p->loop), wait), LOOP_HTTP, on_pace, p);
}

/* ---- states of apps ---- */

void consul_publish_begin(struct consul_publish *p)
{
	for (struct published *a = p->apps; a; a = a->hh.next)
		a->seen = false;
}

static struct published *app_new(struct consul_publish *p, const char *app)
{
	struct published *a = mem_new(1, sizeof(*a));
	a->publish = p;
	a->app = mem_strdup(app);
	a->text = mem_strdup("");
	HASH_ADD_KEYPTR(hh, p->apps, a->app, strlen(a->app), a);
	return a;
}

void consul_publish_app(struct consul_publish *p, const char *app, enum consul_status status,
			const char *text)
{
	char clean[CONSUL_OUTPUT_MAX];
	struct published *a;
	HASH_FIND(hh, p->apps, app, strlen(app), a);
	if (!a)
		a = app_new(p, app);
	str_printable(clean, sizeof(clean), text, strlen(text));
	a->seen = true;
	if (a->state == PUBLISH_GONE) {
		a->state = PUBLISH_NEW;
		a->renew_at = 0;
	}
	if (a->status != status || !str_equal(a->text, clean)) {
		a->status = status;
		free(a->text);
		a->text = mem_strdup(clean);
		a->changed = true;
		a->renew_at = 0;
	}
	if (loop_now(p->loop) >= a->renew_at && !a->call)
		enqueue(a);
}

void consul_publish_end(struct consul_publish *p)
{
	struct published *a, *next;
	HASH_ITER (hh, p->apps, a, next) {
		if (a->seen)
			continue;
		if (a->state == PUBLISH_NEW && !a->call) {
			published_free(a);
			continue;
		}
		a->state = PUBLISH_GONE;
		if (!a->call)
			enqueue(a);
	}
	if (!list_empty(&p->queue))
		arm(p, 0);
}

void consul_publish_again(struct consul_publish *p)
{
	p->has_service = false;
	for (struct published *a = p->apps; a; a = a->hh.next) {
		if (a->state == PUBLISH_REGISTERED)
			a->state = PUBLISH_NEW;
		a->renew_at = 0;
	}
}

static void on_stopped(const struct http_response *r, void *userdata)
{
	(void)r;
	struct consul_publish *p = userdata;
	p->call = NULL;
}

void consul_publish_stop(struct consul_publish *p)
{
	struct published *a, *next;
	HASH_ITER (hh, p->apps, a, next)
		published_free(a);
	http_cancel(p->call);
	p->call = NULL;
	if (p->has_service)
		put(p, "agent/service/deregister", CONSUL_PUBLISH_SERVICE, NULL, on_stopped, p,
		    &p->call);
	p->has_service = false;
}
