/* SPDX-License-Identifier: MIT */
#include "agent/page/page.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/page/apps.h"
#include "agent/page/facts.h"
#include "agent/page/file.h"
#include "agent/page/fleet_part.h"
#include "agent/page/html.h"
#include "agent/page/sessions.h"
#include "agent/page/why.h"
#include "agent/status/view_event.h"
#include "agent/status/view_json.h"
#include "agent/status/view_peers.h"
#include "agent/status/view_status.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

struct page {
	struct status_sources in; /* that of the request is gone when the rest is read */
	struct page_query query;
	char host[HOST_NAME_MAX + 1];
	json_t *status;
	const char *at, *end; /* of the template: what is still to be sent */
	struct page_apps apps;
};

/* ---- sections ---- */

/* False: it is complete. */
typedef bool section_fn(struct page *p, struct html *h);

static bool add_title(struct page *p, struct html *h)
{
	facts_add_title(h, p->status, p->host);
	return false;
}

static bool add_host(struct page *p, struct html *h)
{
	html_add(h, "%s", p->host);
	return false;
}

static bool add_now(struct page *p, struct html *h)
{
	(void)p;
	char date[DATE_TEXT_MAX];
	html_add(h, "%s", date_format(status_clock().wall, date));
	return false;
}

static bool add_facts(struct page *p, struct html *h)
{
	facts_add(h, p->status);
	return false;
}

static bool add_alarms(struct page *p, struct html *h)
{
	facts_add_alarms(h, p->status);
	return false;
}

static bool add_sessions(struct page *p, struct html *h)
{
	for (size_t i = 0; i < bgp_speaker_n_peers(p->in.speaker); i++) {
		json_t *peer = view_peer_at(&p->in, i);
		sessions_add(h, peer);
		json_decref(peer);
	}
	return false;
}

static bool add_text(struct page *p, struct html *h)
{
	html_add(h, "%s", p->query.text);
	return false;
}

/* It stays while others are searched for. */
static bool add_hidden(struct page *p, struct html *h)
{
	if (*p->query.why)
		html_add(h, "<input type=\"hidden\" name=\"why\" value=\"%s\">", p->query.why);
	return false;
}

static bool add_fleet(struct page *p, struct html *h)
{
	fleet_part_add(h, &p->in);
	return false;
}

static bool add_why(struct page *p, struct html *h)
{
	why_add(h, &p->in, &p->query);
	return false;
}

static bool add_event_text(struct page *p, struct html *h)
{
	html_add(h, "%s", p->query.events);
	return false;
}

static bool add_shows(struct page *p, struct html *h)
{
	for (size_t i = 0; page_shows[i]; i++)
		html_add(h,
			 str_equal(page_shows[i], page_query_show(&p->query))
				 ? "<option selected>%s</option>"
				 : "<option>%s</option>",
			 page_shows[i]);
	return false;
}

static bool add_head(struct page *p, struct html *h)
{
	page_apps_add_head(&p->in, h);
	return false;
}

static bool add_apps(struct page *p, struct html *h)
{
	return page_apps_add(&p->apps, &p->in, &p->query, h);
}

static bool add_links(struct page *p, struct html *h)
{
	page_apps_add_links(&p->apps, &p->query, h);
	return false;
}

static void add_event(struct html *h, const json_t *e)
{
	const char *date = view_member(e, "time");
	html_add(
		h,
		"<tr data-key=\"%zu\" class=\"%s\"><td><time class=\"at\" datetime=\"%s\">%s</time>"
		"</td><th scope=\"row\">%s</th><td>%s</td></tr>\n",
		(size_t)json_integer_value(json_object_get(e, "id")), view_member(e, "level"), date,
		date, view_member(e, "kind"), view_member(e, "text"));
}

/* The newest first. */
static bool add_events(struct page *p, struct html *h)
{
	const struct event_filter filter = { .text = *p->query.events ? p->query.events : NULL };
	const struct event *events[PAGE_EVENTS], *e;
	size_t n = 0;
	uint64_t at = event_ring_skip(p->in.events, 0, PAGE_EVENTS, &filter);
	for (; n < PAGE_EVENTS && (e = event_ring_next(p->in.events, at, &filter)); at = e->id)
		events[n++] = e;
	if (n == 0)
		html_add(h, "<tr data-key=\"none\"><td colspan=\"3\">No event.</td></tr>\n");
	while (n > 0) {
		json_t *viewed = view_event(events[--n]);
		add_event(h, viewed);
		json_decref(viewed);
	}
	return false;
}

static const struct section {
	const char *name; /* {{name}} of the template */
	section_fn *add;
} sections[] = {
	{ "title", add_title }, { "host", add_host },     { "now", add_now },
	{ "facts", add_facts }, { "alarms", add_alarms }, { "sessions", add_sessions },
	{ "text", add_text },   { "shows", add_shows },   { "head", add_head },
	{ "apps", add_apps },   { "links", add_links },   { "events", add_events },
	{ "why", add_why },     { "hidden", add_hidden }, { "event-text", add_event_text },
	{ "fleet", add_fleet },
};

static const struct section *find_section(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (strlen(sections[i].name) == len && memcmp(sections[i].name, name, len) == 0)
			return &sections[i];
	return NULL;
}

/* ---- the template ---- */

static const char *find(const struct page *p, const char *text)
{
	return memmem(p->at, (size_t)(p->end - p->at), text, strlen(text));
}

/* The template up to its next section, or a piece of that. */
static char *next(void *userdata)
{
	struct page *p = userdata;
	struct html h = { 0 };
	while (p->at < p->end && h.len == 0) {
		const char *open = find(p, "{{"), *until = open ? open : p->end;
		if (until > p->at) {
			size_t len = (size_t)(until - p->at);
			char *text = mem_new(len + 1, 1);
			memcpy(text, p->at, len);
			p->at = until;
			return text;
		}
		const char *close = find(p, "}}");
		const struct section *s = find_section(p->at + 2, (size_t)(close - p->at - 2));
		assert(s);
		if (!s->add(p, &h))
			p->at = close + 2;
	}
	return h.text;
}

static bool rests(void *userdata)
{
	const struct page *p = userdata;
	return p->apps.rests;
}

static void done(void *userdata)
{
	struct page *p = userdata;
	page_apps_done(&p->apps);
	json_decref(p->status);
	free(p);
}

struct stream *page_stream(const struct status_sources *in, const struct page_query *query)
{
	static const struct stream_text_ops ops = { next, done, rests };
	const struct page_file *file = page_file_find(PAGE_TEMPLATE);
	struct page *p = mem_new(1, sizeof(*p));
	p->in = *in;
	p->query = *query;
	gethostname(p->host, sizeof(p->host) - 1);
	p->status = view_status(in);
	p->at = (const char *)file->plain.data;
	p->end = p->at + file->plain.len;
	return stream_new_text(&ops, p);
}
