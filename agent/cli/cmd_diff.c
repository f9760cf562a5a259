/* SPDX-License-Identifier: MIT */
#include "agent/cli/cmd_diff.h"

#include <jansson.h>

#include "agent/config/config.h"
#include "agent/config/diff.h"
#include "agent/status/view_diff.h"

/* Notes and warnings are the business of `check`. */
static int load(const char *file, struct config **ret, FILE *errors)
{
	char line[2048];
	struct config_findings findings = { 0 };
	int rc = config_load(file, ret, &findings);
	for (size_t i = 0; i < findings.n; i++) {
		if (findings.items[i].severity != CONFIG_ERROR)
			continue;
		config_finding_format(&findings.items[i], file, line, sizeof(line));
		fprintf(errors, "%s\n", line);
	}
	config_findings_done(&findings);
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

int cmd_diff_files(const char *before, const char *after, bool json, FILE *out, FILE *errors)
{
	struct config *a = NULL, *b = NULL;
	struct config_diff d = { 0 };
	int status = DIFF_ERRORS;
	int rc_a = load(before, &a, errors), rc_b = load(after, &b, errors);
	if (rc_a == 0 && rc_b == 0) {
		config_diff(a, b, &d);
		print(&d, json, out);
		status = d.n > 0 ? DIFF_CHANGES : DIFF_SAME;
	}
	config_diff_done(&d);
	config_free(a);
	config_free(b);
	return status;
}
