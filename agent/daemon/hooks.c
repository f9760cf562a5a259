/* SPDX-License-Identifier: MIT */
#include "agent/daemon/hooks.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/stream.h"
#include "agent/status/view_event.h"
#include "lib/list.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/utf8.h"
#include "process/launcher.h"
#include "process/loop.h"
#include "process/shell.h"

#define PREFIX   "VIPHERALD_EVENT_"
#define SAID_MAX 300
/* Between two questions whether the launcher answers. */
#define RETRY (200 * USEC_PER_MSEC)

/* A command for one event. It keeps no pointer into the configuration, which may be reloaded. */
struct job {
	struct list_node node;
	char *command;
	span_t timeout;
	mono_t give_up; /* the launcher is not waited for any longer; 0: it was not */
	char *json;
	char **env; /* of the event; ends with NULL */
	size_t n_env;
};

struct hooks {
	struct agent *agent;
	sd_event_source *start, *retry;
	struct list waiting; /* struct job; the first of them runs if `child` is set */
	struct child *child;
	bool full; /* the loss was logged */
	struct hook_counts counts;
	char last_failure[SAID_MAX];
	/* Of a stop; NULL: none is under way. */
	void (*done)(void *userdata);
	void *done_userdata;
	sd_event_source *limit;
};

static void job_free(struct job *j)
{
	list_remove(&j->node);
	for (size_t i = 0; i < j->n_env; i++)
		free(j->env[i]);
	free(j->env);
	free(j->json);
	free(j->command);
	free(j);
}

/* The event in the environment: VIPHERALD_EVENT_KIND and so on. */

static void add_variable(struct job *j, const char *name, const char *value)
{
	char escaped[2048];
	char *text;
	utf8_escape(escaped, sizeof(escaped), value, strlen(value));
	if (asprintf(&text, PREFIX "%s=%s", name, escaped) < 0)
		abort(); /* out of memory, see lib/mem.h */
	for (char *p = text + strlen(PREFIX); *p && *p != '='; p++)
		*p = (char)toupper((unsigned char)*p);
	j->env = mem_grow_by_one(j->env, j->n_env, sizeof(*j->env));
	j->env[j->n_env++] = text;
}

static void add_variables(struct job *j, const struct event *e)
{
	char id[24], date[DATE_TEXT_MAX];
	snprintf(id, sizeof(id), "%" PRIu64, e->id);
	add_variable(j, "id", id);
	add_variable(j, "time", date_format(e->at, date));
	add_variable(j, "level", log_level_name(e->level));
	for (size_t i = 0; i < LOG_EVENT_FIELDS; i++) {
		const char *name, *value = log_event_field(&e->about, i, &name);
		if (value)
			add_variable(j, name, value);
	}
	add_variable(j, "text", e->text);
}

/* Its environment is that of all commands, and the event. */
static char **environment(const struct hooks *h, const struct job *j)
{
	char *const *common = h->agent->exec_env;
	size_t n = 0;
	while (common && common[n])
		n++;
	char **env = mem_new(n + j->n_env + 1, sizeof(*env));
	for (size_t i = 0; i < n; i++)
		env[i] = common[i];
	for (size_t i = 0; i < j->n_env; i++)
		env[n + i] = j->env[i];
	return env;
}

/* Running */

static void schedule(struct hooks *h);

/* Once. */
static void tell_done(struct hooks *h)
{
	void (*done)(void *userdata) = h->done;
	h->done = NULL;
	h->limit = sd_event_source_disable_unref(h->limit);
	if (done)
		done(h->done_userdata);
}

static void fail(struct hooks *h, const struct job *j, const char *why)
{
	h->counts.failed++;
	snprintf(h->last_failure, sizeof(h->last_failure), "%.100s: %.190s", j->command, why);
	log_event(LOG_WARNING, "exec", EVENT("hook.failed"), "hook %.100s: %s", j->command, why);
}

static void end_job(struct hooks *h)
{
	job_free(list_first(&h->waiting, struct job, node));
	h->counts.waiting--;
	if (h->counts.waiting == 0) {
		h->full = false;
		tell_done(h);
	}
	schedule(h);
}

static void on_done(const struct child_result *result, void *userdata)
{
	char why[SAID_MAX];
	struct hooks *h = userdata;
	const struct job *j = list_first(&h->waiting, struct job, node);
	struct strbuf text = strbuf_over(why, sizeof(why));
	shell_describe(result, j->timeout, &text);
	if (result->end != CHILD_EXITED || result->status != 0)
		fail(h, j, why);
	else
		log_debug("exec", "hook %.100s: %s", j->command, why);
	child_free(h->child);
	h->child = NULL;
	end_job(h);
}

static int spawn(struct hooks *h, const struct job *j, struct err *err)
{
	const struct child_input input = { j->json, strlen(j->json) };
	char **env = environment(h, j);
	int rc = shell_spawn(h->agent->loop, j->command, env, h->agent->exec_user, &input,
			     j->timeout, on_done, h, &h->child, err);
	free(env);
	return rc;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	schedule(userdata);
	return 0;
}

/* On a busy machine the launcher is late, and starts nothing until it has answered: with the first
 * hook all that wait behind it would fail. It is asked for something harmless: a hook is run
 * once. */
static bool waits_for_launcher(struct hooks *h, struct job *j)
{
	if (launcher_answers())
		return false;
	mono_t now = loop_clock();
	if (j->give_up == 0)
		j->give_up = usec_add(now, j->timeout);
	if (now >= j->give_up)
		return false;
	loop_timer_set(h->agent->loop, &h->retry, usec_add(now, RETRY), LOOP_IDLE, on_retry, h);
	return true;
}

static int on_start(sd_event_source *source, void *userdata)
{
	(void)source;
	struct err err;
	struct hooks *h = userdata;
	struct job *j = list_first(&h->waiting, struct job, node);
	if (!j || h->child || waits_for_launcher(h, j))
		return 0;
	h->counts.run++;
	if (spawn(h, j, &err) < 0) {
		fail(h, j, err.text);
		end_job(h);
	}
	return 0;
}

static void schedule(struct hooks *h)
{
	/* There is no loop yet for the first events of a start. */
	if (h->agent->loop && !h->child && !list_empty(&h->waiting))
		loop_defer(h->agent->loop, &h->start, LOOP_IDLE, on_start, h);
}

/* Events */

/* Once, until the queue is empty again. */
static void lose(struct hooks *h, const struct hook *hook, const char *kind)
{
	h->counts.lost++;
	if (h->full)
		return;
	h->full = true;
	log_event(
		LOG_WARNING, "exec", EVENT("hook.lost"),
		"hook %.100s not run for %s: queue full, %d waiting; further ones are only counted "
		"(vipherald_hooks_lost_total)",
		hook->exec, kind, HOOKS_WAITING_MAX);
}

static void add(struct hooks *h, const struct hook *hook, const struct event *e)
{
	if (h->counts.waiting >= HOOKS_WAITING_MAX) {
		lose(h, hook, e->about.kind);
		return;
	}
	struct job *j = mem_new(1, sizeof(*j));
	json_t *view = view_event(e);
	j->command = mem_strdup(hook->exec);
	j->timeout = hook->timeout;
	j->json = stream_json_text(view);
	json_decref(view);
	add_variables(j, e);
	list_append(&h->waiting, &j->node);
	h->counts.waiting++;
}

void hooks_on_event(struct hooks *h, const struct event *event)
{
	if (!h)
		return;
	const struct hook_list *list = &h->agent->config->agent.hooks;
	for (size_t i = 0; i < list->n; i++)
		if (hook_is_for(&list->items[i], event->about.kind))
			add(h, &list->items[i], event);
	schedule(h);
}

struct hook_counts hooks_counts(const struct hooks *h)
{
	struct hook_counts counts = { .last_failure = "" };
	if (h) {
		counts = h->counts;
		counts.last_failure = h->last_failure;
	}
	return counts;
}

/* The stop */

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	tell_done(userdata);
	return 0;
}

size_t hooks_left(const struct hooks *h)
{
	return h ? h->counts.waiting : 0;
}

void hooks_finish(struct hooks *h, void (*done)(void *userdata), void *userdata)
{
	if (hooks_left(h) == 0) {
		done(userdata);
		return;
	}
	h->done = done;
	h->done_userdata = userdata;
	loop_timer_set(h->agent->loop, &h->limit,
		       usec_add(loop_now(h->agent->loop), HOOKS_STOP_MAX), LOOP_APPLY, on_limit, h);
}

/* Life */

struct hooks *hooks_new(struct agent *a)
{
	struct hooks *h = mem_new(1, sizeof(*h));
	h->agent = a;
	list_init(&h->waiting);
	return h;
}

void hooks_free(struct hooks *h)
{
	if (!h)
		return;
	sd_event_source_disable_unref(h->start);
	sd_event_source_disable_unref(h->retry);
	sd_event_source_disable_unref(h->limit);
	if (h->counts.waiting > 0)
		log_warn("exec", "%zu hook%s not completed, the agent is stopping",
			 h->counts.waiting, h->counts.waiting == 1 ? " was" : "s were");
	child_free(h->child);
	list_for_each (it, &h->waiting)
		job_free(list_entry(it, struct job, node));
	free(h);
}
