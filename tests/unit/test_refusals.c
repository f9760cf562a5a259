/* SPDX-License-Identifier: MIT */
/* Log messages of a flood of refused requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/http/refusals.h"
#include "lib/line_limit.h"
#include "process/loop.h"
#include "tests/unit/captured_log.h"

static struct captured_log lines;

static void refuse(struct refusals *r, enum api_cause cause, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		refusals_log(r, cause, LOG_WARNING, NULL, "request %u: refused", i);
}

static void a_flood_is_a_few_lines_and_a_number(void **state)
{
	(void)state;
	sd_event *loop;
	assert_int_equal(sd_event_new(&loop), 0);
	struct refusals *r = refusals_new(loop);
	mono_t began = loop_now(loop);
	captured_log_begin(&lines);
	refuse(r, API_FORBIDDEN, 12);
	refuse(r, API_RATE, 5);
	captured_log_expect(&lines, "WARN  api: request 0: refused\n"
				    "WARN  api: request 1: refused\n"
				    "WARN  api: request 2: refused\n"
				    "WARN  api: request 3: refused\n"
				    "WARN  api: request 4: refused\n"
				    "WARN  api: request 0: refused\n"
				    "WARN  api: request 1: refused\n"
				    "WARN  api: request 2: refused\n"
				    "WARN  api: request 3: refused\n"
				    "WARN  api: request 4: refused\n");
	refusals_end(r, usec_add(began, LINE_INTERVAL) - 1);
	captured_log_expect(&lines, "");
	mono_t end = usec_add(loop_now(loop), LINE_INTERVAL);
	refusals_end(r, end);
	captured_log_expect(&lines, "WARN  api: 7 more refused in 60 s (forbidden)\n");
	refusals_end(r, end + LINE_INTERVAL);
	captured_log_expect(&lines, "");
	captured_log_end(&lines);
	refusals_free(r);
	sd_event_unref(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_flood_is_a_few_lines_and_a_number) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
