/* SPDX-License-Identifier: MIT */
#include "agent/daemon/peer_calls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/daemon/parts.h"
#include "agent/daemon/peer_edit.h"
#include "agent/daemon/peer_find.h"
#include "agent/daemon/peer_set.h"
#include "agent/http/reply_forms.h"
#include "agent/status/view_json.h"
#include "agent/status/view_peer.h"
#include "agent/status/view_peers.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/str.h"

struct order {
	struct agent *a;
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
	const struct log_requester asked = api_call_requester(o->call);
	log_event(LOG_INFO, "api",
		  EVENT("request.peer", .peer = o->name, .by = asked.by, .from = asked.from),
		  "%s peer %s by %s%s%s", what, o->name, o->call->who, *text ? ": " : "", text);
}

static void do_disable(const struct order *o)
{
	struct agent *a = o->a;
	const char *text = o->call->reason;
	bool same = o->status.disabled && str_equal(o->status.disabled_text, text);
	struct err err;
	if (!same && store_check_room(a->store, strlen(text), &err) < 0) {
		refuse(o->ret, 507, &err);
		return;
	}
	peer_orders_disable(&a->peer_orders, &o->id, text, wall_now(), o->call->principal.name);
	peer_set_store(a, &o->id);
	if (!same) {
		log_order(o, "disable");
		bgp_speaker_disable(a->speaker, o->index, text);
	}
	reply_change(o->ret, view_peer_result(o->name, same                 ? "unchanged"
						       : o->status.disabled ? "changed"
									    : "disabled"));
}

static void do_enable(const struct order *o)
{
	struct agent *a = o->a;
	peer_orders_enable(&a->peer_orders, &o->id);
	peer_set_store(a, &o->id);
	if (o->status.disabled) {
		log_order(o, "enable");
		bgp_speaker_enable(a->speaker, o->index);
	}
	reply_change(o->ret,
		     view_peer_result(o->name, o->status.disabled ? "enabled" : "unchanged"));
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
	if (!bgp_speaker_refresh(o->a->speaker, o->index)) {
		refuse_down(o);
		return;
	}
	log_order(o, "refresh");
	reply_json(o->ret, 200, view_peer_result(o->name, "refreshed"));
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
	bgp_speaker_reset(o->a->speaker, o->index, o->call->reason, o->call->hard);
	reply_json(o->ret, 200, view_peer_result(o->name, "reset"));
}

void peer_calls_answer(struct agent *a, const struct status_sources *in,
		       const struct api_call *call, struct api_reply *ret)
{
	struct err err = { "" };
	struct order o = { .a = a, .call = call, .ret = ret };
	if (call->kind == API_PEER_ADD || call->kind == API_PEER_DELETE) {
		peer_edit_answer(a, call, ret);
		return;
	}
	int rc = peer_find_present(a, call, &o.index, &o.id, &err);
	if (rc < 0) {
		refuse(ret, rc == -ENOENT ? 404 : rc == -EINVAL ? 400 : 409, &err);
		return;
	}
	peer_id_format(&o.id, o.name);
	bgp_speaker_peer_status(a->speaker, o.index, &o.status);
	if (call->kind == API_PEER)
		reply_json(ret, 200, view_peer_at(in, o.index));
	else if (call->kind == API_PEER_ENABLE)
		do_enable(&o);
	else if (call->kind == API_PEER_DISABLE)
		do_disable(&o);
	else if (call->kind == API_PEER_RESET)
		do_reset(&o);
	else
		do_refresh(&o);
}
