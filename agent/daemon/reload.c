/* SPDX-License-Identifier: MIT */
#include "agent/daemon/reload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/diff.h"
#include "agent/daemon/config_log.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/peer_set.h"
#include "agent/daemon/reload_data.h"
#include "agent/daemon/reload_effects.h"
#include "agent/daemon/reload_prepare.h"
#include "agent/daemon/reload_report.h"
#include "agent/daemon/reload_trial.h"
#include "agent/daemon/turn.h"
#include "agent/fleet/fleet_agent.h"
#include "agent/status/view_diff.h"
#include "agent/status/view_json.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

#define FREED_STEP 500 /* apps */
#define CHECKS_MAX 8

static int on_turn(sd_event_source *source, void *userdata);
static void load(struct reload *r);
static void fail(struct reload *r);
static void check(struct reload *r);
static void find_changes(struct reload *r);

static void go_on(struct reload *r)
{
	loop_defer(r->a->loop, &r->turn, LOOP_APPLY, on_turn, r);
}

static bool can_begin(const struct reload *r)
{
	return (r->asked || r->expired) && !r->running && !r->stopped && !r->confirmed &&
	       r->a->sources && sources_registered(r->a->sources);
}

void reload_wake(struct reload *r)
{
	if (r->running ? r->phase == RELOAD_MARK : can_begin(r))
		go_on(r);
}

struct reload *reload_new(struct agent *a)
{
	struct reload *r = mem_new(1, sizeof(*r));
	r->a = a;
	return r;
}

static void job_done(struct reload_job *job)
{
	reload_check_done(&job->check);
	config_differ_done(&job->differ);
	config_diff_done(&job->diff);
	config_findings_done(&job->findings);
	config_loader_free(job->loader);
	config_free(job->next);
	config_free(job->former);
	json_decref(job->changes);
	json_decref(job->needs_restart);
	*job = (struct reload_job){ 0 };
}

/* All that one reload holds. */
static void clean_up(struct reload *r)
{
	reload_apps_done(&r->apps);
	r->running = false;
	r->count++;
	r->a->next_identity = NULL;
	r->a->next_aggregates = NULL;
	job_done(&r->job);
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	sd_event_source_disable_unref(r->turn);
	if (r->running)
		clean_up(r);
	free(r);
}

void reload_stop(struct reload *r)
{
	r->stopped = true;
	r->turn = sd_event_source_disable_unref(r->turn);
	confirm_stop(r->a->confirm);
	if (r->running)
		clean_up(r);
}

/* Of two that wait together the file is read once: on trial if either is, for the shorter time. */
uint64_t reload_ask(struct reload *r, const struct reload_request *request)
{
	bool sooner = r->asked && r->confirm > 0 &&
		      (request->confirm == 0 || r->confirm < request->confirm);
	r->asked = true;
	r->trigger = request->trigger;
	/* It belongs to a request that is over when the reload begins. */
	str_copy(r->by, sizeof(r->by), request->by ? request->by : "");
	const struct log_requester *asked = &request->asked;
	str_copy(r->principal, sizeof(r->principal), asked->by ? asked->by : "");
	str_copy(r->from, sizeof(r->from), asked->from ? asked->from : "");
	r->confirm = sooner ? r->confirm : request->confirm;
	if (can_begin(r))
		go_on(r);
	return r->number + 1;
}

void reload_registered(struct reload *r)
{
	if (can_begin(r))
		go_on(r);
}

/* ---- the end ---- */

static void answer(const struct reload *r, bool ok)
{
	json_t *o = reload_result_json(r->a, &r->job, ok);
	char *text = stream_json_text(o);
	api_send_later(r->a->api, r->number, reload_status(&r->job, ok), text);
	free(text);
	json_decref(o);
}

static void finish(struct reload *r, bool ok)
{
	struct agent *a = r->a;
	reload_log_end(a, &r->job, ok);
	if (ok) {
		config_file_loaded(&a->config_file, a->config_file.path, a->config);
		config_log_included(&a->config->set);
		fleet_agent_config_changed(a->fleet);
		reload_trial_succeed(a, &r->job);
		if (!r->job.rollback) /* the trial is another one, or over */
			r->expired = false;
		if (!confirm_is_open(a->confirm))
			peer_set_settle(a);
	} else {
		reload_trial_fail(a, &r->job);
	}
	config_file_reloaded(&a->config_file, reload_end_of(&r->job, ok),
			     view_findings(&r->job.findings, CONFIG_ERROR),
			     json_incref(r->job.needs_restart));
	if (!r->job.rollback)
		answer(r, ok);
	clean_up(r);
	peer_log_update(a->peer_log);
	service_ready(a->service);
	api_retry(a->api); /* a confirmation waits while a reload is under way */
	if (can_begin(r))
		go_on(r);
}

uint64_t reload_count(const struct reload *r)
{
	return r->count;
}

bool reload_is_running(const struct reload *r)
{
	return r->running;
}

void reload_overtaken(struct reload *r)
{
	r->count++;
}

/* ---- the steps ---- */

/* False when all is done. */
static bool step(struct reload *r)
{
	switch (r->phase) {
	case RELOAD_LOAD:
		load(r);
		return true;
	case RELOAD_CHECK:
		check(r);
		return true;
	case RELOAD_DIFF:
		find_changes(r);
		return true;
	case RELOAD_MARK: /* each in a turn of its own */
	case RELOAD_CHANGE:
		return true;
	case RELOAD_APPS:
		if (!reload_apps_step(&r->apps)) {
			reload_change_done(r->a);
			r->phase = RELOAD_FREE;
		}
		return true;
	case RELOAD_FREE:
		return config_free_apps(r->job.former, FREED_STEP);
	}
	return false;
}

/* ---- the beginning ---- */

static void fail(struct reload *r)
{
	config_log_findings(&r->job.findings, r->a->config_file.path);
	finish(r, false);
}

static void begin_check(struct reload *r)
{
	struct reload_job *job = &r->job;
	reload_check_done(&job->check);
	job->n_checks++;
	r->phase = RELOAD_CHECK;
	if (reload_check_begin(&job->check, r->a, job->next, job->rollback, &job->findings) < 0) {
		fail(r);
		return;
	}
	/* Those that are registered from now on are checked with it, too. */
	r->a->next_identity = &job->check.identity;
	r->a->next_aggregates = &job->next->aggregates;
	go_on(r);
}

static void check(struct reload *r)
{
	int rc = reload_check_step(&r->job.check, CHECKED_STEP);
	if (rc < 0)
		fail(r);
	else if (rc == 0)
		r->phase = r->job.confirm > 0 ? RELOAD_MARK : RELOAD_CHANGE;
}

/* The one turn in which everything but the apps changes. */
static void change(struct reload *r)
{
	struct reload_job *job = &r->job;
	if (reload_check_is_stale(&job->check) && job->n_checks < CHECKS_MAX) {
		begin_check(r);
		return;
	}
	r->a->next_identity = NULL;
	r->a->next_aggregates = NULL;
	if (reload_change(&job->check, job->next, &job->diff) < 0) {
		fail(r);
		return;
	}
	r->count++; /* comparisons that are under way have views of what was in effect */
	reload_log_changes(job);
	job->former = job->next;
	job->next = NULL;
	reload_apps_begin(&r->apps, r->a, job);
	r->phase = RELOAD_APPS;
	go_on(r);
}

static void refuse(struct reload *r, const struct err *err)
{
	config_error(&r->job.findings, config_at_line(0, 0), "%s", err->text);
	fail(r);
}

static void mark(struct reload *r)
{
	struct err err;
	int rc = reload_trial_prepare(r->a, &r->job, &err);
	if (rc < 0)
		refuse(r, &err);
	if (rc != 0) /* reload_settled() goes on */
		return;
	r->phase = RELOAD_CHANGE;
	go_on(r);
}

static void find_changes(struct reload *r)
{
	struct reload_job *job = &r->job;
	if (config_differ_step(&job->differ, COMPARED_STEP))
		return;
	config_differ_done(&job->differ);
	reload_effects_add(r->a, job->next, &job->diff);
	job->changes = view_diff(&job->diff);
	job->needs_restart = reload_effects_restart(r->a, job->next, &job->diff);
	begin_check(r);
}

static void load(struct reload *r)
{
	struct reload_job *job = &r->job;
	int rc = config_loader_step(job->loader, &job->next);
	if (rc > 0)
		return;
	config_log_findings(&job->findings, r->a->config_file.path);
	if (rc < 0) {
		finish(r, false);
		return;
	}
	config_loader_free(job->loader); /* its trees are large */
	job->loader = NULL;
	if (job->rollback)
		last_good_adopt(job->next, r->kept);
	if (peer_set_merge(r->a, job->next, job->rollback, &job->findings) < 0) {
		fail(r);
		return;
	}
	config_differ_begin(&job->differ, r->a->config, job->next, &job->diff);
	r->phase = RELOAD_DIFF;
}

/* Back to the configuration before the trial. False: there is none. */
static bool begin_rollback(struct reload *r)
{
	struct reload_job *job = &r->job;
	r->expired = false;
	job->trigger = "not confirmed";
	job->rollback = true;
	job->loader = last_good_loader(r->a->config_file.path, &job->findings, r->kept);
	return job->loader;
}

static void begin_asked(struct reload *r)
{
	struct reload_job *job = &r->job;
	r->asked = false;
	r->number++;
	job->trigger = r->trigger;
	job->confirm = r->confirm;
	str_copy(job->by, sizeof(job->by), r->by);
	str_copy(job->principal, sizeof(job->principal), r->principal);
	str_copy(job->from, sizeof(job->from), r->from);
	const struct config_source source = { .file = r->a->config_file.path,
					      .subnets = host_changes_subnets(r->a->host_changes),
					      .present = &r->a->config->set,
					      .added = peer_set_added,
					      .added_userdata = r->a };
	job->loader = config_loader_new(&source, &job->findings);
}

static void begin(struct reload *r)
{
	struct err err;
	bool found = true;
	r->running = true;
	r->count++;
	r->phase = RELOAD_LOAD;
	if (r->expired)
		found = begin_rollback(r);
	else
		begin_asked(r);
	log_info("config", "%s: reloading %s", r->job.trigger, r->a->config_file.path);
	service_reloading(r->a->service);
	if (found) {
		go_on(r);
		return;
	}
	err_set(&err, -ENOENT,
		"the copy of the previous configuration is gone: confirm, or reload another one");
	refuse(r, &err);
}

static bool shares_turn(enum reload_phase phase)
{
	return phase != RELOAD_MARK && phase != RELOAD_CHANGE;
}

/* Does a phase that takes a turn of its own; false: steps of this phase share a turn. */
static bool run_own_turn(struct reload *r)
{
	if (!r->running)
		begin(r);
	else if (r->phase == RELOAD_MARK)
		mark(r);
	else if (r->phase == RELOAD_CHANGE)
		change(r);
	else
		return false;
	return true;
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	struct reload *r = userdata;
	mono_t end = turn_end();
	if (run_own_turn(r))
		return 0;
	while (r->running && shares_turn(r->phase) && !turn_is_over(end))
		if (!step(r)) {
			finish(r, true);
			return 0;
		}
	if (r->running)
		go_on(r);
	return 0;
}
