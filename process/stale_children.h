/* SPDX-License-Identifier: MIT */
/*
 * Commands of checks that an agent left running because it was killed itself. The next agent kills
 * them: each has a mark in its environment that names the agent that started it, as "PID
 * NAMESPACE/NETWORK NAMESPACE/PID/START TIME". A process is stale when the agent named by its mark
 * ran in our namespaces and has ended; the start time tells that agent from another process that
 * was given its number since.
 *
 * Processes that we have no permission to inspect or kill, and those that cleared their
 * environment, are left alone.
 */
#ifndef PROCESS_STALE_CHILDREN_H
#define PROCESS_STALE_CHILDREN_H

#include <stddef.h>
#include <systemd/sd-event.h>

#define STALE_CHILDREN_MARK_MAX 160

/* "NAME=VALUE", for the environment of commands; "" when /proc is not there or is another pid
 * namespace's. */
const char *stale_children_mark(void);

struct stale_children;

/* Goes through all processes, some each turn of the loop, until a pass finds none to kill; then
 * calls back once. To be started when instance_lock is held. */
typedef void stale_children_done_cb(size_t killed, void *userdata);
struct stale_children *stale_children_new(sd_event *loop, stale_children_done_cb *done,
					  void *userdata);
void stale_children_free(struct stale_children *o);

#endif
