/* SPDX-License-Identifier: MIT */
/*
 * Where the clients of an app arrive: what a `port` monitor without an address looks at. Pure.
 *
 * The port is that of the service, as in GoCast: with NAT the one that mappings lead to. A monitor
 * that names the port of the VIP is understood, too. For each VIP, the first of these that there
 * is:
 *
 *	mappings whose DEST is the port on the host's own address    that address
 *	a mapping that listens on the port                           where it leads
 *	mappings to the port of another address                      those addresses
 *	none                                                         the VIP
 */
#ifndef AGENT_MODEL_PORT_WAYS_H
#define AGENT_MODEL_PORT_WAYS_H

#include <stdint.h>

#include "agent/model/app_spec.h"
#include "monitors/ways.h"

/* The host's own addresses, IPv4 and IPv6, the targets of mappings without an address. Adds nothing
 * for a VIP whose own address is needed and not set. */
void port_ways(const struct app_spec *spec, uint8_t proto, uint16_t port, const struct addr own[2],
	       struct monitor_ways *ret);

#endif
