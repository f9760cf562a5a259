/* SPDX-License-Identifier: MIT */
/* "consul": the service's checks in Consul. Results come by the feed of the runner. */
#include <errno.h>

#include "monitors/monitor.h"

static int parse(const struct monitor_spec *s, void *parsed, struct err *err)
{
	(void)parsed;
	if (monitor_spec_argument(s))
		return err_set(err, -EINVAL, "consul takes nothing after it, expected consul");
	return 0;
}

static const struct monitor_ops ops = {
	.said_up = "passing",
};

const struct monitor_kind monitor_kind_consul = {
	.name = "consul",
	.format = "consul",
	.doc = "`true`: the service's checks in Consul pass.",
	.access = MONITOR_ASKS_CONSUL,
	.no_argument = true,
	.parse = parse,
	.ops = &ops,
};
