/* SPDX-License-Identifier: MIT */
/* The configuration file: what is loaded, and what came of the last reload. */
#ifndef AGENT_STATUS_CONFIG_FILE_H
#define AGENT_STATUS_CONFIG_FILE_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/config/findings.h"
#include "lib/sha256.h"
#include "lib/wallclock.h"

struct config_file {
	const char *path;
	wall_t modified;              /* of the file when it was read */
	char sha256[SHA256_TEXT_MAX]; /* of the configuration in effect */
	wall_t loaded_at;
	/* The file was broken at the start, and its copy of this date is in effect; "": it was not. */
	char last_good[DATE_TEXT_MAX];
	wall_t reload_at; /* the last one; 0: there was none */
	bool reload_ok;
	json_t *errors;        /* of it, as view_findings() has them; NULL: none */
	json_t *needs_restart; /* keys whose values in the file are not in effect; NULL: none */
};

/* The configuration with this fingerprint is in effect. `path` is a view. */
void config_file_loaded(struct config_file *f, const char *path, const char *sha256);
/* Takes both arrays over. */
void config_file_reloaded(struct config_file *f, bool ok, json_t *errors, json_t *needs_restart);
void config_file_done(struct config_file *f);

/* {file, sha256, loaded_at, last_reload, needs_restart} */
json_t *view_config_file(const struct config_file *f);

/* Errors and warnings, in the log. */
void config_log_findings(const struct config_findings *findings, const char *path);

#endif
