/* SPDX-License-Identifier: MIT */
#include "agent/daemon/load_log.h"

#include <string.h>

#include "lib/log.h"
#include "lib/str.h"

void load_log(enum monitor_lane lane, const struct load *load, void *userdata)
{
	(void)userdata;
	char late[DURATION_TEXT_MAX];
	bool commands = lane == LANE_COMMAND;
	const char *topic = commands ? "exec" : "monitor";
	duration_format(load->late / USEC_PER_MSEC * USEC_PER_MSEC, late);
	if (!load->behind)
		log_info(topic, "checks run on time again");
	else if (commands)
		log_warn(topic,
			 "this host cannot run the checks as often as configured: they start %s "
			 "late on average, %u%% of their interval; raise their interval, or "
			 "exec_max if it has idle cores",
			 late, load->percent);
	else
		log_warn(topic,
			 "network checks cannot run as often as configured: they start "
			 "%s late on average, %u%% of their interval, because too many wait "
			 "for an answer; shorten their timeout or raise their interval",
			 late, load->percent);
}

void load_log_port_filter(int error, void *userdata)
{
	(void)userdata;
	if (error == 0)
		log_info("monitor", "the kernel filters socket events by port again");
	else
		log_warn("monitor",
			 "the kernel accepts no filter for socket events (%s): dead listeners are "
			 "still detected, but every socket that is closed on this host wakes the "
			 "agent; raise the sysctl net.core.optmem_max to 20480 or more",
			 strerror(-error));
}
