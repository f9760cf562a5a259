/* SPDX-License-Identifier: MIT */
/*
 * The addresses that mappings name: whether the app may send traffic there, and whether the kernel
 * would let it through.
 *
 * Apps of HTTP and Consul reach networks of this host's interfaces only: a client could otherwise
 * make the host send other hosts' traffic anywhere, or to services on its loopback addresses.
 */
#ifndef AGENT_VIP_NAT_TARGETS_H
#define AGENT_VIP_NAT_TARGETS_H

#include "agent/model/app_spec.h"
#include "lib/err.h"

/* -EACCES, and a text that names the mapping, when the source of the app may not. */
int nat_targets_admit(const struct app_spec *spec, struct err *err);
/* Likewise, and -ENETUNREACH when a sysctl that mappings of this VIP need is off. Asked when rules
 * are made and not when an app is registered: the network of containers may be there later. */
int nat_targets_check(const struct prefix *vip, const struct app_spec *spec, struct err *err);

#endif
