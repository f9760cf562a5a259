/* SPDX-License-Identifier: MIT */
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

/* Consul says it, see monitor_runner_set_feed(). */
const struct monitor_ops monitor_consul_ops = {
	.said_up = "passing",
	.fed = true,
};
