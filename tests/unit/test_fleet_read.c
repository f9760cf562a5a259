/* SPDX-License-Identifier: MIT */
/* A read of the keys of a fleet, with a fake Consul. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fleet/fleet_read.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/fake_http.h"

#define N_VIPS (FLEET_VIPS_MAX + 2)
#define TXN    "PUT /v1/txn"

struct bed {
	sd_event *loop;
	struct fake_http consul;
	struct consul_config config;
	struct fleet_spec spec;
	struct fleet_shared shared;
	struct prefix vips[N_VIPS];
	struct fleet_read *read;
	size_t n_views, n_up, n_done;
	bool is_done, failed;
	struct err err;
};

static const char *no_variable(const char *name)
{
	(void)name;
	return NULL;
}

static int setup(void **state)
{
	char url[64], text[PREFIX_TEXT_MAX];
	struct bed *b = mem_new(1, sizeof(*b));
	struct err err;
	assert_true(sd_event_new(&b->loop) >= 0);
	fake_http_start(&b->consul, b->loop, 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", b->consul.port);
	b->config = (struct consul_config){ .addr = mem_strdup(url), .tls_verify = true };
	b->spec.timeout = 3600 * USEC_PER_SEC;
	b->shared = (struct fleet_shared){ .loop = b->loop, .spec = &b->spec };
	str_copy(b->shared.prefix, sizeof(b->shared.prefix), "p");
	str_copy(b->shared.node, sizeof(b->shared.node), "a");
	list_init(&b->shared.reads);
	assert_int_equal(
		consul_transport_new(b->loop, &b->config, no_variable, &b->shared.transport, &err),
		0);
	for (size_t i = 0; i < N_VIPS; i++) {
		snprintf(text, sizeof(text), "192.0.2.%zu/32", i);
		assert_int_equal(prefix_parse(text, &b->vips[i], NULL), 0);
	}
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	consul_transport_free(b->shared.transport);
	fake_http_stop(&b->consul);
	consul_config_done(&b->config);
	sd_event_unref(b->loop);
	free(b);
	return 0;
}

static void on_view(size_t i, const struct fleet_view *view, void *userdata)
{
	struct bed *b = userdata;
	assert_int_equal(i, b->n_views);
	b->n_views++;
	b->n_up += view->n_up;
}

static void on_done(const struct err *err, void *userdata)
{
	struct bed *b = userdata;
	b->read = NULL;
	b->is_done = true;
	b->n_done++;
	b->failed = err;
	if (err)
		b->err = *err;
}

static const struct fleet_read_ops ops = { on_view, on_done };

static void begin(struct bed *b, size_t n)
{
	struct err err;
	if (fleet_read_new(&b->shared, b->vips, n, &ops, b, &b->read, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(b->is_done);
}

/* "normal", of node `a`. */
static void reply_up(struct bed *b, const char *vip)
{
	char body[512];
	snprintf(body, sizeof(body),
		 "{\"Results\":[{\"KV\":{\"Key\":\"p/%s/up/a\",\"Session\":\"s\",\"ModifyIndex\":7,"
		 "\"Value\":\"eyJ2ZXJzaW9uIjoxLCJmb3JtIjoibm9ybWFsIiwic2VyaWFsIjo3fQ==\"}}]}",
		 vip);
	fake_http_reply(fake_http_expect(&b->consul, TXN), 200, "", body);
}

/* More than a transaction has. */
static void test_all_vips(void **state)
{
	struct bed *b = *state;
	begin(b, N_VIPS);
	const struct fake_http_conn *c = fake_http_expect(&b->consul, TXN);
	assert_non_null(strstr(c->request, "p/192.0.2.15/32/"));
	assert_null(strstr(c->request, "p/192.0.2.16/32/"));
	reply_up(b, "192.0.2.3/32");
	c = fake_http_expect(&b->consul, TXN);
	assert_int_equal(b->n_views, FLEET_VIPS_MAX);
	assert_non_null(strstr(c->request, "p/192.0.2.17/32/"));
	reply_up(b, "192.0.2.17/32");
	loop_until(b->loop, loop_until_true, &b->is_done);
	assert_false(b->failed);
	assert_int_equal(b->n_views, N_VIPS);
	assert_int_equal(b->n_up, 2);
	assert_int_equal(b->shared.n_reads, 0);
}

static void test_failures(void **state)
{
	struct bed *b = *state;
	begin(b, 1);
	fake_http_reply(fake_http_expect(&b->consul, TXN), 500, "", "No cluster leader");
	loop_until(b->loop, loop_until_true, &b->is_done);
	assert_true(b->failed);
	assert_non_null(strstr(b->err.text, "500"));
	b->is_done = false;
	b->spec.timeout = 1000;
	begin(b, 1);
	loop_until(b->loop, loop_until_true, &b->is_done);
	assert_string_equal(b->err.text, "no answer from Consul within 1ms");
	assert_int_equal(b->n_views, 0);
	assert_int_equal(b->shared.n_reads, 0);
}

static void test_ends(void **state)
{
	struct bed *b = *state;
	struct fleet_read *read;
	struct err err;
	begin(b, 1);
	fleet_read_cancel(b->read);
	assert_false(b->is_done);
	for (size_t i = 0; i < FLEET_READS_MAX; i++)
		begin(b, 1);
	assert_int_equal(fleet_read_new(&b->shared, b->vips, 1, &ops, b, &read, &err), -EBUSY);
	fleet_reads_end(&b->shared, "vipherald is stopping");
	assert_int_equal(b->n_done, FLEET_READS_MAX);
	assert_string_equal(b->err.text, "vipherald is stopping");
	assert_int_equal(b->shared.n_reads, 0);
}

static void test_refused(void **state)
{
	struct bed *b = *state;
	struct fleet_shared none = { .transport = NULL };
	struct fleet_read *read;
	struct err err;
	assert_int_equal(fleet_read_new(NULL, b->vips, 1, &ops, b, &read, &err), -ENOENT);
	assert_int_equal(fleet_read_new(&none, b->vips, 1, &ops, b, &read, &err), -ENOTCONN);
	assert_int_equal(fleet_read_new(&b->shared, b->vips, 0, &ops, b, &read, &err), -E2BIG);
	assert_int_equal(
		fleet_read_new(&b->shared, b->vips, FLEET_READ_VIPS_MAX + 1, &ops, b, &read, &err),
		-E2BIG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_vips, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
