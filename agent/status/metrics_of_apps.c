/* SPDX-License-Identifier: MIT */
#include "agent/status/metrics_of_apps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/fleet_agent.h"
#include "agent/model/app_state.h"
#include "agent/status/alarm_changes.h"
#include "agent/status/alarms.h"
#include "agent/status/metrics_collect.h"
#include "agent/status/view_aggregate.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/watch.h"

/* A piece of the answer is handed out when it has this size: some 0.1 ms of work. */
#define PIECE 8192
/* Or after so many apps, which may have nothing to say in a family. */
#define STEPS 4000

/* Each but the apps is one piece, made in a turn of its own. */
enum scrape_part { OF_THE_AGENT, OF_ALARMS, OF_APPS, OF_NOTHING };

struct scrape {
	struct status_sources in; /* that of the request is gone when the rest is read */
	struct metric_page page;
	struct view_clock clock;
	enum scrape_part part; /* the next one */
	bool rests;            /* the last piece took long */
	size_t steps;          /* apps, and VIPs at peers, in the piece that is made */
	size_t family;
	bool walks; /* `cursor` stands in `family` */
	struct app_cursor cursor;
	/* The app whose VIPs are told in the family; NULL: none. It may have gone. */
	const struct app *app;
	const struct app_spec *spec; /* of that, as the others */
	size_t vip, n_vips;          /* the next one; how many there were */
	uint64_t vips_gone;
	struct app_selection of; /* agent.metrics.per_app; a reload may change that meanwhile */
	size_t name;             /* of `of`, the next one */
};

/* ---- apps ---- */

static void add_app(struct scrape *s, const char *name, const struct app *app, uint64_t value)
{
	const struct metric_label labels[] = { { "app", app->spec->name }, { 0 } };
	metric_sample(&s->page, name, labels, value);
}

static void add_up(struct scrape *s, const char *name, const struct app *app)
{
	add_app(s, name, app, app->health == HEALTH_UP);
}

static void add_state(struct scrape *s, const char *name, const struct app *app)
{
	for (enum app_state state = 0; state < APP_STATES; state++) {
		const struct metric_label labels[] = { { "app", app->spec->name },
						       { "state", app_state_word(state) },
						       { 0 } };
		metric_sample(&s->page, name, labels, state == app->state);
	}
}

static void add_transitions(struct scrape *s, const char *name, const struct app *app)
{
	const struct metric_label up[] = { { "app", app->spec->name }, { "to", "up" }, { 0 } };
	const struct metric_label down[] = { { "app", app->spec->name }, { "to", "down" }, { 0 } };
	metric_sample(&s->page, name, up, app->went_up);
	metric_sample(&s->page, name, down, app->went_down);
}

static void add_changed(struct scrape *s, const char *name, const struct app *app)
{
	const struct metric_label labels[] = { { "app", app->spec->name }, { 0 } };
	wall_t at = s->clock.wall - usec_sub(s->clock.now, app->state_since);
	metric_sample_double(&s->page, name, labels, (double)at / (double)USEC_PER_SEC, 3);
}

static void add_joining(struct scrape *s, const char *name, const struct app *app)
{
	if (app->joining)
		add_app(s, name, app, app->joining->on);
}

/* ---- VIPs ---- */

static bool is_sent(const struct scrape *s, size_t peer, const struct vip *vip)
{
	enum bgp_route_state state = bgp_speaker_route_state(s->in.speaker, peer, &vip->prefix);
	if (state == BGP_ROUTE_SUPPRESSED) /* it is reached by its aggregate */
		state = view_aggregate_state(&s->in, peer, &vip->prefix);
	return state == BGP_ROUTE_SENT;
}

static void add_vip(struct scrape *s, const char *name, const struct app *app, size_t i,
		    uint64_t value)
{
	char text[PREFIX_TEXT_MAX];
	const struct metric_label labels[] = { { "app", app->spec->name },
					       { "vip",
						 prefix_format(&app->vips[i]->prefix, text) },
					       { 0 } };
	metric_sample(&s->page, name, labels, value);
}

static void add_announced(struct scrape *s, const char *name, const struct app *app, size_t i)
{
	bool sent = false;
	for (size_t p = 0; p < bgp_speaker_n_peers(s->in.speaker) && !sent; p++, s->steps++)
		sent = is_sent(s, p, app->vips[i]);
	add_vip(s, name, app, i, sent);
}

static void add_advertised(struct scrape *s, const char *name, const struct app *app, size_t i)
{
	char text[PREFIX_TEXT_MAX], peer[BGP_PEER_NAME_MAX];
	prefix_format(&app->vips[i]->prefix, text);
	for (size_t p = 0; p < bgp_speaker_n_peers(s->in.speaker); p++, s->steps++) {
		const struct bgp_peer_config *config = bgp_speaker_peer_config(s->in.speaker, p);
		if (!bgp_peer_filter_allows(app->spec->peers, config))
			continue;
		const struct metric_label labels[] = { { "app", app->spec->name },
						       { "vip", text },
						       { "peer", bgp_peer_name(config, peer) },
						       { 0 } };
		metric_sample(&s->page, name, labels, is_sent(s, p, app->vips[i]));
	}
}

/* Nothing while they are not counted: a counter that stands still would say that there is no
 * traffic. */
static void add_traffic(struct scrape *s, const char *name, const struct app *app, size_t i,
			bool bytes)
{
	const struct traffic *t = app->vips[i]->traffic;
	if (!t || !traffic_is_current(t, s->clock.now))
		return;
	add_vip(s, name, app, i, bytes ? t->bytes : t->packets);
}

static void add_packets(struct scrape *s, const char *name, const struct app *app, size_t i)
{
	add_traffic(s, name, app, i, false);
}

static void add_bytes(struct scrape *s, const char *name, const struct app *app, size_t i)
{
	add_traffic(s, name, app, i, true);
}

/* ---- checks ---- */

static void monitor_text(const struct app *app, size_t i, char buf[static METRIC_TEXT_MAX])
{
	struct monitor_status m;
	monitor_watch_status(app->watch, i, &m);
	metric_text(m.text, buf);
}

/* Monitors may look alike without their secrets: then they have numbers, or one series would be
 * there twice. */
static const char *monitor_label(const struct app *app, size_t i, char buf[static METRIC_TEXT_MAX])
{
	char other[METRIC_TEXT_MAX], number[24];
	unsigned n = 1;
	monitor_text(app, i, buf);
	for (size_t j = 0; j < i; j++) {
		monitor_text(app, j, other);
		n += str_equal(other, buf);
	}
	if (n > 1) {
		size_t tail = (size_t)snprintf(number, sizeof(number), " #%u", n);
		size_t len = strlen(buf), room = METRIC_TEXT_MAX - 1 - tail;
		for (len = len < room ? len : room; (buf[len] & 0xc0) == 0x80; len--)
			; /* no character is cut in two */
		memcpy(buf + len, number, tail + 1);
	}
	return buf;
}

static void add_check(struct scrape *s, const char *name, const struct app *app)
{
	char text[METRIC_TEXT_MAX];
	struct monitor_status m;
	for (size_t i = 0; i < monitor_watch_n(app->watch); i++) {
		monitor_watch_status(app->watch, i, &m);
		const struct metric_label labels[] = { { "app", app->spec->name },
						       { "monitor", monitor_label(app, i, text) },
						       { 0 } };
		metric_sample(&s->page, name, labels, m.health == HEALTH_UP);
	}
}

static void add_checks(struct scrape *s, const char *name, const struct app *app)
{
	char text[METRIC_TEXT_MAX];
	struct monitor_status m;
	for (size_t i = 0; i < monitor_watch_n(app->watch); i++) {
		monitor_watch_status(app->watch, i, &m);
		const struct {
			const char *result;
			uint64_t n;
		} results[] = { { "pass", m.checks - m.failures - m.unknown },
				{ "fail", m.failures },
				{ "unknown", m.unknown } };
		for (size_t r = 0; r < ARRAY_SIZE(results); r++) {
			const struct metric_label labels[] = { { "app", app->spec->name },
							       { "monitor",
								 monitor_label(app, i, text) },
							       { "result", results[r].result },
							       { 0 } };
			metric_sample(&s->page, name, labels, results[r].n);
		}
	}
}

/* Of https; below 0 when it has ended. */
static void add_cert_ends(struct scrape *s, const char *name, const struct app *app)
{
	char text[METRIC_TEXT_MAX];
	struct monitor_status m;
	for (size_t i = 0; i < monitor_watch_n(app->watch); i++) {
		monitor_watch_status(app->watch, i, &m);
		if (m.cert_end == 0)
			continue;
		const struct metric_label labels[] = { { "app", app->spec->name },
						       { "monitor", monitor_label(app, i, text) },
						       { 0 } };
		metric_sample_double(
			&s->page, name, labels,
			((double)m.cert_end - (double)s->clock.wall) / (double)USEC_PER_SEC, 0);
	}
}

/* ---- the guard of the fleet ---- */

/* NULL: nothing is known of the VIP, and 0 would say that no agent announces it. */
static const struct fleet_seen *find_seen(const struct scrape *s, const struct app *app, size_t i)
{
	const struct fleet_app *f = fleet_agent_find(s->in.fleet, app->spec->name);
	return f ? fleet_app_seen(f, &app->vips[i]->prefix) : NULL;
}

static void add_fleet_up(struct scrape *s, const char *name, const struct app *app, size_t i)
{
	const struct fleet_seen *seen = find_seen(s, app, i);
	if (seen)
		add_vip(s, name, app, i, seen->tally.up);
}

static void add_fleet_min_up(struct scrape *s, const char *name, const struct app *app, size_t i)
{
	const struct fleet_seen *seen = find_seen(s, app, i);
	if (seen)
		add_vip(s, name, app, i, seen->tally.min_up);
}

static void add_fleet_seen(struct scrape *s, const char *name, const struct app *app, size_t i)
{
	const struct fleet_seen *seen = find_seen(s, app, i);
	if (seen)
		add_vip(s, name, app, i,
			(s->clock.wall - usec_sub(s->clock.now, seen->at)) / USEC_PER_SEC);
}

static const struct {
	const char *name, *type, *help;
	/* One of these. */
	void (*add)(struct scrape *s, const char *name, const struct app *app);
	void (*add_vip)(struct scrape *s, const char *name, const struct app *app, size_t i);
} families[] = {
	{ "app_up", "gauge", "1 while the checks of the app say that it is up.", .add = add_up },
	{ "app_state", "gauge", "1 for the state that the app is in.", .add = add_state },
	{ "app_transitions_total", "counter", "How often the health of the app became up or down.",
	  .add = add_transitions },
	{ "app_state_changed_timestamp_seconds", "gauge", "When the state of the app last changed.",
	  .add = add_changed },
	{ "app_joining", "gauge",
	  "1 while the definition of an app with states.join is not promoted yet on this host.",
	  .add = add_joining },
	{ "vip_announced", "gauge", "1 while at least one peer has been sent the VIP.",
	  .add_vip = add_announced },
	{ "vip_advertised", "gauge",
	  "1 while this peer has been sent the VIP, of those that the app is for.",
	  .add_vip = add_advertised },
	{ "vip_packets_total", "counter",
	  "Packets for the VIP that came to this host, with agent.traffic.",
	  .add_vip = add_packets },
	{ "vip_bytes_total", "counter",
	  "Octets of the packets for the VIP that came to this host, with agent.traffic.",
	  .add_vip = add_bytes },
	{ "check_up", "gauge", "1 while the monitor says that the app is up.", .add = add_check },
	{ "checks_total", "counter", "Checks of the monitor, by result.", .add = add_checks },
	{ "certificate_expires_in_seconds", "gauge",
	  "Time until the first certificate expires in the chain that the https monitor saw last; "
	  "negative when it has.",
	  .add = add_cert_ends },
	{ "fleet_up", "gauge",
	  "Agents that announce the VIP, this one too, and neither leave nor do rolling work, as "
	  "the guard counts them; as of vipherald_fleet_seen_timestamp_seconds.",
	  .add_vip = add_fleet_up },
	{ "fleet_min_up", "gauge", "Agents that must stay announced, for the guard to let one go.",
	  .add_vip = add_fleet_min_up },
	{ "fleet_seen_timestamp_seconds", "gauge",
	  "When Consul last told this agent of the fleet of the VIP; without samples: not lately.",
	  .add_vip = add_fleet_seen },
};

/* ---- alarms ---- */

/* An alarm of the same kind and subject stands before it, such as that of one file with two
 * certificates. */
static bool is_repeated(const json_t *alarms, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (alarm_is_same(json_array_get(alarms, j), json_array_get(alarms, i)))
			return true;
	return false;
}

static void add_alarms(struct scrape *s)
{
	json_t *alarms = alarms_collect(&s->in), *alarm;
	size_t i;
	metric_head(
		&s->page, "alarm", "gauge",
		"An alarm that is on, with how many things it is about; the subject is the first.");
	json_array_foreach(alarms, i, alarm)
	{
		const char *key, *subject = alarm_subject(alarm, &key);
		if (is_repeated(alarms, i))
			continue;
		const json_t *count = json_object_get(alarm, "count");
		const struct metric_label labels[] = {
			{ "alarm", json_string_value(json_object_get(alarm, "alarm")) },
			{ "subject", subject ? subject : "" },
			{ 0 }
		};
		metric_sample(&s->page, "alarm", labels,
			      count ? (uint64_t)json_integer_value(count) : 1);
	}
	json_decref(alarms);
}

/* ---- aggregates ---- */

static const struct {
	const char *name, *help;
} aggregate_families[] = {
	{ "aggregate_announced", "1 while enough apps are announced for the aggregate to be." },
	{ "aggregate_apps", "Announced apps that have a VIP in the aggregate." },
	{ "aggregate_min_apps",
	  "How many of its apps have to be up for the aggregate to be announced." },
};

static void add_aggregates(struct scrape *s)
{
	char text[PREFIX_TEXT_MAX];
	struct aggregate_status g;
	const struct aggregates *all = actuator_aggregates(s->in.actuator);
	size_t n = aggregates_list(all)->n;
	for (size_t f = 0; n > 0 && f < ARRAY_SIZE(aggregate_families); f++) {
		metric_head(&s->page, aggregate_families[f].name, "gauge",
			    aggregate_families[f].help);
		for (size_t i = 0; i < n; i++) {
			aggregates_status(all, i, &g);
			const uint64_t values[] = { g.form != ROUTE_NONE, g.count.announced,
						    g.spec->min };
			const struct metric_label labels[] = {
				{ "aggregate", prefix_format(&g.spec->prefix, text) }, { 0 }
			};
			metric_sample(&s->page, aggregate_families[f].name, labels, values[f]);
		}
	}
}

/* ---- the answer ---- */

static const struct app *find_app(struct scrape *s)
{
	const struct app *app = NULL;
	if (!s->of.limited)
		return s->cursor.next;
	for (; s->name < s->of.n; s->name++)
		if ((app = registry_find(s->in.registry, s->of.names[s->name])))
			break;
	return app;
}

static void go_to_next_app(struct scrape *s)
{
	if (s->of.limited)
		s->name++;
	else
		app_cursor_next(&s->cursor);
	s->app = NULL;
}

static bool is_enough(const struct scrape *s)
{
	return s->page.len >= PIECE || s->steps >= STEPS;
}

static void begin_app(struct scrape *s, const struct app *app)
{
	s->app = app;
	s->spec = app->spec;
	s->vip = 0;
	s->n_vips = app->spec->n_vips;
	s->vips_gone = app->vips_gone;
}

/* Those that were there when the app was begun, and not the new ones, which may have been told
 * before they went and came again. Another definition may have them in another order. */
static size_t end_of_vips(const struct scrape *s, const struct app *app)
{
	uint64_t gone = app->vips_gone - s->vips_gone;
	return s->spec == app->spec && gone < s->n_vips ? s->n_vips - (size_t)gone : 0;
}

/* False: it has more VIPs. */
static bool add_vips(struct scrape *s, const struct app *app)
{
	if (s->app != app)
		begin_app(s, app);
	while (s->vip < end_of_vips(s, app)) {
		if (is_enough(s))
			return false;
		families[s->family].add_vip(s, families[s->family].name, app, s->vip++);
		s->steps++;
	}
	return true;
}

/* False: it is to be called again. */
static bool add_app_to_family(struct scrape *s, const struct app *app)
{
	s->steps++;
	if (families[s->family].add_vip)
		return add_vips(s, app);
	families[s->family].add(s, families[s->family].name, app);
	return true;
}

static void add_family(struct scrape *s)
{
	const struct app *app = NULL;
	if (!s->walks) {
		metric_head(&s->page, families[s->family].name, families[s->family].type,
			    families[s->family].help);
		app_cursor_init(s->in.registry, &s->cursor);
		s->walks = true;
		s->name = 0;
		s->app = NULL;
	}
	while (!is_enough(s) && (app = find_app(s)))
		if (add_app_to_family(s, app))
			go_to_next_app(s);
	if (app || is_enough(s))
		return;
	app_cursor_done(&s->cursor);
	s->walks = false;
	s->family++;
}

static enum scrape_part add_families(struct scrape *s)
{
	s->steps = 0;
	while (!is_enough(s) && s->family < ARRAY_SIZE(families))
		add_family(s);
	s->rests = s->steps >= STEPS;
	if (s->family < ARRAY_SIZE(families))
		return OF_APPS;
	metric_end(&s->page);
	return OF_NOTHING;
}

static enum scrape_part add_part(struct scrape *s)
{
	switch (s->part) {
	case OF_THE_AGENT:
		metrics_collect(&s->in, &s->page);
		s->rests = true;
		return OF_ALARMS;
	case OF_ALARMS:
		add_alarms(s);
		add_aggregates(s);
		s->rests = true;
		return OF_APPS;
	case OF_APPS:
		return add_families(s);
	case OF_NOTHING:
		break;
	}
	return OF_NOTHING;
}

static char *next_piece(void *userdata)
{
	struct scrape *s = userdata;
	if (s->part == OF_NOTHING)
		return NULL;
	s->clock = status_clock();
	s->part = add_part(s);
	char *piece = metric_page_detach(&s->page);
	return piece ? piece : mem_strdup("");
}

static bool rests(void *userdata)
{
	const struct scrape *s = userdata;
	return s->rests;
}

static void free_scrape(void *userdata)
{
	struct scrape *s = userdata;
	if (s->walks)
		app_cursor_done(&s->cursor);
	app_selection_done(&s->of);
	free(metric_page_detach(&s->page));
	free(s);
}

struct stream *metrics_stream(const struct status_sources *in, enum metric_format format)
{
	static const struct stream_text_ops ops = { .next = next_piece,
						    .done = free_scrape,
						    .rests = rests };
	struct scrape *s = mem_new(1, sizeof(*s));
	s->in = *in;
	app_selection_copy(&s->of, &in->config->metrics_of);
	s->page.format = format;
	return stream_new_text(&ops, s);
}
