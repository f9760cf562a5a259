/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "monitors/monitor.h"

const struct monitor_ops *monitor_ops_of(enum monitor_kind kind)
{
	static const struct monitor_ops *const ops[] = {
		[MONITOR_PORT] = &monitor_port_ops,     [MONITOR_EXEC] = &monitor_exec_ops,
		[MONITOR_CONSUL] = &monitor_consul_ops, [MONITOR_HTTP] = &monitor_http_ops,
		[MONITOR_HTTPS] = &monitor_http_ops,    [MONITOR_TCP] = &monitor_tcp_ops,
		[MONITOR_DNS] = &monitor_dns_ops,       [MONITOR_PROCESS] = &monitor_process_ops,
		[MONITOR_FILE] = &monitor_file_ops,
	};
	return ops[kind];
}

/* Accepted, as configurations for GoCast have it, but never UP: an app must not be announced on
 * the strength of a check that nobody makes. */
static void consul_check(struct monitor_env *env, const struct monitor_spec *spec, void *attached,
			 struct monitor_result *ret)
{
	(void)env, (void)spec, (void)attached;
	ret->health = HEALTH_UNKNOWN;
	snprintf(ret->said, sizeof(ret->said), "consul monitors are not supported by this version");
}

const struct monitor_ops monitor_consul_ops = {
	.said_up = "passing",
	.check = consul_check,
};
