/* SPDX-License-Identifier: MIT */
/* The agent in one line, as `systemctl status` shows it. Pure. */
#ifndef AGENT_STATUS_STATUS_LINE_H
#define AGENT_STATUS_STATUS_LINE_H

#include <stddef.h>

#define STATUS_LINE_MAX 200

struct status_counts {
	size_t apps, apps_up;
	size_t vips, vips_announced, vips_suppressed;
	size_t peers, established;
	const char *missing; /* capabilities; "" or NULL: none */
};

/* "3 of 4 apps up, 5 of 6 VIPs announced (1 suppressed), 2 of 2 peers established" */
const char *status_line_format(const struct status_counts *c, char buf[static STATUS_LINE_MAX]);

#endif
