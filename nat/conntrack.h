/* SPDX-License-Identifier: MIT */
/*
 * Makes established UDP flows follow a change of rules.
 *
 * The kernel translates a flow by its first packet, and a UDP flow between the same two ports never
 * ends as long as packets come: a resolver or a log sender would go on using the old translation.
 * So flows with another translation than that of the rules are deleted from connection tracking,
 * and their next packet creates them anew. TCP is left alone: its connections end by themselves,
 * and one without its entry would break.
 */
#ifndef NAT_CONNTRACK_H
#define NAT_CONNTRACK_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/err.h"
#include "nat/rules.h"

struct conntrack;

/* Opens no socket yet. */
struct conntrack *conntrack_new(sd_event *loop);
void conntrack_free(struct conntrack *c);

/* The rule came into force, or is not in force any more: checks the flows of the host, in a child
 * process, after this turn of the loop. Ignores protocols other than UDP. */
void conntrack_follow(struct conntrack *c, const struct nat_rule *r, bool in_force);
/* No check is due or under way. */
bool conntrack_idle(const struct conntrack *c);
/* How many flows were deleted. */
uint64_t conntrack_count(const struct conntrack *c);

#endif
