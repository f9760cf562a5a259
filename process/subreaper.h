/* SPDX-License-Identifier: MIT */
/*
 * Kills the whole process tree of a command, daemonised descendants included.
 *
 * A descendant leaves the process group of the command by setsid(), and its parents by outliving
 * them. It then becomes a child of the agent, which is a "child subreaper" (prctl(2)), and is
 * recognised by a mark in the environment that it inherited. A process that cleared its environment
 * is left alone: in a container it may belong to another program.
 */
#ifndef PROCESS_SUBREAPER_H
#define PROCESS_SUBREAPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "lib/hash.h"

#define SUBREAPER_MARK_MAX 64

struct subreaper_tree {
	pid_t leader; /* the command; also its session and process group; 0: not running */
	uint64_t id;
	char mark[SUBREAPER_MARK_MAX]; /* "NAME=VALUE", for the leader's environment */
	UT_hash_handle hh;
};

/* Before the command is started. */
void subreaper_tree_init(struct subreaper_tree *t);
/* From here to subreaper_tree_end() only the owner of the tree reaps the leader. */
void subreaper_tree_start(struct subreaper_tree *t, pid_t leader);
void subreaper_tree_end(struct subreaper_tree *t);
/* Kills the children of the agent that belong to a tree without a leader, this one or one that an
 * earlier sweep missed, and reaps those that are dead. True when no process of the tree `id` can be
 * left: none was found (killing one may reparent the next to us), and none was reaped (its children
 * may have been reparented meanwhile). With `wait_for_unknown` a process with an empty environment
 * counts as found: it may be in the middle of an exec, or exiting. */
bool subreaper_sweep(uint64_t id, bool wait_for_unknown);

/* Reaps children that belong to no command: daemons that a command left behind, and, when the agent
 * is process 1 of a container, all orphans in it. SIGCHLD must be blocked. Leaders are left to
 * their owners. */
int subreaper_watch(sd_event *loop, sd_event_source **ret);

#endif
