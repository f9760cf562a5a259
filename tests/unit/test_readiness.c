/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agent/status/readiness.h"
#include "lib/array.h"

#define WELL .registered = true, .discovered = true, .peers = 2, .established = 2

static const struct ready_case {
	const char *name;
	struct readiness in;
	const char *says; /* "ready\n": it is */
} cases[] = {
	{ "all is well", { WELL }, "ready\n" },
	{ "one of two routers is enough",
	  { .registered = true, .discovered = true, .peers = 2, .established = 1 },
	  "ready\n" },
	{ "no peer is configured, none is waited for",
	  { .registered = true, .discovered = true },
	  "ready\n" },
	{ "no session",
	  { .registered = true, .discovered = true, .peers = 2 },
	  "no BGP session established (0 of 2)\n" },
	{ "still registering, of which Consul comes after",
	  { .peers = 1, .established = 1 },
	  "the apps of the configuration are still being registered\n" },
	{ "Consul is silent",
	  { .registered = true, .peers = 1, .established = 1 },
	  "no answer from Consul yet\n" },
	{ "one app waits",
	  { WELL, .unjudged = 1, .waits_on = "dns" },
	  "'dns' has no verdict from its monitors yet\n" },
	{ "several apps wait",
	  { WELL, .unjudged = 3, .waits_on = "dns" },
	  "'dns' and 2 more have no verdict from their monitors yet\n" },
	{ "two apps wait",
	  { WELL, .unjudged = 2, .waits_on = "dns" },
	  "'dns' and 1 more have no verdict from their monitors yet\n" },
	{ "an included file has errors",
	  { WELL, .left_out = 1 },
	  "1 included file with errors: the apps are left out\n" },
	{ "two such files",
	  { WELL, .left_out = 2 },
	  "2 included files with errors: the apps are left out\n" },
	{ "a VIP that no peer can be sent",
	  { WELL, .refused = 1 },
	  "1 VIP can be sent to no peer (/v1/routes)\n" },
	{ "two such VIPs", { WELL, .refused = 2 }, "2 VIPs can be sent to no peer (/v1/routes)\n" },
	{ "a capability is missing",
	  { WELL, .missing = "CAP_NET_ADMIN, CAP_KILL" },
	  "missing: CAP_NET_ADMIN, CAP_KILL (/v1/capabilities)\n" },
	{ "no capability is missing", { WELL, .missing = "" }, "ready\n" },
	{ "it stops", { WELL, .stopping = true }, "vipherald is stopping\n" },
	{ "everything at once",
	  { .stopping = true, .peers = 1, .unjudged = 1, .waits_on = "dns" },
	  "vipherald is stopping\n"
	  "the apps of the configuration are still being registered\n"
	  "'dns' has no verdict from its monitors yet\n"
	  "no BGP session established (0 of 1)\n" },
};

static void test_cases(void **state)
{
	(void)state;
	char text[READINESS_TEXT_MAX];
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool ready = readiness_report(&cases[i].in, text);
		if (ready != (strcmp(cases[i].says, "ready\n") == 0) ||
		    strcmp(text, cases[i].says) != 0)
			fail_msg("%s: %d, '%s'", cases[i].name, ready, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_cases) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
