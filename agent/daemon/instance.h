/* SPDX-License-Identifier: MIT */
/* Claims lo of this network namespace (process/instance_lock.h). */
#ifndef AGENT_DAEMON_INSTANCE_H
#define AGENT_DAEMON_INSTANCE_H

#include "agent/config/config.h"
#include "lib/err.h"
#include "process/instance_lock.h"

#define INSTANCE_SQUATTER_MAX 256

struct instance {
	struct instance_lock lock;
	char squatter[INSTANCE_SQUATTER_MAX]; /* an alarm: who has our name; "": we have it */
};

void instance_init(struct instance *i);
/*
 * To be called before privileges are dropped: to make a file below /run, and to see whose process
 * has the name, takes some. -EADDRINUSE when another process has locked the file, or when root, our
 * user or agent.user has the name: that is another vipherald, maybe in a container. A process of
 * any other user may bind it, but cannot manage lo: that is an alarm, and the start goes on.
 */
int instance_claim(struct instance *i, const struct config *config, struct err *err);
/* The file stays where agent.user may not remove it; another start takes it over. */
void instance_done(struct instance *i);

#endif
