/* SPDX-License-Identifier: MIT */
/*
 * The page at GET /: the status of this host for people, as HTML that needs no script. It is made
 * of what the JSON views say (agent/status), piece by piece as the client reads, from the template
 * index.html; script.js fetches it again when something has happened and exchanges what differs.
 *
 *	facts sessions checks marks html links query (P)   one thing each
 *	why           a VIP explained, when it is asked for
 *	fleet_part    the fleet, where one is configured
 *	apps          those that the query is for, 50 at most
 *	file (P)      template, style and script, embedded by agent/page/embed
 */
#ifndef AGENT_PAGE_PAGE_H
#define AGENT_PAGE_PAGE_H

#include "agent/page/query.h"
#include "agent/status/status_sources.h"
#include "agent/status/stream.h"

#define PAGE_EVENTS 100 /* the last ones */

/* The sources must outlive it. */
struct stream *page_stream(const struct status_sources *in, const struct page_query *query);

#endif
