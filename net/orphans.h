/* SPDX-License-Identifier: MIT */
/*
 * Commands of checks that a killed agent left running. It could not end them any more
 * (net/child.h), so its successor does: each carries a mark in its environment that says which
 * agent started it, as "PID NAMESPACE/NETWORK NAMESPACE/PID/START TIME". Whoever was started by
 * another agent of our namespaces has lost it: there is one agent a network namespace
 * (net/alone.h).
 *
 * What we may not look at or kill (another user's, unless we are allowed to), and what cleared its
 * environment, is left alone.
 */
#ifndef NET_ORPHANS_H
#define NET_ORPHANS_H

#include <stddef.h>
#include <systemd/sd-event.h>

#define ORPHANS_MARK_MAX 160

/* "NAME=VALUE", for the environment of what we start; "" when /proc does not say who we are. */
const char *orphans_mark(void);

struct orphans;

/* Looks at all processes, some of them a turn of the loop, again and again until it finds nobody to
 * kill; then calls back once. To be begun when we are the only agent. */
typedef void orphans_done_cb(size_t killed, void *userdata);
struct orphans *orphans_new(sd_event *loop, orphans_done_cb *done, void *userdata);
void orphans_free(struct orphans *o);

#endif
