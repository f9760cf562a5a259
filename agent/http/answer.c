/* SPDX-License-Identifier: MIT */
#include "agent/http/answer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/app/drains.h"
#include "agent/http/answer_apps.h"
#include "agent/http/reply_forms.h"
#include "agent/page/page.h"
#include "agent/status/metrics_of_apps.h"
#include "agent/status/readiness_collect.h"
#include "agent/status/view_app.h"
#include "agent/status/view_app_vips.h"
#include "agent/status/view_apps.h"
#include "agent/status/view_capabilities.h"
#include "agent/status/view_config.h"
#include "agent/status/view_consul.h"
#include "agent/status/view_event.h"
#include "agent/status/view_fleet.h"
#include "agent/status/view_nat.h"
#include "agent/status/view_peers.h"
#include "agent/status/view_status.h"
#include "agent/status/view_vip.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/redact.h"
#include "process/loop.h"

/* So many are shown in the reply to a drain, which is made in one turn. */
#define DRAIN_VIPS 64

#define TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define TYPE_METRICS     "text/plain; version=0.0.4; charset=utf-8"

static void do_app(const struct status_sources *in, const struct api_call *call,
		   struct api_reply *ret)
{
	struct err err;
	const struct app *app = registry_find(in->registry, call->name);
	if (app) {
		reply_stream(ret, view_app(in, app));
		return;
	}
	err_set(&err, -ENOENT, "no app '%.128s'", call->name);
	reply_json(ret, 404, reply_error(err.text, false));
}

static void do_explain(const struct status_sources *in, const struct api_call *call,
		       struct api_reply *ret)
{
	struct err err;
	const struct app *app = registry_find(in->registry, call->name);
	if (app) {
		reply_stream(ret, view_app_explained(in, app));
		return;
	}
	json_t *explained = view_explained(in, call->name);
	if (explained) {
		reply_json(ret, 200, explained);
		return;
	}
	err_set(&err, -ENOENT, "no app, no VIP and no aggregate '%.128s'", call->name);
	reply_json(ret, 404, reply_error(err.text, false));
}

/* Until the next reload, which applies agent.log again. */
static void do_log(const struct api_call *call, struct api_reply *ret)
{
	struct log_levels levels;
	const struct log_requester asked = api_call_requester(call);
	log_get_levels(&levels);
	if (call->module)
		log_levels_set(&levels, call->module, call->level);
	else
		levels = (struct log_levels){ .level = call->level };
	log_set_levels(&levels);
	log_event(LOG_INFO, "api", EVENT("request.log", .by = asked.by, .from = asked.from),
		  "log level %s of %s by %s", log_level_name(call->level),
		  call->module ? call->module : "all modules", call->who);
	log_get_levels(&levels);
	json_t *modules = json_object();
	for (size_t i = 0; i < levels.n_modules; i++)
		json_object_set_new(modules, levels.modules[i].module,
				    json_string(log_level_name(levels.modules[i].level)));
	reply_json(ret, 200,
		   json_pack("{s:s, s:s, s:o}", "result", "changed", "level",
			     log_level_name(levels.level), "modules", modules));
}

static void do_events(const struct status_sources *in, const struct api_call *call,
		      struct api_reply *ret)
{
	if (call->events.follow && call->head)
		*ret = (struct api_reply){ .status = 200,
					   .content_type = "text/event-stream",
					   .body = mem_strdup("") };
	else if (call->events.follow)
		ret->feed = event_feed_new(in->events, &call->events);
	else
		reply_stream(ret, view_events(in->events, &call->events));
}

static void do_metrics(const struct status_sources *in, const struct api_call *call,
		       struct api_reply *ret)
{
	reply_stream(ret, metrics_stream(in, call->openmetrics ? METRIC_OPENMETRICS
							       : METRIC_PROMETHEUS));
	ret->content_type = call->openmetrics ? TYPE_OPENMETRICS : TYPE_METRICS;
}

static void do_readyz(const struct status_sources *in, bool stopping, struct api_reply *ret)
{
	char text[READINESS_TEXT_MAX];
	bool ready = readiness_collect(in, stopping, text);
	ret->status = ready ? 200 : 503;
	ret->content_type = "text/plain; charset=utf-8";
	ret->body = mem_strdup(text);
	redact(ret->body);
}

static void do_page(const struct status_sources *in, const struct api_call *call,
		    struct api_reply *ret)
{
	reply_stream(ret, page_stream(in, &call->page));
	ret->content_type = "text/html; charset=utf-8";
	ret->for_browsers = true;
}

static void do_page_file(const struct api_call *call, struct api_reply *ret)
{
	ret->status = call->not_modified ? 304 : 200;
	ret->content_type = call->file->type;
	ret->octets = call->octets;
	ret->packed = call->octets == &call->file->packed;
	ret->for_browsers = true;
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
	const struct log_requester asked = api_call_requester(call);
	if (call->kind == API_DRAIN &&
	    store_check_room(in->store, strlen(call->reason), &err) < 0) {
		reply_json(ret, 507, reply_error(err.text, false));
		return;
	}
	if (call->kind == API_DRAIN)
		result = registry_drain(in->registry, call->name, DRAIN_BY_API, &asked,
					call->reason, usec_add(now, call->span), now);
	else
		result = registry_undrain(in->registry, call->name, DRAIN_BY_API, &asked, now);
	if (result == DRAIN_NO_APP) {
		err_set(&err, -ENOENT, "no app '%.128s'", call->name);
		reply_json(ret, 404, reply_error(err.text, false));
		return;
	}
	log_info("api", "%s %s by %s: %s", call->kind == API_DRAIN ? "drain" : "undrain",
		 call->name ? call->name : "all apps", call->who, drain_result_name(result));
	json_t *shown = call->name ? view_app_part(in, registry_find(in->registry, call->name), 0,
						   DRAIN_VIPS)
				   : view_status(in);
	reply_change(ret, json_pack("{s:s, s:o}", "result", drain_result_name(result),
				    call->name ? "app" : "agent", shown));
}

bool answer_is_change(enum api_kind kind)
{
	return kind == API_REGISTER || kind == API_UNREGISTER || kind == API_DEFINE ||
	       kind == API_UNDEFINE || kind == API_DRAIN || kind == API_UNDRAIN ||
	       kind == API_CHECK || kind == API_ROLL_BEGIN || kind == API_ROLL_FINISH ||
	       kind == API_FLEET_RELEASE || kind == API_RELOAD || kind == API_CONFIRM ||
	       (api_is_about_peer(kind) && kind != API_PEER);
}

static void do_error(const struct api_call *call, struct api_reply *ret)
{
	ret->allow = call->allow;
	if (call->json)
		reply_json(ret, call->status, reply_error(call->err.text, call->status == 404));
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
		return answer_register(in, call, ret);
	case API_DEFINE:
		return answer_define(in, call, ret);
	case API_UNDEFINE:
	case API_UNREGISTER:
		return answer_unregister(in, call, ret);
	case API_INFO:
		return reply_json(ret, 200, view_info(in));
	case API_PING:
		return reply_text(ret, 200, "I-AM-ALIVE");
	case API_APPS:
		return reply_stream(ret, view_apps(in, &call->apps));
	case API_APP:
		return do_app(in, call, ret);
	case API_DRAIN:
	case API_UNDRAIN:
		return do_drain(in, call, ret);
	case API_STATUS:
		return reply_json(ret, 200, view_status(in));
	case API_PEERS:
		return reply_json(ret, 200, view_peers(in));
	case API_CONSUL:
		return reply_json(ret, 200, view_consul(in));
	case API_NOMAD:
		return reply_json(ret, 200, view_nomad(in));
	case API_FLEET:
		return reply_json(ret, 200, view_fleet(in));
	case API_ROUTES:
		return reply_stream(ret, view_routes(in));
	case API_NAT:
		return reply_stream(ret, view_nat(in));
	case API_METRICS:
		return do_metrics(in, call, ret);
	case API_LOG:
		return do_log(call, ret);
	case API_EXPLAIN:
		return do_explain(in, call, ret);
	case API_EVENTS:
		return do_events(in, call, ret);
	case API_CONFIG:
		return reply_stream(ret, view_config(in, call->defaults, call->include_api));
	case API_CAPABILITIES:
		return reply_json(ret, 200, view_capabilities(in->capabilities));
	case API_RELOAD:
	case API_CONFIRM:
	case API_CHECK:
	case API_WHAT_IF:
	case API_FLEET_VIPS:
	case API_ROLL:
	case API_ROLL_BEGIN:
	case API_ROLL_FINISH:
	case API_FLEET_RELEASE:
	case API_DIFF: /* answered by the caller, which can do it */
	case API_PEER:
	case API_PEER_ADD:
	case API_PEER_DELETE:
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
	case API_PAGE:
		return do_page(in, call, ret);
	case API_PAGE_FILE:
		return do_page_file(call, ret);
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
