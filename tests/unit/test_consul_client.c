/* SPDX-License-Identifier: MIT */
/* The client in a loop, with a fake Consul: the two queries, failures, a reset, the token. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consul/client.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "tests/unit/fake_http.h"

#define SERVICES "GET /v1/catalog/node/n1"
#define CHECKS   "GET /v1/health/node/n1"
#define SELF     "GET /v1/agent/self"

struct bed {
	sd_event *loop;
	struct fake_http consul;
	struct consul_config config;
	struct consul_client *client;
	unsigned changes, service_changes;
};

static const char *node; /* CONSUL_NODE */

static const char *environment(const char *name)
{
	return strcmp(name, "CONSUL_NODE") == 0 ? node : NULL;
}

static void on_changed(bool services, void *userdata)
{
	struct bed *b = userdata;
	b->changes++;
	b->service_changes += services;
}

static int setup(void **state)
{
	char url[64];
	struct bed *b = mem_new(1, sizeof(*b));
	assert_true(sd_event_new(&b->loop) >= 0);
	fake_http_start(&b->consul, b->loop, 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", b->consul.port);
	b->config = (struct consul_config){
		.addr = mem_strdup(url),
		.match_tag = mem_strdup("on"),
		.tls_verify = true,
		.query_interval = 300 * USEC_PER_SEC,
	};
	node = "n1";
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	consul_client_free(b->client);
	fake_http_stop(&b->consul);
	consul_config_done(&b->config);
	sd_event_unref(b->loop);
	free(b);
	return 0;
}

static void start(struct bed *b)
{
	struct err err = { "" };
	if (consul_client_new(b->loop, &b->config, environment, on_changed, b, &b->client, &err) <
	    0)
		fail_msg("%s", err.text);
}

/* A service with the match tag for each letter. */
static void reply_services(struct bed *b, unsigned index, const char *names)
{
	char header[64], body[1024];
	size_t n = (size_t)snprintf(body, sizeof(body),
				    "{\"Node\":{\"ID\":\"id\",\"CreateIndex\":5},\"Services\":{");
	for (const char *p = names; *p; p++)
		n += (size_t)snprintf(
			body + n, sizeof(body) - n,
			"%s\"%c\":{\"ID\":\"%c\",\"Service\":\"%c\",\"Tags\":[\"on\"]}",
			p > names ? "," : "", *p, *p, *p);
	snprintf(body + n, sizeof(body) - n, "}}");
	snprintf(header, sizeof(header), "X-Consul-Index: %u\r\n", index);
	fake_http_reply(fake_http_expect(&b->consul, SERVICES), 200, header, body);
}

static void reply_check(struct bed *b, unsigned index, const char *service, const char *status)
{
	char header[64], body[256];
	snprintf(header, sizeof(header), "X-Consul-Index: %u\r\n", index);
	snprintf(body, sizeof(body),
		 "[{\"CheckID\":\"c\",\"ServiceName\":\"%s\",\"Status\":\"%s\",\"Output\":\"x\"}]",
		 service, status);
	fake_http_reply(fake_http_expect(&b->consul, CHECKS), 200, header, body);
}

static struct consul_client_status status_of(const struct bed *b)
{
	struct consul_client_status status;
	consul_client_status(b->client, &status);
	return status;
}

static bool in_contact(void *userdata)
{
	return status_of(userdata).contact == CONSUL_IN_CONTACT;
}

static bool lost(void *userdata)
{
	return status_of(userdata).contact == CONSUL_LOST;
}

static enum consul_health judge(const struct bed *b, const char *service)
{
	char said[CONSUL_SAID_MAX];
	return consul_client_judge(b->client, service, said);
}

static bool a_passes(void *userdata)
{
	return judge(userdata, "a") == CONSUL_PASSES;
}

static bool a_fails(void *userdata)
{
	return judge(userdata, "a") == CONSUL_FAILS;
}

/* The checks first: a service of which no check is known makes the client query them again. */
static void bring_up(struct bed *b)
{
	start(b);
	reply_check(b, 20, "a", "passing");
	fake_http_expect(&b->consul, CHECKS);
	reply_services(b, 10, "a");
	loop_until(b->loop, in_contact, b);
	assert_true(a_passes(b));
}

static void test_without_an_address_there_is_no_consul(void **state)
{
	struct bed *b = *state;
	struct err err = { "" };
	free(b->config.addr);
	b->config.addr = NULL;
	assert_int_equal(consul_client_new(b->loop, &b->config, environment, on_changed, b,
					   &b->client, &err),
			 -ENOENT);
}

static void test_answers_are_followed_by_blocking_queries(void **state)
{
	struct bed *b = *state;
	bring_up(b);
	assert_non_null(strstr(fake_http_expect(&b->consul, SERVICES)->request, "index=10"));
	struct fake_http_conn *checks = fake_http_expect(&b->consul, CHECKS);
	assert_non_null(strstr(checks->request, "index=20"));
	assert_non_null(strstr(checks->request, "wait=60000ms"));
	reply_check(b, 21, "a", "critical");
	loop_until(b->loop, a_fails, b);
	struct consul_client_status status = status_of(b);
	assert_int_equal(status.checks.index, 21);
	assert_int_equal(status.checks.answers, 2);
	assert_int_equal(status.catalog.answers, 1);
	assert_string_equal(status.node, "n1");
}

/* The name of the node comes first, and again after a failure: it may be another one. */
static void test_the_agent_names_the_node(void **state)
{
	struct bed *b = *state;
	node = NULL;
	start(b);
	fake_http_reply(fake_http_expect(&b->consul, SELF), 200, "",
			"{\"Config\":{\"NodeName\":\"n1\"}}");
	reply_check(b, 20, "a", "passing");
	fake_http_expect(&b->consul, CHECKS);
	reply_services(b, 10, "a");
	loop_until(b->loop, in_contact, b);
	fake_http_reply(fake_http_expect(&b->consul, SERVICES), 500, "", "down");
	loop_until(b->loop, lost, b);
	fake_http_reply(fake_http_expect(&b->consul, SELF), 403, "", "no");
	fake_http_expect(&b->consul, SELF);
	assert_non_null(strstr(status_of(b).error, "name of the node"));
	assert_non_null(strstr(status_of(b).error, "check the token"));
}

static void test_a_failure_keeps_the_catalog(void **state)
{
	struct bed *b = *state;
	bring_up(b);
	unsigned service_changes = b->service_changes;
	fake_http_reply(fake_http_expect(&b->consul, SERVICES), 500, "", "broken\nmore");
	loop_until(b->loop, lost, b);
	assert_string_equal(status_of(b).error, "HTTP 500: broken");
	assert_true(a_passes(b));
	/* Repeated without an index, so that it is answered at once. */
	assert_null(strstr(fake_http_expect(&b->consul, SERVICES)->request, "index="));
	reply_services(b, 10, "a");
	loop_until(b->loop, in_contact, b);
	assert_int_equal(b->service_changes, service_changes);
	assert_int_equal(status_of(b).catalog.failures, 1);
}

static void test_broken_answers_are_failures(void **state)
{
	static const char *const bodies[] = { "{", "[]", "{\"Node\":{},\"Services\":[]}" };
	struct bed *b = *state;
	bring_up(b);
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		fake_http_reply(fake_http_expect(&b->consul, SERVICES), 200,
				"X-Consul-Index: 11\r\n", bodies[i]);
		fake_http_expect(&b->consul, SERVICES);
		assert_int_equal(status_of(b).catalog.failures, i + 1);
	}
	fake_http_reply(fake_http_expect(&b->consul, CHECKS), 200, "X-Consul-Index: 21\r\n", "{}");
	fake_http_expect(&b->consul, CHECKS);
	assert_int_equal(status_of(b).checks.failures, 1);
	assert_true(a_passes(b));
}

static void test_a_consul_that_restarts(void **state)
{
	struct bed *b = *state;
	bring_up(b);
	uint16_t port = b->consul.port;
	fake_http_stop(&b->consul);
	loop_until(b->loop, lost, b);
	fake_http_start(&b->consul, b->loop, port);
	reply_services(b, 10, "a");
	/* Before it has run the check, which passed before. */
	fake_http_reply(fake_http_expect(&b->consul, CHECKS), 200, "X-Consul-Index: 20\r\n",
			"[{\"CheckID\":\"c\",\"ServiceName\":\"a\",\"Status\":\"critical\","
			"\"Output\":\"\"}]");
	loop_until(b->loop, in_contact, b);
	assert_int_equal(judge(b, "a"), CONSUL_UNKNOWN);
	reply_check(b, 21, "a", "passing");
	loop_until(b->loop, a_passes, b);
}

static bool a_retained(void *userdata)
{
	const struct bed *b = userdata;
	const struct consul_entry *e = consul_client_catalog(b->client)->entries;
	return e && e->retained_since != USEC_NEVER;
}

static void test_a_reset_retains_and_a_deregistration_removes(void **state)
{
	struct bed *b = *state;
	bring_up(b);
	reply_services(b, 3, "");
	loop_until(b->loop, a_retained, b);
	assert_int_equal(judge(b, "a"), CONSUL_UNKNOWN);
	reply_services(b, 4, "a");
	fake_http_expect(&b->consul, SERVICES);
	assert_false(a_retained(b));
	reply_services(b, 5, "");
	loop_until(b->loop, a_fails, b);
	assert_null(consul_client_catalog(b->client)->entries);
}

/* The agent comes back under another name; its node is not registered yet, then without the
 * service. */
static void test_a_node_of_another_name_retains(void **state)
{
	struct bed *b = *state;
	node = NULL;
	start(b);
	fake_http_reply(fake_http_expect(&b->consul, SELF), 200, "",
			"{\"Config\":{\"NodeName\":\"n1\"}}");
	reply_check(b, 20, "a", "passing");
	fake_http_expect(&b->consul, CHECKS);
	reply_services(b, 10, "a");
	loop_until(b->loop, in_contact, b);
	uint16_t port = b->consul.port;
	fake_http_stop(&b->consul);
	loop_until(b->loop, lost, b);
	fake_http_start(&b->consul, b->loop, port);
	fake_http_reply(fake_http_expect(&b->consul, SELF), 200, "",
			"{\"Config\":{\"NodeName\":\"n2\"}}");
	fake_http_reply(fake_http_expect(&b->consul, "GET /v1/catalog/node/n2"), 200,
			"X-Consul-Index: 99\r\n", "null");
	fake_http_reply(fake_http_expect(&b->consul, "GET /v1/health/node/n2"), 200,
			"X-Consul-Index: 99\r\n", "[]");
	loop_until(b->loop, a_retained, b);
	assert_int_equal(judge(b, "a"), CONSUL_UNKNOWN);
	fake_http_reply(fake_http_expect(&b->consul, "GET /v1/catalog/node/n2"), 200,
			"X-Consul-Index: 101\r\n",
			"{\"Node\":{\"ID\":\"id\",\"CreateIndex\":100},\"Services\":{}}");
	fake_http_expect(&b->consul, "GET /v1/catalog/node/n2");
	assert_true(a_retained(b));
	assert_int_equal(judge(b, "a"), CONSUL_UNKNOWN);
}

/* Whether a new service has checks only a later answer can say: it is queried at once. */
static void test_a_new_service_queries_the_checks_again(void **state)
{
	struct bed *b = *state;
	bring_up(b);
	fake_http_expect(&b->consul, CHECKS);
	uint64_t before = fake_http_expect(&b->consul, CHECKS)->number;
	reply_services(b, 11, "ab");
	while (fake_http_expect(&b->consul, CHECKS)->number == before)
		assert_true(sd_event_run(b->loop, UINT64_MAX) >= 0);
	assert_null(strstr(fake_http_expect(&b->consul, CHECKS)->request, "index="));
	assert_int_equal(judge(b, "b"), CONSUL_UNKNOWN);
	reply_check(b, 20, "a", "passing");
	fake_http_expect(&b->consul, SERVICES);
	fake_http_expect(&b->consul, CHECKS);
	assert_int_equal(judge(b, "b"), CONSUL_PASSES);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void test_the_token_file_is_read_for_each_query(void **state)
{
	struct bed *b = *state;
	char path[] = "/tmp/vipherald-token-XXXXXX";
	close(mkstemp(path));
	write_file(path, "first\n");
	b->config.token_file = mem_strdup(path);
	start(b);
	assert_non_null(strstr(fake_http_expect(&b->consul, SERVICES)->request,
			       "X-Consul-Token: first\r\n"));
	write_file(path, "second\n");
	reply_services(b, 10, "a");
	assert_non_null(strstr(fake_http_expect(&b->consul, SERVICES)->request,
			       "X-Consul-Token: second\r\n"));
	unlink(path);
	reply_services(b, 11, "a");
	loop_until(b->loop, lost, b);
	assert_non_null(strstr(status_of(b).error, "cannot be read"));
}

static void test_a_url_that_is_too_long_is_an_error(void **state)
{
	struct bed *b = *state;
	b->config.datacenter = mem_new(1, CONSUL_URL_MAX + 1);
	memset(b->config.datacenter, 'd', CONSUL_URL_MAX);
	start(b);
	loop_until(b->loop, lost, b);
	assert_non_null(strstr(status_of(b).error, "too long"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_an_address_there_is_no_consul),
		TEST(test_answers_are_followed_by_blocking_queries),
		TEST(test_a_node_of_another_name_retains),
		TEST(test_the_agent_names_the_node),
		TEST(test_a_failure_keeps_the_catalog),
		TEST(test_broken_answers_are_failures),
		TEST(test_a_consul_that_restarts),
		TEST(test_a_reset_retains_and_a_deregistration_removes),
		TEST(test_a_new_service_queries_the_checks_again),
		TEST(test_the_token_file_is_read_for_each_query),
		TEST(test_a_url_that_is_too_long_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
