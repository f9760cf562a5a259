/* SPDX-License-Identifier: MIT */
#include "agent/page/links.h"

void page_query_add_link(struct html *h, const struct page_query *query, size_t from,
			 const char *why)
{
	html_add(h, "<a href=\"?q=");
	html_add_query(h, query->text);
	html_add(h, "&amp;show=%s&amp;from=%zu", page_query_show(query), from);
	if (*query->events) {
		html_add(h, "&amp;events=");
		html_add_query(h, query->events);
	}
	if (*why) {
		html_add(h, "&amp;why=");
		html_add_query(h, why);
		html_add(h, "#why");
	}
	html_add(h, "\">");
}
