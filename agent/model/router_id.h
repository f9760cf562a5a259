/* SPDX-License-Identifier: MIT */
/*
 * A BGP identifier (RFC 6286) for a host without IPv4 addresses: a number made of the machine-id
 * and of the MAC address of the interface to the router, the same at every start. Cloned machines
 * share the machine-id, containers lack it; the MAC address tells them apart. Pure.
 */
#ifndef AGENT_MODEL_ROUTER_ID_H
#define AGENT_MODEL_ROUTER_ID_H

#include <stddef.h>
#include <stdint.h>

/* Host order; never 0, and always in the form of a unicast address other than 127.0.0.0/8, which
 * some routers insist on. `machine_id` may be "", `mac_len` 0. */
uint32_t router_id_derive(const char *machine_id, const uint8_t *mac, size_t mac_len);

#endif
