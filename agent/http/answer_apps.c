/* SPDX-License-Identifier: MIT */
#include "agent/http/answer_apps.h"

#include <errno.h>
#include <string.h>

#include "agent/app/budgets.h"
#include "agent/config/define.h"
#include "agent/http/reply_forms.h"
#include "agent/status/view_app.h"
#include "agent/status/view_diff.h"
#include "agent/vip/nat_targets.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

static unsigned status_of(int rc)
{
	switch (rc) {
	case -EACCES:
	case -EDQUOT:
		return 403;
	case -EEXIST:
	case -EBUSY:
		return 409;
	case -EINVAL:
		return 400;
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
	if (rc == -EINVAL)
		return "Invalid request";
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

/* An app that is already registered may always be registered again. */
static int check_change(const struct status_sources *in, const struct app_spec *spec,
			struct err *err)
{
	const struct app *app = registry_find(in->registry, spec->name);
	if (app && app_spec_equal(app->spec, spec))
		return 0;
	int rc = store_check_room(in->store, app_spec_bytes(spec), err);
	return rc < 0 ? rc : budget_check_rate(in->registry, spec, loop_now(in->loop), err);
}

/* The app of the file that has the name; NULL: there is none. */
static const struct app_spec *spec_of_file(const struct status_sources *in, const char *name)
{
	const struct config *c = in->configuration;
	for (size_t i = 0; i < c->n_apps; i++)
		if (str_equal(c->apps[i].name, name))
			return &c->apps[i];
	return NULL;
}

/* An app of the file that was unregistered, as the next reload would do it: it has precedence over
 * what has taken its name or its VIPs. */
static int register_by_name(const struct status_sources *in, const struct api_call *call,
			    enum register_result *ret, struct err *err)
{
	mono_t now = loop_now(in->loop);
	const struct app_spec *spec = spec_of_file(in, call->spec.name);
	if (!spec)
		return err_set(err, -EINVAL,
			       "vip is missing, and no app of the configuration file has the name "
			       "'%.128s'",
			       call->spec.name);
	const struct app *app = registry_find(in->registry, spec->name);
	int rc = app && app_spec_equal(app->spec, spec)
			 ? 0
			 : budget_check_rate(in->registry, &call->spec, now, err);
	return rc < 0 ? rc : registry_register(in->registry, spec, now, ret, err);
}

/* Those that it names now; one that a reload removes later is an alarm. */
static int check_peers(const struct status_sources *in, const struct app_spec *spec,
		       struct err *err)
{
	struct peer_list peers;
	if (!spec->peers)
		return 0;
	peer_list_init(&peers, in->speaker);
	int rc = peer_list_check(&peers, spec->peers, err);
	peer_list_done(&peers);
	return rc;
}

static int register_spec(const struct status_sources *in, const struct app_spec *spec,
			 enum register_result *ret, struct err *err)
{
	int rc = nat_targets_admit(spec, err);
	if (rc == 0)
		rc = check_peers(in, spec, err);
	if (rc == 0)
		rc = check_change(in, spec, err);
	return rc < 0 ? rc : registry_register(in->registry, spec, loop_now(in->loop), ret, err);
}

static void answer_registered(const struct status_sources *in, const struct api_call *call,
			      enum register_result result, struct api_reply *ret)
{
	const char *name = call->spec.name;
	struct view_clock clock = status_clock();
	const struct app *app = registry_find(in->registry, name);
	const struct log_requester asked = api_call_requester(call);
	if (result == REGISTER_NEW || result == REGISTER_REPLACED) {
		budget_count_change(in->registry, &call->spec, loop_now(in->loop));
		log_event(
			LOG_INFO, "api",
			EVENT("request.register", .app = name, .by = asked.by, .from = asked.from),
			"register %s by %s: %s", name, call->who, result_name(result));
	}
	json_t *body = json_pack("{s:o, s:s, s:s, s:o}", "app", view_text(name), "result",
				 result_name(result), "health", health_name(app->health), "lease",
				 view_app_lease(app, &clock));
	if (call->spec.lease && app->spec->source != APP_FROM_HTTP)
		json_object_set_new(body, "note",
				    json_string("defined in the configuration file, without a "
						"lease"));
	reply_change(ret, body);
}

void answer_register(const struct status_sources *in, const struct api_call *call,
		     struct api_reply *ret)
{
	struct err err = { "" };
	enum register_result result = REGISTER_SAME;
	int rc = call->by_name ? register_by_name(in, call, &result, &err)
			       : register_spec(in, &call->spec, &result, &err);
	if (rc == 0) {
		answer_registered(in, call, result, ret);
		return;
	}
	ret->refused = mem_strdup(err.text);
	err_prefix(&err, rc, "%s: ", refusal_name(rc));
	reply_text(ret, status_of(rc), err.text);
}

static void answer_errors(const struct config_findings *findings, struct api_reply *ret)
{
	reply_json(ret, 422,
		   json_pack("{s:s, s:o}", "error", "not registered, nothing changed", "errors",
			     view_findings(findings, CONFIG_ERROR)));
	ret->refused = mem_strdup(findings->items[0].text);
}

void answer_define(const struct status_sources *in, const struct api_call *call,
		   struct api_reply *ret)
{
	struct err err = { "" };
	enum register_result result = REGISTER_SAME;
	struct config_findings findings = { 0 };
	struct app_spec spec = { 0 };
	if (config_define_text(call->body, call->body_len, call->name, &spec, &findings) < 0) {
		answer_errors(&findings, ret);
		config_findings_done(&findings);
		return;
	}
	spec.source = APP_FROM_HTTP;
	spec.local = call->spec.local;
	spec.admin = call->spec.admin;
	spec.by = call->spec.by ? mem_strdup(call->spec.by) : NULL;
	int rc = register_spec(in, &spec, &result, &err);
	if (rc == 0) {
		answer_registered(in, call, result, ret);
	} else {
		ret->refused = mem_strdup(err.text);
		reply_json(ret, status_of(rc), reply_error(err.text, false));
	}
	app_spec_done(&spec);
	config_findings_done(&findings);
}

/* When the app is registered again although it was unregistered; NULL: never. */
static const char *registered_again(enum app_source source)
{
	switch (source) {
	case APP_FROM_CONFIG:
		return "defined in the configuration file: 'register' with its name alone, a "
		       "reload or the next start registers it again";
	case APP_FROM_PROCESS:
		return "the routes of a process of the configuration file: it announces them again "
		       "with its next command, and with the next start";
	case APP_FROM_HTTP:
		return NULL;
	case APP_FROM_NOMAD:
		return "a service of Nomad, registered again when its tags change or at the next "
		       "start";
	case APP_FROM_CONSUL:
		return "a service of Consul, registered again when its tags change or at the next "
		       "start";
	}
	return NULL;
}

void answer_unregister(const struct status_sources *in, const struct api_call *call,
		       struct api_reply *ret)
{
	const struct app *app = registry_find(in->registry, call->name);
	const char *note = app ? registered_again(app->spec->source) : NULL;
	const struct log_requester asked = api_call_requester(call);
	discovery_dismiss(in->discovery, call->name);
	discovery_dismiss(in->nomad, call->name);
	bool known = registry_unregister(in->registry, call->name, loop_now(in->loop));
	known = store_forget(in->store, call->name) || known;
	if (known)
		log_event(LOG_INFO, "api",
			  EVENT("request.unregister", .app = call->name, .by = asked.by,
				.from = asked.from),
			  "unregister %s by %s%s%s", call->name, call->who, note ? ": " : "",
			  note ? note : "");
	json_t *body = json_pack("{s:o, s:s}", "app", view_text(call->name), "result",
				 known ? "unregistered" : "unknown");
	if (note)
		json_object_set_new(body, "note", json_string(note));
	reply_change(ret, body);
}
