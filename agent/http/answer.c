/* SPDX-License-Identifier: MIT */
#include "agent/http/answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/app/budgets.h"
#include "agent/app/drains.h"
#include "agent/discovery/discovery.h"
#include "agent/status/explain.h"
#include "agent/status/metrics_collect.h"
#include "agent/status/readiness_collect.h"
#include "agent/status/view_app.h"
#include "agent/status/view_capabilities.h"
#include "agent/status/view_consul.h"
#include "agent/status/view_event.h"
#include "agent/status/view_nat.h"
#include "agent/status/view_peers.h"
#include "agent/status/view_status.h"
#include "agent/status/view_vip.h"
#include "agent/vip/nat_targets.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/redact.h"
#include "process/loop.h"

#define TYPE_TEXT    "text/plain; charset=utf-8"
#define TYPE_JSON    "application/json"
#define TYPE_METRICS "text/plain; version=0.0.4; charset=utf-8"

static void reply_text(struct api_reply *ret, unsigned status, const char *text)
{
	ret->status = status;
	ret->content_type = TYPE_TEXT;
	if (asprintf(&ret->body, "%s\n", text) < 0)
		abort(); /* out of memory, see lib/mem.h */
	redact(ret->body);
}

void answer_json(struct api_reply *ret, unsigned status, json_t *value)
{
	ret->status = status;
	ret->content_type = TYPE_JSON;
	ret->body = stream_json_text(value);
	json_decref(value);
}

/* {"error": text}; for a path that was not found, with the paths that exist. */
static json_t *error_json(const char *text, bool with_endpoints)
{
	json_t *o = json_pack("{s:o}", "error", view_text(text)), *paths = json_array();
	const char *path;
	for (size_t i = 0; (path = request_endpoint(i)); i++)
		json_array_append_new(paths, json_string(path));
	if (with_endpoints)
		json_object_set(o, "endpoints", paths);
	json_decref(paths);
	return o;
}

void answer_change(struct api_reply *ret, json_t *value)
{
	json_object_set_new(value, "stored", json_false());
	ret->body_unstored = stream_json_text(value);
	json_object_set_new(value, "stored", json_true());
	answer_json(ret, 200, value);
}

static void reply_stream(struct api_reply *ret, struct stream *stream)
{
	ret->status = 200;
	ret->content_type = TYPE_JSON;
	ret->stream = stream;
}

static unsigned status_of(int rc)
{
	switch (rc) {
	case -EACCES:
	case -EDQUOT:
		return 403;
	case -EEXIST:
	case -EBUSY:
		return 409;
	case -EAGAIN:
		return 429;
	case -ENOSPC:
		return 507;
	case -EMFILE:
		return 503;
	default:
		return 500;
	}
}

static const char *refusal_name(int rc)
{
	if (rc == -EACCES || rc == -EDQUOT)
		return "Forbidden";
	if (rc == -EAGAIN)
		return "Too many requests";
	return rc == -EMFILE || rc == -ENOSPC ? "Unavailable" : "Conflict";
}

static const char *result_name(enum register_result result)
{
	switch (result) {
	case REGISTER_NEW:
		return "registered";
	case REGISTER_SAME:
		return "unchanged";
	case REGISTER_RENEWED:
		return "renewed";
	case REGISTER_REPLACED:
		return "replaced";
	}
	return "";
}

/* What is registered already may always be registered again. */
static int check_change(const struct status_sources *in, const struct app_spec *spec,
			struct err *err)
{
	const struct app *app = registry_find(in->registry, spec->name);
	if (app && app_spec_equal(app->spec, spec))
		return 0;
	int rc = store_check_room(in->store, app_spec_bytes(spec), err);
	return rc < 0 ? rc : budget_check_rate(in->registry, spec, loop_now(in->loop), err);
}

static void do_register(const struct status_sources *in, const struct api_call *call,
			struct api_reply *ret)
{
	struct err err = { "" };
	enum register_result result = REGISTER_SAME;
	const char *name = call->spec.name;
	struct view_clock clock = status_clock(in);
	int rc = nat_targets_admit(&call->spec, &err);
	if (rc == 0)
		rc = check_change(in, &call->spec, &err);
	if (rc == 0)
		rc = registry_register(in->registry, &call->spec, loop_now(in->loop), &result,
				       &err);
	if (rc < 0) {
		ret->refused = mem_strdup(err.text);
		err_prefix(&err, rc, "%s: ", refusal_name(rc));
		reply_text(ret, status_of(rc), err.text);
		return;
	}
	const struct app *app = registry_find(in->registry, name);
	if (result == REGISTER_NEW || result == REGISTER_REPLACED)
		budget_count_change(in->registry, &call->spec, loop_now(in->loop));
	if (result == REGISTER_NEW || result == REGISTER_REPLACED)
		log_event(LOG_INFO, "api",
			  EVENT("request.register", .app = name, .by = call->principal.name),
			  "register %s by %s: %s", name, call->who, result_name(result));
	json_t *body = json_pack("{s:o, s:s, s:s, s:o}", "app", view_text(name), "result",
				 result_name(result), "health", health_name(app->health), "lease",
				 view_app_lease(app, &clock));
	if (call->spec.lease && app->spec->source != APP_FROM_HTTP)
		json_object_set_new(body, "note",
				    json_string("defined in the configuration file, without a "
						"lease"));
	answer_change(ret, body);
}

/* When the app is registered again although it was unregistered; NULL: never. */
static const char *registered_again(enum app_source source)
{
	switch (source) {
	case APP_FROM_CONFIG:
		return "defined in the configuration file, registered again at the next start";
	case APP_FROM_HTTP:
		return NULL;
	case APP_FROM_CONSUL:
		return "a service of Consul, registered again when its tags change or at the next "
		       "start";
	}
	return NULL;
}

static void do_unregister(const struct status_sources *in, const struct api_call *call,
			  struct api_reply *ret)
{
	const struct app *app = registry_find(in->registry, call->name);
	const char *note = app ? registered_again(app->spec->source) : NULL;
	discovery_dismiss(in->discovery, call->name);
	bool known = registry_unregister(in->registry, call->name, loop_now(in->loop));
	known = store_forget(in->store, call->name) || known;
	if (known)
		log_event(
			LOG_INFO, "api",
			EVENT("request.unregister", .app = call->name, .by = call->principal.name),
			"unregister %s by %s%s%s", call->name, call->who, note ? ": " : "",
			note ? note : "");
	json_t *body = json_pack("{s:o, s:s}", "app", view_text(call->name), "result",
				 known ? "unregistered" : "unknown");
	if (note)
		json_object_set_new(body, "note", json_string(note));
	answer_change(ret, body);
}

static void do_app(const struct status_sources *in, const struct api_call *call,
		   struct api_reply *ret)
{
	struct err err;
	const struct app *app = registry_find(in->registry, call->name);
	if (app) {
		answer_json(ret, 200, view_app(in, app));
		return;
	}
	err_set(&err, -ENOENT, "no app '%.128s'", call->name);
	answer_json(ret, 404, error_json(err.text, false));
}

/* By name, or by one of its VIPs, which is then explained alone. */
static void do_explain(const struct status_sources *in, const struct api_call *call,
		       struct api_reply *ret)
{
	struct err err;
	struct prefix vip;
	char text[PREFIX_TEXT_MAX];
	const char *only = NULL;
	const struct app *app = registry_find(in->registry, call->name);
	if (!app && prefix_parse(call->name, &vip, &err) == 0) {
		app = registry_owner(in->registry, &vip);
		only = prefix_format(&vip, text);
	}
	if (!app) {
		err_set(&err, -ENOENT, "no app and no VIP '%.128s'", call->name);
		answer_json(ret, 404, error_json(err.text, false));
		return;
	}
	json_t *viewed = view_app(in, app);
	answer_json(ret, 200, explain_app(viewed, only));
	json_decref(viewed);
}

/* Until the next reload, which applies agent.log again. */
static void do_log(const struct api_call *call, struct api_reply *ret)
{
	struct log_levels levels;
	log_get_levels(&levels);
	if (call->module)
		log_levels_set(&levels, call->module, call->level);
	else
		levels = (struct log_levels){ .level = call->level };
	log_set_levels(&levels);
	log_event(LOG_INFO, "api", EVENT("request.log", .by = call->principal.name),
		  "log level %s of %s by %s", log_level_name(call->level),
		  call->module ? call->module : "all modules", call->who);
	log_get_levels(&levels);
	json_t *modules = json_object();
	for (size_t i = 0; i < levels.n_modules; i++)
		json_object_set_new(modules, levels.modules[i].module,
				    json_string(log_level_name(levels.modules[i].level)));
	answer_json(ret, 200,
		    json_pack("{s:s, s:s, s:o}", "result", "changed", "level",
			      log_level_name(levels.level), "modules", modules));
}

static void do_events(const struct status_sources *in, const struct api_call *call,
		      struct api_reply *ret)
{
	if (call->events.follow)
		ret->feed = event_feed_new(in->events, &call->events);
	else
		reply_stream(ret, view_events(in->events, &call->events));
}

static void do_readyz(const struct status_sources *in, bool stopping, struct api_reply *ret)
{
	char text[READINESS_TEXT_MAX];
	bool ready = readiness_collect(in, stopping, text);
	ret->status = ready ? 200 : 503;
	ret->content_type = TYPE_TEXT;
	ret->body = mem_strdup(text);
	redact(ret->body);
}

static const char *drain_result_name(enum drain_result result)
{
	switch (result) {
	case DRAIN_NO_APP:
		break;
	case DRAIN_BEGUN:
		return "drained";
	case DRAIN_CHANGED:
		return "changed";
	case DRAIN_ENDED:
		return "undrained";
	case DRAIN_UNCHANGED:
		return "unchanged";
	}
	return "";
}

/* The reply shows the app as it is now: it stays drained while another source requests it. */
static void do_drain(const struct status_sources *in, const struct api_call *call,
		     struct api_reply *ret)
{
	struct err err;
	mono_t now = loop_now(in->loop);
	enum drain_result result;
	if (call->kind == API_DRAIN &&
	    store_check_room(in->store, strlen(call->reason), &err) < 0) {
		answer_json(ret, 507, error_json(err.text, false));
		return;
	}
	if (call->kind == API_DRAIN)
		result = registry_drain(in->registry, call->name, DRAIN_BY_API, call->reason,
					usec_add(now, call->span), now);
	else
		result = registry_undrain(in->registry, call->name, DRAIN_BY_API, now);
	if (result == DRAIN_NO_APP) {
		err_set(&err, -ENOENT, "no app '%.128s'", call->name);
		answer_json(ret, 404, error_json(err.text, false));
		return;
	}
	log_info("api", "%s %s by %s: %s", call->kind == API_DRAIN ? "drain" : "undrain",
		 call->name ? call->name : "all apps", call->who, drain_result_name(result));
	json_t *shown = call->name ? view_app(in, registry_find(in->registry, call->name))
				   : view_status(in);
	answer_change(ret, json_pack("{s:s, s:o}", "result", drain_result_name(result),
				     call->name ? "app" : "agent", shown));
}

bool answer_is_peer_order(enum api_kind kind)
{
	return kind == API_PEER_ENABLE || kind == API_PEER_DISABLE || kind == API_PEER_RESET ||
	       kind == API_PEER_REFRESH;
}

bool answer_is_change(enum api_kind kind)
{
	return kind == API_REGISTER || kind == API_UNREGISTER || kind == API_DRAIN ||
	       kind == API_UNDRAIN || kind == API_RELOAD || kind == API_CONFIRM ||
	       answer_is_peer_order(kind);
}

static void do_error(const struct api_call *call, struct api_reply *ret)
{
	ret->allow = call->allow;
	if (call->json)
		answer_json(ret, call->status, error_json(call->err.text, call->status == 404));
	else
		reply_text(ret, call->status, call->err.text);
}

void answer_call(const struct status_sources *in, bool stopping, const struct api_call *call,
		 struct api_reply *ret)
{
	if (stopping && answer_is_change(call->kind)) {
		reply_text(ret, 503, "vipherald is stopping");
		return;
	}
	switch (call->kind) {
	case API_ERROR:
		return do_error(call, ret);
	case API_REGISTER:
		return do_register(in, call, ret);
	case API_UNREGISTER:
		return do_unregister(in, call, ret);
	case API_INFO:
		return answer_json(ret, 200, view_info(in));
	case API_PING:
		return reply_text(ret, 200, "I-AM-ALIVE");
	case API_APPS:
		return reply_stream(ret, view_apps(in));
	case API_APP:
		return do_app(in, call, ret);
	case API_DRAIN:
	case API_UNDRAIN:
		return do_drain(in, call, ret);
	case API_STATUS:
		return answer_json(ret, 200, view_status(in));
	case API_PEERS:
		return answer_json(ret, 200, view_peers(in));
	case API_CONSUL:
		return answer_json(ret, 200, view_consul(in));
	case API_ROUTES:
		return reply_stream(ret, view_routes(in));
	case API_NAT:
		return reply_stream(ret, view_nat(in));
	case API_METRICS:
		ret->status = 200;
		ret->content_type = TYPE_METRICS;
		ret->body = metrics_collect(in);
		return;
	case API_LOG:
		return do_log(call, ret);
	case API_EXPLAIN:
		return do_explain(in, call, ret);
	case API_EVENTS:
		return do_events(in, call, ret);
	case API_CAPABILITIES:
		return answer_json(ret, 200, view_capabilities(in->capabilities));
	case API_RELOAD:
	case API_CONFIRM:
	case API_DIFF: /* answered by the caller, which can do it */
	case API_PEER_ENABLE:
	case API_PEER_DISABLE:
	case API_PEER_RESET:
	case API_PEER_REFRESH:
		return;
	case API_HEALTHZ:
		/* Any answer proves that the event loop runs. */
		return reply_text(ret, 200, "ok");
	case API_READYZ:
		return do_readyz(in, stopping, ret);
	}
}

void answer_defer(struct api_reply *reply, const struct store *store)
{
	uint64_t number;
	enum store_progress progress = store_progress(store, &number);
	if (!reply->body_unstored)
		return;
	if (progress == STORE_PENDING) {
		reply->defer = API_DEFER_STORED;
		reply->number = number;
		return;
	}
	char *other = progress == STORE_DONE ? reply->body_unstored : reply->body;
	if (progress == STORE_FAILED)
		reply->body = reply->body_unstored;
	reply->body_unstored = NULL;
	free(other);
}
