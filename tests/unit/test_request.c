/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "agent/http/endpoints.h"
#include "agent/http/request.h"
#include "agent/model/peer_orders.h"
#include "lib/array.h"

#define ARGS_MAX 6
#define VIP                                                                                        \
	{                                                                                          \
		"vip", "192.0.2.53/32", 0                                                          \
	}
#define NAME                                                                                       \
	{                                                                                          \
		"name", "dns", 0                                                                   \
	}

struct request {
	const char *method, *path;
	struct api_arg args[ARGS_MAX]; /* len 0: strlen(value) */
};

static const struct good_case {
	const char *name;
	struct request request;
	enum api_kind kind;
	const char *app;
} good_cases[] = {
	{ "register", { "GET", "/register", { NAME, VIP } }, API_REGISTER, "dns" },
	{ "register by POST", { "POST", "/register", { VIP, NAME } }, API_REGISTER, "dns" },
	{ "register by name", { "GET", "/register", { NAME } }, API_REGISTER, "dns" },
	{ "unregister", { "GET", "/unregister", { NAME } }, API_UNREGISTER, "dns" },
	{ "unregister with the query of register",
	  { "DELETE", "/unregister", { NAME, VIP, { "monitor", "port:tcp:53", 0 } } },
	  API_UNREGISTER,
	  "dns" },
	{ "info", { "PUT", "/info", { { 0 } } }, API_INFO, NULL },
	{ "ping", { "GET", "/ping", { { 0 } } }, API_PING, NULL },
	{ "apps", { "GET", "/v1/apps", { { 0 } } }, API_APPS, NULL },
	{ "apps, head only", { "HEAD", "/v1/apps", { { 0 } } }, API_APPS, NULL },
	{ "one app", { "GET", "/v1/apps/dns", { { 0 } } }, API_APP, "dns" },
	{ "one app with a slash in its name",
	  { "GET", "/v1/apps/a/b", { { 0 } } },
	  API_APP,
	  "a/b" },
	{ "drain an app", { "POST", "/v1/apps/dns/drain", { { 0 } } }, API_DRAIN, "dns" },
	{ "drain an app, by DELETE",
	  { "DELETE", "/v1/apps/dns/drain", { { 0 } } },
	  API_DRAIN,
	  "dns" },
	{ "undrain an app", { "PUT", "/v1/apps/dns/undrain", { { 0 } } }, API_UNDRAIN, "dns" },
	{ "an app called drain", { "GET", "/v1/apps/drain", { { 0 } } }, API_APP, "drain" },
	{ "draining it", { "POST", "/v1/apps/drain/drain", { { 0 } } }, API_DRAIN, "drain" },
	{ "drain the agent", { "POST", "/v1/drain", { { 0 } } }, API_DRAIN, NULL },
	{ "undrain the agent", { "POST", "/v1/undrain", { { 0 } } }, API_UNDRAIN, NULL },
	{ "status", { "GET", "/v1/status", { { 0 } } }, API_STATUS, NULL },
	{ "peers", { "GET", "/v1/peers", { { 0 } } }, API_PEERS, NULL },
	{ "routes", { "GET", "/v1/routes", { { 0 } } }, API_ROUTES, NULL },
	{ "metrics", { "GET", "/metrics", { { 0 } } }, API_METRICS, NULL },
	{ "healthz", { "GET", "/healthz", { { 0 } } }, API_HEALTHZ, NULL },
	{ "readyz", { "HEAD", "/readyz", { { 0 } } }, API_READYZ, NULL },
};

static const struct bad_case {
	const char *name;
	struct request request;
	unsigned status;
	const char *says;
} bad_cases[] = {
	{ "nothing", { "GET", "/register", { { 0 } } }, 400, "Invalid request: name is missing" },
	{ "no vip",
	  { "GET", "/register", { NAME, { "monitor", "port:tcp:53", 0 } } },
	  400,
	  "Invalid request: vip is missing" },
	{ "an invalid name", { "GET", "/register", { { "name", "a/b", 0 } } }, 400, "a/b" },
	{ "empty name",
	  { "GET", "/register", { { "name", "", 0 }, VIP } },
	  400,
	  "Invalid request: " },
	{ "name without value",
	  { "GET", "/register", { { "name", NULL, 0 }, VIP } },
	  400,
	  "Invalid request: " },
	{ "two names", { "GET", "/register", { NAME, NAME, VIP } }, 400, "more than once" },
	{ "bad vip",
	  { "GET", "/register", { NAME, { "vip", "192.0.2.256/32", 0 } } },
	  400,
	  "192.0.2.256" },
	{ "the second vip is bad",
	  { "GET", "/register", { NAME, VIP, { "vip", "hello", 0 } } },
	  400,
	  "hello" },
	{ "the same vip twice", { "GET", "/register", { NAME, VIP, VIP } }, 400, "192.0.2.53" },
	{ "host bits",
	  { "GET", "/register", { NAME, { "vip", "192.0.2.1/24", 0 } } },
	  400,
	  "192.0.2.0/24" },
	{ "unknown monitor",
	  { "GET", "/register", { NAME, VIP, { "monitor", "ping:1", 0 } } },
	  400,
	  "ping" },
	{ "port 99999",
	  { "GET", "/register", { NAME, VIP, { "monitor", "port:tcp:99999", 0 } } },
	  400,
	  "99999" },
	{ "protocol sctp",
	  { "GET", "/register", { NAME, VIP, { "monitor", "port:sctp:53", 0 } } },
	  400,
	  "sctp" },
	{ "community",
	  { "GET", "/register", { NAME, VIP, { "vip_communities", "1:1,70000:1", 0 } } },
	  400,
	  "70000:1" },
	{ "nat", { "GET", "/register", { NAME, VIP, { "nat", "tcp", 0 } } }, 400, "'tcp'" },
	{ "misspelt parameter",
	  { "GET", "/register", { NAME, VIP, { "monitors", "port:tcp:53", 0 } } },
	  400,
	  "did you mean 'monitor'?" },
	{ "strange parameter",
	  { "GET", "/register", { NAME, VIP, { "zzzzzzzzzz", "1", 0 } } },
	  400,
	  "expected name, vip" },
	{ "NUL in a value", { "GET", "/register", { { "name", "dns\0x", 5 }, VIP } }, 400, "NUL" },
	{ "unregister without a name", { "GET", "/unregister", { VIP } }, 400, "name is missing" },
	{ "unregister an empty name",
	  { "GET", "/unregister", { { "name", "", 0 } } },
	  400,
	  "Invalid request: " },
	{ "root", { "GET", "/", { { 0 } } }, 404, "'/'" },
	{ "below register", { "GET", "/register/x", { NAME, VIP } }, 404, "/register/x" },
	{ "app without a name", { "GET", "/v1/apps/", { { 0 } } }, 404, "/v1/apps/" },
	{ "unknown", { "GET", "/v1/nothing", { { 0 } } }, 404, "/v1/nothing" },
	{ "drain by GET", { "GET", "/v1/drain", { { 0 } } }, 405, "POST, PUT, DELETE" },
	{ "undrain by HEAD",
	  { "HEAD", "/v1/apps/x/undrain", { { 0 } } },
	  405,
	  "POST, PUT, DELETE" },
	{ "register by HEAD",
	  { "HEAD", "/register", { NAME, VIP } },
	  405,
	  "GET, POST, PUT, DELETE" },
	{ "unregister by OPTIONS", { "OPTIONS", "/unregister", { NAME } }, 405, "GET, POST" },
	{ "reading by POST", { "POST", "/v1/apps", { { 0 } } }, 405, "GET" },
};

static void route_as(const struct request *r, const char *accept, struct api_call *call)
{
	struct api_arg args[ARGS_MAX];
	size_t n = 0;
	for (; n < ARGS_MAX && r->args[n].name; n++) {
		args[n] = r->args[n];
		if (args[n].value && args[n].len == 0)
			args[n].len = strlen(args[n].value);
	}
	const struct api_request request = {
		.method = r->method,
		.path = r->path,
		.args = args,
		.n_args = n,
		.accept = accept,
	};
	request_parse(&request, call);
}

static void route(const struct request *r, struct api_call *call)
{
	route_as(r, NULL, call);
}

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_cases); i++) {
		const struct good_case *c = &good_cases[i];
		struct api_call call;
		route(&c->request, &call);
		if (call.kind != c->kind)
			fail_msg("%s: kind %d, %s", c->name, (int)call.kind, call.err.text);
		const char *app = call.kind == API_REGISTER ? call.spec.name : call.name;
		if (c->app)
			assert_string_equal(app, c->app);
		api_call_done(&call);
	}
}

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_cases); i++) {
		const struct bad_case *c = &bad_cases[i];
		struct api_call call;
		route(&c->request, &call);
		if (call.kind != API_ERROR || call.status != c->status)
			fail_msg("%s: kind %d status %u", c->name, (int)call.kind, call.status);
		if (!strstr(call.err.text, c->says))
			fail_msg("%s: '%s' does not say '%s'", c->name, call.err.text, c->says);
		assert_int_equal(call.json, c->status != 400);
		api_call_done(&call);
	}
}

static void test_all_parameters_arrive(void **state)
{
	(void)state;
	const struct request r = { "GET",
				   "/register",
				   { NAME,
				     VIP,
				     { "vip", "2001:db8::53/128", 0 },
				     { "monitor", "exec:test a = b:c", 0 },
				     { "nat", "tcp:53:8053", 0 },
				     { "vip_communities", "1:2,3:4", 0 } } };
	struct api_call call;
	route(&r, &call);
	assert_int_equal(call.kind, API_REGISTER);
	assert_int_equal(call.spec.source, APP_FROM_HTTP);
	assert_int_equal(call.spec.n_vips, 2);
	assert_int_equal(call.spec.n_monitors, 1);
	assert_string_equal(call.spec.monitors[0].text, "exec:test a = b:c");
	assert_int_equal(call.spec.n_nats, 1);
	assert_int_equal(call.spec.nats[0].dest, 8053);
	assert_int_equal(call.spec.communities.n, 2);
	api_call_done(&call);
}

static void test_drain_parameters(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct request request;
		const char *reason;
		span_t span;
		const char *says; /* NULL: it is right */
	} cases[] = {
		{ "none", { "POST", "/v1/drain", { { 0 } } }, "", USEC_NEVER, NULL },
		{ "both",
		  { "POST", "/v1/drain", { { "for", "1m", 0 }, { "reason", "a b", 0 } } },
		  "a b",
		  60 * USEC_PER_SEC,
		  NULL },
		{ "reason without value",
		  { "POST", "/v1/drain", { { "reason", NULL, 0 } } },
		  "",
		  USEC_NEVER,
		  NULL },
		{ "no duration", { "POST", "/v1/drain", { { "for", "x", 0 } } }, "", 0, "'x'" },
		{ "no value", { "POST", "/v1/drain", { { "for", NULL, 0 } } }, "", 0, "''" },
		{ "0",
		  { "POST", "/v1/drain", { { "for", "0s", 0 } } },
		  "",
		  0,
		  "greater than zero" },
		{ "reason that reads backwards",
		  { "POST", "/v1/drain", { { "reason", "a\xe2\x80\xae", 0 } } },
		  "",
		  0,
		  "reason holds U+202E, a direction control" },
		{ "reason that is not UTF-8",
		  { "POST", "/v1/drain", { { "reason", "a\xff", 0 } } },
		  "",
		  0,
		  "reason holds the byte 0xff" },
		{ "unknown", { "POST", "/v1/drain", { NAME } }, "", 0, "reason or for" },
		{ "undrain takes none",
		  { "POST", "/v1/undrain", { { "for", "1s", 0 } } },
		  "",
		  0,
		  "expected none" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct api_call call;
		route(&cases[i].request, &call);
		if (cases[i].says) {
			if (call.kind != API_ERROR || call.status != 400 || !call.json ||
			    !strstr(call.err.text, cases[i].says))
				fail_msg("%s: %s", cases[i].name, call.err.text);
		} else if (call.kind != API_DRAIN || strcmp(call.reason, cases[i].reason) != 0 ||
			   call.span != cases[i].span) {
			fail_msg("%s: kind %d, '%s'", cases[i].name, (int)call.kind, call.err.text);
		}
		api_call_done(&call);
	}
}

static void test_reload_parameters(void **state)
{
	(void)state;
	static const struct {
		const char *path, *name, *value;
		span_t span;
		const char *says; /* NULL: it is right */
	} cases[] = {
		{ "/v1/reload", "confirm", "1s", USEC_PER_SEC, NULL },
		{ "/v1/reload", "confirm", "24h", UINT64_C(24) * 3600 * USEC_PER_SEC, NULL },
		{ "/v1/reload", "confirm", "999ms", 0, "'999ms' is not a duration from 1s to 24h" },
		{ "/v1/reload", "confirm", "1441m", 0, "'1441m' is not a duration" },
		{ "/v1/reload", "confirm", NULL, 0, "'' is not a duration" },
		{ "/v1/reload", "now", "1", 0, "unknown parameter 'now', expected confirm" },
		{ "/v1/confirm", "confirm", "1s", 0, "unknown parameter 'confirm', expected none" },
		{ "/v1/diff", "confirm", "1s", 0, "unknown parameter 'confirm', expected none" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct api_call call;
		route(&(struct request){ "POST",
					 cases[i].path,
					 { { cases[i].name, cases[i].value, 0 } } },
		      &call);
		if (!cases[i].says && (call.kind != API_RELOAD || call.span != cases[i].span))
			fail_msg("%s: %s", cases[i].value, call.err.text);
		if (cases[i].says && (call.kind != API_ERROR || call.status != 400 || !call.json ||
				      !strstr(call.err.text, cases[i].says)))
			fail_msg("%s: '%s'", cases[i].says, call.err.text);
		api_call_done(&call);
	}
}

static void test_orders_for_peers(void **state)
{
	(void)state;
	static const char text_of_256[] =
		"0123456789012345678901234567890123456789012345678901234567890123"
		"0123456789012345678901234567890123456789012345678901234567890123"
		"0123456789012345678901234567890123456789012345678901234567890123"
		"0123456789012345678901234567890123456789012345678901234567890123";
	static const struct {
		const char *path;
		struct api_arg args[ARGS_MAX];
		const char *says; /* NULL: it is right */
	} cases[] = {
		{ "enable", { { "port", "65535", 0 } }, NULL },
		{ "enable", { { "port", "0", 0 } }, "port: '0' is not a port" },
		{ "enable", { { "port", NULL, 0 } }, "port: '' is not a port" },
		{ "enable", { { "text", "x", 0 } }, "unknown parameter 'text', expected port" },
		{ "refresh", { { "soft", "true", 0 } }, "unknown parameter 'soft', expected port" },
		{ "disable", { { "text", "bye", 0 } }, NULL },
		{ "disable", { { "text", text_of_256 + 1, 0 } }, NULL },
		{ "disable",
		  { { "text", text_of_256, 0 } },
		  "text: 256 octets, at most 255 fit into a NOTIFICATION" },
		{ "disable", { { "text", "\xff", 0 } }, "text holds" },
		{ "disable", { { "text", "a\0b", 3 } }, "text holds U+0000" },
		{ "disable", { { "hard", NULL, 0 } }, "expected port or text" },
		{ "reset", { { "soft", NULL, 0 } }, NULL },
		{ "reset", { { "hard", "true", 0 }, { "text", "bye", 0 } }, NULL },
		{ "reset", { { "soft", "false", 0 }, { "text", "bye", 0 } }, NULL },
		{ "reset", { { "soft", "maybe", 0 } }, "soft: 'maybe' is neither true nor false" },
		{ "reset", { { "soft", "true", 0 }, { "text", "bye", 0 } }, "soft: the session" },
		{ "reset", { { "soft", "true", 0 }, { "hard", NULL, 0 } }, "soft: the session" },
		{ "reset", { { "now", "1", 0 } }, "expected port, text, soft or hard" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct api_call call;
		struct request r = { "POST", NULL, { { 0 } } };
		char path[64];
		snprintf(path, sizeof(path), "/v1/peers/fe80::1%%eth0/%s", cases[i].path);
		r.path = path;
		memcpy(r.args, cases[i].args, sizeof(r.args));
		route(&r, &call);
		if (!cases[i].says &&
		    (call.kind == API_ERROR || strcmp(call.name, "fe80::1%eth0") != 0))
			fail_msg("%s: %s", path, call.err.text);
		if (cases[i].says && (call.kind != API_ERROR || call.status != 400 || !call.json ||
				      !strstr(call.err.text, cases[i].says)))
			fail_msg("%s: '%s'", cases[i].says, call.err.text);
		assert_int_equal(call.needs, ROLE_ADMIN);
		api_call_done(&call);
	}
}

static void test_a_peer(void **state)
{
	(void)state;
	static const struct {
		struct request request;
		enum api_kind kind;
		enum role needs;
		const char *definition;
	} cases[] = {
		{ { "GET", "/v1/peers/10.0.0.1", { { 0 } } }, API_PEER, ROLE_READ, NULL },
		{ { "HEAD", "/v1/peers/10.0.0.1", { { "port", "179", 0 } } },
		  API_PEER,
		  ROLE_READ,
		  NULL },
		{ { "DELETE", "/v1/peers/10.0.0.1", { { 0 } } },
		  API_PEER_DELETE,
		  ROLE_ADMIN,
		  NULL },
		{ { "POST", "/v1/peers/10.0.0.1", { { "peer_as", "1", 0 } } },
		  API_PEER_ADD,
		  ROLE_ADMIN,
		  "{\"peer_ip\": \"10.0.0.1\", \"peer_as\": \"1\"}" },
		{ { "POST", "/v1/peers/10.0.0.1", { { "peer_ip", "1", 0 } } },
		  API_ERROR,
		  ROLE_ADMIN,
		  NULL },
		{ { "GET", "/v1/peers/10.0.0.1", { { "text", "x", 0 } } },
		  API_ERROR,
		  ROLE_READ,
		  NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct api_call call;
		route(&cases[i].request, &call);
		assert_int_equal(call.kind, cases[i].kind);
		assert_int_equal(call.needs, cases[i].needs);
		assert_int_equal(call.change, call.needs == ROLE_ADMIN);
		assert_string_equal(call.name, "10.0.0.1");
		if (cases[i].definition)
			assert_string_equal(call.definition, cases[i].definition);
		api_call_done(&call);
	}
	struct api_call call;
	route(&(struct request){ "PUT", "/v1/peers/10.0.0.1", { { 0 } } }, &call);
	assert_int_equal(call.status, 405);
	assert_string_equal(call.allow, "GET, HEAD, POST, DELETE");
	api_call_done(&call);
	assert_int_equal(request_body_max("POST", "/v1/peers/10.0.0.1"), PEER_DEFINITION_MAX);
	assert_int_equal(request_body_max("POST", "/v1/peers/10.0.0.1/enable"), 0);
}

static void test_event_parameters(void **state)
{
	(void)state;
	const struct request r = { "GET",
				   "/v1/events",
				   { { "since", "18446744073709551615", 0 },
				     { "limit", "4294967295", 0 },
				     { "kind", "app", 0 },
				     { "name", "dns", 0 } } };
	struct api_call call;
	route(&r, &call);
	assert_int_equal(call.kind, API_EVENTS);
	assert_true(call.events.has_since && call.events.since.id == UINT64_MAX);
	assert_false(call.events.follow);
	assert_int_equal(call.events.limit, UINT32_MAX);
	assert_string_equal(call.events.filter.kind, "app");
	assert_string_equal(call.events.filter.name, "dns");
	api_call_done(&call);
	route(&(struct request){ "GET",
				 "/v1/events",
				 { { "limit", "1", 0 }, { "since", "2", 0 } } },
	      &call);
	assert_int_equal(call.events.limit, 1);
	assert_true(call.events.since.id == 2);
	assert_string_equal(call.events.filter.kind, "");
	api_call_done(&call);
}

/* By the header of a browser or by a parameter; what it says of the last event counts for a
 * stream. */
static void test_streams_of_events(void **state)
{
	static const struct api_arg none = { 0 }, follow = { "follow", NULL, 0 },
				    yes = { "follow", "true", 4 }, no = { "follow", "false", 5 },
				    maybe = { "follow", "2", 1 }, since = { "since", "7", 1 },
				    limit = { "limit", "3", 1 };
	const struct {
		const char *accept, *last;
		struct api_arg args[2];
		bool follow, error;
		uint64_t epoch, since;
		size_t limit;
	} cases[] = {
		{ NULL, NULL, { none }, .follow = false },
		{ "text/event-stream", NULL, { none }, .follow = true },
		{ "application/json, Text/Event-Stream;q=0.9", NULL, { none }, .follow = true },
		{ "text/event-streams", NULL, { none }, .follow = false },
		{ "xtext/event-stream", NULL, { none }, .follow = false },
		{ "*/*", NULL, { none }, .follow = false },
		{ NULL, NULL, { follow }, .follow = true },
		{ NULL, NULL, { yes }, .follow = true },
		{ "text/event-stream", NULL, { no }, .follow = false },
		{ NULL, NULL, { maybe }, .error = true },
		{ NULL, "1f-9", { follow, since }, .follow = true, .epoch = 0x1f, .since = 9 },
		{ NULL, "9", { follow, limit }, .follow = true, .since = 9 },
		{ NULL, "", { follow, since }, .follow = true, .since = 7 },
		{ NULL, "9", { since, limit }, .since = 7, .limit = 3 },
		{ NULL, "9x", { follow }, .error = true },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct api_call call;
		size_t n = 0;
		while (n < 2 && cases[i].args[n].name)
			n++;
		const struct api_request request = { .method = "GET",
						     .path = "/v1/events",
						     .args = cases[i].args,
						     .n_args = n,
						     .accept = cases[i].accept,
						     .last_event_id = cases[i].last };
		request_parse(&request, &call);
		if ((call.kind == API_ERROR) != cases[i].error ||
		    (!cases[i].error && call.events.follow != cases[i].follow) ||
		    (!cases[i].error && (call.events.since.epoch != cases[i].epoch ||
					 call.events.since.id != cases[i].since ||
					 call.events.limit != cases[i].limit)))
			fail_msg("case %zu: %s", i, call.err.text);
		api_call_done(&call);
	}
}

static void test_apps_parameters(void **state)
{
	(void)state;
	struct api_call call;
	route(&(struct request){ "GET",
				 "/v1/apps",
				 { { "limit", "1000", 0 }, { "sort", "change", 0 } } },
	      &call);
	assert_int_equal(call.kind, API_APPS);
	assert_int_equal(call.apps.sort, APP_SORT_CHANGE);
	assert_int_equal(call.apps.limit, 1000);
	api_call_done(&call);
	route(&(struct request){ "GET", "/v1/apps", { { "limit", "5000", 0 } } }, &call);
	assert_int_equal(call.kind, API_APPS);
	assert_int_equal(call.apps.limit, 5000);
	api_call_done(&call);
}

static void test_log_parameters(void **state)
{
	(void)state;
	struct api_call call;
	route(&(struct request){ "POST", "/v1/log", { { "level", "trace", 0 } } }, &call);
	assert_int_equal(call.kind, API_LOG);
	assert_int_equal(call.level, LOG_TRACE);
	assert_null(call.module);
	api_call_done(&call);
	route(&(struct request){ "PUT",
				 "/v1/log",
				 { { "module", "agent", 0 }, { "level", "error", 0 } } },
	      &call);
	assert_int_equal(call.kind, API_LOG);
	assert_int_equal(call.level, LOG_ERROR);
	assert_string_equal(call.module, "agent");
	api_call_done(&call);
}

static const struct bad_case wrong_parameters[] = {
	{ "since", { "GET", "/v1/events", { { "since", "x", 0 } } }, 400, "since: 'x'" },
	{ "no value", { "GET", "/v1/events", { { "since", NULL, 0 } } }, 400, "since: ''" },
	{ "limit", { "GET", "/v1/events", { { "limit", "4294967296", 0 } } }, 400, "limit" },
	{ "unknown", { "GET", "/v1/events", { { "nam", "x", 0 } } }, 400, "'nam'" },
	{ "no such order",
	  { "GET", "/v1/apps", { { "sort", "age", 0 }, { "limit", "5", 0 } } },
	  400,
	  "sort: 'age' is not state, change or name" },
	{ "an order without a limit",
	  { "GET", "/v1/apps", { { "sort", "name", 0 } } },
	  400,
	  "sort needs a limit from 1 to 1000" },
	{ "too many in an order",
	  { "GET", "/v1/apps", { { "sort", "name", 0 }, { "limit", "1001", 0 } } },
	  400,
	  "sort needs a limit from 1 to 1000" },
	{ "unknown of apps",
	  { "GET", "/v1/apps", { { "offset", "5", 0 } } },
	  400,
	  "unknown parameter 'offset', expected sort or limit" },
	{ "no level", { "POST", "/v1/log", { { 0 } } }, 400, "level is missing" },
	{ "a module only",
	  { "POST", "/v1/log", { { "module", "bgp", 0 } } },
	  400,
	  "level is missing" },
	{ "no such level",
	  { "POST", "/v1/log", { { "level", "loud", 0 } } },
	  400,
	  "level: 'loud' is not" },
	{ "no such module",
	  { "POST", "/v1/log", { { "level", "info", 0 }, { "module", "bg", 0 } } },
	  400,
	  "module: no module 'bg'" },
	{ "module without value",
	  { "POST", "/v1/log", { { "level", "info", 0 }, { "module", NULL, 0 } } },
	  400,
	  "module: no module ''" },
	{ "unknown of log",
	  { "POST", "/v1/log", { { "level", "info", 0 }, { "modul", "bgp", 0 } } },
	  400,
	  "'modul'" },
	{ "reload takes none",
	  { "POST", "/v1/reload", { { "now", NULL, 0 } } },
	  400,
	  "unknown parameter 'now'" },
	{ "a definition takes none",
	  { "PUT", "/v1/apps/dns", { { "vip", "192.0.2.1/32", 0 } } },
	  400,
	  "unknown parameter 'vip', expected none" },
	{ "reload by PUT", { "PUT", "/v1/reload", { { 0 } } }, 405, "accepts POST only" },
	{ "explain without a name", { "GET", "/v1/explain", { { 0 } } }, 400, "name" },
	{ "what-if without a fault",
	  { "GET", "/v1/what-if", { { 0 } } },
	  400,
	  "fail, peer_down or consul_away" },
	{ "what-if of nothing",
	  { "GET", "/v1/what-if", { { "fail", "", 0 } } },
	  400,
	  "fail is empty" },
	{ "what-if of another kind",
	  { "GET", "/v1/what-if", { { "kill", "dns", 0 } } },
	  400,
	  "unknown parameter 'kill', expected fleet, fail, peer_down or consul_away" },
	{ "what-if by PUT", { "PUT", "/v1/what-if", { { 0 } } }, 405, "accepts GET" },
	{ "nothing between", { "POST", "/v1/apps//drain", { { 0 } } }, 405, "GET" },
};

static void test_wrong_parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong_parameters); i++) {
		const struct bad_case *c = &wrong_parameters[i];
		struct api_call call;
		route(&c->request, &call);
		if (call.kind != API_ERROR || call.status != c->status || !call.json ||
		    !strstr(call.err.text, c->says))
			fail_msg("%s: kind %d status %u '%s'", c->name, (int)call.kind, call.status,
				 call.err.text);
		api_call_done(&call);
	}
}

static void test_what_fails(void **state)
{
	(void)state;
	struct api_arg args[WHAT_IF_NAMES_MAX + 1];
	struct api_call call;
	for (size_t i = 0; i < ARRAY_SIZE(args); i++)
		args[i] = (struct api_arg){ i % 2 ? "peer_down" : "fail", "x", 1 };
	struct api_request request = {
		.method = "GET", .path = "/v1/what-if", .args = args, .n_args = ARRAY_SIZE(args)
	};
	request_parse(&request, &call);
	assert_int_equal(call.kind, API_WHAT_IF);
	assert_int_equal(call.what_if.n_fails, WHAT_IF_NAMES_MAX / 2 + 1);
	assert_int_equal(call.what_if.n_peers, WHAT_IF_NAMES_MAX / 2);
	assert_string_equal(call.what_if.fails[0], "x");
	api_call_done(&call);
	for (size_t i = 0; i < ARRAY_SIZE(args); i++)
		args[i].name = "fail";
	request_parse(&request, &call);
	assert_int_equal(call.status, 400);
	assert_string_equal(call.err.text, "Invalid request: fail: more than 16 of them");
	api_call_done(&call);
}

static void test_the_body_of_a_diff(void **state)
{
	(void)state;
	struct api_call call;
	request_parse(
		&(struct api_request){
			.method = "POST", .path = "/v1/diff", .body = "agent: {}", .body_len = 9 },
		&call);
	assert_int_equal(call.kind, API_DIFF);
	assert_string_equal(call.body, "agent: {}");
	assert_int_equal(call.body_len, 9);
	api_call_done(&call);
	assert_true(request_body_max("POST", "/v1/diff") > 0);
	assert_int_equal(request_body_max("POST", "/v1/reload"), 0);
}

/* It tells of hosts and files, as a diff does. */
static void test_what_if_with_a_configuration(void **state)
{
	(void)state;
	struct api_call call;
	request_parse(&(struct api_request){ .method = "POST",
					     .path = "/v1/what-if",
					     .body = "apps: []",
					     .body_len = 8 },
		      &call);
	assert_int_equal(call.kind, API_WHAT_IF);
	assert_true(call.what_if.config && call.change);
	assert_int_equal(call.needs, ROLE_ADMIN);
	assert_string_equal(call.body, "apps: []");
	api_call_done(&call);
	request_parse(&(struct api_request){ .method = "GET",
					     .path = "/v1/what-if",
					     .args = (struct api_arg[]){ { "consul_away", "", 0 } },
					     .n_args = 1 },
		      &call);
	assert_true(call.what_if.consul_away && !call.what_if.config && !call.change);
	assert_int_equal(call.needs, ROLE_READ);
	api_call_done(&call);
	assert_int_equal(request_body_max("POST", "/v1/what-if"),
			 request_body_max("POST", "/v1/diff"));
	assert_int_equal(request_body_max("GET", "/v1/what-if"), 0);
}

/* The form of a refusal is the one that the client reads. */
static void test_a_refusal_in_the_form_of_its_path(void **state)
{
	static const struct {
		struct request request;
		bool json;
	} cases[] = {
		{ { "GET", "/register", { NAME, VIP } }, false },
		{ { "GET", "/register", { NAME } }, false },
		{ { "GET", "/unregister", { NAME } }, false },
		{ { "GET", "/ping", { { 0 } } }, false },
		{ { "GET", "/v1/apps", { { 0 } } }, true },
		{ { "GET", "/info", { { 0 } } }, true },
		{ { "GET", "/none", { { 0 } } }, true },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct err why = { "not allowed" };
		struct api_call call;
		route(&cases[i].request, &call);
		api_call_refuse(&call, 403, &why);
		assert_int_equal(call.kind, API_ERROR);
		assert_int_equal(call.status, 403);
		assert_string_equal(call.err.text, "not allowed");
		if (call.json != cases[i].json)
			fail_msg("%s", cases[i].request.path);
		api_call_done(&call);
	}
}

/* The answer to a path that is not there lists those that are. */
static void test_every_endpoint_that_is_listed_is_there(void **state)
{
	(void)state;
	size_t n = 0;
	for (const char *path; (path = request_endpoint(n)); n++) {
		struct api_call call;
		bool posts = strstr(path, "drain") || strcmp(path, "/v1/reload") == 0 ||
			     strcmp(path, "/v1/confirm") == 0 || strcmp(path, "/v1/diff") == 0 ||
			     strcmp(path, "/v1/log") == 0 || strstr(path, "/check") ||
			     strncmp(path, "/v1/peers/", 10) == 0 || strstr(path, "/roll/") ||
			     strcmp(path, "/v1/fleet/release") == 0;
		const char *method = posts ? "POST" : "GET";
		if (strncmp(path, "/page/", 6) == 0)
			path = "/page/style.css";
		route_as(&(struct request){ method, path, { { 0 } } }, "text/html", &call);
		assert_int_not_equal(call.status, 404);
		assert_int_not_equal(call.status, 405);
		assert_int_equal(call.change, call.needs > ROLE_READ);
		assert_int_equal(call.change, posts || strstr(path, "register") ||
						      strcmp(path, "/v1/config") == 0);
		api_call_done(&call);
	}
	assert_int_equal(n, 42);
}

/* A refused request needs the same role as one that would be carried out. */
static void test_an_error_needs_the_role_of_its_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_cases); i++) {
		struct api_call call;
		const char *path = bad_cases[i].request.path;
		bool changes = strcmp(path, "/register") == 0 || strcmp(path, "/unregister") == 0 ||
			       strstr(path, "drain");
		route(&bad_cases[i].request, &call);
		if (call.needs != (changes ? ROLE_REGISTER : ROLE_READ) || call.change != changes)
			fail_msg("%s", bad_cases[i].name);
		api_call_done(&call);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_all_parameters_arrive),
		cmocka_unit_test(test_drain_parameters),
		cmocka_unit_test(test_reload_parameters),
		cmocka_unit_test(test_orders_for_peers),
		cmocka_unit_test(test_a_peer),
		cmocka_unit_test(test_event_parameters),
		cmocka_unit_test(test_streams_of_events),
		cmocka_unit_test(test_apps_parameters),
		cmocka_unit_test(test_log_parameters),
		cmocka_unit_test(test_wrong_parameters),
		cmocka_unit_test(test_what_fails),
		cmocka_unit_test(test_the_body_of_a_diff),
		cmocka_unit_test(test_what_if_with_a_configuration),
		cmocka_unit_test(test_a_refusal_in_the_form_of_its_path),
		cmocka_unit_test(test_every_endpoint_that_is_listed_is_there),
		cmocka_unit_test(test_an_error_needs_the_role_of_its_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
