/* SPDX-License-Identifier: MIT */
#include "agent/daemon/reload_prepare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/config/keep.h"
#include "agent/daemon/account.h"
#include "agent/daemon/exec_env.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/peer_config.h"
#include "agent/daemon/privileges.h"
#include "agent/daemon/settings.h"
#include "agent/daemon/vip_rules.h"
#include "agent/fleet/fleet_agent.h"
#include "agent/model/admission.h"
#include "agent/programs/programs.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/launcher.h"
#include "process/loop.h"

static int refuse(struct config_findings *findings, const char *key, const struct err *err, int rc)
{
	struct config_place at = config_at_line(0, 0);
	snprintf(at.path, sizeof(at.path), "%s", key);
	config_error(findings, at, "%s", err->text);
	return rc;
}

/* An app that is registered as it stands in the file was checked before; not by another policy. */
static bool is_registered(const struct agent *a, const struct app_spec *spec)
{
	const struct app *app = registry_find(a->registry, spec->name);
	return app && app->spec->source == APP_FROM_CONFIG && app_spec_equal(app->spec, spec);
}

static int check_vips(const struct host_addresses *identity,
		      const struct aggregate_list *aggregates, const struct app_spec *spec,
		      struct err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < spec->n_vips; i++)
		rc = host_addresses_check_vip(identity, &spec->vips[i], err);
	for (size_t i = 0; rc == 0 && i < spec->n_vips; i++)
		rc = vip_rules_check_aggregates(aggregates, &spec->vips[i], err);
	return rc;
}

/* New peers may be behind addresses that are VIPs already. What conflicts with the configuration in
 * effect as well is not a reason to keep that. */
static int check_registered(const struct reload_check *c, const struct app_spec *spec,
			    struct err *err)
{
	struct err known;
	const struct agent *a = c->a;
	int rc = check_vips(&c->identity, &c->next->aggregates, spec, err);
	bool is_new = rc < 0 && check_vips(&a->identity, &a->config->aggregates, spec, &known) == 0;
	return is_new ? rc : 0;
}

/* The file comes first: an app that has its name or one of its VIPs takes the place of this one. */
static bool file_displaces(struct reload_check *c, const struct app_spec *spec)
{
	app_index_make(&c->apps, c->next);
	vip_index_make(&c->vips, c->next);
	bool displaces = app_index_find(&c->apps, spec->name);
	for (size_t i = 0; i < spec->n_vips; i++)
		displaces |= vip_index_find(&c->vips, &spec->vips[i]) != NULL;
	return displaces;
}

/* As at the next start: whether its monitors are still accepted from where it came. One that the
 * configuration in effect does not accept either goes on, as it does without a reload. */
static int check_admission(struct reload_check *c, const struct app_spec *spec, struct err *err)
{
	const struct agent *a = c->a;
	const struct config *next = c->next;
	struct err known;
	struct app_spec then = *spec;
	then.admin = spec->admin && principal_name_is_admin(&next->agent.api, spec->by, geteuid());
	int rc = monitor_admission_check(&next->agent.admission, &then, err);
	bool is_new = rc < 0 && !file_displaces(c, spec) &&
		      monitor_admission_check(&a->config->agent.admission, spec, &known) == 0;
	if (!is_new)
		return 0;
	return err_prefix(err, rc, "app %s, registered over %s: ", spec->name,
			  spec->source == APP_FROM_CONSUL  ? "Consul"
			  : spec->source == APP_FROM_NOMAD ? "Nomad"
							   : "HTTP");
}

static int check_app(const struct agent *a, struct host_addresses *identity,
		     const struct config *next, const struct app_spec *spec, struct err *err)
{
	struct err warning = { "" }; /* logged at the registration */
	int rc = monitor_admission_check(&next->agent.admission, spec, err);
	if (rc == 0)
		rc = vip_rules_check_nats(identity, next, spec, err);
	if (rc == 0)
		rc = vip_rules_check(a, next, spec, registry_find(a->registry, spec->name), err,
				     &warning);
	return rc == 0 ? check_vips(identity, &next->aggregates, spec, err) : rc;
}

/* "apps[3]" of the file that has it. */
static struct config_place at_app(const struct config *c, size_t app)
{
	struct config_place at = config_at_line(0, 0);
	size_t i = 0;
	for (; i + 1 < c->set.n && app >= c->set.items[i].n_apps; i++)
		app -= c->set.items[i].n_apps;
	at.file = i > 0 ? c->set.items[i].file : NULL;
	snprintf(at.path, sizeof(at.path), "apps[%zu]", app);
	return at;
}

static void check_next_app(struct reload_check *c)
{
	struct err err = { "" };
	const struct app_spec *spec = &c->next->apps[c->next_app];
	bool known = !c->next->agent.vips.strict && is_registered(c->a, spec);
	c->same[c->next_app] = known;
	int rc = known && c->same_vital ? 0
		 : known                ? check_registered(c, spec, &err)
					: check_app(c->a, &c->identity, c->next, spec, &err);
	if (rc < 0) {
		config_error(c->findings, at_app(c->next, c->next_app), "%s", err.text);
		c->result = rc;
	}
	c->next_app++;
}

/* Those that are not in the file. False: it was the last one. */
static bool check_next_other(struct reload_check *c)
{
	struct err err = { "" };
	const struct app *app = app_cursor_next(&c->cursor);
	if (!app || app->spec->source == APP_FROM_CONFIG || app->spec->source == APP_FROM_PROCESS)
		return app;
	int rc = c->same_vital ? 0 : check_registered(c, app->spec, &err);
	if (rc == 0 && !c->rollback)
		rc = check_admission(c, app->spec, &err);
	if (rc < 0)
		c->result = refuse(c->findings, app->spec->name, &err, rc);
	return true;
}

struct token_files {
	const struct api_grants *grants;
	struct config_findings *findings;
	int result;
};

static void on_bad_token(size_t i, const struct err *err, void *userdata)
{
	char key[CONFIG_PATH_MAX];
	struct token_files *files = userdata;
	struct err named;
	snprintf(key, sizeof(key), "agent.api.tokens[%zu].file", i);
	files->result = err_set(&named, -EACCES, "token %s: %s: %s", files->grants->items[i].name,
				files->grants->items[i].file, err->text);
	refuse(files->findings, key, &named, files->result);
}

static int read_tokens(struct reload_check *c)
{
	struct token_files files = { &c->next->agent.api.tokens, c->findings, 0 };
	c->tokens = tokens_new(files.grants, on_bad_token, &files);
	return files.result;
}

int reload_check_begin(struct reload_check *c, struct agent *a, const struct config *next,
		       bool rollback, struct config_findings *findings)
{
	struct err err = { "" };
	struct child_user *user = NULL;
	const char *name = next->agent.exec_user;
	*c = (struct reload_check){ .a = a,
				    .next = next,
				    .rollback = rollback,
				    .findings = findings,
				    .same = mem_new(next->n_apps + 1, sizeof(*c->same)),
				    .registry_changes = registry_changes(a->registry) };
	/* It needs a restart, which must not fail for it. One that is the same was found at the
	 * start; a lookup may wait for a directory service. */
	if (name && !str_same(name, a->config->agent.exec_user) &&
	    account_find("agent.exec.user", name, &user, &err) < 0)
		return refuse(findings, "agent.exec.user", &err, -ENOENT);
	account_free(user);
	host_changes_catch_up(a->host_changes);
	c->host_count = host_changes_count(a->host_changes);
	int rc = host_addresses_find_again(a->config, &a->identity, next, &c->identity, &err);
	c->same_vital = rc == 0 && host_addresses_same_vital(&a->identity, &c->identity) &&
			aggregate_list_equal(&a->config->aggregates, &next->aggregates);
	if (rc < 0)
		return refuse(findings, "bgp", &err, rc);
	return rollback ? 0 : read_tokens(c);
}

int reload_check_step(struct reload_check *c, size_t n)
{
	for (; n > 0 && c->next_app < c->next->n_apps; n--)
		check_next_app(c);
	if (n == 0)
		return 1;
	if (c->same_vital && c->rollback)
		return c->result;
	if (!c->walks) {
		app_cursor_init(c->a->registry, &c->cursor);
		c->walks = true;
	}
	for (; n > 0; n--)
		if (!check_next_other(c))
			return c->result;
	return 1;
}

bool reload_check_is_same(const struct reload_check *c, size_t app)
{
	return c->same[app] && registry_changes(c->a->registry) == c->registry_changes;
}

bool reload_check_is_stale(const struct reload_check *c)
{
	host_changes_catch_up(c->a->host_changes);
	return host_changes_count(c->a->host_changes) != c->host_count;
}

void reload_check_done(struct reload_check *c)
{
	if (c->walks)
		app_cursor_done(&c->cursor);
	host_addresses_done(&c->identity);
	tokens_free(c->tokens);
	free(c->same);
	app_index_done(&c->apps);
	vip_index_done(&c->vips);
	*c = (struct reload_check){ 0 };
}

/* The runner has the new environment before the former one is freed. */
static void change_checks(struct agent *a)
{
	char **former_env = a->exec_env;
	a->exec_env = exec_env_make(a->exec_user, a->config->agent.exec_env);
	const struct runner_config runner = settings_of_runner(a);
	monitor_runner_change(a->runner, &runner);
	exec_env_free(former_env);
}

/* *next has the former configuration afterwards; the address of the one in effect stays, as others
 * refer to it. */
static void exchange(struct agent *a, struct config *next)
{
	struct config former = *a->config;
	*a->config = *next;
	*next = former;
}

/* Privileges that the agent dropped at its start are available again only after a restart. */
static void check_privileges(struct agent *a, struct config_findings *findings)
{
	if (launcher_is_forbidden() && a->config->agent.admission.exec != MONITORS_FROM_NONE)
		config_warn(
			findings, config_at_line(0, 0),
			"agent.exec.allow_from was none when the agent started: no command runs "
			"until it is restarted");
	size_t missing = a->capabilities.n_missing;
	privileges_find_again(a->config, a->exec_user, &a->program_users, &a->capabilities);
	if (a->capabilities.n_missing <= missing)
		return;
	privileges_report(&a->capabilities);
	config_warn(findings, config_at_line(0, 0),
		    "the configuration needs a restart of the agent: it needs a capability that "
		    "the agent dropped at its start or was never granted, see /v1/capabilities");
}

/* All else that has views of the former configuration's texts. */
static void change_agent(struct agent *a, const struct config *former, bool consul, bool nomad,
			 struct tokens *tokens)
{
	settings_apply_api(a, tokens);
	settings_apply_to_registry(a);
	settings_apply_log(a);
	actuator_set_aggregates(a->actuator, &a->config->aggregates);
	settings_apply_traffic(a);
	programs_change(a->programs, &a->config->programs);
	if (!str_same(a->config->agent.disable_file, former->agent.disable_file))
		settings_apply_disable_file(a);
	if (consul)
		settings_apply_to_facts(a);
	if (consul)
		sources_change(a->sources, APP_FROM_CONSUL);
	if (consul)
		fleet_agent_reconnect(a->fleet);
	if (nomad)
		sources_change(a->sources, APP_FROM_NOMAD);
}

static int change(struct reload_check *c, struct config *next, const struct config_diff *diff)
{
	struct agent *a = c->a;
	bool consul = config_diff_has_key(diff, CONFIG_AGENT, "consul_");
	bool nomad = config_diff_has_key(diff, CONFIG_AGENT, "nomad_");
	struct err err = { "" };
	int rc = peer_config_change(a, &c->identity, &err);
	if (rc < 0)
		return refuse(c->findings, "bgp", &err, rc);
	config_keep(a->config, next);
	if (!consul)
		config_keep_consul(a->config, next);
	if (!nomad)
		config_keep_nomad(a->config, next);
	exchange(a, next);
	peer_config_adopt(a, &c->identity);
	c->identity = (struct host_addresses){ 0 };
	change_checks(a);
	change_agent(a, next, consul, nomad, c->tokens);
	c->tokens = NULL;
	check_privileges(a, c->findings);
	return 0;
}

static bool changes_peers(const struct config_diff *diff)
{
	for (size_t i = 0; i < diff->n; i++)
		if (diff->items[i].object == CONFIG_BGP || diff->items[i].object == CONFIG_PEER)
			return true;
	return false;
}

/* Peers and aggregates change before the apps, whose `peers` and `except_peers` say what is for
 * which peer: until the last app has changed, only withdrawals leave. A stop meanwhile sends
 * nothing else. */
int reload_change(struct reload_check *c, struct config *next, const struct config_diff *diff)
{
	struct agent *a = c->a;
	bool limits = changes_peers(diff);
	if (limits)
		bgp_speaker_set_output(a->speaker, BGP_OUTPUT_CHANGING);
	int rc = change(c, next, diff);
	if (limits)
		bgp_speaker_set_output(a->speaker,
				       rc == 0 ? BGP_OUTPUT_WITHDRAWALS : BGP_OUTPUT_ALL);
	return rc;
}

void reload_change_done(struct agent *a)
{
	bgp_speaker_set_output(a->speaker, BGP_OUTPUT_ALL);
}
