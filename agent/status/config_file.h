/* SPDX-License-Identifier: MIT */
/* The configuration file: what is loaded, and what came of the last reload. */
#ifndef AGENT_STATUS_CONFIG_FILE_H
#define AGENT_STATUS_CONFIG_FILE_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/config/config.h"
#include "agent/store/confirm_mark.h"
#include "lib/sha256.h"
#include "lib/wallclock.h"

/* The configuration in effect is to be confirmed. */
struct config_trial {
	wall_t deadline; /* the one before it returns then; 0: there is no trial */
	bool failed;     /* it could not return yet */
	char sha256[SHA256_TEXT_MAX];
	char by[CONFIRM_BY_MAX]; /* who asked for it */
};

/* The file as it was with this hash was not confirmed; "": there is none. */
struct config_rolled_back {
	char sha256[SHA256_TEXT_MAX];
	char by[CONFIRM_BY_MAX];
	char at[DATE_TEXT_MAX];
};

struct config_file {
	const char *path;
	wall_t modified;              /* of the file when it was read */
	char sha256[SHA256_TEXT_MAX]; /* of the configuration in effect */
	wall_t loaded_at;
	json_t *files;             /* included ones; NULL: none */
	size_t n_kept, n_left_out; /* of them, with errors */
	const char *first_broken;  /* one of these; a view into files */
	/* The file was broken at the start, and its copy of this date is in effect; "": it was
	 * not. */
	char last_good[DATE_TEXT_MAX];
	struct config_trial trial;
	struct config_rolled_back rolled_back;
	uint64_t rollbacks;
	wall_t reload_at; /* the last one; 0: there was none */
	bool reload_ok;
	bool incomplete;       /* in effect, but for apps that the registry refused */
	json_t *errors;        /* of it, as view_findings() has them; NULL: none */
	json_t *needs_restart; /* keys whose values in the file are not in effect; NULL: none */
};

/* The configuration is in effect. `path` is a view. */
void config_file_loaded(struct config_file *f, const char *path, const struct config *config);
/* The file has this hash and is not in effect: it was not confirmed. */
void config_file_rolled_back(struct config_file *f, const char *sha256, const char *by,
			     const char *at);
enum reload_end {
	RELOAD_FAILED,
	RELOAD_INCOMPLETE, /* apps of the file were refused, all else is in effect */
	RELOAD_DONE,
};
/* Takes both arrays over. */
void config_file_reloaded(struct config_file *f, enum reload_end end, json_t *errors,
			  json_t *needs_restart);
/* The last reload, or without one the start, put the file into effect; included files are by
 * themselves. */
bool config_file_is_accepted(const struct config_file *f);
/* The file, or one that it includes, was modified since it was loaded, or is gone. */
bool config_file_is_changed(const struct config_file *f);
void config_file_done(struct config_file *f);

/* {deadline, sha256, by}; null: there is no trial. */
json_t *view_config_trial(const struct config_file *f);
/* {file, sha256, loaded_at, last_reload, files, needs_restart, confirm, rolled_back} */
json_t *view_config_file(const struct config_file *f);

#endif
