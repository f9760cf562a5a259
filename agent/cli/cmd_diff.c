/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_diff.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/json_at.h"
#include "agent/cli/order.h"
#include "agent/config/config.h"
#include "agent/config/diff.h"
#include "agent/config/parse.h"
#include "agent/status/view_diff.h"
#include "agent/store/stored_peers.h"
#include "lib/mem.h"

/* Notes and warnings are the business of `check`. */
static int load(const char *file, struct config **ret, FILE *errors)
{
	char line[2048];
	struct config_findings findings = { 0 };
	int rc = stored_peers_load_config(file, ret, &findings);
	for (size_t i = 0; i < findings.n; i++) {
		if (findings.items[i].severity != CONFIG_ERROR)
			continue;
		config_finding_format(&findings.items[i], file, line, sizeof(line));
		fprintf(errors, "%s\n", line);
	}
	config_findings_done(&findings);
	if (rc == 0 && config_set_broken(&(*ret)->set) > 0)
		rc = -EINVAL;
	return rc;
}

static void print(const struct config_diff *d, bool json, FILE *out)
{
	if (!json) {
		config_diff_print(d, out);
		return;
	}
	json_t *o = json_pack("{s:o, s:o}", "changes", view_diff(d), "needs_restart",
			      view_diff_restart(d));
	json_dumpf(o, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(o);
}

int cmd_diff_files(const struct verb_call *call)
{
	struct config *a = NULL, *b = NULL;
	struct config_diff d = { 0 };
	int status = DIFF_ERRORS;
	int rc_a = load(call->words[0], &a, stderr), rc_b = load(call->words[1], &b, stderr);
	if (rc_a == 0 && rc_b == 0) {
		config_diff(a, b, &d);
		print(&d, call->json, stdout);
		status = d.n > 0 ? DIFF_CHANGES : DIFF_SAME;
	}
	config_diff_done(&d);
	config_free(a);
	config_free(b);
	return status;
}

/* ---- by the agent ---- */

static const char *value_at(const json_t *key, const char *name)
{
	const char *text = text_at(key, name);
	return *text ? text : "not set";
}

static void print_changes(const json_t *answer)
{
	size_t i, j;
	json_t *change, *key;
	json_array_foreach((json_t *)json_at(answer, "changes"), i, change)
	{
		printf("%s\n", text_at(change, "text"));
		json_array_foreach((json_t *)json_at(change, "keys"), j, key) printf(
			"    %s: %s -> %s%s\n", text_at(key, "key"), value_at(key, "before"),
			value_at(key, "after"),
			strcmp(text_at(key, "effect"), "restart") == 0 ? " (needs a restart)" : "");
	}
}

static void print_findings(const json_t *answer, const char *list, const char *severity,
			   const char *file)
{
	size_t i;
	json_t *finding;
	json_array_foreach((json_t *)json_at(answer, list), i, finding)
	{
		const char *key = text_at(finding, "key"), *included = text_at(finding, "file");
		fprintf(stderr, "%s:", *included ? included : file);
		if (count_at(finding, "line") > 0)
			fprintf(stderr, "%lld:%lld:", count_at(finding, "line"),
				count_at(finding, "column"));
		fprintf(stderr, " %s: %s%s%s\n", severity, key, *key ? ": " : "",
			text_at(finding, "text"));
	}
}

void diff_print_findings(const json_t *answer, const char *file)
{
	print_findings(answer, "errors", "error", file);
	print_findings(answer, "warnings", "warning", file);
}

/* Done, also but for some apps. */
static bool is_in_effect(const struct client_reply *reply, const json_t *answer)
{
	return reply->status == 200 || str_equal(text_at(answer, "result"), "incomplete");
}

/* False: neither done nor refused for the errors of a configuration; *ret_status says what. */
static bool is_answered(const struct client_reply *reply, const json_t *answer, int *ret_status)
{
	if (is_in_effect(reply, answer) || reply->status == 422)
		return true;
	*ret_status = order_refused(reply);
	return false;
}

static void show(const struct verb_call *call, const struct client_reply *reply,
		 const json_t *answer, const char *file)
{
	if (call->json) {
		client_reply_print(reply);
		return;
	}
	diff_print_findings(answer, file);
	print_changes(answer);
}

/* Of included files, when the rest is in order. */
static bool has_errors(const json_t *answer)
{
	return json_array_size(json_at(answer, "errors")) > 0;
}

int diff_read_file(const char *file, char **ret, size_t *ret_len)
{
	size_t cap = 0;
	FILE *in = fopen(file, "re");
	int rc = in ? 0 : -errno;
	for (size_t n = 1; in && n > 0 && *ret_len <= CONFIG_FILE_MAX; *ret_len += n) {
		*ret = mem_grow(*ret, &cap, *ret_len + 65536, 1);
		n = fread(*ret + *ret_len, 1, 65536, in);
	}
	if (in && ferror(in))
		rc = -EIO;
	if (in)
		fclose(in);
	return rc;
}

static int show_diff(const struct verb_call *call, const struct client_reply *reply,
		     const char *file)
{
	json_t *answer = json_loadb(reply->body, reply->len, 0, NULL);
	int status = DIFF_ERRORS, refused;
	if (is_answered(reply, answer, &refused)) {
		show(call, reply, answer, file);
		bool failed = reply->status != 200 || has_errors(answer);
		bool changes = json_array_size(json_at(answer, "changes")) > 0;
		status = failed ? DIFF_ERRORS : changes ? DIFF_CHANGES : DIFF_SAME;
	}
	json_decref(answer);
	return status;
}

int cmd_diff_agent(const struct client *client, const struct verb_call *call)
{
	const char *file = call->words[0];
	const struct client patient = client_patient(client);
	struct client_reply reply = { 0 };
	struct err err;
	char *text = NULL;
	size_t len = 0;
	int status = DIFF_ERRORS, rc = diff_read_file(file, &text, &len);
	if (rc < 0) {
		fprintf(stderr, "%s: error: cannot be read: %s\n", file, strerror(-rc));
	} else if (client_send(&patient, "POST", "/v1/diff", text, len, &reply, &err) < 0) {
		fprintf(stderr, "vipherald: %s\n", err.text);
		status = VERB_UNREACHABLE;
	} else {
		status = show_diff(call, &reply, file);
	}
	free(text);
	client_reply_done(&reply);
	return status;
}

static void print_outcome(const json_t *answer)
{
	const char *deadline = text_at(answer, "confirm.deadline");
	printf("%s%s\n", text_at(answer, "result"),
	       true_at(answer, "confirms") ? ", confirmed" : "");
	if (*deadline)
		printf("the previous configuration returns at %s, unless: vipherald confirm\n",
		       deadline);
}

static int show_reload(const struct verb_call *call, const struct client_reply *reply)
{
	json_t *answer = json_loadb(reply->body, reply->len, 0, NULL);
	const char *error = text_at(answer, "error");
	int status = VERB_REFUSED;
	if (is_answered(reply, answer, &status)) {
		show(call, reply, answer, text_at(answer, "file"));
		status = reply->status == 200 && !has_errors(answer) ? VERB_DONE : VERB_REFUSED;
		if (!call->json && is_in_effect(reply, answer))
			print_outcome(answer);
		if (!call->json && *error)
			fprintf(stderr, "%s\n", error);
	}
	json_decref(answer);
	return status;
}

int cmd_reload(const struct client *client, const struct verb_call *call)
{
	char target[256] = "/v1/reload";
	const struct client patient = client_patient(client);
	struct client_reply reply = { 0 };
	struct err err;
	const char *confirm = verb_value(call, "confirm");
	if (confirm && client_add_parameter(target, sizeof(target), "confirm", confirm) < 0) {
		fprintf(stderr, "vipherald: --confirm: too long\n");
		return VERB_USAGE;
	}
	if (client_request(&patient, "POST", target, &reply, &err) < 0) {
		fprintf(stderr, "vipherald: %s\n", err.text);
		return VERB_UNREACHABLE;
	}
	int status = show_reload(call, &reply);
	client_reply_done(&reply);
	return status;
}
