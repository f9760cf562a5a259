/* SPDX-License-Identifier: MIT */
#include "agent/page/why.h"

#include "agent/page/links.h"
#include "agent/page/marks.h"
#include "agent/status/view_app_vips.h"
#include "agent/status/view_json.h"

static void add_condition(struct html *h, const json_t *c)
{
	char age[HTML_AGE_MAX];
	const json_t *holds = json_object_get(c, "holds");
	const json_t *since = json_object_get(c, "since_seconds");
	html_add(h, "<tr><td>");
	if (json_is_boolean(holds))
		mark_add(h, json_is_true(holds) ? MARK_GOOD : MARK_BAD,
			 json_is_true(holds) ? "yes" : "no");
	else
		mark_add(h, MARK_NONE, "not judged");
	html_add(h, "</td><th scope=\"row\">%s</th><td>%s", view_member(c, "condition"),
		 view_member(c, "text"));
	if (json_is_number(since))
		html_add(h, " (for %s)", html_age(json_number_value(since), age));
	if (*view_member(c, "do"))
		html_add(h, "<small>do: %s</small>", view_member(c, "do"));
	html_add(h, "</td></tr>\n");
}

static void add_conditions(struct html *h, const json_t *of)
{
	size_t i;
	const json_t *c;
	json_array_foreach(json_object_get(of, "conditions"), i, c) add_condition(h, c);
}

static void add_vip(struct html *h, const json_t *vip)
{
	size_t i;
	const json_t *peer;
	html_add(h, "<table class=\"why\"><thead><tr><th scope=\"col\">Holds</th>"
		    "<th scope=\"col\">Condition</th><th scope=\"col\">What is known</th>"
		    "</tr></thead>\n<tbody>\n");
	add_conditions(h, vip);
	html_add(h, "</tbody>\n");
	json_array_foreach(json_object_get(vip, "peers"), i, peer)
	{
		html_add(h, "<tbody><tr><th scope=\"rowgroup\" colspan=\"3\">Peer %s</th></tr>\n",
			 view_member(peer, "peer"));
		add_conditions(h, peer);
		html_add(h, "</tbody>\n");
	}
	html_add(h, "</table>");
}

static void add_owner(struct html *h, const json_t *explained)
{
	if (json_object_get(explained, "aggregate"))
		html_add(h, "An aggregate. ");
	else
		html_add(h, "Of app %s. ", view_member(explained, "app"));
}

void why_add(struct html *h, const struct status_sources *in, const struct page_query *query)
{
	if (!*query->why)
		return;
	json_t *explained = view_explained(in, query->why);
	const json_t *vip = json_array_get(json_object_get(explained, "vips"), 0);
	html_add(h, "<section><h2>Why %s</h2>\n<p>", vip ? view_member(vip, "prefix") : query->why);
	if (vip)
		add_owner(h, explained);
	else
		html_add(h, "There is no VIP and no aggregate of this prefix. ");
	page_query_add_link(h, query, query->from, "");
	html_add(h, "Close</a></p>");
	if (vip)
		add_vip(h, vip);
	html_add(h, "</section>\n");
	json_decref(explained);
}
