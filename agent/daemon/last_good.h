/* SPDX-License-Identifier: MIT */
/*
 * The last configuration that was in effect, in the state directory (last-good.yaml, mode 0600):
 * what an agent runs that is started with a broken file. The copy has all texts as they were loaded
 * (config_set_bundle()), behind a comment that names the file.
 */
#ifndef AGENT_DAEMON_LAST_GOOD_H
#define AGENT_DAEMON_LAST_GOOD_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/config/config.h"
#include "lib/sha256.h"

struct last_good;

/* A copy was written, or could not be. */
typedef void last_good_settled_cb(bool stored, void *userdata);

/* Never fails: without a state directory that can be written there is no copy, with a line in the
 * log. */
struct last_good *last_good_new(sd_event *loop, last_good_settled_cb *settled, void *userdata);
/* A write in progress is cancelled: the copy before it stays. */
void last_good_free(struct last_good *g);
/* `g` may be NULL. The configuration is in effect: keeps its texts, unless a write is in progress.
 * Returns at once; the disk is waited for by the kernel. */
void last_good_keep(struct last_good *g, const char *file, const struct config *config);
bool last_good_is_writing(const struct last_good *g);
/* The set_sha256 of the configuration that the copy on the disk is of; false: there is none of
 * `file`. */
bool last_good_find(const char *file, char ret_sha256[static SHA256_TEXT_MAX]);
/* Loads the copy in steps; NULL: there is none. */
struct config_loader *last_good_loader(const char *file, struct config_findings *findings,
				       char ret_sha256[static SHA256_TEXT_MAX]);

/* It was loaded from the copy: has the hashes of what that is a copy of. */
void last_good_adopt(struct config *config, const char *sha256);

/* For the start, before the loop. The copy of `file` is loaded; -ENOENT when there is none.
 * `ret_date`: when it was kept. */
#define LAST_GOOD_DATE_MAX 32
int last_good_load(const char *file, struct config **ret, char ret_date[static LAST_GOOD_DATE_MAX],
		   struct err *err);

#endif
