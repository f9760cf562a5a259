/* SPDX-License-Identifier: MIT */
#include "agent/fleet/fleet_call.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/str.h"

#define HTTP_OK       200
#define HTTP_CONFLICT 409

static void send_txn(struct fleet_call *e);

/* Those that check the index of the own `up` key. */
static bool needs_own(const struct fleet_call *e)
{
	return e->kind != FLEET_TXN_READ && e->kind != FLEET_TXN_SLOTS && e->kind != FLEET_TXN_ROLL;
}

static void finish(struct fleet_call *e, enum fleet_result result, const struct fleet_view *views,
		   const struct err *err)
{
	if (result != FLEET_OK)
		e->is_known = false;
	e->done(result, views, err, e->userdata);
}

static int read_answer(struct fleet_call *e, const struct http_response *r,
		       struct fleet_answer *ret, struct err *err)
{
	struct consul_answer answer = { 0 };
	enum fleet_txn kind = e->is_finding ? FLEET_TXN_FIND : e->kind;
	consul_transport_answer(r, &answer, err);
	if (answer.failed)
		return -EIO;
	return fleet_txn_parse(kind, &e->keys, e->own, r->body, r->len, ret, err);
}

static void on_answer(const struct http_response *r, void *userdata)
{
	struct fleet_call *e = userdata;
	struct fleet_answer answer;
	struct err err = { "" };
	e->call = NULL;
	if (!r->error[0] && r->status == HTTP_CONFLICT) {
		fleet_txn_refusal(r->body, r->len, &err);
		finish(e, FLEET_CONFLICT, NULL, &err);
		return;
	}
	if (read_answer(e, r, &answer, &err) < 0) {
		finish(e, FLEET_FAILED, NULL, &err);
		return;
	}
	for (size_t i = 0; i < e->keys.n_vips; i++) {
		e->is_lost |= e->is_finding && e->own[i] && !answer.own[i];
		e->own[i] = answer.own[i];
	}
	e->was_announced |=
		answer.announced && usec_add(answer.announced, e->window) >= e->write.seen;
	e->write.announced |= e->was_announced;
	/* The indexes of deleted keys have to be read again. */
	e->is_known = e->is_finding || (e->kind != FLEET_TXN_DROP && e->kind != FLEET_TXN_FORGET);
	if (e->is_finding) {
		e->is_finding = false;
		send_txn(e);
	} else {
		finish(e, FLEET_OK, answer.is_torn ? NULL : answer.views, &err);
	}
	fleet_answer_done(&answer);
}

/* A request that cannot be made is one without an answer: the member's timeout ends it. */
static void send_txn(struct fleet_call *e)
{
	enum fleet_txn kind = e->is_finding ? FLEET_TXN_FIND : e->kind;
	char *body = fleet_txn_make(kind, &e->keys, &e->write);
	if (!*e->transport ||
	    consul_transport_put(*e->transport, "txn", NULL, body, on_answer, e, &e->call) < 0)
		e->call = NULL;
	free(body);
}

void fleet_call_begin(struct fleet_call *e, enum fleet_txn kind, const struct fleet_write *write)
{
	e->kind = kind;
	if (write) {
		e->write = *write;
		str_copy(e->session, sizeof(e->session), write->session ? write->session : "");
	}
	e->write.own = e->own;
	e->write.session = e->session;
	e->is_finding = needs_own(e) && !e->is_known;
	send_txn(e);
}

void fleet_call_cancel(struct fleet_call *e)
{
	if (!e->call)
		return;
	http_cancel(e->call);
	e->call = NULL;
	e->is_known = false;
}
