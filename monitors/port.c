/* SPDX-License-Identifier: MIT */
/* "port:tcp:53": does somebody listen? The kernel is asked; the port is never bound. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "monitors/monitor.h"

static void port_check(const struct monitor_env *env, const struct monitor_spec *spec,
		       struct monitor_result *ret)
{
	bool listening = false;
	const char *proto = spec->port.proto == IPPROTO_UDP ? "udp" : "tcp";
	int r = sockdiag_listening(env->sockdiag, spec->port.proto, spec->port.port, &listening);
	ret->said[0] = 0;
	if (r < 0) {
		ret->health = HEALTH_UNKNOWN;
		snprintf(ret->said, sizeof(ret->said),
			 "the kernel cannot say who listens on %s port %u: %s", proto,
			 spec->port.port, strerror(-r));
		return;
	}
	ret->health = listening ? HEALTH_UP : HEALTH_DOWN;
	if (!listening)
		snprintf(ret->said, sizeof(ret->said), "nothing listens on %s port %u", proto,
			 spec->port.port);
}

const struct monitor_ops monitor_port_ops = {
	.said_up = "listening",
	.check = port_check,
};
