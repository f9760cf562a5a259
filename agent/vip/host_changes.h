/* SPDX-License-Identifier: MIT */
/*
 * Follows the host's own addresses, which are the NAT targets and which no VIP may cover, the
 * subnets in which none should be, and the default gateway where it is the peer. (Sessions follow
 * by themselves: bgp/path.h.)
 */
#ifndef AGENT_VIP_HOST_CHANGES_H
#define AGENT_VIP_HOST_CHANGES_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/model/drift.h"
#include "agent/vip/actuator.h"
#include "agent/vip/host_addresses.h"
#include "lib/err.h"
#include "lib/str.h"
#include "net/fib.h"
#include "net/iface.h"

struct host_changes;

/* `addresses` and `actuator` must outlive it. */
int host_changes_new(sd_event *loop, struct host_addresses *addresses, struct actuator *actuator,
		     struct host_changes **ret, struct err *err);
/* `addresses` is up to date when it returns; else it may be 50 ms old. NULL works. */
void host_changes_catch_up(struct host_changes *c);
/* Grows when something of the host has changed. NULL works. */
uint64_t host_changes_count(const struct host_changes *c);
/* fib_has_default4(), as of the last change of the host. NULL: true. */
bool host_changes_has_default4(const struct host_changes *c);
/* The same of a VRF, and iface_read(): asked for once until the host changes. NULL: asked for each
 * time. */
bool host_changes_default4_in(const struct host_changes *c, uint32_t vrf);
void host_changes_link(const struct host_changes *c, uint32_t ifindex, struct iface *ret);
/* The subnets of this host, kept up to date. NULL works. */
const struct subnets *host_changes_subnets(const struct host_changes *c);
void host_changes_free(struct host_changes *c);
/* How often the NAT target has changed. NULL works. */
void host_changes_drift(const struct host_changes *c, struct drift_record *ret);

/* Logs that a VIP which is registered at run time is inside a subnet of this host. NULL works. */
void host_changes_warn_of_subnet(const struct host_changes *c, const struct prefix *vip);
/* The interface whose subnet the VIP is in; NULL: none. NULL works. */
const char *host_changes_subnet_of(const struct host_changes *c, const struct prefix *vip);
/* host_addresses_explain_gateways() of its addresses. NULL works. */
bool host_changes_explain_gateways(const struct host_changes *c, struct strbuf *text);

#endif
