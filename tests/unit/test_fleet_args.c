/* SPDX-License-Identifier: MIT */
/* The parameters of requests about the fleet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <inttypes.h>

#include <cmocka.h>

#include <string.h>

#include "agent/http/request.h"
#include "lib/array.h"
#include "lib/str.h"
#include "tests/unit/request_line.h"

struct line_case {
	const char *line, *means;
};

static void add_text(struct strbuf *sb, const char *name, const char *value)
{
	if (value)
		strbuf_add(sb, " %s '%s'", name, value);
}

static void describe(const struct api_call *c, struct strbuf *sb)
{
	const struct fleet_query *q = &c->fleet;
	char text[PREFIX_TEXT_MAX];
	if (c->kind == API_ERROR) {
		strbuf_add(sb, "%u %s", c->status, c->err.text);
		return;
	}
	for (size_t i = 0; i < q->n_apps; i++)
		add_text(sb, "app", q->apps[i]);
	for (size_t i = 0; i < q->n_vips; i++)
		add_text(sb, "vip", prefix_format(&q->vips[i], text));
	strbuf_add(sb, " %" PRIu32 " slots", q->slots);
	if (q->quiet)
		strbuf_add(sb, " %" PRIu32 " pps", q->quiet);
	add_text(sb, "reason", *q->reason ? q->reason : NULL);
	add_text(sb, "id", q->id);
	add_text(sb, "node", q->node);
	add_text(sb, "not", q->has_phase ? roll_phase_name(q->phase) : NULL);
	strbuf_add(sb, " %" PRIu64 " ms", q->wait / USEC_PER_MSEC);
	strbuf_add(sb, " %d %d", (int)q->result, q->exit_status);
}

static void run(const struct line_case *cases, size_t n, enum role needs)
{
	for (size_t i = 0; i < n; i++) {
		char text[512] = "";
		struct strbuf sb = strbuf_over(text, sizeof(text));
		struct request_line r;
		struct api_call call;
		request_line_parse(&r, cases[i].line);
		request_parse(&r.request, &call);
		describe(&call, &sb);
		if (!str_equal(text, cases[i].means))
			fail_msg("%s: '%s', not '%s'", cases[i].line, text, cases[i].means);
		assert_int_equal(call.needs, needs);
		request_line_returns_0(&r, &call);
		api_call_done(&call);
	}
}

#define BAD "400 Invalid request: "
#define B   "POST /v1/fleet/roll/begin?"
#define F   "POST /v1/fleet/roll/finish?"
#define L   "POST /v1/fleet/release?"
#define NO_VIP(text)                                                                               \
	BAD "vip: '" text "' is not a prefix, expected one like 192.0.2.53/32 or 2001:db8::53/128"
#define A4  "app=1&app=2&app=3&app=4&"
#define V4  "vip=192.0.2.1/32&vip=192.0.2.2/32&vip=192.0.2.3/32&vip=192.0.2.4/32&"
#define V16 V4 V4 V4 V4

static void a_roll_that_begins(void **state)
{
	static const struct line_case cases[] = {
		{ B "vip=192.0.2.1/32", " vip '192.0.2.1/32' 1 slots 20000 ms 0 -1" },
		{ B "app=dns", " app 'dns' 1 slots 20000 ms 0 -1" },
		{ B "app=b&vip=2001:db8::/64&app=a&vip=192.0.2.1/32&slots=256&"
		    "wait_traffic=4294967295&reason=disk",
		  " app 'b' app 'a' vip '2001:db8::/64' vip '192.0.2.1/32' 256 slots 4294967295 "
		  "pps "
		  "reason 'disk' 20000 ms 0 -1" },
		{ B "app=a&slots=1&wait_traffic=1", " app 'a' 1 slots 1 pps 20000 ms 0 -1" },
		{ B "slots=2", BAD "app or vip is missing" },
		{ B "app=a&slots=0", BAD "slots: '0' is not a number from 1 to 256" },
		{ B "slots=257&app=a", BAD "slots: '257' is not a number from 1 to 256" },
		{ B "slots", BAD "slots: '' is not a number from 1 to 256" },
		{ B "wait_traffic=0",
		  BAD "wait_traffic: '0' is not a number from 1 to 4294967295" },
		{ B "wait_traffic=10pps",
		  BAD "wait_traffic: '10pps' is not a number from 1 to 4294967295" },
		{ B "vip=nowhere", NO_VIP("nowhere") },
		{ B "vip", NO_VIP("") },
		{ B "app=", BAD "app is empty" },
		{ B "app", BAD "app is empty" },
		{ B "app=\xff", BAD "app holds the byte 0xff, which is not UTF-8" },
		{ B "reason=\xff", BAD "reason holds the byte 0xff, which is not UTF-8" },
		{ B A4 A4 A4 A4 "app=17", BAD "app: more than 16 of them" },
		{ B V16 "vip=192.0.2.17/32", BAD "vip: more than 16 of them" },
		{ B "id=x", BAD "unknown parameter 'id', expected one of app, vip, slots, "
				"wait_traffic, reason" },
	};
	(void)state;
	run(cases, ARRAY_SIZE(cases), ROLE_REGISTER);
}

static void as_many_as_there_may_be(void **state)
{
	struct request_line r;
	struct api_call call;
	(void)state;
	request_line_parse(&r, B A4 A4 A4 "app=13&app=14&app=15&app=16");
	request_parse(&r.request, &call);
	assert_int_equal(call.kind, API_ROLL_BEGIN);
	assert_int_equal(call.fleet.n_apps, ROLL_APPS_MAX);
	assert_string_equal(call.fleet.apps[15], "16");
	api_call_done(&call);
	request_line_parse(&r, B V4 V4 V4 "vip=192.0.2.5/32&vip=192.0.2.6/32&vip=192.0.2.7/32&"
					  "vip=192.0.2.8/32");
	request_parse(&r.request, &call);
	assert_int_equal(call.fleet.n_vips, FLEET_VIPS_MAX);
	assert_int_equal(call.fleet.vips[15].addr.bytes[3], 8);
	api_call_done(&call);
}

static void a_roll_that_ends(void **state)
{
	static const struct line_case cases[] = {
		{ F "id=8f&result=done", " 1 slots id '8f' 20000 ms 0 -1" },
		{ F "id=8f&result=failed&status=255", " 1 slots id '8f' 20000 ms 1 255" },
		{ F "id=8f&result=cancelled&status=0", " 1 slots id '8f' 20000 ms 2 0" },
		{ F "id=8f&result=maybe", BAD "result: 'maybe' is not done, failed or cancelled" },
		{ F "result&id=8f", BAD "result: '' is not done, failed or cancelled" },
		{ F "id=8f&status=256", BAD "status: '256' is not a number from 0 to 255" },
		{ F "result=done", BAD "id is missing" },
		{ F "id=", BAD "id is missing" },
		{ F "id=\xff", BAD "id holds the byte 0xff, which is not UTF-8" },
		{ F "app=a", BAD "unknown parameter 'app', expected one of id, result, status" },
		{ L "node=site1", " 1 slots node 'site1' 20000 ms 0 -1" },
		{ L "node=site1&app=a&vip=192.0.2.1/32",
		  " app 'a' vip '192.0.2.1/32' 1 slots node 'site1' 20000 ms 0 -1" },
		{ L "app=dns", BAD "node is missing" },
		{ L "node", BAD "node is missing" },
		{ L "node=\xff", BAD "node holds the byte 0xff, which is not UTF-8" },
		{ L "slots=1", BAD "unknown parameter 'slots', expected one of node, app, vip" },
	};
	(void)state;
	run(cases, ARRAY_SIZE(cases), ROLE_REGISTER);
}

#define WAIT(text) BAD "wait: '" text "' is not a duration up to 1m, such as 20s"

static void what_is_read_of_the_fleet(void **state)
{
	static const struct line_case cases[] = {
		{ "GET /v1/fleet/roll", " 1 slots 20000 ms 0 -1" },
		{ "GET /v1/fleet/roll?id=8f&not=failed&wait=1m",
		  " 1 slots id '8f' not 'failed' 60000 ms 0 -1" },
		{ "GET /v1/fleet/roll?wait=1ms", " 1 slots 1 ms 0 -1" },
		{ "GET /v1/fleet/roll?not=x", BAD "not: 'x' is not a phase of rolling work" },
		{ "GET /v1/fleet/roll?not", BAD "not: '' is not a phase of rolling work" },
		{ "GET /v1/fleet/roll?wait=60001ms", WAIT("60001ms") },
		{ "GET /v1/fleet/roll?wait=0s", WAIT("0s") },
		{ "GET /v1/fleet/roll?wait", WAIT("") },
		{ "GET /v1/fleet/roll?x&id=1",
		  BAD "unknown parameter 'x', expected one of id, not, wait" },
		{ "GET /v1/fleet/vips", " 1 slots 20000 ms 0 -1" },
		{ "GET /v1/fleet/vips?vip=192.0.2.1/32",
		  " vip '192.0.2.1/32' 1 slots 20000 ms 0 -1" },
		{ "GET /v1/fleet/vips?app=a", BAD "unknown parameter 'app', expected one of vip" },
	};
	(void)state;
	run(cases, ARRAY_SIZE(cases), ROLE_READ);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_roll_that_begins),
		cmocka_unit_test(as_many_as_there_may_be),
		cmocka_unit_test(a_roll_that_ends),
		cmocka_unit_test(what_is_read_of_the_fleet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
