/* SPDX-License-Identifier: MIT */
/* The paths, their methods, and what each is and needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/define.h"
#include "agent/config/parse.h"
#include "agent/http/endpoints.h"
#include "agent/model/peer_orders.h"
#include "lib/array.h"

#define READS   "GET, HEAD"
#define CHANGES "POST, PUT, DELETE"

static const struct {
	const char *path, *name;
	const char *methods; /* NULL: any */
	enum api_kind kind;
	enum role needs;
} rows[] = {
	{ "/register", NULL, "GET, POST, PUT, DELETE", API_REGISTER, ROLE_REGISTER },
	{ "/unregister", NULL, "GET, POST, PUT, DELETE", API_UNREGISTER, ROLE_REGISTER },
	{ "/info", NULL, NULL, API_INFO, ROLE_READ },
	{ "/ping", NULL, NULL, API_PING, ROLE_READ },
	{ "/v1/status", NULL, READS, API_STATUS, ROLE_READ },
	{ "/v1/drain", NULL, CHANGES, API_DRAIN, ROLE_REGISTER },
	{ "/v1/undrain", NULL, CHANGES, API_UNDRAIN, ROLE_REGISTER },
	{ "/v1/apps", NULL, READS, API_APPS, ROLE_READ },
	{ "/v1/apps/a/b/drain", "a/b", CHANGES, API_DRAIN, ROLE_REGISTER },
	{ "/v1/apps/a/undrain", "a", CHANGES, API_UNDRAIN, ROLE_REGISTER },
	{ "/v1/apps/a/check", "a", "POST", API_CHECK, ROLE_REGISTER },
	{ "/v1/apps/a", "a", "GET, HEAD, PUT, DELETE", API_APP, ROLE_READ },
	{ "/v1/peers", NULL, READS, API_PEERS, ROLE_READ },
	{ "/v1/peers/a/enable", "a", "POST", API_PEER_ENABLE, ROLE_ADMIN },
	{ "/v1/peers/a/disable", "a", "POST", API_PEER_DISABLE, ROLE_ADMIN },
	{ "/v1/peers/a/reset", "a", "POST", API_PEER_RESET, ROLE_ADMIN },
	{ "/v1/peers/a/refresh", "a", "POST", API_PEER_REFRESH, ROLE_ADMIN },
	{ "/v1/peers/a", "a", "GET, HEAD, POST, DELETE", API_PEER, ROLE_READ },
	{ "/v1/routes", NULL, READS, API_ROUTES, ROLE_READ },
	{ "/v1/nat", NULL, READS, API_NAT, ROLE_READ },
	{ "/v1/consul", NULL, READS, API_CONSUL, ROLE_READ },
	{ "/v1/nomad", NULL, READS, API_NOMAD, ROLE_READ },
	{ "/v1/fleet", NULL, READS, API_FLEET, ROLE_READ },
	{ "/v1/fleet/vips", NULL, READS, API_FLEET_VIPS, ROLE_READ },
	{ "/v1/fleet/roll", NULL, READS, API_ROLL, ROLE_READ },
	{ "/v1/fleet/roll/begin", NULL, "POST", API_ROLL_BEGIN, ROLE_REGISTER },
	{ "/v1/fleet/roll/finish", NULL, "POST", API_ROLL_FINISH, ROLE_REGISTER },
	{ "/v1/fleet/release", NULL, "POST", API_FLEET_RELEASE, ROLE_REGISTER },
	{ "/v1/capabilities", NULL, READS, API_CAPABILITIES, ROLE_READ },
	{ "/v1/explain", NULL, READS, API_EXPLAIN, ROLE_READ },
	{ "/v1/what-if", NULL, "GET, HEAD, POST", API_WHAT_IF, ROLE_READ },
	{ "/v1/events", NULL, READS, API_EVENTS, ROLE_READ },
	{ "/v1/log", NULL, CHANGES, API_LOG, ROLE_ADMIN },
	{ "/v1/reload", NULL, "POST", API_RELOAD, ROLE_ADMIN },
	{ "/v1/confirm", NULL, "POST", API_CONFIRM, ROLE_ADMIN },
	{ "/v1/diff", NULL, "POST", API_DIFF, ROLE_ADMIN },
	{ "/v1/config", NULL, READS, API_CONFIG, ROLE_ADMIN },
	{ "/metrics", NULL, READS, API_METRICS, ROLE_READ },
	{ "/healthz", NULL, READS, API_HEALTHZ, ROLE_READ },
	{ "/readyz", NULL, READS, API_READYZ, ROLE_READ },
	{ "/", NULL, READS, API_PAGE, ROLE_READ },
	{ "/page/a", "a", READS, API_PAGE_FILE, ROLE_READ },
};

static void each_path_is_one_endpoint(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *name = NULL;
		const struct endpoint_row *e = endpoint_find(rows[i].path, &name);
		assert_non_null(e);
		assert_int_equal(endpoint_index(e), i);
		assert_int_equal(endpoint_kind(e), rows[i].kind);
		assert_string_equal(name ? name : "-", rows[i].name ? rows[i].name : "-");
		struct api_call call = { 0 };
		endpoint_set_kind(e, "GET", &call);
		assert_int_equal(call.kind, rows[i].kind);
		assert_int_equal(call.needs, rows[i].needs);
		assert_int_equal(call.change, rows[i].needs != ROLE_READ);
		assert_false(call.what_if.config);
		free(name);
	}
	assert_int_equal(endpoint_index(NULL), ARRAY_SIZE(rows));
	assert_string_equal(request_endpoint(0), "/register");
	assert_string_equal(request_endpoint(ARRAY_SIZE(rows) - 1), "/page/FILE");
	assert_null(request_endpoint(ARRAY_SIZE(rows)));
}

static void methods_of_each_path(void **state)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t k = 0; k < ARRAY_SIZE(methods); k++) {
			char *name = NULL;
			const struct endpoint_row *e = endpoint_find(rows[i].path, &name);
			const char *others = endpoint_other_methods(e, methods[k]);
			if (!rows[i].methods || strstr(rows[i].methods, methods[k]))
				assert_null(others);
			else
				assert_string_equal(others, rows[i].methods);
			free(name);
		}
}

static void a_method_makes_another_call_of_a_path(void **state)
{
	static const struct {
		const char *method, *path;
		enum api_kind kind;
		enum role needs;
		bool config;
	} cases[] = {
		{ "HEAD", "/v1/apps/a", API_APP, ROLE_READ, false },
		{ "PUT", "/v1/apps/a", API_DEFINE, ROLE_REGISTER, false },
		{ "DELETE", "/v1/apps/a", API_UNDEFINE, ROLE_REGISTER, false },
		{ "HEAD", "/v1/peers/a", API_PEER, ROLE_READ, false },
		{ "POST", "/v1/peers/a", API_PEER_ADD, ROLE_ADMIN, false },
		{ "DELETE", "/v1/peers/a", API_PEER_DELETE, ROLE_ADMIN, false },
		{ "HEAD", "/v1/what-if", API_WHAT_IF, ROLE_READ, false },
		{ "POST", "/v1/what-if", API_WHAT_IF, ROLE_ADMIN, true },
		{ "POST", "/register", API_REGISTER, ROLE_REGISTER, false },
		{ "POST", "/info", API_INFO, ROLE_READ, false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *name = NULL;
		struct api_call call = { 0 };
		endpoint_set_kind(endpoint_find(cases[i].path, &name), cases[i].method, &call);
		assert_int_equal(call.kind, cases[i].kind);
		assert_int_equal(call.needs, cases[i].needs);
		assert_int_equal(call.change, cases[i].needs != ROLE_READ);
		assert_int_equal(call.what_if.config, cases[i].config);
		free(name);
	}
}

static void paths_that_are_not_there(void **state)
{
	static const char *const paths[] = {
		"",       "/register/", "/v1",         "/v1/apps/",   "/v1/peers/",
		"/page/", "/Register",  "/v1/statusx", "/v1/appsx/a", "//",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		char *name = NULL;
		assert_null(endpoint_find(paths[i], &name));
		assert_null(name);
	}
}

static void names_that_look_like_orders(void **state)
{
	static const struct {
		const char *path, *name;
		enum api_kind kind;
	} cases[] = {
		{ "/v1/apps//drain", "/drain", API_APP },
		{ "/v1/apps/drain", "drain", API_APP },
		{ "/v1/apps/x/drain", "x", API_DRAIN },
		{ "/v1/apps/x/drains", "x/drains", API_APP },
		{ "/v1/apps/drain/drain", "drain", API_DRAIN },
		{ "/v1/peers//reset", "/reset", API_PEER },
		{ "/v1/peers/x/reset", "x", API_PEER_RESET },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *name = NULL;
		const struct endpoint_row *e = endpoint_find(cases[i].path, &name);
		assert_int_equal(endpoint_kind(e), cases[i].kind);
		assert_string_equal(name, cases[i].name);
		free(name);
	}
}

static void bodies_that_are_read(void **state)
{
	static const struct {
		const char *method, *path;
		size_t max;
	} cases[] = {
		{ "PUT", "/v1/apps/a", CONFIG_DEFINITION_MAX },
		{ "DELETE", "/v1/apps/a", 0 },
		{ "GET", "/v1/apps/a", 0 },
		{ "PUT", "/v1/apps/a/drain", 0 },
		{ "POST", "/v1/peers/a", PEER_DEFINITION_MAX },
		{ "DELETE", "/v1/peers/a", 0 },
		{ "POST", "/v1/peers/a/reset", 0 },
		{ "POST", "/v1/diff", CONFIG_FILE_MAX },
		{ "POST", "/v1/what-if", CONFIG_FILE_MAX },
		{ "GET", "/v1/what-if", 0 },
		{ "POST", "/v1/reload", 0 },
		{ "POST", "/none", 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(request_body_max(cases[i].method, cases[i].path), cases[i].max);
}

static bool is_one_of(enum api_kind kind, const enum api_kind *kinds, size_t n)
{
	size_t i = 0;
	while (i < n && kinds[i] != kind)
		i++;
	return i < n;
}

static void kinds_about_peers_and_the_fleet(void **state)
{
	static const enum api_kind peers[] = { API_PEER,        API_PEER_ADD,     API_PEER_DELETE,
					       API_PEER_ENABLE, API_PEER_DISABLE, API_PEER_RESET,
					       API_PEER_REFRESH },
				   fleet[] = { API_FLEET_VIPS, API_ROLL, API_ROLL_BEGIN,
					       API_ROLL_FINISH, API_FLEET_RELEASE };
	(void)state;
	for (enum api_kind k = API_ERROR; k <= API_PAGE_FILE; k++) {
		assert_int_equal(api_is_about_peer(k), is_one_of(k, peers, ARRAY_SIZE(peers)));
		assert_int_equal(api_is_about_fleet(k), is_one_of(k, fleet, ARRAY_SIZE(fleet)));
	}
}

static void who_asks_and_from_where(void **state)
{
	struct api_call call = { .principal.name = "uid 0", .from = "192.0.2.1" };
	(void)state;
	assert_string_equal(api_call_requester(&call).by, "uid 0");
	assert_string_equal(api_call_requester(&call).from, "192.0.2.1");
	call.from[0] = 0;
	assert_null(api_call_requester(&call).from);
	strcpy(call.from, "1");
	assert_string_equal(api_call_requester(&call).from, "1");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_path_is_one_endpoint),
		cmocka_unit_test(methods_of_each_path),
		cmocka_unit_test(a_method_makes_another_call_of_a_path),
		cmocka_unit_test(paths_that_are_not_there),
		cmocka_unit_test(names_that_look_like_orders),
		cmocka_unit_test(bodies_that_are_read),
		cmocka_unit_test(kinds_about_peers_and_the_fleet),
		cmocka_unit_test(who_asks_and_from_where),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
