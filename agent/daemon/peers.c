/* SPDX-License-Identifier: MIT */
#include "agent/daemon/peers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/parts.h"
#include "agent/http/answer.h"
#include "agent/http/reply_forms.h"
#include "agent/status/view_json.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

/* Peers that an error names. */
#define NAMED_MAX 8

struct peers {
	struct agent *a;
	struct peer_orders orders;
};

struct peers *peers_new(struct agent *a)
{
	struct peers *p = mem_new(1, sizeof(*p));
	p->a = a;
	return p;
}

void peers_free(struct peers *p)
{
	if (!p)
		return;
	peer_orders_done(&p->orders);
	free(p);
}

const struct peer_orders *peers_orders(const struct peers *p)
{
	return &p->orders;
}

/* ---- orders that outlast the process ---- */

static void store_order(struct peers *p, const struct peer_id *id)
{
	store_put_peer(p->a->store, id, peer_orders_find(&p->orders, id));
}

void peers_restore(struct peers *p)
{
	const struct peer_orders *stored = store_peers(p->a->store);
	for (size_t i = 0; i < stored->n; i++) {
		const struct peer_order *order = &stored->items[i];
		if (order->disabled)
			peer_orders_disable(&p->orders, &order->id, order->text, order->disabled_at,
					    order->disabled_by);
		store_order(p, &order->id);
	}
}

void peers_mark(const struct peers *p, struct bgp_peer_config *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct peer_id id = peer_id_of(&items[i]);
		const struct peer_order *order = peer_orders_find(&p->orders, &id);
		items[i].disabled = order && order->disabled;
		items[i].disabled_text = items[i].disabled ? order->text : NULL;
	}
}

static bool is_peer(const struct agent *a, const struct peer_id *id)
{
	for (size_t i = 0; i < a->identity.bgp.n_peers; i++) {
		const struct peer_id other = peer_id_of(&a->identity.peers[i]);
		if (peer_id_equal(&other, id))
			return true;
	}
	return false;
}

void peers_settle(struct peers *p)
{
	char name[PEER_ID_TEXT_MAX];
	for (size_t i = p->orders.n; i-- > 0;) {
		const struct peer_id id = p->orders.items[i].id;
		if (is_peer(p->a, &id) || !peer_orders_enable(&p->orders, &id))
			continue;
		log_info("bgp",
			 "peer %s: was disabled, and is in the configuration no more: if it "
			 "returns, it is enabled",
			 peer_id_format(&id, name));
		store_order(p, &id);
	}
}

/* ---- which peer ---- */

/* An interface or a port that the request does not name is any. */
static bool is_meant(const struct peer_id *id, const struct peer_id *wanted)
{
	return addr_equal(&id->addr, &wanted->addr) &&
	       (!wanted->port || id->port == wanted->port) &&
	       (!wanted->ifname[0] || str_equal(id->ifname, wanted->ifname));
}

static int explain_none(const struct agent *a, const char *name, uint16_t port, struct err *err)
{
	char text[400], one[PEER_ID_TEXT_MAX];
	struct strbuf sb = strbuf_over(text, sizeof(text));
	struct bgp_peer_status status;
	size_t n = bgp_speaker_n_peers(a->speaker), i = 0;
	for (; i < n && i < NAMED_MAX; i++) {
		bgp_speaker_peer_status(a->speaker, i, &status);
		const struct peer_id id = peer_id_of(status.config);
		strbuf_add(&sb, "%s%s", i > 0 ? ", " : "", peer_id_format(&id, one));
	}
	if (n > i)
		strbuf_add(&sb, " and %zu more", n - i);
	if (port)
		return err_set(err, -ENOENT, "no peer '%.80s' on port %u, there %s %s", name, port,
			       n == 1 ? "is" : "are", text);
	return err_set(err, -ENOENT, "no peer '%.80s', there %s %s", name, n == 1 ? "is" : "are",
		       text);
}

/* The address that the router of an interface has at present is as good as the interface. */
static bool is_meant_now(const struct bgp_peer_config *peer, const struct peer_id *wanted)
{
	struct peer_id now = peer_id_of(peer);
	if (is_meant(&now, wanted))
		return true;
	now.addr = peer->addr;
	return peer->unnumbered && addr_is_set(&now.addr) && is_meant(&now, wanted);
}

/* -EINVAL: no address; -ENOENT; -EEXIST: more than one. */
static int find(const struct agent *a, const struct api_call *call, size_t *ret_index,
		struct peer_id *ret, struct err *err)
{
	char first[PEER_ID_TEXT_MAX], second[PEER_ID_TEXT_MAX];
	struct peer_id wanted;
	struct bgp_peer_status status;
	size_t found = 0;
	int rc = peer_id_parse(call->name, call->port, &wanted, err);
	for (size_t i = 0; rc == 0 && i < bgp_speaker_n_peers(a->speaker); i++) {
		bgp_speaker_peer_status(a->speaker, i, &status);
		const struct peer_id id = peer_id_of(status.config);
		if (!is_meant_now(status.config, &wanted))
			continue;
		if (found++ > 0)
			return err_set(err, -EEXIST,
				       "'%.80s' may be %s or %s: name the interface (%%eth0), or "
				       "the port (port=)",
				       call->name, peer_id_format(ret, first),
				       peer_id_format(&id, second));
		*ret_index = i;
		*ret = id;
	}
	return rc == 0 && found == 0 ? explain_none(a, call->name, call->port, err) : rc;
}

/* ---- the orders ---- */

struct order {
	struct peers *p;
	const struct api_call *call;
	struct api_reply *ret;
	size_t index; /* at the speaker */
	struct peer_id id;
	char name[PEER_ID_TEXT_MAX];
	struct bgp_peer_status status; /* before it */
};

static void refuse(struct api_reply *ret, unsigned status, const struct err *err)
{
	reply_json(ret, status, json_pack("{s:o}", "error", view_text(err->text)));
}

static void log_order(const struct order *o, const char *what)
{
	const char *text = o->call->reason;
	log_event(LOG_INFO, "api",
		  EVENT("request.peer", .peer = o->name, .by = o->call->principal.name),
		  "%s peer %s by %s%s%s", what, o->name, o->call->who, *text ? ": " : "", text);
}

static json_t *result(const struct order *o, const char *text)
{
	return json_pack("{s:s, s:s}", "peer", o->name, "result", text);
}

static void do_disable(const struct order *o)
{
	struct peers *p = o->p;
	const char *text = o->call->reason;
	bool same = o->status.disabled && str_equal(o->status.disabled_text, text);
	struct err err;
	if (!same && store_check_room(p->a->store, strlen(text), &err) < 0) {
		refuse(o->ret, 507, &err);
		return;
	}
	peer_orders_disable(&p->orders, &o->id, text, loop_wall(), o->call->principal.name);
	store_order(p, &o->id);
	if (!same) {
		log_order(o, "disable");
		bgp_speaker_disable(p->a->speaker, o->index, text);
	}
	reply_change(o->ret, result(o, same                 ? "unchanged"
					: o->status.disabled ? "changed"
							     : "disabled"));
}

static void do_enable(const struct order *o)
{
	struct peers *p = o->p;
	peer_orders_enable(&p->orders, &o->id);
	store_order(p, &o->id);
	if (o->status.disabled) {
		log_order(o, "enable");
		bgp_speaker_enable(p->a->speaker, o->index);
	}
	reply_change(o->ret, result(o, o->status.disabled ? "enabled" : "unchanged"));
}

static void refuse_down(const struct order *o)
{
	struct err err;
	if (o->status.disabled)
		err_set(&err, -EBUSY, "peer %s is %s: enable it", o->name, o->status.last_error);
	else
		err_set(&err, -ENOTCONN, "no session with peer %s, it is %s%s%s", o->name,
			bgp_state_name(o->status.state), o->status.last_error[0] ? ": " : "",
			o->status.last_error);
	refuse(o->ret, 409, &err);
}

static void do_refresh(const struct order *o)
{
	if (!bgp_speaker_refresh(o->p->a->speaker, o->index)) {
		refuse_down(o);
		return;
	}
	log_order(o, "refresh");
	reply_json(o->ret, 200, result(o, "refreshed"));
}

static void do_reset(const struct order *o)
{
	if (o->call->soft) {
		do_refresh(o);
		return;
	}
	if (o->status.disabled) {
		refuse_down(o);
		return;
	}
	log_order(o, o->call->hard ? "hard reset of" : "reset");
	bgp_speaker_reset(o->p->a->speaker, o->index, o->call->reason, o->call->hard);
	reply_json(o->ret, 200, result(o, "reset"));
}

void peers_answer(struct peers *p, const struct api_call *call, struct api_reply *ret)
{
	struct err err = { "" };
	struct order o = { .p = p, .call = call, .ret = ret };
	int rc = find(p->a, call, &o.index, &o.id, &err);
	if (rc < 0) {
		refuse(ret, rc == -ENOENT ? 404 : rc == -EEXIST ? 409 : 400, &err);
		return;
	}
	peer_id_format(&o.id, o.name);
	bgp_speaker_peer_status(p->a->speaker, o.index, &o.status);
	if (call->kind == API_PEER_ENABLE)
		do_enable(&o);
	else if (call->kind == API_PEER_DISABLE)
		do_disable(&o);
	else if (call->kind == API_PEER_RESET)
		do_reset(&o);
	else
		do_refresh(&o);
}
