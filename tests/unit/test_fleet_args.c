/* SPDX-License-Identifier: MIT */
/* The parameters of requests about the fleet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "agent/http/request.h"
#include "lib/array.h"

static const struct {
	const char *path, *name, *value, *says; /* says NULL: it is accepted */
} of_the_fleet[] = {
	{ "/v1/fleet/roll/begin", "vip", "192.0.2.1/32", NULL },
	{ "/v1/fleet/roll/begin", "slots", "2", "app or vip is missing" },
	{ "/v1/fleet/roll/begin", "slots", "0", "slots: '0' is not a number from 1 to 256" },
	{ "/v1/fleet/roll/begin", "wait_traffic", "10pps",
	  "wait_traffic: '10pps' is not a number" },
	{ "/v1/fleet/roll/begin", "vip", "nowhere", "vip: " },
	{ "/v1/fleet/roll/begin", "app", "", "app is empty" },
	{ "/v1/fleet/roll/begin", "id", "x",
	  "unknown parameter 'id', expected one of app, vip, slots, wait_traffic, reason" },
	{ "/v1/fleet/roll/finish", "result", "maybe", "'maybe' is not done, failed or cancelled" },
	{ "/v1/fleet/roll/finish", "status", "256", "status: '256' is not a number from 0 to 255" },
	{ "/v1/fleet/roll/finish", "result", "done", "id is missing" },
	{ "/v1/fleet/release", "app", "dns", "node is missing" },
	{ "/v1/fleet/release", "node", "site1", NULL },
};

static void test_the_fleet(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of_the_fleet); i++) {
		const char *value = of_the_fleet[i].value;
		struct api_arg arg = { of_the_fleet[i].name, value, strlen(value) };
		struct api_request request = {
			.method = "POST", .path = of_the_fleet[i].path, .args = &arg, .n_args = 1
		};
		struct api_call call;
		request_parse(&request, &call);
		assert_int_equal(call.needs, ROLE_REGISTER);
		if (of_the_fleet[i].says &&
		    (call.status != 400 || !strstr(call.err.text, of_the_fleet[i].says)))
			fail_msg("%s=%s: %s", arg.name, value, call.err.text);
		if (!of_the_fleet[i].says)
			assert_int_equal(call.status, 0);
		api_call_done(&call);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_the_fleet) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
