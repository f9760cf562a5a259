/* SPDX-License-Identifier: MIT */
/* The data of a reload, for the files that carry it out (reload.c, reload_confirm.c). */
#ifndef AGENT_DAEMON_RELOAD_DATA_H
#define AGENT_DAEMON_RELOAD_DATA_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/daemon/reload_apps.h"
#include "agent/daemon/reload_job.h"
#include "lib/mono.h"

enum reload_phase {
	RELOAD_LOAD,
	RELOAD_DIFF,
	RELOAD_CHECK,
	RELOAD_MARK, /* waits for the copy and the mark of a trial */
	RELOAD_CHANGE,
	RELOAD_APPS,
	RELOAD_FREE,
};

struct reload {
	struct agent *a;
	/* Of the next one, as in struct reload_request. */
	const char *trigger;
	char by[CONFIRM_BY_MAX];
	char principal[PRINCIPAL_NAME_MAX], from[ADDR_TEXT_MAX];
	span_t confirm;
	bool asked, expired, running, stopped;
	bool confirmed;  /* a reply waits for the mark to be gone */
	uint64_t count;  /* of all that began, rollbacks too */
	uint64_t number; /* of the last one that began */
	sd_event_source *turn;
	struct reload_job job; /* the one that is under way */
	struct reload_apps apps;
	enum reload_phase phase;
	char kept[SHA256_TEXT_MAX]; /* of the copy that returns */
};

/* Takes the next turn, when there is something to begin or to go on with. */
void reload_wake(struct reload *r);

#endif
