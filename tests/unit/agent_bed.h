/* SPDX-License-Identifier: MIT */
/*
 * The parts of an agent as agent/daemon/agent.c makes them, without API, signals and service
 * manager, in the network namespace of the test and in one of its directories. Include after
 * cmocka.h; enter a namespace of its own first (own_netns.h).
 */
#ifndef TESTS_UNIT_AGENT_BED_H
#define TESTS_UNIT_AGENT_BED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/compare.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/reload.h"
#include "agent/daemon/restart.h"
#include "agent/daemon/settings.h"
#include "agent/daemon/shutdown_ops.h"
#include "agent/model/app_spec_parse.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

struct agent_bed {
	struct agent a;
	char dir[64], file[96]; /* of the configuration */
	unsigned registered, recovered;
	uint64_t stored_to;
};

static inline void agent_bed_on_registered(void *userdata)
{
	struct agent_bed *b = userdata;
	b->registered++;
	reload_registered(b->a.reload);
}

static inline void agent_bed_on_recovered(void *userdata)
{
	struct agent_bed *b = userdata;
	b->recovered++;
	actuator_collect_leftovers(b->a.actuator);
}

static inline void agent_bed_on_stored(uint64_t up_to, bool stored, void *userdata)
{
	struct agent_bed *b = userdata;
	if (stored)
		b->stored_to = up_to;
}

/* Writes the configuration: `agent` are lines of that section, `rest` sections beside agent and
 * bgp, `peer` keys of the peer; state is kept in the directory. */
static inline void agent_bed_write(const struct agent_bed *b, const char *agent, const char *peer,
				   const char *rest)
{
	FILE *f = fopen(b->file, "w");
	assert_non_null(f);
	fprintf(f,
		"agent:\n  state_file: %s/state.json\n%s"
		"bgp:\n  local_as: 65001\n  router_id: 127.0.0.1\n  local_ip: 127.0.0.1\n"
		"  peers: [ { peer_ip: 127.0.0.9, peer_as: 65000%s } ]\n%s",
		b->dir, agent, peer, rest);
	assert_int_equal(fclose(f), 0);
}

static inline void agent_bed_load(struct agent_bed *b)
{
	struct config_findings findings = { 0 };
	if (config_load(b->file, &b->a.config, &findings) < 0)
		fail_msg("%s", findings.items[0].text);
	config_findings_done(&findings);
	config_file_loaded(&b->a.config_file, b->file, b->a.config);
}

static inline void agent_bed_make_health(struct agent *a)
{
	const struct runner_config runner = settings_of_runner(a);
	struct err err = { "" };
	assert_int_equal(monitor_runner_new(a->loop, &runner, &a->runner, &err), 0);
	a->registry = registry_new(a->loop, a->runner, actuator_reconcile(a->actuator),
				   a->config->agent.cleanup_timer);
	assert_int_equal(file_watcher_new(a->loop, 5 * USEC_PER_SEC, &a->presence, &err), 0);
	settings_apply_to_facts(a);
	settings_apply_to_registry(a);
}

/* All but the sources, so that no app is registered yet. */
static inline void agent_bed_start(struct agent_bed *b)
{
	static const struct bgp_speaker_ops no_ops;
	struct agent *a = &b->a;
	struct err err = { "" };
	agent_bed_load(b);
	assert_true(sd_event_new(&a->loop) >= 0);
	a->shutdown = shutdown_new(a->loop, &agent_shutdown_ops, a);
	a->reload = reload_new(a);
	a->compare = compare_new(a);
	a->restart = restart_new(a);
	assert_int_equal(host_addresses_find(a->config, &a->identity, &err), 0);
	if (actuator_new(a->loop, &a->identity, a->config->nat.backend, &a->actuator, &err) < 0)
		fail_msg("%s", err.text);
	agent_bed_make_health(a);
	a->store = store_new(a->loop, &a->config->agent, a->registry, a->actuator,
			     agent_bed_on_stored, b);
	assert_int_equal(
		bgp_speaker_new(a->loop, &a->identity.bgp, &no_ops, NULL, &a->speaker, &err), 0);
	a->peer_log = peer_log_new(a->speaker, actuator_reconcile(a->actuator));
	actuator_set_speaker(a->actuator, a->speaker);
	bgp_speaker_start(a->speaker);
	a->recovery = recovery_new(a->loop, a->speaker, a->registry,
				   actuator_reconcile(a->actuator), agent_bed_on_recovered, b);
}

static inline void agent_bed_start_sources(struct agent_bed *b)
{
	struct agent *a = &b->a;
	const struct sources_env env = {
		.loop = a->loop,
		.config = a->config,
		.registry = a->registry,
		.runner = a->runner,
		.store = a->store,
		.recovery = a->recovery,
		.registered = agent_bed_on_registered,
		.userdata = b,
	};
	a->sources = sources_new(&env);
}

static inline bool agent_bed_is_registered(void *userdata)
{
	return ((struct agent_bed *)userdata)->registered > 0;
}

/* With the sources; returns when the apps of the configuration are registered. */
static inline void agent_bed_run(struct agent_bed *b)
{
	agent_bed_start(b);
	agent_bed_start_sources(b);
	loop_until(b->a.loop, agent_bed_is_registered, b);
}

static inline void agent_bed_init(struct agent_bed *b)
{
	*b = (struct agent_bed){ .dir = "/tmp/vipherald-agent-XXXXXX" };
	instance_init(&b->a.instance);
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->file, sizeof(b->file), "%s/config.yaml", b->dir);
	agent_bed_write(b, "", "", "");
}

static inline void agent_bed_free_parts(struct agent *a)
{
	compare_free(a->compare);
	reload_free(a->reload);
	restart_free(a->restart);
	sources_free(a->sources);
	store_free(a->store);
	registry_free(a->registry);
	disable_file_free(a->disable_file);
	file_watcher_free(a->presence);
	monitor_runner_free(a->runner);
	host_facts_free(a->facts);
	actuator_free(a->actuator);
	peer_log_free(a->peer_log);
	recovery_free(a->recovery);
	bgp_speaker_free(a->speaker);
	shutdown_free(a->shutdown);
	host_addresses_done(&a->identity);
	config_free(a->config);
	config_file_done(&a->config_file);
	sd_event_unref(a->loop);
}

static inline void agent_bed_done(struct agent_bed *b)
{
	agent_bed_free_parts(&b->a);
	shell("rm -r %s", b->dir);
	shell("ip addr flush dev lo; ip addr add 127.0.0.1/8 dev lo; ip link set lo up");
}

static inline void agent_bed_register(struct agent_bed *b, const char *name, const char *vip)
{
	struct app_spec spec = { .source = APP_FROM_HTTP, .local = true, .admin = true };
	struct err err = { "" };
	enum register_result result;
	spec.by = mem_strdup("uid 0");
	assert_int_equal(app_spec_set_name(&spec, name, &err), 0);
	assert_int_equal(app_spec_add_vip(&spec, vip, &err), 0);
	if (registry_register(b->a.registry, &spec, loop_now(b->a.loop), &result, &err) < 0)
		fail_msg("%s", err.text);
	app_spec_done(&spec);
}

/* lo has this address. */
static inline bool agent_bed_has(const char *vip)
{
	return shell("ip -o addr show dev lo | grep -qF ' %s '", vip) == 0;
}

#endif
