/* SPDX-License-Identifier: MIT */
/*
 * Addresses and routes that this host has and uses, for the policy of VIPs
 * (agent/model/vip_policy.h): read from the kernel when they may have changed, as
 * agent/vip/host_changes.h reports.
 */
#ifndef AGENT_VIP_HOST_FACTS_H
#define AGENT_VIP_HOST_FACTS_H

#include <stdint.h>

#include "agent/model/vip_policy.h"
#include "agent/vip/actuator.h"
#include "lib/mono.h"

struct host_facts;

/* `consul_addr`: as configured; NULL: none. The actuator, which knows lo, must outlive it. */
struct host_facts *host_facts_new(const struct actuator *actuator, const char *consul_addr);
void host_facts_free(struct host_facts *f);

/* For the VIPs of one app; `changes` grows when something of the host has changed. Valid until the
 * next call. A full table is not read again for each change: where reading takes more than 5 ms,
 * what is known is old by up to 20 times as long. */
const struct vip_host *host_facts_get(struct host_facts *f, const struct app_spec *spec,
				      uint64_t changes, mono_t now);

#endif
