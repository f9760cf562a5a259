/* SPDX-License-Identifier: MIT */
#include "agent/status/view_status.h"

#include "agent/app/drains.h"
#include "agent/status/alarms.h"
#include "agent/status/drift_sum.h"
#include "agent/status/view_aggregate.h"
#include "agent/status/view_bfd.h"
#include "agent/status/view_drain.h"
#include "agent/status/view_fleet.h"
#include "agent/status/view_programs.h"
#include "lib/version.h"

static json_t *apps(const struct app_counts *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "up", VIEW_INT(c->up), "down",
			 VIEW_INT(c->down), "unknown", VIEW_INT(c->unknown), "draining",
			 VIEW_INT(c->draining), "drained", VIEW_INT(c->drained), "kept",
			 VIEW_INT(c->apps_kept), "joining", VIEW_INT(c->joining));
}

/* Since the first request for a drain of the agent; USEC_NEVER without one. */
static mono_t drained_since(const struct drain *d)
{
	mono_t since = USEC_NEVER;
	for (size_t i = 0; i < DRAIN_SOURCES; i++)
		if (d->requests[i].on)
			since = usec_min(since, d->requests[i].since);
	return since;
}

static json_t *drain(const struct status_sources *in, const struct view_clock *clock)
{
	const struct drain *requests = registry_agent_drain(in->registry);
	mono_t end = registry_drained_at(in->registry, clock->now);
	const struct view_drain d = {
		.agent = requests,
		.since = drained_since(requests),
		.withdraw_at = end > clock->now ? end : USEC_NEVER,
	};
	return view_drain(&d, clock);
}

static json_t *checks(const struct monitor_runner *runner)
{
	struct monitor_runner_status s;
	monitor_runner_status(runner, &s);
	return json_pack("{s:I, s:I}", "total", VIEW_INT(s.checks), "failures",
			 VIEW_INT(s.failures));
}

static json_t *vips(const struct status_sources *in)
{
	struct vip_counts c = reconcile_counts(in->reconcile);
	struct bgp_route_counts routes = bgp_speaker_count_routes(in->speaker);
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "total", VIEW_INT(c.owned4 + c.owned6),
			 "bound", VIEW_INT(c.bound), "announced", VIEW_INT(routes.sent),
			 "suppressed", VIEW_INT(routes.suppressed), "troubled",
			 VIEW_INT(c.troubled + routes.refused));
}

static json_t *aggregates(const struct status_sources *in)
{
	size_t n = aggregates_list(actuator_aggregates(in->actuator))->n;
	return json_pack("{s:I, s:I}", "total", VIEW_INT(n), "announced",
			 VIEW_INT(view_aggregates_announced(in)));
}

static json_t *peers(const struct status_sources *in)
{
	struct peer_list list;
	peer_list_init(&list, in->speaker);
	json_t *o = json_pack("{s:I, s:I, s:I}", "total", VIEW_INT(list.n), "established",
			      VIEW_INT(peer_list_established(&list)), "disabled",
			      VIEW_INT(peer_list_disabled(&list)));
	peer_list_done(&list);
	return o;
}

/* The file as it was when it was read. */
static json_t *configuration(const struct status_sources *in)
{
	char date[DATE_TEXT_MAX];
	const struct config_file *file = in->config_file;
	if (!file)
		return json_null();
	return json_pack("{s:o, s:s}", "path", view_text(file->path), "modified",
			 date_format(file->modified, date));
}

/* null without a state file. */
static json_t *state_file(const struct store *store)
{
	struct state_file_status s;
	if (!store_status(store, &s))
		return json_null();
	return json_pack("{s:o, s:b, s:o}", "path", view_text(s.path), "stored", s.stored, "error",
			 view_text_or_null(s.trouble));
}

static json_t *certificate(const char *file, wall_t end, wall_t now)
{
	char date[DATE_TEXT_MAX];
	wall_t distance = end > now ? end - now : now - end;
	if (!file)
		return json_null();
	return json_pack("{s:o, s:s, s:o}", "path", view_text(file), "expires",
			 date_format(end, date), "expires_seconds",
			 view_span(distance / USEC_PER_MSEC * USEC_PER_MSEC));
}

/* null without TLS. */
static json_t *tls(const struct status_sources *in, wall_t now)
{
	const struct config_tls *files = &in->config->tls;
	if (!in->tls_keys)
		return json_null();
	return json_pack(
		"{s:o, s:o}", "cert",
		certificate(files->cert, tls_keys_end(in->tls_keys, TLS_CERT), now), "client_ca",
		certificate(files->client_ca, tls_keys_end(in->tls_keys, TLS_CLIENT_CA), now));
}

static json_t *drift(const struct status_sources *in, const struct view_clock *clock)
{
	struct drift sum;
	json_t *o = json_object();
	drift_sum(in, &sum);
	for (size_t i = 0; i < DRIFT_KINDS; i++) {
		const struct drift_record *r = &sum.of[i];
		json_t *kind = json_pack("{s:I}", "repairs", VIEW_INT(r->repairs));
		view_add_time(kind, clock, "last", r->at ? r->at : USEC_NEVER);
		json_object_set_new(o, drift_kind_name((enum drift_kind)i), kind);
	}
	return o;
}

/* null before it has started. */
static json_t *api(const struct api_counts *c)
{
	json_t *refused = json_object();
	for (size_t i = 0; c && i < API_CAUSES; i++)
		json_object_set_new(refused, api_cause_name((enum api_cause)i),
				    json_integer(VIEW_INT(c->refused[i])));
	json_t *o = c ? json_pack("{s:I, s:I, s:O}", "connections", VIEW_INT(c->connections),
				  "followers", VIEW_INT(c->followers), "refused", refused)
		      : json_null();
	json_decref(refused);
	return o;
}

static json_t *hooks(const struct status_sources *in)
{
	const struct hook_counts *c = &in->hooks;
	const char *failure = c->last_failure && *c->last_failure ? c->last_failure : NULL;
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o}", "defined", VIEW_INT(in->config->hooks.n),
			 "waiting", VIEW_INT(c->waiting), "run", VIEW_INT(c->run), "failed",
			 VIEW_INT(c->failed), "lost", VIEW_INT(c->lost), "last_failure",
			 view_text_or_null(failure));
}

json_t *view_status(const struct status_sources *in)
{
	struct view_clock clock = status_clock();
	struct app_counts counts = registry_count(in->registry);
	json_t *o = json_pack("{s:s, s:s}", "version", VIPHERALD_VERSION, "phase", in->phase);
	view_add_time(o, &clock, "started", in->began_at);
	json_object_set_new(o, "configuration", configuration(in));
	json_object_set_new(o, "config",
			    in->config_file ? view_config_file(in->config_file) : json_null());
	json_object_set_new(o, "apps", apps(&counts));
	json_object_set_new(o, "checks", checks(in->runner));
	json_object_set_new(o, "vips", vips(in));
	json_object_set_new(o, "aggregates", aggregates(in));
	json_object_set_new(o, "peers", peers(in));
	json_object_set_new(o, "bfd", view_bfd_summary(in, &clock));
	json_object_set_new(o, "drain", drain(in, &clock));
	json_object_set_new(o, "fleet", view_fleet_summary(in, &clock));
	json_object_set_new(o, "alarms", alarms_collect(in));
	json_object_set_new(o, "state_file", state_file(in->store));
	json_object_set_new(o, "api", api(in->api));
	json_object_set_new(o, "tls", tls(in, clock.wall));
	json_object_set_new(o, "drift", drift(in, &clock));
	json_object_set_new(o, "hooks", hooks(in));
	json_object_set_new(o, "processes", view_programs(in, &clock));
	json_object_set_new(o, "sandbox", view_sandbox(&in->sandbox));
	return o;
}
