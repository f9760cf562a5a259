/* SPDX-License-Identifier: MIT */
#include "agent/daemon/start_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/config_log.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/settings.h"
#include "agent/store/stored_peers.h"
#include "lib/log.h"
#include "lib/str.h"

/* A host without an agent announces nothing. */
static int load_copy(struct agent *a, const char *file, char date[static LAST_GOOD_DATE_MAX])
{
	struct err err;
	if (last_good_load(file, &a->config, date, &err) < 0) {
		log_error("config", "%s: not started; %s", file, err.text);
		return -EINVAL;
	}
	config_file_loaded(&a->config_file, file, a->config);
	config_log_included(&a->config->set);
	return 0;
}

static int load_last_good(struct agent *a, const char *file)
{
	char date[LAST_GOOD_DATE_MAX];
	int rc = load_copy(a, file, date);
	if (rc < 0)
		return rc;
	str_copy(a->config_file.last_good, sizeof(a->config_file.last_good), date);
	log_error("config",
		  "%s is broken: running its last good version, kept at %s; fix the file, then "
		  "reload",
		  file, date);
	return 0;
}

static int load_file(struct agent *a, const char *file)
{
	struct config_findings findings = { 0 };
	int rc = stored_peers_load_config(file, &a->config, &findings);
	config_log_findings(&findings, file);
	config_findings_done(&findings);
	if (rc == 0) {
		config_file_loaded(&a->config_file, file, a->config);
		config_log_included(&a->config->set);
	}
	return rc == -EINVAL ? load_last_good(a, file) : rc;
}

/* The file is not to be started from: its text was rolled back, or the previous instance ended
 * while a configuration was on trial, whatever the file has become since. */
static bool is_refused(const struct agent *a, const char *file)
{
	char kept[SHA256_TEXT_MAX];
	const struct confirm_mark *m = &a->mark;
	/* It has been put back, or was confirmed just before the end. */
	if (last_good_find(file, kept) && str_equal(kept, a->config->set_sha256))
		return false;
	return m->state == CONFIRM_UNCONFIRMED ||
	       (m->state == CONFIRM_ROLLED_BACK && str_equal(m->sha256, a->config->set_sha256));
}

static int load_before_trial(struct agent *a, const char *file)
{
	char date[LAST_GOOD_DATE_MAX];
	const struct confirm_mark *m = &a->mark;
	const char *what = m->state == CONFIRM_UNCONFIRMED ? "on trial and not confirmed"
							   : "not confirmed and rolled back";
	int rc = load_copy(a, file, date);
	if (rc < 0) {
		log_error("config",
			  "%s: its reload by %s at %s was %s: restored the previous configuration",
			  file, m->by, m->at, what);
		return rc;
	}
	config_file_rolled_back(&a->config_file, m->sha256, m->by, m->at);
	log_error("config",
		  "%s: its reload by %s at %s was %s: running the previous configuration, kept at "
		  "%s; fix the file, then reload",
		  file, m->by, m->at, what, date);
	return 0;
}

int start_config_load(struct agent *a, const char *file)
{
	confirm_find(file, &a->mark);
	int rc = load_file(a, file);
	if (rc == 0 && is_refused(a, file)) {
		config_free(a->config);
		a->config = NULL;
		config_file_done(&a->config_file);
		rc = load_before_trial(a, file);
	}
	if (rc == 0)
		settings_apply_log(a);
	return rc;
}
