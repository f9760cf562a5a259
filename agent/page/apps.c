/* SPDX-License-Identifier: MIT */
#include "agent/page/apps.h"

#include <stdlib.h>
#include <string.h>

#include "agent/model/app_state.h"
#include "agent/page/checks.h"
#include "agent/page/links.h"
#include "agent/page/marks.h"
#include "agent/status/view_aggregate.h"
#include "agent/status/view_app.h"
#include "agent/status/view_json.h"
#include "bgp/peer_filter.h"
#include "lib/str.h"

/* So many octets are added in one call: some 0.3 ms of work. */
#define PIECE 8192
/* So many apps, VIPs that are searched for, and routes at peers are looked at. */
#define STEPS 500

/* ---- which ---- */

static const char *state_of(const struct app *app)
{
	return app_state_name(app->health, app->form, app->drained_since != USEC_NEVER);
}

static bool has_text(const struct app *app, const char *text, size_t *steps)
{
	char vip[PREFIX_TEXT_MAX];
	if (!*text || strcasestr(app->spec->name, text))
		return true;
	if (text[strspn(text, "0123456789abcdefABCDEF:./")])
		return false;
	for (size_t i = 0; i < app->spec->n_vips; i++) {
		(*steps)++;
		if (strcasestr(prefix_format(&app->spec->vips[i], vip), text))
			return true;
	}
	return false;
}

/* Itself, or the aggregate that stands for it. */
static bool is_vip_sent(const struct status_sources *in, size_t peer, const struct prefix *vip)
{
	enum bgp_route_state state = bgp_speaker_route_state(in->speaker, peer, vip);
	if (state == BGP_ROUTE_SUPPRESSED)
		state = view_aggregate_state(in, peer, vip);
	return state == BGP_ROUTE_SENT || state == BGP_ROUTE_FILTERED;
}

static bool is_sent(const struct status_sources *in, const struct app *app, size_t peer,
		    size_t *steps)
{
	if (!bgp_peer_filter_allows(app->spec->peers, bgp_speaker_peer_config(in->speaker, peer)))
		return true;
	for (size_t i = 0; i < app->spec->n_vips; i++) {
		(*steps)++;
		if (!is_vip_sent(in, peer, &app->spec->vips[i]))
			return false;
	}
	return true;
}

static bool is_up(const struct app *app)
{
	return str_equal(state_of(app), "up");
}

/* O(VIPs × peers) for one that is up. */
static enum page_group group_of(const struct status_sources *in, const struct app *app,
				size_t *steps)
{
	if (!is_up(app))
		return PAGE_NOT_UP;
	for (size_t i = 0; i < bgp_speaker_n_peers(in->speaker); i++)
		if (!is_sent(in, app, i, steps))
			return PAGE_NOT_SENT;
	return PAGE_FINE;
}

static bool is_for_trouble(const struct page_query *query)
{
	return str_equal(page_query_show(query), "trouble");
}

/* Whether it is in trouble is left to the group. */
static bool is_asked_for(const struct app *app, const struct page_query *query, size_t *steps)
{
	const char *show = page_query_show(query);
	bool any = str_equal(show, "all") || is_for_trouble(query);
	return (any || str_equal(show, state_of(app))) && has_text(app, query->text, steps);
}

/* ---- one ---- */

static void add_route(struct html *h, const json_t *peer)
{
	const char *state = view_member(peer, "state"), *reason = view_member(peer, "reason");
	html_add(h, "<td data-peer=\"%s\" title=\"%s\">", view_member(peer, "peer"), reason);
	mark_add(h, mark_of_route(state), state);
	html_add(h, "</td>");
}

static void add_vip(struct html *h, const json_t *vip, const struct page_query *query)
{
	size_t i;
	const json_t *peer;
	const char *prefix = view_member(vip, "prefix");
	html_add(h, "<td>");
	page_query_add_link(h, query, query->from, prefix);
	html_add(h, "<code>%s</code></a>", prefix);
	if (*view_member(vip, "error"))
		html_add(h, "<small>%s</small>", view_member(vip, "error"));
	html_add(h, "</td>");
	json_array_foreach(json_object_get(vip, "peers"), i, peer) add_route(h, peer);
}

static void add_sent(struct html *h, const json_t *announced_to)
{
	size_t sent = (size_t)json_integer_value(json_object_get(announced_to, "sent"));
	size_t peers = (size_t)json_integer_value(json_object_get(announced_to, "peers"));
	html_add(h, peers == 1 ? ", sent to %zu of %zu peer" : ", sent to %zu of %zu peers", sent,
		 peers);
}

static void add_app(struct html *h, const struct status_sources *in, const struct app *app,
		    enum page_group group, const struct page_query *query)
{
	const size_t n = app->spec->n_vips;
	size_t i, rows = n > PAGE_VIPS ? PAGE_VIPS + 1 : n ? n : 1;
	json_t *o = view_app_part(in, app, 0, PAGE_VIPS), *vips = json_object_get(o, "vips");
	const char *name = view_member(o, "name"), *state = view_member(o, "state");
	html_add(h, "<tbody data-key=\"%s\"><tr><td rowspan=\"%zu\">", name, rows);
	mark_add(h, mark_of_app(state, group != PAGE_FINE), state);
	html_add(h, "</td><th scope=\"rowgroup\" rowspan=\"%zu\">%s<small>%s</small></th>", rows,
		 name, view_member(o, "source"));
	html_add(h, "<td rowspan=\"%zu\">", rows);
	html_add_time(h, o, "since");
	html_add(h, "</td><td rowspan=\"%zu\">%s", rows, view_member(o, "reason"));
	if (group == PAGE_NOT_SENT)
		add_sent(h, json_object_get(o, "announced_to"));
	checks_add(h, name, json_object_get(o, "monitors"));
	html_add(h, "</td>");
	for (i = 0; i < json_array_size(vips); i++) {
		if (i > 0)
			html_add(h, "</tr><tr>");
		add_vip(h, json_array_get(vips, i), query);
	}
	if (n > PAGE_VIPS)
		html_add(h, "</tr><tr><td colspan=\"%zu\">and %zu more</td>",
			 1 + bgp_speaker_n_peers(in->speaker), n - PAGE_VIPS);
	html_add(h, "</tr></tbody>\n");
	json_decref(o);
}

/* ---- all ---- */

void page_apps_add_head(const struct status_sources *in, struct html *h)
{
	char name[BGP_PEER_NAME_MAX];
	html_add(h, "<thead><tr><th scope=\"col\">State</th><th scope=\"col\">App</th>"
		    "<th scope=\"col\">Since</th><th scope=\"col\">Why</th>"
		    "<th scope=\"col\">VIP</th>");
	for (size_t i = 0; i < bgp_speaker_n_peers(in->speaker); i++) {
		const struct bgp_peer_config *peer = bgp_speaker_peer_config(in->speaker, i);
		html_add(h, "<th scope=\"col\">%s<small>%s</small></th>", bgp_peer_name(peer, name),
			 peer->description ? peer->description : "");
	}
	html_add(h, "</tr></thead>\n");
}

/* The first walk counts those that are asked for. How many are in trouble is known at the end
 * only. */
static void consider(struct page_apps *a, const struct status_sources *in, const struct app *app,
		     const struct page_query *query, struct html *h, size_t *steps)
{
	bool first = a->group == PAGE_NOT_UP, in_first = !is_up(app);
	if (!is_asked_for(app, query, steps))
		return;
	if (first && !is_for_trouble(query))
		a->found++;
	if (first != in_first || (!first && group_of(in, app, steps) != a->group))
		return;
	if (is_for_trouble(query))
		a->found++;
	if (a->passed++ >= query->from && a->shown < PAGE_APPS) {
		add_app(h, in, app, a->group, query);
		a->shown++;
	}
}

/* Nothing that is still to come is shown or counted. */
static bool is_complete(const struct page_apps *a, const struct page_query *query)
{
	if (is_for_trouble(query))
		return a->group == PAGE_FINE;
	return a->group != PAGE_NOT_UP && (a->shown == PAGE_APPS || a->passed == a->found);
}

bool page_apps_add(struct page_apps *a, const struct status_sources *in,
		   const struct page_query *query, struct html *h)
{
	const struct app *app = NULL;
	size_t steps = 0;
	a->rests = false;
	if (a->group == PAGE_GROUPS)
		return false;
	if (!a->walks)
		app_cursor_init(in->registry, &a->cursor);
	a->walks = true;
	while (h->len < PIECE && steps < STEPS && !is_complete(a, query) &&
	       (app = app_cursor_next(&a->cursor))) {
		steps++;
		consider(a, in, app, query, h, &steps);
	}
	if (steps >= STEPS) {
		html_add(h, "\n");
		a->rests = true;
	}
	if (app && !is_complete(a, query))
		return true;
	page_apps_done(a);
	a->group = is_complete(a, query) ? PAGE_GROUPS : a->group + 1;
	return true;
}

static void add_link(struct html *h, const struct page_query *query, size_t from, const char *text)
{
	html_add(h, " ");
	page_query_add_link(h, query, from, query->why);
	html_add(h, "%s</a>", text);
}

void page_apps_add_links(const struct page_apps *a, const struct page_query *query, struct html *h)
{
	size_t before = query->from > PAGE_APPS ? query->from - PAGE_APPS : 0;
	if (a->shown == 0)
		html_add(h, a->found == 1 ? "None of %zu app." : "None of %zu apps.", a->found);
	else
		html_add(h, a->found == 1 ? "%zu to %zu of %zu app." : "%zu to %zu of %zu apps.",
			 query->from + 1, query->from + a->shown, a->found);
	if (query->from > 0)
		add_link(h, query, before, "Previous");
	if (query->from + a->shown < a->found)
		add_link(h, query, query->from + a->shown, "Next");
}

void page_apps_done(struct page_apps *a)
{
	if (a->walks)
		app_cursor_done(&a->cursor);
	a->walks = false;
}
