/* SPDX-License-Identifier: MIT */
#include "agent/daemon/reload_prepare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/config/app_index.h"
#include "agent/config/keep.h"
#include "agent/daemon/account.h"
#include "agent/daemon/exec_env.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/privileges.h"
#include "agent/daemon/settings.h"
#include "agent/daemon/vip_rules.h"
#include "agent/model/admission.h"
#include "lib/log.h"
#include "lib/str.h"
#include "process/launcher.h"
#include "process/loop.h"

/* Found or opened before anything is changed. */
struct prepared {
	struct host_addresses identity;
	struct tokens *tokens;
};

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

static int check_vips(const struct host_addresses *identity, const struct app_spec *spec,
		      struct err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < spec->n_vips; i++)
		rc = host_addresses_check_vip(identity, &spec->vips[i], err);
	return rc;
}

/* New peers may be behind addresses that are VIPs already. What conflicts with the configuration in
 * effect as well is no reason to keep that. */
static int check_registered(const struct agent *a, const struct host_addresses *identity,
			    const struct app_spec *spec, struct err *err)
{
	struct err known;
	int rc = check_vips(identity, spec, err);
	return rc < 0 && check_vips(&a->identity, spec, &known) == 0 ? rc : 0;
}

/* The file comes first: an app that has its name or one of its VIPs takes the place of this one. */
static bool file_displaces(const struct config *next, const struct app_spec *spec)
{
	bool displaces = false;
	for (size_t i = 0; i < next->n_apps; i++)
		displaces |= str_equal(next->apps[i].name, spec->name);
	for (size_t i = 0; i < spec->n_vips; i++)
		displaces |= config_has_vip(next, &spec->vips[i]);
	return displaces;
}

/* As at the next start: whether its monitors are still accepted from where it came. One that the
 * configuration in effect does not accept either goes on, as it does without a reload. */
static int check_admission(const struct agent *a, const struct config *next,
			   const struct app_spec *spec, struct err *err)
{
	struct err known;
	struct app_spec then = *spec;
	then.admin = spec->admin && principal_name_is_admin(&next->agent.api, spec->by, geteuid());
	int rc = monitor_admission_check(&next->agent.admission, &then, err);
	bool is_new = rc < 0 && !file_displaces(next, spec) &&
		      monitor_admission_check(&a->config->agent.admission, spec, &known) == 0;
	if (!is_new)
		return 0;
	return err_prefix(err, rc, "app %s, registered over %s: ", spec->name,
			  spec->source == APP_FROM_CONSUL ? "Consul" : "HTTP");
}

static int check_app(const struct agent *a, const struct host_addresses *identity,
		     const struct config *next, const struct app_spec *spec, struct err *err)
{
	struct err warning = { "" }; /* logged at the registration */
	int rc = monitor_admission_check(&next->agent.admission, spec, err);
	if (rc == 0)
		rc = vip_rules_check(a, next, spec, registry_find(a->registry, spec->name), err,
				     &warning);
	return rc == 0 ? check_vips(identity, spec, err) : rc;
}

static int check_apps(const struct agent *a, const struct host_addresses *identity,
		      const struct config *next, struct config_findings *findings)
{
	char key[CONFIG_PATH_MAX];
	struct err err = { "" };
	int result = 0;
	for (size_t i = 0; i < next->n_apps; i++) {
		const struct app_spec *spec = &next->apps[i];
		bool known = !next->agent.vips.strict && is_registered(a, spec);
		int rc = known ? check_registered(a, identity, spec, &err)
			       : check_app(a, identity, next, spec, &err);
		snprintf(key, sizeof(key), "apps[%zu]", i);
		if (rc < 0)
			result = refuse(findings, key, &err, rc);
	}
	return result;
}

/* Those that are not in the file. `next` NULL: what was accepted meanwhile stays. */
static int check_others(const struct agent *a, const struct host_addresses *identity,
			const struct config *next, struct config_findings *findings)
{
	struct app_cursor cursor;
	struct err err = { "" };
	int result = 0;
	app_cursor_init(a->registry, &cursor);
	for (const struct app *app; (app = app_cursor_next(&cursor));) {
		if (app->spec->source == APP_FROM_CONFIG)
			continue;
		int rc = check_registered(a, identity, app->spec, &err);
		if (rc == 0 && next)
			rc = check_admission(a, next, app->spec, &err);
		if (rc < 0)
			result = refuse(findings, app->spec->name, &err, rc);
	}
	app_cursor_done(&cursor);
	return result;
}

static void prepared_done(struct prepared *p)
{
	host_addresses_done(&p->identity);
	tokens_free(p->tokens);
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

static int read_tokens(const struct config *next, struct prepared *ret,
		       struct config_findings *findings)
{
	struct token_files files = { &next->agent.api.tokens, findings, 0 };
	ret->tokens = tokens_new(files.grants, on_bad_token, &files);
	return files.result;
}

static int prepare(struct agent *a, const struct config *next, bool back, struct prepared *ret,
		   struct config_findings *findings)
{
	struct err err = { "" };
	host_changes_catch_up(a->host_changes);
	struct child_user *user = NULL; /* in effect after a restart: it must be there then */
	const char *name = next->agent.exec_user;
	int rc = name ? account_find("agent.exec.user", name, &user, &err) : 0;
	account_free(user);
	if (rc < 0)
		return refuse(findings, "agent.exec.user", &err, rc);
	rc = host_addresses_find_again(a->config, &a->identity, next, &ret->identity, &err);
	if (rc < 0)
		return refuse(findings, "bgp", &err, rc);
	rc = back ? 0 : read_tokens(next, ret, findings);
	if (rc == 0)
		rc = check_apps(a, &ret->identity, next, findings);
	return rc < 0 ? rc : check_others(a, &ret->identity, back ? NULL : next, findings);
}

int reload_check(struct agent *a, const struct config *next, struct config_findings *findings)
{
	struct prepared p = { 0 };
	int rc = prepare(a, next, false, &p, findings);
	prepared_done(&p);
	return rc;
}

static int change_speaker(struct agent *a, const struct bgp_config *config, struct err *err)
{
	a->changing_peers = true;
	int rc = bgp_speaker_change(a->speaker, config, err);
	a->changing_peers = false;
	if (rc == 0)
		peer_log_change(a->peer_log);
	return rc;
}

static void change_identity(struct agent *a, const struct prepared *p)
{
	struct host_address_change change;
	host_addresses_replace(&a->identity, &p->identity, &change);
	if (change.own[0] || change.own[1])
		reconcile_remap(actuator_reconcile(a->actuator));
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

static bool texts_equal(const char *a, const char *b)
{
	return str_equal(a ? a : "", b ? b : "");
}

/* *next has the former configuration afterwards; the address of the one in effect stays, as others
 * refer to it. */
static void exchange(struct agent *a, struct config *next)
{
	struct config former = *a->config;
	*a->config = *next;
	*next = former;
}

/* What the agent has given up at its start is there again after a restart. */
static void check_privileges(struct agent *a, struct config_findings *findings)
{
	if (launcher_is_forbidden() && a->config->agent.admission.exec != MONITORS_FROM_NONE)
		config_warn(
			findings, config_at_line(0, 0),
			"agent.exec.allow_from was none when the agent started: no command runs "
			"until it is restarted");
	size_t missing = a->capabilities.n_missing;
	privileges_find(a->config, NULL, &a->capabilities);
	if (a->capabilities.n_missing <= missing)
		return;
	privileges_report(&a->capabilities);
	config_warn(findings, config_at_line(0, 0),
		    "the configuration needs a capability that the agent does not have, see "
		    "/v1/capabilities: grant it and restart the agent");
}

/* All else that has views of the former configuration's texts. */
static void change_agent(struct agent *a, const struct config *former, bool consul,
			 struct tokens *tokens)
{
	settings_apply_api(a, tokens);
	settings_apply_to_registry(a);
	settings_apply_log(a);
	if (!texts_equal(a->config->agent.disable_file, former->agent.disable_file))
		settings_apply_disable_file(a);
	if (!consul)
		return;
	settings_apply_to_facts(a);
	sources_change_consul(a->sources);
}

int reload_prepare_and_change(struct agent *a, struct config *next, const struct config_diff *diff,
			      bool back, struct config_findings *findings)
{
	bool consul = config_diff_has_key(diff, CONFIG_AGENT, "consul_");
	struct err err = { "" };
	struct prepared p = { 0 };
	int rc = prepare(a, next, back, &p, findings);
	if (rc == 0 && (rc = change_speaker(a, &p.identity.bgp, &err)) < 0)
		refuse(findings, "bgp", &err, rc);
	if (rc < 0) {
		prepared_done(&p);
		return rc;
	}
	config_keep(a->config, next);
	if (!consul)
		config_keep_consul(a->config, next);
	exchange(a, next);
	change_identity(a, &p);
	change_checks(a);
	change_agent(a, next, consul, p.tokens);
	check_privileges(a, findings);
	return 0;
}
