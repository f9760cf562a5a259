/* SPDX-License-Identifier: MIT */
/* ExaBGP's health check as apps with monitors of our own. Pure. */
#ifndef AGENT_CONVERT_EXABGP_NATIVE_H
#define AGENT_CONVERT_EXABGP_NATIVE_H

#include "agent/convert/exabgp_healthcheck.h"

/* False, with a remark: it cannot be said without the host. */
bool exabgp_native_carry(const struct exabgp_healthcheck *h);

#endif
