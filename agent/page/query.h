/* SPDX-License-Identifier: MIT */
/*
 * Content of the page: parameters of GET /. Pure.
 *
 *	q      those with this text in the name or in a VIP, in whatever case
 *	show   all (default), trouble, or those in this state (agent/model/app_state.h)
 *	from   not the first N of them
 *	why    a VIP or an aggregate that is explained
 *	events those with this text, in whatever case
 */
#ifndef AGENT_PAGE_QUERY_H
#define AGENT_PAGE_QUERY_H

#include <stddef.h>

#include "lib/err.h"

#define PAGE_TEXT_MAX 128

struct page_query {
	char text[PAGE_TEXT_MAX]; /* "": any */
	const char *show;         /* one of page_shows[]; NULL: the first */
	size_t from;
	char why[PAGE_TEXT_MAX];    /* "": none */
	char events[PAGE_TEXT_MAX]; /* "": any */
};

/* "all", "trouble", and the states; NULL after the last. */
extern const char *const page_shows[];

/* 0, or -EINVAL with a text that names the parameter. */
int page_query_set(struct page_query *q, const char *name, const char *value, struct err *err);
const char *page_query_show(const struct page_query *q);

#endif
