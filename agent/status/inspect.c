/* SPDX-License-Identifier: MIT */
#include "agent/status/inspect.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/app/drains.h"
#include "agent/app/groups.h"
#include "agent/app/leases.h"
#include "agent/status/metrics.h"
#include "agent/status/view.h"
#include "agent/status/view_peer.h"
#include "agent/vip/trouble.h"
#include "lib/mem.h"
#include "lib/version.h"
#include "process/loop.h"

struct view_clock inspect_clock(const struct inspect *in)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (struct view_clock){
		.now = loop_now(in->loop),
		.real_usec = (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000,
	};
}

/* All peers, as they are now; free it. The views in it hold until the loop goes on. */
static struct bgp_peer_status *peers_of(const struct inspect *in, size_t *ret_n)
{
	size_t n = bgp_speaker_n_peers(in->speaker);
	struct bgp_peer_status *peers = mem_new(n + 1, sizeof(*peers));
	for (size_t i = 0; i < n; i++)
		bgp_speaker_peer_status(in->speaker, i, &peers[i]);
	*ret_n = n;
	return peers;
}

/* VIPs */

struct shown_vips {
	struct bgp_peer_status *peers;
	struct view_route *routes; /* n_peers for each VIP */
	struct view_vip *vips;
	size_t n_peers, n;
};

static void shown_vips_init(struct shown_vips *s, const struct inspect *in, size_t n)
{
	s->n = n;
	s->peers = peers_of(in, &s->n_peers);
	s->routes = mem_new(s->n_peers * n + 1, sizeof(*s->routes));
	s->vips = mem_new(n + 1, sizeof(*s->vips));
}

static void shown_vips_done(struct shown_vips *s)
{
	free(s->vips);
	free(s->routes);
	free(s->peers);
}

static void show_vip(struct shown_vips *s, size_t at, const struct inspect *in,
		     const struct vip *vip)
{
	struct view_route *routes = s->routes + at * s->n_peers;
	const struct app *app = vip->owner;
	for (size_t i = 0; i < s->n_peers; i++) {
		routes[i].peer = &s->peers[i];
		routes[i].state = bgp_speaker_route_state(in->speaker, i, &vip->prefix);
	}
	s->vips[at] = (struct view_vip){
		.prefix = &vip->prefix,
		.spec = vip->spec,
		.health = app ? app->health : HEALTH_UNKNOWN,
		.drained = app && app->drained_since != USEC_NEVER,
		.form = vip->form,
		.bound = vip->bound,
		.announced = vip->announced,
		.changed_at = vip->changed_at ? vip->changed_at : USEC_NEVER,
		.error = vip->trouble ? vip->trouble->text : NULL,
		.error_since = vip->trouble ? vip->trouble->since : USEC_NEVER,
		.retry_at = vip->trouble && !vip->trouble->lasting
				    ? reconcile_retry_at(in->reconcile)
				    : USEC_NEVER,
		.global = in->communities,
		.routes = routes,
		.n_routes = s->n_peers,
	};
}

/* Apps */

static struct view_monitor *monitors_of(const struct app *app, size_t n)
{
	struct view_monitor *monitors = mem_new(n + 1, sizeof(*monitors));
	for (size_t i = 0; i < n; i++) {
		struct monitor_status status;
		monitor_watch_status(app->watch, i, &status);
		monitors[i] = (struct view_monitor){
			.text = status.text,
			.said = status.said,
			.health = status.health,
			.since = status.since,
			.last_check = status.last_check,
			.took = status.took,
			.checks = status.checks,
			.failures = status.failures,
			.running = status.running,
			.output = status.output,
			.interval = status.timing.interval,
			.fast_interval = status.timing.fast_interval,
			.timeout = status.timing.timeout,
			.rise = status.timing.rise,
			.fall = status.timing.fall,
			.streak = status.streak,
		};
	}
	return monitors;
}

static usec_t held_until(const struct app *app, usec_t now)
{
	return damping_is_on(&app->damping, now) ? app->damping.until : USEC_NEVER;
}

static struct view_drain drain_of(const struct inspect *in, const struct app *app)
{
	return (struct view_drain){
		.app = app->drain,
		.agent = registry_agent_drain(in->registry),
		.since = app->drained_since,
		.withdraw_at = app->form == ROUTE_DRAIN ? app->drain_end : USEC_NEVER,
	};
}

/* The monitor that keeps it down now; the one that brought it down may have recovered. */
static const char *reason_of(const struct app *app, char *buf, size_t size)
{
	switch (app->health) {
	case HEALTH_DOWN:
		for (size_t i = 0; i < monitor_watch_n(app->watch); i++) {
			struct monitor_status m;
			monitor_watch_status(app->watch, i, &m);
			if (m.health != HEALTH_DOWN)
				continue;
			snprintf(buf, size, "%.100s: %.500s", m.text, m.said);
			return buf;
		}
		return app->reason;
	case HEALTH_UNKNOWN:
		return "no verdict of the monitors yet";
	case HEALTH_UP:
		break;
	}
	if (app->spec->n_monitors == 0)
		return "no monitors, always up";
	return app->spec->quorum ? "enough monitors pass" : "all monitors pass";
}

/* The rules of one app or of all. */
struct shown_rules {
	struct nat_rules rules;
	bool *present;
	size_t cap;
};

static void show_rule(const struct nat_rule *r, bool present, void *userdata)
{
	struct shown_rules *s = userdata;
	nat_rules_add(&s->rules, r);
	s->present = mem_grow(s->present, &s->cap, s->rules.n, sizeof(*s->present));
	s->present[s->rules.n - 1] = present;
}

static void shown_rules_done(struct shown_rules *s)
{
	nat_rules_done(&s->rules);
	free(s->present);
}

static void show_rules(struct shown_rules *s, const struct inspect *in, const struct app *app)
{
	*s = (struct shown_rules){ 0 };
	for (size_t i = 0; i < app->spec->n_vips && app->spec->n_nats > 0; i++)
		nat_walk_rules(in->nat, &app->spec->vips[i], show_rule, s);
}

static json_t *app_as(const struct inspect *in, const struct app *app, bool summary)
{
	struct view_clock clock = inspect_clock(in);
	struct shown_vips shown;
	const struct discovered *rival = discovery_rival_of(in->discovery, app->spec->name);
	size_t n_monitors = monitor_watch_n(app->watch);
	struct view_monitor *monitors = monitors_of(app, n_monitors);
	struct shown_rules rules;
	char reason[640];
	show_rules(&rules, in, app);
	shown_vips_init(&shown, in, app->spec->n_vips);
	for (size_t i = 0; i < app->spec->n_vips; i++)
		show_vip(&shown, i, in, app->vips[i]);
	struct view_app view = {
		.spec = app->spec,
		.health = app->health,
		.form = app->form,
		.kept = app->kept,
		.drain = drain_of(in, app),
		.health_since = app->health_since,
		.registered_at = app->registered_at,
		.cleanup_at = app_cleanup_at(app),
		.reason = reason_of(app, reason, sizeof(reason)),
		.rival = rival ? rival->name : NULL,
		.went_up = app->went_up,
		.went_down = app->went_down,
		.held_until = held_until(app, clock.now),
		.lease_end = app_lease_end(app),
		.flaps = app->damping.flaps,
		.vips = shown.vips,
		.n_vips = shown.n,
		.monitors = monitors,
		.n_monitors = n_monitors,
		.nat = { .status = nat_status(in->nat),
			 .rules = rules.rules.items,
			 .present = rules.present,
			 .n_rules = rules.rules.n },
	};
	json_t *json = summary ? view_app_summary(&view, &clock) : view_app(&view, &clock);
	shown_vips_done(&shown);
	shown_rules_done(&rules);
	free(monitors);
	return json;
}

json_t *inspect_lease(const struct inspect *in, const struct app *app)
{
	struct view_clock clock = inspect_clock(in);
	return view_lease(app->spec->lease, app_lease_end(app), &clock);
}

json_t *inspect_app(const struct inspect *in, const struct app *app)
{
	return app_as(in, app, false);
}

/* Lists */

struct app_list {
	struct inspect in;
	struct app_cursor cursor;
};

static json_t *app_list_next(void *userdata)
{
	struct app_list *list = userdata;
	const struct app *app = app_cursor_next(&list->cursor);
	return app ? app_as(&list->in, app, true) : NULL;
}

static void app_list_done(void *userdata)
{
	struct app_list *list = userdata;
	app_cursor_done(&list->cursor);
	free(list);
}

struct stream *inspect_apps(const struct inspect *in)
{
	static const struct stream_ops ops = { app_list_next, app_list_done };
	struct app_list *list = mem_new(1, sizeof(*list));
	list->in = *in;
	app_cursor_init(in->registry, &list->cursor);
	return stream_new(NULL, "apps", &ops, list);
}

struct vip_list {
	struct inspect in;
	struct vip_cursor cursor;
};

static json_t *vip_list_next(void *userdata)
{
	struct vip_list *list = userdata;
	struct vip *vip = vip_cursor_next(&list->cursor);
	if (!vip)
		return NULL;
	struct view_clock clock = inspect_clock(&list->in);
	struct shown_vips shown;
	shown_vips_init(&shown, &list->in, 1);
	show_vip(&shown, 0, &list->in, vip);
	json_t *json = view_vip(&shown.vips[0], &clock);
	shown_vips_done(&shown);
	return json;
}

static void vip_list_done(void *userdata)
{
	struct vip_list *list = userdata;
	vip_cursor_done(&list->cursor);
	free(list);
}

struct stream *inspect_routes(const struct inspect *in)
{
	static const struct stream_ops ops = { vip_list_next, vip_list_done };
	struct vip_list *list = mem_new(1, sizeof(*list));
	list->in = *in;
	vip_cursor_init(in->reconcile, &list->cursor);
	return stream_new(NULL, "routes", &ops, list);
}

/* NAT */

struct rule_list {
	struct shown_rules rules;
	size_t next;
};

static json_t *rule_list_next(void *userdata)
{
	struct rule_list *list = userdata;
	size_t i = list->next++;
	return i < list->rules.rules.n
		       ? view_nat_rule(&list->rules.rules.items[i], list->rules.present[i])
		       : NULL;
}

static void rule_list_done(void *userdata)
{
	struct rule_list *list = userdata;
	shown_rules_done(&list->rules);
	free(list);
}

struct stream *inspect_nat(const struct inspect *in)
{
	static const struct stream_ops ops = { rule_list_next, rule_list_done };
	struct rule_list *list = mem_new(1, sizeof(*list));
	struct nat_status status = nat_status(in->nat);
	nat_walk_rules(in->nat, NULL, show_rule, &list->rules);
	return stream_new(view_nat_status(&status), "rules", &ops, list);
}

/* Peers */

typedef json_t *show_peer(const struct bgp_peer_status *peer, const struct view_clock *clock);

static json_t *peers_as(const struct inspect *in, show_peer *show)
{
	size_t n;
	struct view_clock clock = inspect_clock(in);
	struct bgp_peer_status *peers = peers_of(in, &n);
	json_t *array = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, show(&peers[i], &clock));
	free(peers);
	return array;
}

json_t *inspect_peers(const struct inspect *in)
{
	return json_pack("{s:o}", "peers", peers_as(in, view_peer));
}

json_t *inspect_info(const struct inspect *in)
{
	return peers_as(in, view_peer_info);
}

/* The agent */

/* When the first hold of the agent began; USEC_NEVER without any. */
static usec_t agent_drained_since(const struct drain *d)
{
	usec_t since = USEC_NEVER;
	for (size_t i = 0; i < DRAIN_SOURCES; i++)
		if (d->requests[i].on)
			since = usec_min(since, d->requests[i].since);
	return since;
}

json_t *inspect_status(const struct inspect *in)
{
	struct view_clock clock = inspect_clock(in);
	struct app_counts counts = registry_count(in->registry);
	const struct drain *drain = registry_agent_drain(in->registry);
	usec_t end = registry_drained_at(in->registry, clock.now);
	struct state_file_status file;
	bool has_file = store_status(in->store, &file);
	struct drift repaired;
	inspect_drift(in, &repaired);
	const char **groups = mem_new(counts.groups_kept + 1, sizeof(*groups));
	struct view_status view = {
		.version = VIPHERALD_VERSION,
		.phase = in->phase,
		.drain = { .agent = drain,
			   .since = agent_drained_since(drain),
			   .withdraw_at = end > clock.now ? end : USEC_NEVER },
		.lo_down = !actuator_lo_is_up(in->actuator),
		.repaired = &repaired,
		.apps_up = registry_n(in->registry, HEALTH_UP),
		.apps_down = registry_n(in->registry, HEALTH_DOWN),
		.apps_unknown = registry_n(in->registry, HEALTH_UNKNOWN),
		.apps_draining = counts.draining,
		.apps_drained = counts.drained,
		.apps_kept = counts.apps_kept,
		.kept_groups = groups,
		.state_file = has_file ? file.path : NULL,
		.state_trouble = has_file ? file.trouble : NULL,
		.state_stored = has_file && file.stored,
		.n_kept_groups = registry_kept_groups(in->registry, groups, counts.groups_kept),
	};
	json_t *json = view_status(&view, &clock);
	free(groups);
	return json;
}

/* Metrics */

static void count_checks(const struct inspect *in, struct metrics *m)
{
	struct app_cursor cursor;
	struct monitor_status status;
	app_cursor_init(in->registry, &cursor);
	for (const struct app *app; (app = app_cursor_next(&cursor));)
		for (size_t i = 0; i < monitor_watch_n(app->watch); i++) {
			monitor_watch_status(app->watch, i, &status);
			m->checks += status.checks;
			m->check_failures += status.failures;
		}
	app_cursor_done(&cursor);
	app_cursor_init(in->registry, &cursor);
	for (const struct app *app; (app = app_cursor_next(&cursor));)
		m->apps_held += damping_is_on(&app->damping, loop_now(in->loop));
	app_cursor_done(&cursor);
}

static void take_state_file(const struct inspect *in, struct metrics *m)
{
	struct state_file_status file;
	m->has_state_file = store_status(in->store, &file);
	if (!m->has_state_file)
		return;
	m->state_stored = file.stored;
	m->state_writes = file.writes;
	m->state_failures = file.failures;
	m->state_bytes = file.bytes;
	m->state_longest = file.longest;
}

char *inspect_metrics(const struct inspect *in)
{
	struct metrics m = {
		.version = VIPHERALD_VERSION,
		.apps_unknown = registry_n(in->registry, HEALTH_UNKNOWN),
		.apps_up = registry_n(in->registry, HEALTH_UP),
		.apps_down = registry_n(in->registry, HEALTH_DOWN),
		.states = registry_count(in->registry),
		.agent_drained = drain_is_on(registry_agent_drain(in->registry)),
		.vips = reconcile_counts(in->reconcile),
		.nat = nat_status(in->nat),
	};
	monitor_runner_status(in->runner, &m.commands);
	take_state_file(in, &m);
	struct bgp_peer_status *peers = peers_of(in, &m.n_peers);
	m.peers = peers;
	count_checks(in, &m);
	inspect_consul_metrics(in, &m.consul);
	inspect_drift(in, &m.drift);
	char *text = metrics_format(&m);
	free(peers);
	return text;
}
