/* SPDX-License-Identifier: MIT */
/*
 * Asks the agent for `vipherald top`, in a child process: the client waits for its answer, and keys
 * and the size of the terminal do not wait with it.
 */
#ifndef AGENT_CLI_TOP_ASK_H
#define AGENT_CLI_TOP_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "agent/cli/client.h"
#include "agent/cli/top_model.h"

struct top_ask {
	int fd; /* becomes readable when answers arrive; -1: no child */
	pid_t pid;
	bool waiting; /* for answers */
	char *buf;
	size_t len, cap;
};

/* The client has to live as long. 0 or -errno. */
int top_ask_start(struct top_ask *ask, const struct client *client);
void top_ask_stop(struct top_ask *ask);
/* All views, once. Nothing while answers are awaited. -errno: the child is gone. */
int top_ask_all(struct top_ask *ask, const struct top_order *order);
/* Reads what has arrived and gives it to the model. 1: that was all; 0: more is to come; -errno:
 * the child is gone. */
int top_ask_read(struct top_ask *ask, struct top_model *m, mono_t now);

#endif
