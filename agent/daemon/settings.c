/* SPDX-License-Identifier: MIT */
#include "agent/daemon/settings.h"

#include <stdlib.h>

#include "agent/app/drains.h"
#include "agent/config/log_levels.h"
#include "agent/daemon/check_now.h"
#include "agent/daemon/load_log.h"
#include "agent/model/port_ways.h"
#include "lib/log.h"
#include "process/loop.h"

static bool is_vip(const struct addr *addr, void *userdata)
{
	const struct agent *a = userdata;
	return registry_has_vip(a->registry, addr);
}

/* Of an app. */
static int ways(const void *owner, uint8_t proto, uint16_t port, struct monitor_ways *ret,
		struct err *err, void *userdata)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	const struct app_spec *spec = ((const struct app *)owner)->spec;
	struct agent *a = userdata;
	struct addr own[2] = { { 0 }, { 0 } };
	for (size_t i = 0; i < 2 && nat_specs_want_own(spec->nats, spec->n_nats); i++) {
		if (!app_spec_has_family(spec, families[i]))
			continue;
		int rc = host_addresses_own(&a->identity, families[i], &own[i], err);
		if (rc < 0)
			return err_prefix(err, rc, "NAT: ");
	}
	port_ways(spec, proto, port, own, ret);
	return 0;
}

static void on_checked(void *userdata)
{
	const struct agent *a = userdata;
	check_now_wake(a->check_now);
}

struct runner_config settings_of_runner(struct agent *a)
{
	const struct config_agent *c = &a->config->agent;
	return (struct runner_config){
		.timing = c->monitor_timing,
		.exec_max = c->exec_max,
		.exec_user = a->exec_user,
		.exec_env = a->exec_env,
		.tls_ca = c->tls_ca,
		.is_vip = is_vip,
		.ways = ways,
		.checked = on_checked,
		.load_changed = load_log,
		.port_filter_changed = load_log_port_filter,
		.userdata = a,
	};
}

void settings_apply_to_registry(struct agent *a)
{
	const struct config_agent *c = &a->config->agent;
	const struct damping_config hold = { .first = c->hold_down, .max = c->hold_down_max };
	const struct registry_options options = {
		.drain_time = c->drain_time,
		.drain_until = c->drain_until,
		.join_time = c->join_time,
		.keep_last_window =
			c->keep_last_window ? c->keep_last_window : c->monitor_timing.interval,
		.keep_last_stretches = c->keep_last_window == 0,
		.presence = a->presence,
		.admission = &c->admission,
		.bind = c->bind,
		.budget = &c->api.budget,
	};
	registry_set_options(a->registry, &options);
	registry_set_damping(a->registry, &hold);
	registry_set_cleanup_timer(a->registry, c->cleanup_timer);
}

/* The variable comes before the file (consul/settings.h). */
static const char *consul_address(const struct config_agent *c)
{
	const char *env = getenv("CONSUL_HTTP_ADDR");
	return env && *env ? env : c->consul.addr;
}

void settings_apply_to_facts(struct agent *a)
{
	host_facts_free(a->facts);
	a->facts = host_facts_new(a->actuator, consul_address(&a->config->agent));
}

void settings_apply_log(const struct agent *a)
{
	const struct config_log *c = &a->config->agent.log;
	struct log_levels levels;
	config_log_levels(c, &levels);
	log_set_levels(&levels);
	log_set_format(c->format);
}

void settings_apply_api(const struct agent *a, struct tokens *tokens)
{
	api_set_rules(a->api, &a->config->agent.api, tokens);
	if (a->config->tls_keys)
		api_set_tls(a->api, a->config->tls_keys);
}

static void on_traffic(void *userdata)
{
	struct agent *a = userdata;
	mono_t now = loop_now(a->loop);
	registry_end_quiet_drains(a->registry, now);
	if (registry_drained_at(a->registry, now) <= now)
		shutdown_drained(a->shutdown);
}

void settings_apply_traffic(struct agent *a)
{
	bool wanted = a->config->agent.traffic;
	if (wanted == (a->traffic != NULL))
		return;
	traffic_watch_free(a->traffic);
	a->traffic =
		wanted ? traffic_watch_new(a->loop, actuator_reconcile(a->actuator), a->speaker,
					   actuator_aggregates(a->actuator), on_traffic, a)
		       : NULL;
}

void settings_apply_disable_file(struct agent *a)
{
	const char *path = a->config->agent.disable_file;
	disable_file_free(a->disable_file);
	a->disable_file = NULL;
	registry_undrain(a->registry, NULL, DRAIN_BY_FILE, NULL, loop_now(a->loop));
	if (path)
		a->disable_file = disable_file_new(a->loop, a->presence, a->registry, path);
}
