/* SPDX-License-Identifier: MIT */
/* The lines about checks that run late and about the kernel's filter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "agent/daemon/load_log.h"
#include "lib/array.h"
#include "tests/unit/captured_log.h"

static struct captured_log lines;

static const struct {
	enum monitor_lane lane;
	struct load load;
	const char *line;
} loads[] = {
	{ LANE_COMMAND,
	  { .behind = true, .late = 1500 * USEC_PER_MSEC + 7, .percent = 150 },
	  "WARN  exec: this host cannot run the checks as often as configured: they start 1s500ms "
	  "late "
	  "on average, 150% of their interval; raise their interval, or exec_max if it has idle "
	  "cores\n" },
	{ LANE_COMMAND, { 0 }, "INFO  exec: checks run on time again\n" },
	{ LANE_NETWORK,
	  { .behind = true, .late = 3 * USEC_PER_SEC, .percent = 30 },
	  "WARN  monitor: network checks cannot run as often as configured: they start "
	  "3s late on average, 30% of their interval, because too many wait for an answer; shorten "
	  "their timeout or raise their interval\n" },
	{ LANE_NETWORK, { 0 }, "INFO  monitor: checks run on time again\n" },
};

static void test_load(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		load_log(loads[i].lane, &loads[i].load, NULL);
		captured_log_expect(&lines, loads[i].line);
	}
}

static void test_port_filter(void **state)
{
	(void)state;
	load_log_port_filter(-ENOMEM, NULL);
	captured_log_expect(&lines,
			    "WARN  monitor: the kernel accepts no filter for socket events (Cannot "
			    "allocate memory): dead listeners are still detected, but every socket "
			    "that is closed on this host wakes the agent; raise the sysctl "
			    "net.core.optmem_max to 20480 or more\n");
	load_log_port_filter(0, NULL);
	captured_log_expect(&lines,
			    "INFO  monitor: the kernel filters socket events by port again\n");
}

static int setup(void **state)
{
	(void)state;
	log_setup(LOG_INFO, LOG_TEXT);
	captured_log_begin(&lines);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	captured_log_end(&lines);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_load, setup, teardown),
		cmocka_unit_test_setup_teardown(test_port_filter, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
