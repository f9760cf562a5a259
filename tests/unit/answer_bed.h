/* SPDX-License-Identifier: MIT */
/*
 * The answers of the API: registry, reconciler, actuator, speaker and store as in the agent, on a
 * loop, in a network namespace of its own. Requests are handed over parsed; test_api has the
 * server.
 */
#ifndef TESTS_UNIT_ANSWER_BED_H
#define TESTS_UNIT_ANSWER_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/http/answer.h"
#include "agent/http/request.h"
#include "agent/model/port_ways.h"
#include "agent/status/status_line_collect.h"
#include "agent/status/view_app_vips.h"
#include "agent/status/view_apps.h"
#include "agent/status/view_vip.h"
#include "agent/vip/host_addresses.h"
#include "agent/vip/vip.h"
#include "lib/array.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/version.h"

#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

#define CONFIG                                                                                     \
	"agent:\n"                                                                                 \
	"  state_file: %s\n"                                                                       \
	"  drain_time: 30s\n"                                                                      \
	"bgp:\n"                                                                                   \
	"  local_as: 65001\n"                                                                      \
	"  router_id: 127.0.0.1\n"                                                                 \
	"  local_ip: 127.0.0.1\n"                                                                  \
	"  communities: [ \"1000:1000\" ]\n"                                                       \
	"  peers:\n"                                                                               \
	"    - { peer_ip: 127.0.0.9, peer_as: 65000, password: secret }\n"                         \
	"apps:\n"                                                                                  \
	"  - { name: config, vip: 192.0.2.1/32 }\n"

struct agent {
	sd_event *loop;
	struct config *config;
	struct host_addresses addresses;
	struct actuator *actuator;
	struct monitor_runner *runner;
	struct registry *registry;
	struct bgp_speaker *speaker;
	struct store *store;
	struct capability_needs capabilities;
	struct status_sources in;
	char dir[64];
	bool stopping;
	/* The last reply. */
	unsigned status;
	struct api_reply reply;
	char *text;
	/* Of the store. */
	uint64_t stored_to;
};

static inline void on_stored(uint64_t up_to, bool stored, void *userdata)
{
	struct agent *a = userdata;
	if (stored)
		a->stored_to = up_to;
}

static inline void load_config(struct agent *a, const char *state_file)
{
	char text[1024];
	struct config_findings findings = { 0 };
	int n = snprintf(text, sizeof(text), CONFIG, state_file);
	assert_int_equal(config_load_text(text, (size_t)n, &a->config, &findings), 0);
	config_findings_done(&findings);
}

static inline int ways(const void *owner, uint8_t proto, uint16_t port, struct monitor_ways *ret,
		       struct err *err, void *userdata)
{
	static const struct addr own[2] = { { AF_INET, { 127, 0, 0, 1 } } };
	const struct app *app = owner;
	(void)err, (void)userdata;
	port_ways(app->spec, proto, port, own, ret);
	return 0;
}

static inline void make_registry(struct agent *a)
{
	const struct runner_config runner = { .timing.interval = 10 * USEC_PER_SEC, .ways = ways };
	struct reconcile *reconcile = actuator_reconcile(a->actuator);
	assert_int_equal(monitor_runner_new(a->loop, &runner, &a->runner, NULL), 0);
	a->registry = registry_new(a->loop, a->runner, reconcile, 900 * USEC_PER_SEC);
	const struct registry_options options = { .drain_time = a->config->agent.drain_time,
						  .admission = &a->config->agent.admission };
	registry_set_options(a->registry, &options);
}

static inline void register_config(struct agent *a)
{
	enum register_result result;
	for (size_t i = 0; i < a->config->n_apps; i++)
		assert_int_equal(registry_register(a->registry, &a->config->apps[i],
						   loop_now(a->loop), &result, NULL),
				 0);
}

static inline void make_sources(struct agent *a)
{
	a->in = (struct status_sources){
		.loop = a->loop,
		.registry = a->registry,
		.reconcile = actuator_reconcile(a->actuator),
		.runner = a->runner,
		.speaker = a->speaker,
		.nat = actuator_nat(a->actuator),
		.actuator = a->actuator,
		.bgp = &a->config->bgp,
		.phase = "running",
		.config = &a->config->agent,
		.configuration = a->config,
		.store = a->store,
		.capabilities = &a->capabilities,
		.registered = true,
		.started_at = loop_now(a->loop),
	};
}

static const struct bgp_speaker_ops no_ops;

static inline void start(struct agent *a, const char *state_file)
{
	struct err err = { "" };
	load_config(a, state_file);
	assert_true(sd_event_new(&a->loop) >= 0);
	assert_int_equal(host_addresses_find(a->config, &a->addresses, &err), 0);
	if (actuator_new(a->loop, &a->addresses, NAT_AUTO, &a->actuator, &err) < 0)
		fail_msg("%s", err.text);
	make_registry(a);
	a->store = store_new(a->loop, &a->config->agent, a->registry, a->actuator, on_stored, a);
	assert_int_equal(
		bgp_speaker_new(a->loop, &a->addresses.bgp, &no_ops, NULL, &a->speaker, &err), 0);
	actuator_set_speaker(a->actuator, a->speaker);
	register_config(a);
	store_begin(a->store, false);
	make_sources(a);
}

static inline int setup(void **state)
{
	static struct agent a;
	char file[96];
	a = (struct agent){ 0 };
	str_copy(a.dir, sizeof(a.dir), "/tmp/vipherald-test-XXXXXX");
	assert_non_null(mkdtemp(a.dir));
	snprintf(file, sizeof(file), "%s/state.json", a.dir);
	start(&a, file);
	*state = &a;
	return 0;
}

static inline int setup_without_state_file(void **state)
{
	static struct agent a;
	a = (struct agent){ 0 };
	start(&a, "\"\"");
	*state = &a;
	return 0;
}

static inline void drop_reply(struct agent *a)
{
	free(a->text);
	reply_done(&a->reply);
	a->reply = (struct api_reply){ 0 };
	a->text = NULL;
}

static inline int teardown(void **state)
{
	struct agent *a = *state;
	drop_reply(a);
	store_free(a->store);
	registry_free(a->registry);
	monitor_runner_free(a->runner);
	actuator_free(a->actuator);
	bgp_speaker_free(a->speaker);
	host_addresses_done(&a->addresses);
	config_free(a->config);
	sd_event_unref(a->loop);
	if (a->dir[0])
		shell("rm -r %s", a->dir);
	shell("ip addr flush dev lo; ip addr add 127.0.0.1/8 dev lo; ip link set lo up");
	return 0;
}

static inline char *text_of(const struct api_reply *reply)
{
	size_t len = 0, cap = 0, n = 1;
	char *text = NULL;
	if (!reply->stream)
		return mem_strdup(reply->body ? reply->body : "");
	while (n > 0) {
		text = mem_grow(text, &cap, len + 512, 1);
		n = stream_read(reply->stream, text + len, 511);
		len += n;
	}
	text[len] = 0;
	return text;
}

/* "PATH?NAME=VALUE&NAME=VALUE", nothing encoded. */
static inline void ask(struct agent *a, const char *url)
{
	char copy[512], *rest = copy;
	struct api_arg args[16];
	struct api_request request = { .method = "GET", .args = args };
	struct api_call call;
	str_copy(copy, sizeof(copy), url);
	request.path = strsep(&rest, "?");
	for (char *arg; (arg = strsep(&rest, "&"));) {
		const char *name = strsep(&arg, "=");
		args[request.n_args++] = (struct api_arg){ name, arg, arg ? strlen(arg) : 0 };
	}
	drop_reply(a);
	if (strstr(request.path, "/drain") || strstr(request.path, "/undrain"))
		request.method = "POST";
	request_parse(&request, &call);
	call.spec.local = call.spec.admin = true;
	answer_call(&a->in, a->stopping, &call, &a->reply);
	api_call_done(&call);
	a->status = a->reply.status;
	a->text = text_of(&a->reply);
}

static inline void expect(struct agent *a, const char *url, unsigned status, const char *says)
{
	ask(a, url);
	if (a->status != status || !strstr(a->text, says))
		fail_msg("%s: %u %s", url, a->status, a->text);
}

/* The reply as JSON, for json_decref(). */
static inline json_t *ask_json(struct agent *a, const char *url)
{
	ask(a, url);
	json_t *o = json_loads(a->text, 0, NULL);
	if (!o)
		fail_msg("%s: no JSON: %s", url, a->text);
	return o;
}

static inline void expect_text(const json_t *o, const char *key, const char *want)
{
	const char *got = json_string_value(json_object_get(o, key));
	if (!want != !got || (want && strcmp(want, got) != 0))
		fail_msg("%s: '%s', not '%s'", key, got ? got : "(null)", want ? want : "(null)");
}

static inline void expect_int(const json_t *o, const char *key, json_int_t want)
{
	assert_int_equal(json_integer_value(json_object_get(o, key)), want);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
