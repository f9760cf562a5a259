/* SPDX-License-Identifier: MIT */
/* The peers in front of a command: "neighbor 192.0.2.1 local-as 65001, neighbor 192.0.2.2".
 * Pure. */
#ifndef AGENT_PROGRAMS_LINE_SELECTORS_H
#define AGENT_PROGRAMS_LINE_SELECTORS_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/programs/tokens.h"
#include "bgp/config.h"
#include "lib/addr.h"
#include "lib/err.h"

/* The peers that one selector is for: all that it says holds. */
struct line_selector {
	struct addr peer;     /* family 0: any */
	struct addr local_ip; /* likewise */
	struct bgp_number local_as, peer_as, router_id;
	bool ipv4, ipv6; /* family-allowed: the peer has these; neither: any */
};

#define LINE_SELECTORS_MAX 64

struct line_selectors {
	struct line_selector *items; /* owned by the owner of the struct */
	size_t n;
};

/* Reads all of them; none is fine. `*`, alone or beside others, is dropped: alone it means all,
 * beside names (as the healthcheck of 4.2.25 writes it) the names count. */
int line_selectors_parse(struct tokens *t, struct line_selectors *ret, struct err *err);

#endif
