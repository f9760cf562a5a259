/* SPDX-License-Identifier: MIT */
/*
 * Makes UDP flows that are under way follow a change of rules.
 *
 * The kernel decides about a flow at its first packet, and a UDP flow between the same two ports
 * never ends as long as packets come: a resolver or a log sender would go on hitting the port of
 * yesterday. So flows whose translation is not what the rules say now are forgotten, and their next
 * packet starts them anew. TCP is left alone: its connections end by themselves, and one that is
 * forgotten would break.
 */
#ifndef NAT_CONNTRACK_H
#define NAT_CONNTRACK_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/err.h"
#include "nat/rules.h"

struct conntrack;

/* Opens nothing yet. */
struct conntrack *conntrack_new(sd_event *loop);
void conntrack_free(struct conntrack *c);

/* The rule is in force from now on, or is not any more: looks through the flows of the host, in a
 * child process, beginning after this turn of the loop. Other than UDP is ignored. */
void conntrack_follow(struct conntrack *c, const struct nat_rule *r, bool in_force);
/* Nothing is left to look through. */
bool conntrack_idle(const struct conntrack *c);
/* How many flows were forgotten. */
uint64_t conntrack_count(const struct conntrack *c);

#endif
