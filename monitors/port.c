/* SPDX-License-Identifier: MIT */
/* "port:tcp:53": does somebody listen? The kernel is asked; the port is never bound. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "monitors/monitor.h"

static void *port_attach(struct monitor_env *env, const struct monitor_spec *spec,
			 monitor_hint_cb *hint, void *userdata)
{
	return ports_attach(env->ports, spec->port.proto, spec->port.port, hint, userdata);
}

static void port_detach(void *attached)
{
	ports_detach(attached);
}

static void port_check(struct monitor_env *env, const struct monitor_spec *spec, void *attached,
		       struct monitor_result *ret)
{
	(void)env;
	bool listening = false;
	const char *proto = spec->port.proto == IPPROTO_UDP ? "udp" : "tcp";
	int r = ports_check(attached, &listening);
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
	.together = true,
	.check = port_check,
	.attach = port_attach,
	.detach = port_detach,
};
