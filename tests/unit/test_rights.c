/* SPDX-License-Identifier: MIT */
/* Which requests a principal may make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agent/model/rights.h"
#include "lib/array.h"

static char *hosts[] = { (char *)"agent.example.net", (char *)"2001:db8::7" };
static char *origins[] = { (char *)"https://noc.example.net" };
static const struct api_rules defaults = { .local = ROLE_REGISTER, .remote = ROLE_READ };
static const struct api_rules open = {
	.local = ROLE_REGISTER,
	.remote = ROLE_READ,
	.hosts = { hosts, ARRAY_SIZE(hosts) },
	.origins = { origins, ARRAY_SIZE(origins) },
	.proxied = true,
	.on_vips = true,
};

#define CHANGE      .needs = ROLE_REGISTER, .change = true
#define HOST        .n_hosts = 1, .host = "127.0.0.1:8080", .host_is_ours = true
#define NAMED(name) .n_hosts = 1, .host = (name)

/* Refused by the default rules, accepted by the open ones unless `always`. */
static const struct {
	const char *name;
	struct request_facts request;
	unsigned status; /* 0: accepted by both */
	const char *says;
	bool always;
} rows[] = {
	{ "a change", { CHANGE, HOST }, 0, NULL, false },
	{ "of HTTP/1.0", { CHANGE, .http_1_0 = true }, 0, NULL, false },
	{ "without Host", { CHANGE, .n_hosts = 0 }, 400, "0 Host headers, expected one", true },
	{ "reading without Host", { .needs = ROLE_READ }, 400, "0 Host headers", true },
	{ "two Hosts",
	  { CHANGE, .n_hosts = 2, .host = "a", .host_is_ours = true },
	  400,
	  "2 Host",
	  true },
	{ "two Hosts of HTTP/1.0",
	  { CHANGE, .n_hosts = 2, .host = "a", .http_1_0 = true },
	  400,
	  "2 Host",
	  true },
	{ "a rebound name", { CHANGE, NAMED("evil.example.org") }, 403, "agent.api.hosts", true },
	{ "a rebound name, unix", { CHANGE, NAMED("x"), .unix_socket = true }, 0, NULL, false },
	{ "reading by another name",
	  { .needs = ROLE_READ, NAMED("evil.example.org") },
	  0,
	  NULL,
	  false },
	{ "a known name",
	  { CHANGE, NAMED("Agent.example.net:8080") },
	  403,
	  "agent.api.hosts",
	  false },
	{ "a known address", { CHANGE, NAMED("[2001:db8::7]:80") }, 403, "agent.api.hosts", false },
	{ "the start of a known name", { CHANGE, NAMED("agent") }, 403, "agent.api.hosts", true },
	{ "its own page", { CHANGE, HOST, .origin = "http://127.0.0.1:8080" }, 0, NULL, false },
	{ "its own page, by TLS",
	  { CHANGE, HOST, .origin = "https://127.0.0.1:8080" },
	  0,
	  NULL,
	  false },
	{ "another page",
	  { CHANGE, HOST, .origin = "http://evil.example.org" },
	  403,
	  "agent.api.origins",
	  true },
	{ "another port",
	  { CHANGE, HOST, .origin = "http://127.0.0.1:8081" },
	  403,
	  "agent.api.origins",
	  true },
	{ "no page", { CHANGE, HOST, .origin = "null" }, 403, "agent.api.origins", true },
	{ "an empty origin", { CHANGE, HOST, .origin = "" }, 403, "agent.api.origins", true },
	{ "two pages",
	  { CHANGE, HOST, .n_origins = 2, .origin = "http://127.0.0.1:8080" },
	  400,
	  "duplicate header Origin",
	  true },
	{ "two sites",
	  { CHANGE, HOST, .n_sites = 2, .fetch_site = "none" },
	  400,
	  "duplicate header Sec-Fetch-Site",
	  true },
	{ "a page that is listed",
	  { CHANGE, HOST, .origin = "https://noc.example.net", .fetch_site = "cross-site" },
	  403,
	  "agent.api.origins",
	  false },
	{ "its own page, of another site",
	  { CHANGE, HOST, .origin = "http://127.0.0.1:8080", .fetch_site = "cross-site" },
	  403,
	  "another origin may change nothing: cross-site",
	  true },
	{ "its own page, of the same site",
	  { CHANGE, HOST, .origin = "http://127.0.0.1:8080", .fetch_site = "same-site" },
	  403,
	  "same-site",
	  true },
	{ "its own page, and both say so",
	  { CHANGE, HOST, .origin = "http://127.0.0.1:8080", .fetch_site = "same-origin" },
	  0,
	  NULL,
	  false },
	{ "its own page, and both say so once",
	  { CHANGE, HOST, .origin = "http://127.0.0.1:8080", .fetch_site = "same-origin",
	    .n_origins = 1, .n_sites = 1 },
	  0,
	  NULL,
	  false },
	{ "another page, of another site",
	  { CHANGE, HOST, .origin = "http://evil.example.org", .fetch_site = "cross-site" },
	  403,
	  "another origin may change nothing: http://evil.example.org",
	  true },
	{ "its own page, and two sites",
	  { CHANGE, HOST, .origin = "http://127.0.0.1:8080", .fetch_site = "same-origin",
	    .n_origins = 1, .n_sites = 2 },
	  400,
	  "duplicate header Sec-Fetch-Site",
	  true },
	{ "another page, of the same origin",
	  { CHANGE, HOST, .origin = "http://evil.example.org", .fetch_site = "same-origin" },
	  403,
	  "evil.example.org",
	  true },
	{ "an image", { CHANGE, HOST, .fetch_site = "cross-site" }, 403, "cross-site", true },
	{ "a subdomain", { CHANGE, HOST, .fetch_site = "same-site" }, 403, "same-site", true },
	{ "its own page by Referer",
	  { CHANGE, HOST, .referer = "http://127.0.0.1:8080/x?y", .browser = true },
	  0,
	  NULL,
	  false },
	{ "an image, by Referer",
	  { CHANGE, HOST, .referer = "http://evil.example.org/page", .browser = true },
	  403,
	  "evil.example.org",
	  true },
	{ "Referer with the address in its path",
	  { CHANGE, HOST, .referer = "http://evil.example.org/127.0.0.1:8080" },
	  403,
	  "agent.api.origins",
	  true },
	{ "Referer with the address before it",
	  { CHANGE, HOST, .referer = "http://127.0.0.1:8080@evil.example.org/" },
	  403,
	  "agent.api.origins",
	  true },
	{ "Referer without a host", { CHANGE, HOST, .referer = "x" }, 403, "origins", true },
	{ "an empty Referer", { CHANGE, HOST, .referer = "" }, 403, "origins", true },
	{ "Referer of a page that is listed",
	  { CHANGE, HOST, .referer = "https://noc.example.net/page" },
	  403,
	  "agent.api.origins",
	  false },
	{ "Origin before Referer",
	  { CHANGE, HOST, .origin = "http://evil.example.org",
	    .referer = "http://127.0.0.1:8080/" },
	  403,
	  "evil.example.org",
	  true },
	{ "reading by Referer",
	  { .needs = ROLE_READ, HOST, .referer = "http://evil.example.org/" },
	  0,
	  NULL,
	  false },
	{ "a browser without a page", { CHANGE, HOST, .browser = true }, 403, "a browser", true },
	{ "a browser's address line",
	  { CHANGE, HOST, .browser = true, .fetch_site = "none" },
	  0,
	  NULL,
	  false },
	{ "reading by a browser", { .needs = ROLE_READ, HOST, .browser = true }, 0, NULL, false },
	{ "another scheme", { CHANGE, HOST, .unknown_scheme = true }, 0, NULL, false },
	{ "another scheme, for more than it may",
	  { .needs = ROLE_ADMIN, .change = true, HOST, .unknown_scheme = true },
	  401,
	  "not 'Bearer TOKEN'",
	  true },
	{ "the address line", { CHANGE, HOST, .fetch_site = "none" }, 0, NULL, false },
	{ "the same site", { CHANGE, HOST, .fetch_site = "same-origin" }, 0, NULL, false },
	{ "reading by a page",
	  { .needs = ROLE_READ, HOST, .origin = "http://evil.example.org" },
	  0,
	  NULL,
	  false },
	{ "a proxy", { CHANGE, HOST, .proxy = "Via" }, 403, "agent.api.proxied", false },
	{ "reading through a proxy", { .needs = ROLE_READ, HOST, .proxy = "Via" }, 0, NULL, false },
	{ "a VIP", { CHANGE, HOST, .to_vip = true }, 403, "agent.api.on_vips", false },
	{ "reading at a VIP",
	  { .needs = ROLE_READ, HOST, .to_vip = true },
	  403,
	  "agent.api.on_vips",
	  false },
	{ "read_addr", { CHANGE, HOST, .read_only = true }, 403, "agent.read_addr", true },
	{ "reading at read_addr", { .needs = ROLE_READ, HOST, .read_only = true }, 0, NULL, false },
	{ "a certificate that has expired",
	  { .needs = ROLE_READ, HOST, .bad_certificate = "it has expired" },
	  401,
	  "the client certificate is not accepted: it has expired",
	  true },
	{ "a wrong token",
	  { .needs = ROLE_READ, HOST, .bad_token = true },
	  401,
	  "agent.api.tokens",
	  true },
};

/* The last header of a name counts, in any case; the others are counted where that matters. */
static void test_headers(void **state)
{
	static const char *const headers[][2] = {
		{ "host", "a" },
		{ "HOST", "b" },
		{ "Origin", "http://c" },
		{ "sec-fetch-site", "none" },
		{ "REFERER", "http://d/" },
		{ "Hosts", "x" },
		{ "Accept", "Mozilla/5.0" },
	};
	struct request_facts facts = { 0 };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		request_facts_add(&facts, headers[i][0], headers[i][1]);
	assert_int_equal(facts.n_hosts, 2);
	assert_string_equal(facts.host, "b");
	assert_int_equal(facts.n_origins, 1);
	assert_string_equal(facts.origin, "http://c");
	assert_int_equal(facts.n_sites, 1);
	assert_string_equal(facts.fetch_site, "none");
	assert_string_equal(facts.referer, "http://d/");
	assert_false(facts.browser);
	assert_null(facts.proxy);
	request_facts_add(&facts, "origin", "http://e");
	request_facts_add(&facts, "Sec-Fetch-Site", "cross-site");
	assert_int_equal(facts.n_origins, 2);
	assert_string_equal(facts.origin, "http://e");
	assert_int_equal(facts.n_sites, 2);
	assert_string_equal(facts.fetch_site, "cross-site");
}

static void test_headers_of_browsers_and_proxies(void **state)
{
	static const char *const proxies[] = { "Forwarded", "X-Forwarded-For", "X-Forwarded-Host",
					       "X-Real-IP", "Via" };
	struct request_facts facts = { 0 };
	(void)state;
	request_facts_add(&facts, "user-agent", "mozilla/5.0 (X11)");
	assert_true(facts.browser);
	request_facts_add(&facts, "User-Agent", "curl/8 Mozilla/5.0");
	assert_false(facts.browser);
	request_facts_add(&facts, "User-Agent", "Mozilla");
	assert_false(facts.browser);
	for (size_t i = 0; i < ARRAY_SIZE(proxies); i++) {
		facts = (struct request_facts){ 0 };
		request_facts_add(&facts, proxies[i], "x");
		assert_string_equal(facts.proxy, proxies[i]);
	}
	request_facts_add(&facts, "x-real-ip", "x");
	assert_string_equal(facts.proxy, "X-Real-IP");
	request_facts_add(&facts, "X-Real-IP2", "x");
	assert_string_equal(facts.proxy, "X-Real-IP");
}

/* A name, or an address in brackets, with or without a port. */
static void test_names_in_host(void **state)
{
	static char *const names[] = { (char *)"::1", (char *)"1", (char *)"a.example" };
	static const struct {
		const char *host;
		bool known;
	} cases[] = {
		{ "a.example", true },   { "A.EXAMPLE:80", true },
		{ "a.example.", false }, { "[::1]", true },
		{ "[::1]:80", true },    { "[1]", true },
		{ "[a.example]", true }, { "::1", false },
		{ "[]", false },         { "[", false },
		{ "", false },           { ":80", false },
		{ "[::1x", false },      { "[::1", false },
	};
	const struct api_rules rules = { .local = ROLE_REGISTER,
					 .hosts = { (char **)names, ARRAY_SIZE(names) } };
	const struct principal local = { PRINCIPAL_LOCAL, ROLE_REGISTER, "local" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct request_facts request = { CHANGE, NAMED(cases[i].host) };
		struct err err = { "" };
		unsigned status = rights_check(&rules, &local, &request, &err);
		if (status != (cases[i].known ? 0 : 403))
			fail_msg("%s: %u %s", cases[i].host, status, err.text);
	}
}

static void expect(size_t row, const struct api_rules *rules, unsigned status)
{
	const struct principal local = { PRINCIPAL_LOCAL, ROLE_REGISTER, "local" };
	struct err err = { "" };
	unsigned got = rights_check(rules, &local, &rows[row].request, &err);
	if (got != status || (status && !strstr(err.text, rows[row].says)))
		fail_msg("%s: %u %s", rows[row].name, got, err.text);
}

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		expect(i, &defaults, rows[i].status);
		expect(i, &open, rows[i].always ? rows[i].status : 0);
	}
}

/* Credentials that a browser adds on its own do not show who wants the change; it never adds a
 * token. */
static void test_browsers(void **state)
{
	static const struct {
		struct principal principal;
		unsigned status;
	} clients[] = {
		{ { PRINCIPAL_TOKEN, ROLE_ADMIN, "token ops" }, 0 },
		{ { PRINCIPAL_UID, ROLE_ADMIN, "uid 0" }, 0 },
		{ { PRINCIPAL_CERTIFICATE, ROLE_ADMIN, "certificate ops" }, 403 },
		{ { PRINCIPAL_LOCAL, ROLE_REGISTER, "local" }, 403 },
		{ { PRINCIPAL_REMOTE, ROLE_REGISTER, "remote" }, 403 },
	};
	const struct request_facts request = { CHANGE, HOST, .browser = true };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		struct err err = { "" };
		assert_int_equal(rights_check(&defaults, &clients[i].principal, &request, &err),
				 clients[i].status);
	}
}

static const struct {
	struct principal principal;
	enum role needs;
	unsigned status;
	const char *says;
} roles[] = {
	{ { PRINCIPAL_REMOTE, ROLE_READ, "remote" }, ROLE_READ, 0, NULL },
	{ { PRINCIPAL_REMOTE, ROLE_READ, "remote" },
	  ROLE_REGISTER,
	  403,
	  "requires the role 'register', and remote has 'read'; agent.api.remote" },
	{ { PRINCIPAL_REMOTE, ROLE_NONE, "remote" }, ROLE_READ, 403, "agent.api.remote" },
	{ { PRINCIPAL_LOCAL, ROLE_REGISTER, "local" }, ROLE_ADMIN, 403, "agent.api.local" },
	{ { PRINCIPAL_UID, ROLE_REGISTER, "uid 7" }, ROLE_ADMIN, 403, "agent.api.uids" },
	{ { PRINCIPAL_UID, ROLE_ADMIN, "uid 0" }, ROLE_ADMIN, 0, NULL },
	{ { PRINCIPAL_TOKEN, ROLE_READ, "token ci" }, ROLE_REGISTER, 403, "agent.api.tokens" },
	{ { PRINCIPAL_CERTIFICATE, ROLE_READ, "certificate x" },
	  ROLE_REGISTER,
	  403,
	  "agent.api.certificates" },
	{ { PRINCIPAL_OWN_CHECK, ROLE_READ, "own check" }, ROLE_READ, 0, NULL },
	/* Whatever its role. */
	{ { PRINCIPAL_OWN_CHECK, ROLE_ADMIN, "own check" },
	  ROLE_REGISTER,
	  403,
	  "a check of the agent itself may change nothing" },
};

static void test_roles(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		struct err err = { "" };
		const struct request_facts request = { .needs = roles[i].needs,
						       .change = roles[i].needs > ROLE_READ,
						       HOST };
		unsigned got = rights_check(&defaults, &roles[i].principal, &request, &err);
		if (got != roles[i].status || (got && !strstr(err.text, roles[i].says)))
			fail_msg("row %zu: %u %s", i, got, err.text);
	}
}

static void test_description(void **state)
{
	(void)state;
	char text[RIGHTS_TEXT_MAX];
	static struct api_grant tokens[] = { { .name = (char *)"ci", .role = ROLE_REGISTER },
					     { .name = (char *)"ops", .role = ROLE_ADMIN } };
	static struct api_grant more[] = { { .name = (char *)"ci", .role = ROLE_REGISTER },
					   { .name = (char *)"look", .role = ROLE_READ },
					   { .name = (char *)"cd", .role = ROLE_REGISTER } };
	struct api_rules rules = defaults;
	assert_string_equal(rights_describe(&rules, text),
			    "admin: root and the agent's user on a unix socket; register: this "
			    "host; read: other hosts");
	rules.certificates = (struct api_grants){ tokens, 1, 1 };
	rules.gids.n = 1;
	assert_string_equal(rights_describe(&rules, text),
			    "admin: root and the agent's user on a unix socket, agent.api.uids and "
			    "gids; register: certificate ci, this host; read: other hosts");
	rules.certificates = (struct api_grants){ more, 3, 3 };
	rules.uids.n = 1;
	assert_string_equal(rights_describe(&rules, text),
			    "admin: root and the agent's user on a unix socket, agent.api.uids and "
			    "gids; register: certificate ci, certificate cd, this host; read: "
			    "certificate look, other hosts");
	rules.certificates.n = 0;
	rules.gids.n = 0;
	rules.tokens = (struct api_grants){ tokens, 2, 2 };
	rules.uids.n = 1;
	rules.local = ROLE_NONE;
	rules.remote = ROLE_NONE;
	assert_string_equal(rights_describe(&rules, text),
			    "admin: root and the agent's user on a unix socket, agent.api.uids and "
			    "gids, token ops; register: token ci; read: -");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_headers_of_browsers_and_proxies),
		cmocka_unit_test(test_names_in_host),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_browsers),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_description),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
