/* SPDX-License-Identifier: MIT */
#include "agent/daemon/peer_edit.h"

#include <errno.h>
#include <string.h>

#include "agent/config/api_peer.h"
#include "agent/config/draft.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/peer_find.h"
#include "agent/daemon/peer_set.h"
#include "agent/daemon/peer_users.h"
#include "agent/daemon/privileges.h"
#include "agent/daemon/reload.h"
#include "agent/daemon/reload_report.h"
#include "agent/http/reply_forms.h"
#include "agent/status/view_diff.h"
#include "agent/status/view_json.h"
#include "agent/status/view_peer.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/str.h"

struct edit {
	struct agent *a;
	const struct api_call *call;
	struct api_reply *ret;
	struct peer_id id;
	char name[PEER_ID_TEXT_MAX];
};

static void refuse(const struct edit *o, unsigned status, const struct err *err)
{
	reply_json(o->ret, status, json_pack("{s:o}", "error", view_text(err->text)));
}

static void log_added(const struct edit *o, const char *what)
{
	const struct log_requester asked = api_call_requester(o->call);
	log_event(LOG_INFO, "api",
		  EVENT("request.peer", .peer = o->name, .by = asked.by, .from = asked.from),
		  "%s peer %s by %s", what, o->name, o->call->who);
}

/* "error" has all of them, "errors" each with its key. */
static void refuse_definition(const struct edit *o, const struct config_findings *findings)
{
	char text[1024];
	struct strbuf sb = strbuf_over(text, sizeof(text));
	strbuf_add(&sb, "peer %.80s:", o->call->name);
	for (size_t i = 0; i < findings->n; i++) {
		const struct config_finding *f = &findings->items[i];
		if (f->severity == CONFIG_ERROR)
			strbuf_add(&sb, " %s%s%s;", f->path, f->path[0] ? ": " : "", f->text);
	}
	if (sb.len > 0 && text[sb.len - 1] == ';')
		text[sb.len - 1] = 0;
	json_t *body = reload_findings_json(findings);
	json_object_set_new(body, "error", view_text(text));
	reply_json(o->ret, 422, body);
}

/* 0, or the status that refuses it. */
static unsigned check_add(const struct edit *o, struct err *err)
{
	const struct agent *a = o->a;
	const struct peer_order *present = peer_orders_find(&a->peer_orders, &o->id);
	if (peer_set_is_of_file(a, a->config, &o->id)) {
		err_set(err, -EEXIST,
			"peer %s is in the configuration file: change it there, and reload",
			o->name);
		return 409;
	}
	if (!(present && present->definition) &&
	    peer_orders_added(&a->peer_orders) >= PEER_ORDERS_ADDED_MAX) {
		err_set(err, -ENOSPC,
			"the limit of %d added peers is reached: delete some, or move them "
			"to the configuration file",
			PEER_ORDERS_ADDED_MAX);
		return 507;
	}
	return store_check_room(a->store, strlen(o->call->definition), err) < 0 ? 507 : 0;
}

static void answer_added(const struct edit *o, const char *text,
			 const struct config_findings *findings)
{
	json_t *body = view_peer_result(o->name, text);
	json_object_set_new(body, "warnings", view_findings(findings, CONFIG_WARNING));
	reply_change(o->ret, body);
}

/* Takes `peer` over. */
static void add(const struct edit *o, struct bgp_peer_config *peer,
		const struct config_findings *findings)
{
	struct agent *a = o->a;
	struct err err = { "" };
	const struct peer_order *present = peer_orders_find(&a->peer_orders, &o->id);
	bool known = present && present->definition;
	bool same =
		known && !present->refused && str_equal(present->definition, o->call->definition);
	unsigned status = check_add(o, &err);
	if (status == 0 && !same && peer_set_replace(a, &o->id, peer, &err) < 0)
		status = 409;
	if (status != 0 || same)
		config_peer_done(peer);
	if (status != 0) {
		refuse(o, status, &err);
		return;
	}
	if (!same) {
		peer_orders_add(&a->peer_orders, &o->id, o->call->definition, wall_now(),
				o->call->principal.name);
		peer_set_store(a, &o->id);
		reload_overtaken(a->reload);
		privileges_find_again(a->config, a->exec_user, &a->program_users, &a->capabilities);
		log_added(o, known ? "replace" : "add");
	}
	answer_added(o, same ? "unchanged" : known ? "replaced" : "added", findings);
}

static void do_add(struct edit *o)
{
	struct config_findings findings = { 0 };
	struct bgp_peer_config peer;
	if (config_api_peer(o->a->config, o->call->definition, &peer, &findings) == 0) {
		o->id = peer_id_of(&peer);
		peer_id_format(&o->id, o->name);
		add(o, &peer, &findings);
	} else {
		refuse_definition(o, &findings);
	}
	config_findings_done(&findings);
}

static unsigned status_of(int rc)
{
	return rc == -ENOENT ? 404 : rc == -EINVAL ? 400 : 409;
}

/* Of one that was in effect. */
static void answer_deleted(const struct edit *o, const struct config_added_peers *before)
{
	json_t *body = view_peer_result(o->name, "deleted");
	for (size_t i = 0; i < before->n; i++) {
		const struct peer_id id = peer_id_of(&before->items[i]);
		if (!peer_id_equal(&id, &o->id))
			continue;
		json_t *warnings = peer_users_warn(o->a, &before->items[i]);
		if (json_array_size(warnings) > 0)
			json_object_set(body, "warnings", warnings);
		json_decref(warnings);
	}
	reply_change(o->ret, body);
}

static void do_delete(struct edit *o)
{
	struct agent *a = o->a;
	struct err err = { "" };
	struct config_added_peers before;
	int rc = peer_find_added(a, o->call, &o->id, &err);
	bool in_effect = rc == 0 && !peer_set_is_of_file(a, a->config, &o->id);
	if (in_effect)
		rc = peer_set_replace(a, &o->id, NULL, &err);
	if (rc < 0) {
		refuse(o, status_of(rc), &err);
		return;
	}
	peer_id_format(&o->id, o->name);
	config_added_peers_of(&a->peer_orders, &before);
	peer_orders_remove(&a->peer_orders, &o->id);
	if (in_effect)
		peer_orders_enable(&a->peer_orders, &o->id);
	reload_overtaken(a->reload);
	peer_set_store(a, &o->id);
	log_added(o, "delete");
	answer_deleted(o, &before);
	config_added_peers_done(&before);
}

/* Retried after a running reload, whose configuration was computed without this change. */
void peer_edit_answer(struct agent *a, const struct api_call *call, struct api_reply *ret)
{
	struct edit o = { .a = a, .call = call, .ret = ret };
	if (reload_is_running(a->reload))
		ret->defer = API_DEFER_RETRY;
	else if (call->kind == API_PEER_ADD)
		do_add(&o);
	else
		do_delete(&o);
}
