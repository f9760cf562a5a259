/* SPDX-License-Identifier: MIT */
/*
 * The apps of the page, those in trouble first, with their VIPs and where each stands at each peer.
 * One page of them is in memory at no time: they are added as the client reads.
 */
#ifndef AGENT_PAGE_APPS_H
#define AGENT_PAGE_APPS_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/app/registry.h"
#include "agent/page/html.h"
#include "agent/page/query.h"
#include "agent/status/status_sources.h"

#define PAGE_APPS 50 /* at most; the others are behind links */
#define PAGE_VIPS 50 /* of an app at most, the others are counted */

/* In this order. */
enum page_group { PAGE_NOT_UP, PAGE_NOT_SENT, PAGE_FINE, PAGE_GROUPS };

struct page_apps {
	struct app_cursor cursor;
	bool walks;            /* the cursor stands */
	bool rests;            /* many were looked at, and few added */
	enum page_group group; /* that is walked for; PAGE_GROUPS: all have been added */
	size_t found;          /* that the query is for */
	size_t passed, shown;  /* of these: in groups that have been walked for; that were added */
};

/* The head of the table: a column for each peer. */
void page_apps_add_head(const struct status_sources *in, struct html *h);
/* Adds some; false: there are no more. Zeroed for the first call. */
bool page_apps_add(struct page_apps *a, const struct status_sources *in,
		   const struct page_query *query, struct html *h);
/* How many there are, and links to the others; when all have been added. */
void page_apps_add_links(const struct page_apps *a, const struct page_query *query, struct html *h);
void page_apps_done(struct page_apps *a);

#endif
