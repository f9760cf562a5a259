/* SPDX-License-Identifier: MIT */
#include "agent/daemon/reload_report.h"

#include "agent/daemon/parts.h"
#include "agent/status/view_diff.h"
#include "agent/status/view_json.h"
#include "lib/log.h"
#include "lib/str.h"

/* Changes that are logged one by one. */
#define LOGGED_MAX 50

json_t *reload_findings_json(const struct config_findings *findings)
{
	return json_pack("{s:o, s:o}", "errors", view_findings(findings, CONFIG_ERROR), "warnings",
			 view_findings(findings, CONFIG_WARNING));
}

enum reload_end reload_end_of(const struct reload_job *job, bool ok)
{
	if (!ok)
		return RELOAD_FAILED;
	return job->n_refused > 0 ? RELOAD_INCOMPLETE : RELOAD_DONE;
}

unsigned reload_status(const struct reload_job *job, bool ok)
{
	switch (reload_end_of(job, ok)) {
	case RELOAD_FAILED:
		return 422;
	case RELOAD_INCOMPLETE:
		return 409;
	case RELOAD_DONE:
		break;
	}
	return 200;
}

static const char *result_name(const struct reload_job *job)
{
	if (job->n_refused > 0)
		return "incomplete";
	return json_array_size(job->changes) ? "reloaded" : "unchanged";
}

json_t *reload_result_json(const struct agent *a, const struct reload_job *job, bool ok)
{
	json_t *o = reload_findings_json(&job->findings);
	json_object_set_new(o, "file", view_text(a->config_file.path));
	if (!ok) {
		json_object_set_new(o, "error", json_string("not reloaded, nothing changed"));
		return o;
	}
	if (job->n_refused > 0)
		json_object_set_new(o, "error",
				    json_string("reloaded, but apps of the file were refused"));
	json_object_set_new(o, "result", json_string(result_name(job)));
	json_object_set(o, "changes", job->changes);
	json_object_set(o, "needs_restart", job->needs_restart);
	json_object_set_new(o, "sha256", json_string(a->config->sha256));
	json_object_set_new(o, "confirm", view_config_trial(&a->config_file));
	json_object_set_new(o, "confirms", json_boolean(job->confirms));
	return o;
}

void reload_log_changes(const struct reload_job *job)
{
	char line[APP_NAME_MAX + 128];
	for (size_t i = 0; i < job->diff.n && i < LOGGED_MAX; i++) {
		struct strbuf text = strbuf_over(line, sizeof(line));
		config_change_format(&job->diff.items[i], &text);
		log_info("config", "%s: %s", job->trigger, line);
	}
	if (job->diff.n > LOGGED_MAX)
		log_info("config", "%s: %zu more change%s", job->trigger, job->diff.n - LOGGED_MAX,
			 job->diff.n - LOGGED_MAX == 1 ? "" : "s");
}

void reload_log_end(const struct agent *a, const struct reload_job *job, bool ok)
{
	const char *by = job->principal[0] ? job->principal : NULL;
	const char *from = job->from[0] ? job->from : NULL;
	json_t *key;
	size_t i;
	if (!ok) {
		log_event(LOG_ERROR, "config", EVENT("reload.failed", .by = by, .from = from),
			  "%s: not reloaded, %zu error%s; the configuration in effect stays",
			  job->trigger, job->findings.n_errors,
			  job->findings.n_errors == 1 ? "" : "s");
		return;
	}
	json_array_foreach(job->needs_restart, i, key)
		log_warn("config", "%s: the change of %s needs a restart of the agent",
			 job->trigger, json_string_value(key));
	if (job->n_refused > 0) {
		log_event(LOG_ERROR, "config", EVENT("reload.incomplete", .by = by, .from = from),
			  "%s: reloaded %s, but %zu app%s of it %s refused", job->trigger,
			  a->config_file.path, job->n_refused, job->n_refused == 1 ? "" : "s",
			  job->n_refused == 1 ? "was" : "were");
		return;
	}
	log_event(LOG_INFO, "config", EVENT("reload.done", .by = by, .from = from),
		  "%s: reloaded %s, %zu change%s", job->trigger, a->config_file.path,
		  json_array_size(job->changes), json_array_size(job->changes) == 1 ? "" : "s");
}
