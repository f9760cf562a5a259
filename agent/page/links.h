/* SPDX-License-Identifier: MIT */
/* Links from the page to itself, with another part of it. Pure. */
#ifndef AGENT_PAGE_LINKS_H
#define AGENT_PAGE_LINKS_H

#include "agent/page/html.h"
#include "agent/page/query.h"

/* <a href="…">, to be closed: the same but for these two. `why` "": nothing is explained. */
void page_query_add_link(struct html *h, const struct page_query *query, size_t from,
			 const char *why);

#endif
