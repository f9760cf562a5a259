/* SPDX-License-Identifier: MIT */
/*
 * NAT mappings that lead to the agent's own API. The API sees the address behind the mapping, so it
 * cannot tell such a request from one to the host itself: clients of the VIP would be let in. Asks
 * the kernel which addresses are local.
 */
#ifndef AGENT_CONFIG_NAT_API_H
#define AGENT_CONFIG_NAT_API_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config/config.h"
#include "agent/model/app_spec.h"
#include "lib/err.h"

/* The host's own address of that family, to which mappings without an address lead; false: it is
 * not known. Asked only when it matters. */
typedef bool nat_api_own_cb(uint8_t family, struct addr *ret, void *userdata);

/* -EACCES and a text that names the mapping, the listener and the keys. */
int nat_api_check(const struct config_agent *agent, const struct app_spec *spec,
		  nat_api_own_cb *own, void *userdata, struct err *err);

#endif
