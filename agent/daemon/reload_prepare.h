/* SPDX-License-Identifier: MIT */
/* All of a reload but the apps: what can fail first, in steps, then the change of everything at
 * once. */
#ifndef AGENT_DAEMON_RELOAD_PREPARE_H
#define AGENT_DAEMON_RELOAD_PREPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/app/registry.h"
#include "agent/config/app_index.h"
#include "agent/config/config.h"
#include "agent/config/diff.h"
#include "agent/config/findings.h"
#include "agent/vip/host_addresses.h"

struct agent;
struct tokens;

/* The errors that only the running agent can find, in steps. */
struct reload_check {
	struct agent *a;
	const struct config *next;
	struct config_findings *findings;
	bool rollback; /* it was in effect before a trial: what was accepted meanwhile stays */
	struct host_addresses identity; /* of the new configuration */
	struct tokens *tokens;
	uint64_t host_count; /* host_changes_count() when it was found */
	bool same_vital;     /* as in effect: what is registered need not be checked against it */
	size_t next_app;
	bool *same;                /* of the apps of `next`: registered as it stands there */
	uint64_t registry_changes; /* while the registry's are these */
	struct app_index apps;     /* of `next`, made when an app of others is refused */
	struct vip_index vips;     /* likewise */
	struct app_cursor cursor;  /* of all that are registered */
	bool walks;
	int result;
};

/* `next` has to outlive the check. After an error, too, reload_check_done(). */
int reload_check_begin(struct reload_check *c, struct agent *a, const struct config *next,
		       bool rollback, struct config_findings *findings);
/* About `n` apps. 1: more is left; 0: there is no error; -errno. */
int reload_check_step(struct reload_check *c, size_t n);
/* Whether the app of this number need not be registered again, as it is already. */
bool reload_check_is_same(const struct reload_check *c, size_t app);
/* Addresses of this host have changed since: check again. */
bool reload_check_is_stale(const struct reload_check *c);
void reload_check_done(struct reload_check *c);

/* Puts `next`, which was checked, into effect, all but its apps; `diff` is what differs. On success
 * *next holds the former configuration, which nothing refers to any more. With -errno nothing
 * changed, and the findings have the error. */
int reload_change(struct reload_check *c, struct config *next, const struct config_diff *diff);
/* The apps have changed as well: what waited for that is sent. */
void reload_change_done(struct agent *a);

#endif
