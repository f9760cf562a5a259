/* SPDX-License-Identifier: MIT */
/*
 * The processes that descend from a child of ours, to be killed with it, however they hid.
 *
 * A grandchild leaves the child's group by setsid(), and its parents by outliving them. It then
 * becomes our own child, because we are a "child subreaper" (prctl(2)), and is recognised by a mark
 * in the environment that it inherited. One that cleared its environment is nobody's we know, and
 * is left alone: in a container it may as well be somebody else's.
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
	pid_t leader; /* our child; also the number of its session and group */
	uint64_t id;
	char mark[SUBREAPER_MARK_MAX]; /* "NAME=VALUE", for the leader's environment */
	UT_hash_handle hh;
};

/* Before the leader is started. */
void subreaper_tree_init(struct subreaper_tree *f);
/* From here to subreaper_tree_end() nobody but its owner collects the leader. */
void subreaper_tree_start(struct subreaper_tree *f, pid_t leader);
void subreaper_tree_end(struct subreaper_tree *f);
/* Kills whoever came to us of a family that has no leader any more, this one or one that a former
 * sweep missed, and collects what came to us and is dead. True when nobody of the family `id` can
 * be left: none was found, as killing one may bring the next, and nothing was collected, as its
 * children came to us meanwhile. `wait_for_unknown`: nor was there anybody who may be of it, as its
 * environment is empty, which it also is in the middle of an exec and at the end of a life. */
bool subreaper_sweep(uint64_t id, bool wait_for_unknown);

/* Collects what came to us and dies later, belonging to no check any more: daemons that a command
 * left behind, and, when we are process 1 of a container, the orphans of all others in it. SIGCHLD
 * must be blocked. Leaders are left to their owners. */
int subreaper_watch(sd_event *loop, sd_event_source **ret);

#endif
