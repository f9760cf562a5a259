/* SPDX-License-Identifier: MIT */
/* The parameters of each path: a request line, and what is understood of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/http/arg.h"
#include "agent/http/endpoints.h"
#include "agent/http/request.h"
#include "agent/page/file.h"
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

static void add_number(struct strbuf *sb, const char *name, uint64_t value)
{
	if (value == UINT64_MAX)
		strbuf_add(sb, " %s max", name);
	else if (value > 0)
		strbuf_add(sb, " %s %" PRIu64, name, value);
}

static void add_flag(struct strbuf *sb, const char *name, bool flag)
{
	strbuf_add(sb, "%s%s", flag ? " " : "", flag ? name : "");
}

static void add_event_query(struct strbuf *sb, const struct event_query *q)
{
	add_flag(sb, "since", q->has_since);
	add_number(sb, "epoch", q->since.epoch);
	add_number(sb, "id", q->since.id);
	add_flag(sb, "follow", q->follow);
	add_number(sb, "limit", q->limit);
	add_text(sb, "kind", q->filter.kind[0] ? q->filter.kind : NULL);
	add_text(sb, "named", q->filter.name[0] ? q->filter.name : NULL);
}

static void add_what_if(struct strbuf *sb, const struct what_if_query *q)
{
	for (size_t i = 0; i < q->n_fails; i++)
		add_text(sb, "fail", q->fails[i]);
	for (size_t i = 0; i < q->n_peers; i++)
		add_text(sb, "down", q->peers[i]);
	add_flag(sb, "away", q->consul_away);
	add_flag(sb, "fleet", q->fleet);
	add_flag(sb, "config", q->config);
}

static void describe(const struct api_call *c, struct strbuf *sb)
{
	if (c->kind == API_ERROR) {
		strbuf_add(sb, "%u %s", c->status, c->err.text);
		return;
	}
	strbuf_add(sb, "ok");
	add_text(sb, "name", c->kind == API_REGISTER ? c->spec.name : c->name);
	add_text(sb, "logged", c->kind == API_REGISTER ? NULL : c->spec.name);
	add_number(sb, "vips", c->spec.n_vips);
	add_flag(sb, "by name", c->by_name);
	add_number(sb, "msec", c->span == USEC_NEVER ? UINT64_MAX : c->span / USEC_PER_MSEC);
	add_text(sb, "reason", c->reason);
	add_number(sb, "port", c->port);
	add_flag(sb, "soft", c->soft);
	add_flag(sb, "hard", c->hard);
	add_flag(sb, "defaults", c->defaults);
	add_flag(sb, "include_api", c->include_api);
	if (c->kind == API_LOG)
		strbuf_add(sb, " level %d", (int)c->level);
	add_text(sb, "module", c->module);
	add_event_query(sb, &c->events);
	add_number(sb, "sort", c->apps.sort);
	add_number(sb, "limit", c->apps.limit);
	add_what_if(sb, &c->what_if);
	add_text(sb, "q", c->page.text[0] ? c->page.text : NULL);
	add_text(sb, "show", c->page.show);
	add_number(sb, "from", c->page.from);
}

static void expect(const char *line, const char *accept, const char *last, const char *means)
{
	char text[512] = "";
	struct strbuf sb = strbuf_over(text, sizeof(text));
	struct request_line r;
	struct api_call call;
	request_line_parse(&r, line);
	r.request.accept = accept;
	r.request.last_event_id = last;
	request_parse(&r.request, &call);
	describe(&call, &sb);
	if (!str_equal(text, means))
		fail_msg("%s: '%s', not '%s'", line, text, means);
	request_line_returns_0(&r, &call);
	api_call_done(&call);
}

#define RUN(cases)                                                                                 \
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)                                             \
	expect((cases)[i].line, NULL, NULL, (cases)[i].means)

#define BAD "400 Invalid request: "

static void apps(void **state)
{
	static const struct line_case cases[] = {
		{ "GET /register?name=dns", "ok name 'dns' by name" },
		{ "GET /register?name=dns&vip=192.0.2.1/32", "ok name 'dns' vips 1" },
		{ "GET /register?vip=192.0.2.1/32", BAD "name is missing" },
		{ "GET /register?name&vip=192.0.2.1/32", BAD "the name is empty" },
		{ "GET /unregister?vip=x&name=dns&name=b", "ok name 'dns'" },
		{ "GET /unregister?name", BAD "name is empty" },
		{ "GET /unregister?name=", BAD "name is empty" },
		{ "GET /unregister?vip=x", BAD "name is missing" },
		{ "GET /v1/explain?name=dns", "ok name 'dns'" },
		{ "GET /v1/explain", BAD "name is missing" },
		{ "GET /v1/apps", "ok" },
		{ "GET /v1/apps?limit=1&sort=state", "ok sort 1 limit 1" },
		{ "GET /v1/apps?sort=name&limit=1000", "ok sort 3 limit 1000" },
		{ "GET /v1/apps?limit=5&limit=0", "ok limit 5" },
		{ "GET /v1/apps?limit=x", BAD "limit: 'x' is not a number" },
		{ "GET /v1/apps?limit", BAD "limit: '' is not a number" },
		{ "GET /v1/apps?limit=x&sort=name", BAD "limit: 'x' is not a number" },
		{ "GET /v1/apps?sort", BAD "sort: '' is not state, change or name" },
		{ "GET /v1/apps?sort=name&limit=0", BAD "sort needs a limit from 1 to 1000" },
		{ "GET /v1/apps?sort=x&limit=1", BAD "sort: 'x' is not state, change or name" },
		{ "GET /v1/apps?sort=name&x=1",
		  BAD "unknown parameter 'x', expected sort or limit" },
		{ "PUT /v1/apps/dns", "ok name 'dns' logged 'dns'" },
		{ "DELETE /v1/apps/dns", "ok name 'dns' logged 'dns'" },
		{ "DELETE /v1/apps/dns?x=1", BAD "unknown parameter 'x', expected none: a "
						 "definition is the body, a JSON object" },
		{ "POST /v1/apps/dns/check", "ok name 'dns' msec 30000" },
		{ "POST /v1/apps/dns/check?timeout=1ms", "ok name 'dns' msec 1" },
		{ "POST /v1/apps/dns/check?timeout=5m", "ok name 'dns' msec 300000" },
		{ "POST /v1/apps/dns/check?timeout=300001ms",
		  BAD "timeout: '300001ms' is not a duration up to 5m, such as 10s" },
		{ "POST /v1/apps/dns/check?timeout=0s",
		  BAD "timeout: '0s' is not a duration up to 5m, such as 10s" },
		{ "POST /v1/apps/dns/check?timeout",
		  BAD "timeout: '' is not a duration up to 5m, such as 10s" },
		{ "POST /v1/apps/dns/check?timeout=1s&wait=1s",
		  BAD "unknown parameter 'wait', expected timeout" },
	};
	(void)state;
	RUN(cases);
}

static void drains(void **state)
{
	static const struct line_case cases[] = {
		{ "POST /v1/drain", "ok msec max reason ''" },
		{ "POST /v1/apps/dns/drain?for=1ms", "ok name 'dns' msec 1 reason ''" },
		{ "POST /v1/drain?for=1m&reason=disk", "ok msec 60000 reason 'disk'" },
		{ "POST /v1/drain?for=x&reason=disk",
		  BAD "'x' is not a duration, expected a number with a unit (ms, s, m, h) "
		      "like 500ms, 10s or 1m30s" },
		{ "POST /v1/drain?for=0ms", BAD "'for' must be greater than zero, not '0ms'" },
		{ "POST /v1/drain?x&reason=disk",
		  BAD "unknown parameter 'x', expected reason or for" },
		{ "POST /v1/undrain", "ok msec max reason ''" },
		{ "POST /v1/undrain?reason=disk", BAD "unknown parameter 'reason', expected none" },
		{ "POST /v1/undrain?for=1s", BAD "unknown parameter 'for', expected none" },
	};
	(void)state;
	RUN(cases);
}

static void the_configuration(void **state)
{
	static const struct line_case cases[] = {
		{ "POST /v1/reload", "ok" },
		{ "POST /v1/reload?confirm=1s", "ok msec 1000" },
		{ "POST /v1/reload?confirm=24h", "ok msec 86400000" },
		{ "POST /v1/reload?confirm=999ms",
		  BAD "confirm: '999ms' is not a duration from 1s to 24h, such as 60s" },
		{ "POST /v1/reload?confirm=86400001ms",
		  BAD "confirm: '86400001ms' is not a duration from 1s to 24h, such as 60s" },
		{ "POST /v1/reload?confirm",
		  BAD "confirm: '' is not a duration from 1s to 24h, such as 60s" },
		{ "POST /v1/reload?x", BAD "unknown parameter 'x', expected confirm" },
		{ "POST /v1/confirm", "ok" },
		{ "POST /v1/confirm?x", BAD "unknown parameter 'x', expected none" },
		{ "POST /v1/diff?confirm=1s", BAD "unknown parameter 'confirm', expected none" },
		{ "GET /v1/config", "ok" },
		{ "GET /v1/config?defaults=true", "ok defaults" },
		{ "GET /v1/config?include_api=true", "ok include_api" },
		{ "GET /v1/config?include_api=true&defaults=true", "ok defaults include_api" },
		{ "GET /v1/config?defaults=false&include_api=false", "ok" },
		{ "GET /v1/config?defaults",
		  BAD "defaults: '' is not a boolean, expected true or false" },
		{ "GET /v1/config?include_api=2",
		  BAD "include_api: '2' is not a boolean, expected true or false" },
		{ "GET /v1/config?x",
		  BAD "unknown parameter 'x', expected defaults or include_api" },
		{ "POST /v1/log?level=error", "ok level 0" },
		{ "POST /v1/log?module=bgp&level=debug", "ok level 3 module 'bgp'" },
		{ "POST /v1/log?level",
		  BAD "level: '' is not error, warning, info, debug or trace" },
		{ "POST /v1/log?level=x&module=bgp",
		  BAD "level: 'x' is not error, warning, info, debug or trace" },
		{ "POST /v1/log?module=x&level=info", BAD "module: no module 'x'" },
		{ "POST /v1/log?module=bgp", BAD "level is missing" },
		{ "POST /v1/log?x", BAD "unknown parameter 'x', expected level or module" },
	};
	(void)state;
	RUN(cases);
}

#define K32 "01234567890123456789012345678901"
#define K80 K32 K32 "0123456789012345"

static void events(void **state)
{
	static const struct line_case cases[] = {
		{ "GET /v1/events", "ok" },
		{ "GET /v1/events?since=0", "ok since" },
		{ "GET /v1/events?since=1f-9&limit=2&kind=app&name=dns&follow=true",
		  "ok since epoch 31 id 9 follow limit 2 kind 'app' named 'dns'" },
		{ "GET /v1/events?limit=3&limit=0", "ok limit 3" },
		{ "GET /v1/events?limit=4294967295", "ok limit 4294967295" },
		{ "GET /v1/events?limit=4294967296", BAD "limit: '4294967296' is not a number" },
		{ "GET /v1/events?limit", BAD "limit: '' is not a number" },
		{ "GET /v1/events?since=x&limit=1",
		  BAD "since: 'x' is not a number, nor EPOCH-NUMBER" },
		{ "GET /v1/events?follow=x", BAD "follow: 'x' is neither true nor false" },
		{ "GET /v1/events?kind=" K80 K80, BAD "kind: '" K80 "…' is too long" },
		{ "GET /v1/events?name=" K80 K80 K80 K80, BAD "name: '" K80 "…' is too long" },
		{ "GET /v1/events?x=1", BAD "unknown parameter 'x', expected since, limit, kind, "
					    "name or follow" },
	};
	(void)state;
	RUN(cases);
}

static void streams_of_events(void **state)
{
	static const struct {
		const char *line, *accept, *last, *means;
	} cases[] = {
		{ "GET /v1/events", "text/event-stream", NULL, "ok follow" },
		{ "GET /v1/events", "TEXT/EVENT-STREAM", NULL, "ok follow" },
		{ "GET /v1/events", "a/b text/event-stream c/d", NULL, "ok follow" },
		{ "GET /v1/events", "a/b\ttext/event-stream\tc/d", NULL, "ok follow" },
		{ "GET /v1/events", "a/b,text/event-stream,c/d", NULL, "ok follow" },
		{ "GET /v1/events", "text/event-stream;q=0.5", NULL, "ok follow" },
		{ "GET /v1/events", "text/event-stream+x", NULL, "ok" },
		{ "GET /v1/events", "x;text/event-stream", NULL, "ok" },
		{ "GET /v1/events", "text/event", NULL, "ok" },
		{ "GET /v1/events?since=3&limit=2", "text/event-stream", NULL,
		  "ok since id 3 follow limit 2" },
		{ "GET /v1/events?since=3&limit=2", "text/event-stream", "",
		  "ok since id 3 follow limit 2" },
		{ "GET /v1/events?since=3&limit=2", "text/event-stream", "7",
		  "ok since id 7 follow" },
		{ "GET /v1/events?since=3&limit=2", NULL, "7", "ok since id 3 limit 2" },
		{ "GET /v1/events", "text/event-stream", "x",
		  BAD "Last-Event-ID: 'x' is not a number, nor EPOCH-NUMBER" },
		{ "GET /v1/events?since=x", "text/event-stream", "7",
		  BAD "since: 'x' is not a number, nor EPOCH-NUMBER" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(cases[i].line, cases[i].accept, cases[i].last, cases[i].means);
}

#define NONE "fail, peer_down or consul_away is missing"
#define F4   "fail=1&fail=2&fail=3&fail=4&"
#define P4   "peer_down=1&peer_down=2&peer_down=3&peer_down=4&"

static void what_if(void **state)
{
	static const struct line_case cases[] = {
		{ "GET /v1/what-if?fail=a", "ok fail 'a'" },
		{ "GET /v1/what-if?peer_down=a&peer_down=b&fail=c&fail=d",
		  "ok fail 'c' fail 'd' down 'a' down 'b'" },
		{ "GET /v1/what-if?consul_away", "ok away" },
		{ "GET /v1/what-if?consul_away=true&fleet=true", "ok away fleet" },
		{ "GET /v1/what-if?peer_down=a", "ok down 'a'" },
		{ "POST /v1/what-if", "ok config" },
		{ "GET /v1/what-if", BAD NONE },
		{ "GET /v1/what-if?consul_away=false", BAD NONE },
		{ "GET /v1/what-if?fleet", BAD NONE },
		{ "GET /v1/what-if?fail", BAD "fail is empty" },
		{ "GET /v1/what-if?peer_down=", BAD "peer_down is empty" },
		{ "GET /v1/what-if?fail=\xff", BAD "fail holds the byte 0xff, which is not UTF-8" },
		{ "GET /v1/what-if?fleet=x", BAD "fleet: 'x' is neither true nor false" },
		{ "GET /v1/what-if?" F4 F4 F4 F4 "fail=5", BAD "fail: more than 16 of them" },
		{ "GET /v1/what-if?" P4 P4 P4 P4 "peer_down=5",
		  BAD "peer_down: more than 16 of them" },
		{ "GET /v1/what-if?x&fail=a", BAD "unknown parameter 'x', expected fleet, fail, "
						  "peer_down or consul_away" },
	};
	(void)state;
	RUN(cases);
}

#define PEER "/v1/peers/10.0.0.1"
#define SOFT BAD "soft: the session goes on, which neither hard nor text is for"

static void peers(void **state)
{
	static const struct line_case cases[] = {
		{ "GET " PEER, "ok name '10.0.0.1' reason ''" },
		{ "GET " PEER "?port=1", "ok name '10.0.0.1' reason '' port 1" },
		{ "GET " PEER "?text=x", BAD "unknown parameter 'text', expected port" },
		{ "DELETE " PEER "?port=2", "ok name '10.0.0.1' reason '' port 2" },
		{ "DELETE " PEER "?hard", BAD "unknown parameter 'hard', expected port" },
		{ "POST " PEER "/enable?port=65535", "ok name '10.0.0.1' reason '' port 65535" },
		{ "POST " PEER "/enable?port=0&port=1",
		  BAD "port: '0' is not a port, expected 1 to 65535" },
		{ "POST " PEER "/refresh", "ok name '10.0.0.1' reason ''" },
		{ "POST " PEER "/refresh?soft", BAD "unknown parameter 'soft', expected port" },
		{ "POST " PEER "/disable?text=bye&port=3",
		  "ok name '10.0.0.1' reason 'bye' port 3" },
		{ "POST " PEER "/disable?soft",
		  BAD "unknown parameter 'soft', expected port or text" },
		{ "POST " PEER "/disable?hard",
		  BAD "unknown parameter 'hard', expected port or text" },
		{ "POST " PEER "/reset?soft", "ok name '10.0.0.1' reason '' soft" },
		{ "POST " PEER "/reset?hard&text=bye", "ok name '10.0.0.1' reason 'bye' hard" },
		{ "POST " PEER "/reset?soft&text=", "ok name '10.0.0.1' reason '' soft" },
		{ "POST " PEER "/reset?soft&text=bye", SOFT },
		{ "POST " PEER "/reset?soft&hard", SOFT },
		{ "POST " PEER "/reset?soft=x", BAD "soft: 'x' is neither true nor false" },
		{ "POST " PEER "/reset?hard=x", BAD "hard: 'x' is neither true nor false" },
		{ "POST " PEER "/reset?x",
		  BAD "unknown parameter 'x', expected port, text, soft or hard" },
	};
	(void)state;
	RUN(cases);
}

static void the_page(void **state)
{
	static const struct {
		const char *line, *means;
	} cases[] = {
		{ "GET /", "ok" },
		{ "GET /?q=dns&show=down&from=20", "ok q 'dns' show 'down' from 20" },
		{ "GET /?q", "ok" },
		{ "GET /?from", BAD "from: '' is not a number up to 1000000" },
		{ "GET /?from=x&q=dns", BAD "from: 'x' is not a number up to 1000000" },
		{ "GET /?x", BAD "unknown parameter 'x', expected q, show, from, why or events" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect(cases[i].line, "text/html", NULL, cases[i].means);
}

/* A long name of a parameter is shown cut. */
static void long_names_are_cut(void **state)
{
	static const struct line_case cases[] = {
		{ "POST /v1/drain?" K80 "x",
		  BAD "unknown parameter '" K80 "', expected reason or for" },
		{ "GET /v1/apps?limit=" K80 "x", BAD "limit: '" K80 "' is not a number" },
	};
	(void)state;
	RUN(cases);
}

static void a_nul_in_a_value_is_refused(void **state)
{
	const struct api_arg args[] = { { "name", "dns", 3 }, { "monitor", "exec:a\0b", 8 } };
	const struct api_request request = {
		.method = "GET", .path = "/register", .args = args, .n_args = 2
	};
	struct api_call call;
	(void)state;
	request_parse(&request, &call);
	assert_string_equal(call.err.text,
			    "Invalid request: the value of 'monitor' contains a NUL byte");
	api_call_done(&call);
}

/* Of the page: each as the client takes it; the template is for the agent alone. */
static void files_of_the_page(void **state)
{
	const struct page_file *file = page_files;
	char path[128];
	struct api_call call;
	struct api_request request = { .method = "GET", .path = path };
	(void)state;
	while (str_equal(file->name, PAGE_TEMPLATE))
		file++;
	snprintf(path, sizeof(path), "/page/%s", file->name);
	request_parse(&request, &call);
	assert_int_equal(call.kind, API_PAGE_FILE);
	assert_string_equal(request_endpoint(call.endpoint), "/page/FILE");
	assert_ptr_equal(call.file, file);
	assert_ptr_equal(call.octets, &file->plain);
	assert_false(call.not_modified);
	assert_false(call.head);
	api_call_done(&call);
	request.accept_encoding = "gzip";
	request.if_none_match = file->plain.etag;
	request.method = "HEAD";
	request_parse(&request, &call);
	assert_ptr_equal(call.octets, &file->packed);
	assert_false(call.not_modified);
	assert_true(call.head);
	api_call_done(&call);
	request.if_none_match = file->packed.etag;
	request_parse(&request, &call);
	assert_true(call.not_modified);
	api_call_done(&call);
	expect("GET /page/" PAGE_TEMPLATE, NULL, NULL, "404 '/page/" PAGE_TEMPLATE "' not found");
	expect("GET /page/none", NULL, NULL, "404 '/page/none' not found");
}

static void headers_and_bodies(void **state)
{
	struct api_call call;
	struct api_request request = { .method = "GET",
				       .path = "/metrics",
				       .accept = "a/b, application/openmetrics-text;q=0.5",
				       .body = "x",
				       .body_len = 1 };
	(void)state;
	request_parse(&request, &call);
	assert_int_equal(call.kind, API_METRICS);
	assert_true(call.openmetrics);
	assert_string_equal(call.body, "x");
	assert_int_equal(call.body_len, 1);
	api_call_done(&call);
	request.accept = "text/plain";
	request_parse(&request, &call);
	assert_false(call.openmetrics);
	api_call_done(&call);
	request.accept = NULL;
	request_parse(&request, &call);
	assert_false(call.openmetrics);
	api_call_done(&call);
	expect("PUT /metrics", NULL, NULL, "405 '/metrics' accepts GET, HEAD only");
	expect("GET /", NULL, NULL, "404 '/' not found");
	expect("GET /none", NULL, NULL, "404 '/none' not found");
}

static void values_that_are_right_return_0(void **state)
{
	const struct api_arg arg = { "a", "1", 1 }, yes = { "a", "true", 4 },
			     none = { "a", NULL, 0 };
	const char *text;
	struct err err;
	uint16_t port;
	bool flag;
	(void)state;
	assert_int_equal(api_arg_text(&arg, &text, &err), 0);
	assert_string_equal(text, "1");
	assert_int_equal(api_arg_shutdown_text(&none, &text, &err), 0);
	assert_string_equal(text, "");
	assert_int_equal(api_arg_port(&arg, &port, &err), 0);
	assert_int_equal(port, 1);
	assert_int_equal(api_arg_flag(&yes, &flag, &err), 0);
	assert_true(flag);
	assert_int_equal(api_arg_flag(&none, &flag, &err), 0);
	assert_true(flag);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(apps),
		cmocka_unit_test(drains),
		cmocka_unit_test(the_configuration),
		cmocka_unit_test(events),
		cmocka_unit_test(streams_of_events),
		cmocka_unit_test(what_if),
		cmocka_unit_test(peers),
		cmocka_unit_test(the_page),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(a_nul_in_a_value_is_refused),
		cmocka_unit_test(files_of_the_page),
		cmocka_unit_test(headers_and_bodies),
		cmocka_unit_test(values_that_are_right_return_0),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
