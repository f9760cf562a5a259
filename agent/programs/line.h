/* SPDX-License-Identifier: MIT */
/*
 * A line of ExaBGP's text API, as the programs of `processes` write it. The grammar is that of
 * ExaBGP 3, 4 and 5, and `peer` of 6:
 *
 *	[SELECTORS] announce|withdraw route PREFIX ATTRIBUTES
 *	[SELECTORS] announce|withdraw attributes ATTRIBUTES nlri PREFIX…
 *	[SELECTORS] announce|withdraw ipv4|ipv6 unicast PREFIX ATTRIBUTES
 *	[SELECTORS] announce|withdraw ipv4|ipv6 unicast ATTRIBUTES nlri PREFIX…
 *	enable-ack, version, show neighbor summary, …
 *
 * with at most one `;` at the end; what follows a # is a comment. A prefix without a length is a
 * host route. Pure.
 */
#ifndef AGENT_PROGRAMS_LINE_H
#define AGENT_PROGRAMS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/route_spec.h"
#include "agent/programs/line_selectors.h"
#include "lib/addr.h"
#include "lib/err.h"

/* A longer one is answered `error` and never read as a whole. */
#define LINE_MAX_OCTETS ((size_t)64 << 10)

enum line_verb {
	LINE_NOTHING, /* blank: not answered */
	LINE_COMMENT,
	LINE_ANNOUNCE,
	LINE_WITHDRAW,
	LINE_ENABLE_ACK,
	LINE_DISABLE_ACK, /* this line is answered */
	LINE_SILENCE_ACK, /* nor this line */
	LINE_VERSION,
	LINE_PING,
	LINE_HELP,
	LINE_SHOW_SUMMARY,
	LINE_SHOW_NEIGHBOR,
	LINE_SHOW_RIB,
	LINE_SHOW_RIB_EXTENSIVE,
	LINE_RELOAD,
};

struct line {
	enum line_verb verb;
	/* Of announce and withdraw. A route is for the peers that any selector is for; none:
	 * all. */
	struct line_selectors selectors;
	struct route_spec *spec; /* its `peers` are not set */
	struct prefix *prefixes; /* after `split` */
	size_t n_prefixes;
	bool has_path_id; /* which is ignored */
};

/* `ret` is filled, and to be freed by line_done(), also when it fails: -EINVAL with a text. A line
 * of more than `max` prefixes is refused. */
int line_parse(const char *text, size_t len, size_t max, struct line *ret, struct err *err);
void line_done(struct line *l);

#endif
