/* SPDX-License-Identifier: MIT */
/* VIPs against the networks around this host, which is asked for them. */
#ifndef AGENT_CONFIG_CHECK_HOST_H
#define AGENT_CONFIG_CHECK_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/tree.h"
#include "net/subnets.h"

/* In steps. `subnets` NULL: this host is asked for them. The draft has to outlive it. */
struct config_host_check {
	struct config_findings *findings;
	const struct config_draft *draft;
	const struct config_node *node; /* of the next app */
	size_t next;
	const struct subnets *subnets;
	struct subnets own; /* asked for */
};
void config_host_check_begin(struct config_host_check *c, const struct config_draft *draft,
			     struct config_findings *findings, const struct subnets *subnets);
/* At most `n` apps; false when all is done. */
bool config_host_check_step(struct config_host_check *c, size_t n);
void config_host_check_done(struct config_host_check *c);

#endif
