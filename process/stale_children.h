/* SPDX-License-Identifier: MIT */
/*
 * Commands of checks that a killed agent left running. It could not end them any more
 * (process/child.h), so its successor does: each carries a mark in its environment that says which
 * agent started it, as "PID NAMESPACE/NETWORK NAMESPACE/PID/START TIME". A process is stale when
 * the agent that its mark names was one of our namespaces and has ended; its start time tells it
 * from a process that was given its number since.
 *
 * What we may not look at or kill (another user's, unless we are allowed to), and what cleared its
 * environment, is left alone.
 */
#ifndef PROCESS_STALE_CHILDREN_H
#define PROCESS_STALE_CHILDREN_H

#include <stddef.h>
#include <systemd/sd-event.h>

#define ORPHANS_MARK_MAX 160

/* "NAME=VALUE", for the environment of what we start; "" when /proc does not say who we are. */
const char *stale_children_mark(void);

struct stale_children;

/* Looks at all processes, some of them a turn of the loop, again and again until it finds nobody to
 * kill; then calls back once. To be begun when we are the only agent. */
typedef void stale_children_done_cb(size_t killed, void *userdata);
struct stale_children *stale_children_new(sd_event *loop, stale_children_done_cb *done,
					  void *userdata);
void stale_children_free(struct stale_children *o);

#endif
