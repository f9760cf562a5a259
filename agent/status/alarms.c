/* SPDX-License-Identifier: MIT */
#include "agent/status/alarms.h"

#include <stdlib.h>

#include "agent/app/groups.h"
#include "agent/programs/programs.h"
#include "agent/status/alarm.h"
#include "agent/status/alarms_of_fleet.h"
#include "agent/status/alarms_of_peers.h"
#include "agent/status/view_route.h"
#include "agent/status/view_vip.h"
#include "agent/vip/nat_served.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/watch.h"
#include "net/fib.h"
#include "net/subnets.h"
#include "process/fd_limit.h"
#include "process/loop.h"

static void add_groups(json_t *alarms, const struct status_sources *in)
{
	size_t n = registry_kept_groups(in->registry, NULL, 0);
	const char **groups = mem_new(n + 1, sizeof(*groups));
	n = registry_kept_groups(in->registry, groups, n);
	for (size_t i = 0; i < n; i++)
		alarm_add(alarms, "group-kept", "group", groups[i],
			  "all apps of the group went down at once and stay announced as degraded: "
			  "look at the checks, then at the services");
	free(groups);
}

static void add_lo(json_t *alarms, const struct status_sources *in)
{
	if (!actuator_lo_is_up(in->actuator))
		alarm_add(alarms, "lo-down", NULL, NULL,
			  "the interface lo is down: no VIP can be reached, and none is announced; "
			  "'ip link set lo up'");
}

/* The first app of each kind, and how many there are. */
struct app_findings {
	const struct app *resort, *blind, *stranger;
	size_t n_resort, n_blind, n_stranger;
	size_t unable;           /* the monitor of `blind` */
	struct err unknown_peer; /* of `stranger` */
};

static void examine_app(struct app_findings *f, const struct app *app,
			const struct peer_list *peers)
{
	struct err err = { "" };
	if (app->form == ROUTE_DOWN && f->n_resort++ == 0)
		f->resort = app;
	for (size_t i = 0; i < monitor_watch_n(app->watch); i++)
		if (monitor_watch_is_unable(app->watch, i) && f->n_blind++ == 0) {
			f->blind = app;
			f->unable = i;
		}
	if (app->spec->peers && peer_list_check(peers, app->spec->peers, &err) < 0 &&
	    f->n_stranger++ == 0) {
		f->stranger = app;
		f->unknown_peer = err;
	}
}

static void add_unable(json_t *alarms, const struct app_findings *f)
{
	struct monitor_status m;
	monitor_watch_status(f->blind->watch, f->unable, &m);
	alarm_add_count(alarm_add(alarms, "monitor-unable", "app", f->blind->spec->name,
				  "%s: check %.100s cannot be run, keeping its last result: %.500s",
				  f->blind->spec->name, m.text, m.said),
			f->n_blind);
}

/* Apps that are announced although they are down, monitors that cannot be run, and apps that name a
 * peer which is not there: of the file, `check` finds them. */
static void add_apps(json_t *alarms, const struct status_sources *in)
{
	struct app_findings f = { 0 };
	struct app_cursor cursor;
	struct peer_list peers;
	peer_list_init(&peers, in->speaker);
	app_cursor_init(in->registry, &cursor);
	for (const struct app *app; (app = app_cursor_next(&cursor));)
		examine_app(&f, app, &peers);
	app_cursor_done(&cursor);
	peer_list_done(&peers);
	if (f.resort)
		alarm_add_count(alarm_add(alarms, "last-resort", "app", f.resort->spec->name,
					  "%s: down and announced as a last resort: %.500s",
					  f.resort->spec->name,
					  f.resort->reason ? f.resort->reason : ""),
				f.n_resort);
	if (f.blind)
		add_unable(alarms, &f);
	if (f.stranger)
		alarm_add_count(alarm_add(alarms, "peer-unknown", "app", f.stranger->spec->name,
					  "%s: %s", f.stranger->spec->name, f.unknown_peer.text),
				f.n_stranger);
}

/* The first VIP that has an error or that no established peer can be sent, and why. */
static void add_first_vip(json_t *alarms, const struct status_sources *in, size_t n)
{
	char name[PREFIX_TEXT_MAX], buf[ALARM_TEXT_MAX];
	struct view_vip_context context;
	struct vip_cursor cursor;
	view_vip_context_init(&context, in);
	vip_cursor_init(in->reconcile, &cursor);
	for (const struct vip *vip; (vip = vip_cursor_next(&cursor));) {
		struct strbuf text = strbuf_over(buf, sizeof(buf));
		view_vip_context_set(&context, in, vip);
		struct bgp_reach reach = view_vip_reach(vip, &context);
		if (!vip->trouble && !bgp_reach_is_refused(&reach))
			continue;
		view_vip_reason(vip, &context, &text);
		prefix_format(&vip->prefix, name);
		alarm_add_count(alarm_add(alarms, "vip-trouble", "vip", name, "%s: %s", name, buf),
				n);
		break;
	}
	vip_cursor_done(&cursor);
	view_vip_context_done(&context);
}

/* VIPs that are announced and whose connections are refused. */
static void add_unserved(json_t *alarms, const struct status_sources *in)
{
	char vip[PREFIX_TEXT_MAX], target[NAT_TARGET_TEXT_MAX];
	const struct nat_dead *dead = actuator_nat_dead(in->actuator);
	const struct nat_rule *rule = &dead->first;
	if (dead->n == 0)
		return;
	prefix_format(&rule->vip, vip);
	alarm_add_count(
		alarm_add(
			alarms, "nat-unserved", "vip", vip,
			"%s: port %u is translated to %s (%s), where no socket listens: start the "
			"service, or map to the address of its container",
			vip, rule->listen, nat_rule_format_target(rule, target),
			nat_proto_name(rule->proto)),
		dead->n);
}

/* While lo is down, all are in trouble for that. */
static void add_vips(json_t *alarms, const struct status_sources *in)
{
	struct vip_counts vips = reconcile_counts(in->reconcile);
	size_t n = vips.troubled + bgp_speaker_count_routes(in->speaker).refused;
	if (n > 0 && actuator_lo_is_up(in->actuator))
		add_first_vip(alarms, in, n);
}

/* VIPs whose traffic does not fit what is announced. */
static void add_traffic(json_t *alarms, const struct status_sources *in, mono_t now)
{
	char idle[PREFIX_TEXT_MAX] = "", stray[PREFIX_TEXT_MAX] = "";
	struct vip_cursor cursor;
	size_t n_idle = 0, n_stray = 0;
	if (!in->traffic)
		return;
	if (traffic_watch_trouble(in->traffic)[0])
		alarm_add(alarms, "traffic-uncounted", NULL, NULL,
			  "the traffic of VIPs is not counted: %s",
			  traffic_watch_trouble(in->traffic));
	vip_cursor_init(in->reconcile, &cursor);
	for (const struct vip *vip; (vip = vip_cursor_next(&cursor));) {
		if (vip->traffic && traffic_is_idle(vip->traffic, now) && n_idle++ == 0)
			prefix_format(&vip->prefix, idle);
		if (vip->traffic && traffic_is_stray(vip->traffic, now) && n_stray++ == 0)
			prefix_format(&vip->prefix, stray);
	}
	vip_cursor_done(&cursor);
	if (n_idle > 0)
		alarm_add_count(
			alarm_add(alarms, "no-traffic", "vip", idle,
				  "%s: announced for more than a minute, and no packet has come "
				  "since; before, there was traffic: look at the route in the "
				  "routers",
				  idle),
			n_idle);
	if (n_stray > 0)
		alarm_add_count(alarm_add(alarms, "stray-traffic", "vip", stray,
					  "%s: withdrawn, and packets still come: look for a "
					  "static route, and "
					  "whether the routers have taken the withdrawal",
					  stray),
				n_stray);
}

/* Neighbours on the link do not follow the routes of these. */
static void add_subnets(json_t *alarms, const struct status_sources *in)
{
	char name[PREFIX_TEXT_MAX];
	const struct vip *first = NULL;
	struct vip_cursor cursor;
	size_t n = 0;
	vip_cursor_init(in->reconcile, &cursor);
	for (const struct vip *vip; (vip = vip_cursor_next(&cursor));)
		if (vip->spec && host_changes_subnet_of(in->host_changes, &vip->prefix) && n++ == 0)
			first = vip;
	vip_cursor_done(&cursor);
	if (!first)
		return;
	prefix_format(&first->prefix, name);
	alarm_add_count(alarm_add(alarms, "vip-in-subnet", "vip", name,
				  "%s is inside the subnet of interface %s: %s", name,
				  host_changes_subnet_of(in->host_changes, &first->prefix),
				  subnets_advice(&first->prefix)),
			n);
}

/* Of Consul and Nomad. */
struct catalog_alarms {
	const char *name, *lost, *service, *missing, *skipped, *view;
};
static const struct catalog_alarms of_consul = {
	"Consul",         "consul-lost", "consul-service", "consul-service-missing",
	"consul-skipped", "/v1/consul",
};
static const struct catalog_alarms of_nomad = {
	"Nomad",         "nomad-lost", "nomad-service", "nomad-service-missing",
	"nomad-skipped", "/v1/nomad",
};

static void add_services(json_t *alarms, const struct discovery *d, const struct catalog_alarms *of)
{
	const struct discovered *first = NULL, *missing = NULL;
	size_t n = 0, n_missing = 0;
	for (const struct discovered *s = discovery_first(d); s; s = s->hh.next) {
		bool is_app = s->state == DISCOVERED_REGISTERED || s->state == DISCOVERED_DISMISSED;
		if ((!is_app || s->problem) && n++ == 0)
			first = s;
		if (s->retained_since != USEC_NEVER && n_missing++ == 0)
			missing = s;
	}
	if (first)
		alarm_add_count(
			alarm_add(alarms, of->service, "service", first->name, "service %s: %s%s%s",
				  first->name, discovered_state_name(first->state),
				  first->problem ? ": " : "", first->problem ? first->problem : ""),
			n);
	if (missing)
		alarm_add_count(
			alarm_add(alarms, of->missing, "service", missing->name,
				  "service %s: retained although %s's state was reset and lacks it",
				  missing->name, of->name),
			n_missing);
}

/* A service or check that cannot be read is skipped, the others count. */
static void add_skipped(json_t *alarms, const struct consul_client_status *c,
			const struct catalog_alarms *of)
{
	const struct consul_skipped *s = &c->catalog.skipped, *checks = &c->checks.skipped;
	const struct consul_skipped *first = s->n > 0 ? s : checks;
	if (first->n > 0)
		alarm_add_count(alarm_add(alarms, of->skipped, NULL, NULL,
					  "%s; it is skipped, the others count (%s)",
					  first->texts[0], of->view),
				s->n + checks->n);
}

static void add_catalog(json_t *alarms, const struct discovery *d, const struct catalog_alarms *of,
			const struct view_clock *clock)
{
	struct consul_client_status c;
	if (!d)
		return;
	add_services(alarms, d, of);
	consul_client_status(discovery_client(d), &c);
	add_skipped(alarms, &c, of);
	if (c.contact != CONSUL_LOST)
		return;
	json_t *o = alarm_add(alarms, of->lost, NULL, NULL,
			      "%s at %s does not answer, its last known state stands: %s", of->name,
			      c.address, c.error);
	view_add_time(o, clock, "since", c.contact_since);
}

/* Registered by a previous instance, and refused by the rules of this one. */
static void add_refused(json_t *alarms, const struct status_sources *in)
{
	const struct refused_apps *r = store_refused(in->store);
	if (r->n > 0)
		alarm_add_count(alarm_add(alarms, "stored-app-refused", "app", r->items[0].name,
					  "app %s of the state file is not registered: %s",
					  r->items[0].name, r->items[0].text),
				r->n);
}

/* Added over HTTP, and not allowed by the configuration of now. */
static void add_refused_peers(json_t *alarms, const struct status_sources *in)
{
	char name[PEER_ID_TEXT_MAX];
	const struct peer_order *first = NULL;
	size_t n = 0;
	for (size_t i = 0; in->peer_orders && i < in->peer_orders->n; i++)
		if (in->peer_orders->items[i].refused && n++ == 0)
			first = &in->peer_orders->items[i];
	if (!first)
		return;
	peer_id_format(&first->id, name);
	alarm_add_count(
		alarm_add(alarms, "stored-peer-refused", "peer", name,
			  "peer %s, added over HTTP, is left out: %s; fix it and reload, or "
			  "vipherald peer %s delete",
			  name, first->refused, name),
		n);
}

static void add_resources(json_t *alarms, const struct status_sources *in)
{
	char text[MISSING_TEXT_MAX];
	struct err short_of = { "" };
	struct strbuf missing = strbuf_over(text, sizeof(text));
	struct state_file_status file;
	struct monitor_runner_status commands;
	const char *wanted = in->config->state_file;
	bool has_file = store_status(in->store, &file);
	if (has_file && !file.stored)
		alarm_add(alarms, "state-file", "path", file.path,
			  "the state file is not written: %s",
			  file.trouble ? file.trouble : "see the log");
	else if (!has_file && wanted && wanted[0])
		alarm_add(alarms, "state-file", "path", wanted,
			  "the state file could not be opened at the start: what is registered "
			  "over HTTP is lost when vipherald ends; see the log");
	monitor_runner_status(in->runner, &commands);
	if (commands.load.behind)
		alarm_add(alarms, "checks-behind", NULL, NULL,
			  "commands of exec monitors start %u %% of their interval late: raise "
			  "monitor_interval or exec_max, or look at the load of the host",
			  commands.load.percent);
	if (commands.network.behind)
		alarm_add(alarms, "checks-behind", NULL, NULL,
			  "checks over the network start %u %% of their interval late, as too many "
			  "wait for an answer: raise monitor_interval, or look at what they check",
			  commands.network.percent);
	if (in->squatter && in->squatter[0])
		alarm_add(alarms, "name-taken", NULL, NULL, "%s", in->squatter);
	if (fd_limit_check(FD_FOR_NEW, &short_of) < 0)
		alarm_add(alarms, "file-descriptors", NULL, NULL, "%s", short_of.text);
	capability_list_missing(in->capabilities, &missing);
	if (text[0])
		alarm_add(alarms, "capabilities", NULL, NULL, "missing: %s (/v1/capabilities)",
			  text);
}

static void add_certificate(json_t *alarms, const char *key, const char *file, wall_t end,
			    wall_t now)
{
	char date[DATE_TEXT_MAX];
	if (end == 0 || end > now + ALARM_CERTIFICATE)
		return;
	alarm_add(alarms, "certificate", "path", file,
		  "agent.api.tls.%s: '%.200s' %s %s: replace it, then reload", key, file,
		  end > now ? "expires at" : "has expired at", date_format(end, date));
}

static void add_certificates(json_t *alarms, const struct status_sources *in, wall_t now)
{
	const struct config_tls *tls = &in->config->tls;
	if (!in->tls_keys)
		return;
	add_certificate(alarms, "cert", tls->cert, tls_keys_end(in->tls_keys, TLS_CERT), now);
	add_certificate(alarms, "client_ca", tls->client_ca,
			tls_keys_end(in->tls_keys, TLS_CLIENT_CA), now);
}

/* "a, b and 3 more" */
static void list_keys(const json_t *keys, struct strbuf *ret)
{
	size_t n = json_array_size(keys), shown = n > 3 ? 3 : n;
	for (size_t i = 0; i < shown; i++)
		strbuf_add(ret, "%s%s", i > 0 ? ", " : "",
			   json_string_value(json_array_get(keys, i)));
	if (n > shown)
		strbuf_add(ret, " and %zu more", n - shown);
}

/* Of `reload --confirm`. */
static void add_trial(json_t *alarms, const struct config_file *file)
{
	char date[DATE_TEXT_MAX];
	if (file->trial.deadline)
		alarm_add(alarms, "reload-unconfirmed", "path", file->path,
			  file->trial.failed ? "on trial, not confirmed until %s, and the "
					       "previous configuration could not return "
					       "(config.last_reload in /v1/status): retrying "
					       "every 10 seconds; confirm, or reload another one"
					     : "on trial: the previous configuration returns at "
					       "%s unless it is confirmed (vipherald confirm)",
			  date_format(file->trial.deadline, date));
	if (file->rolled_back.sha256[0])
		alarm_add(
			alarms, "reload-rolled-back", "path", file->path,
			"its reload by %.200s was not confirmed: the previous configuration is in "
			"effect since %.40s, also after a restart; fix the file, then reload",
			file->rolled_back.by, file->rolled_back.at);
}

static void add_configuration(json_t *alarms, const struct status_sources *in)
{
	char buf[256] = "";
	struct strbuf keys = strbuf_over(buf, sizeof(buf));
	const struct config_file *file = in->config_file;
	if (!file)
		return;
	if (file->incomplete)
		alarm_add(alarms, "reload-failed", "path", file->path,
			  "the last reload is in effect, but %zu app%s of the file %s refused "
			  "(config.last_reload in /v1/status)",
			  json_array_size(file->errors),
			  json_array_size(file->errors) == 1 ? "" : "s",
			  json_array_size(file->errors) == 1 ? "was" : "were");
	else if (file->reload_at && !file->reload_ok)
		alarm_add(alarms, "reload-failed", "path", file->path,
			  "the last reload failed, %zu error%s; the previous configuration is in "
			  "effect (config.last_reload in /v1/status)",
			  json_array_size(file->errors),
			  json_array_size(file->errors) == 1 ? "" : "s");
	if (file->last_good[0])
		alarm_add(alarms, "configuration", "path", file->path,
			  "broken at the start: its last good version, kept at %s, is in effect; "
			  "fix the file, then reload",
			  file->last_good);
	if (file->first_broken)
		alarm_add_count(alarm_add(alarms, "included-file", "path", file->first_broken,
					  "%.400s has errors: its apps %s (config.files in "
					  "/v1/status); fix it, then reload",
					  file->first_broken,
					  file->n_left_out == 0 ? "stay as they were"
					  : file->n_kept == 0
						  ? "are left out"
						  : "stay as they were, or are left out"),
				file->n_kept + file->n_left_out);
	add_trial(alarms, file);
	list_keys(file->needs_restart, &keys);
	if (buf[0])
		alarm_add(alarms, "restart-needed", "path", file->path,
			  "changed in the file, and in effect after a restart only: %s", buf);
}

/* One that does not stay up announces nothing, or not for long. */
static void add_programs(json_t *alarms, const struct status_sources *in)
{
	const struct program *first = NULL;
	size_t n = 0;
	for (const struct program *p = programs_first(in->programs); p;
	     p = programs_next(in->programs, p))
		if (program_keeps_failing(p, loop_now(in->loop)) && n++ == 0)
			first = p;
	if (first)
		alarm_add_count(
			alarm_add(alarms, "process-failing", "process", first->spec.name,
				  "process %s exits repeatedly (%.200s): what it announces is "
				  "withdrawn each time; see the log for its output",
				  first->spec.name, first->ended),
			n);
}

json_t *alarms_collect(const struct status_sources *in)
{
	struct view_clock clock = status_clock();
	json_t *alarms = json_array();
	add_groups(alarms, in);
	add_lo(alarms, in);
	add_apps(alarms, in);
	add_programs(alarms, in);
	alarms_add_fleet(alarms, in, &clock);
	add_vips(alarms, in);
	add_unserved(alarms, in);
	add_traffic(alarms, in, clock.now);
	add_subnets(alarms, in);
	alarms_add_peers(alarms, in, &clock);
	add_catalog(alarms, in->discovery, &of_consul, &clock);
	add_catalog(alarms, in->nomad, &of_nomad, &clock);
	add_refused(alarms, in);
	add_refused_peers(alarms, in);
	add_resources(alarms, in);
	add_certificates(alarms, in, clock.wall);
	add_configuration(alarms, in);
	return alarms;
}
