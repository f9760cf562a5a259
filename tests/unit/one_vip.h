/* SPDX-License-Identifier: MIT */
/* The ways of monitors whose app has one VIP, 10.9.9.9/32, and no NAT. */
#ifndef TESTS_UNIT_ONE_VIP_H
#define TESTS_UNIT_ONE_VIP_H

#include "monitors/env.h"

#define ONE_VIP "10.9.9.9"

static inline int one_vip_ways(const void *owner, uint8_t proto, uint16_t port,
			       struct monitor_ways *ret, struct err *err, void *userdata)
{
	(void)owner, (void)proto, (void)err, (void)userdata;
	const struct prefix vip = PREFIX4(32, 10, 9, 9, 9);
	const struct monitor_way way = { .vip = vip, .at = vip, .port = port };
	monitor_ways_add(ret, &way);
	return 0;
}

#endif
