/* SPDX-License-Identifier: MIT */
/* A reload that is under way, for those who carry it out (reload.c) and report it
 * (reload_report.c). */
#ifndef AGENT_DAEMON_RELOAD_JOB_H
#define AGENT_DAEMON_RELOAD_JOB_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/config/config.h"
#include "agent/config/diff.h"
#include "agent/config/findings.h"
#include "agent/daemon/reload_prepare.h"
#include "agent/store/confirm_mark.h"
#include "lib/mono.h"

struct reload_job {
	const char *trigger; /* "SIGHUP" */
	/* "": a signal, a process, or the agent itself. */
	char by[CONFIRM_BY_MAX]; /* who asked for it, with the address */
	char principal[PRINCIPAL_NAME_MAX], from[ADDR_TEXT_MAX];
	span_t confirm; /* unless it is confirmed by then, it is taken back; 0: it stays */
	bool marked;    /* the mark of the trial is on its way to the disk, or there */
	bool rollback;  /* back to the copy of the configuration before the trial */
	struct config_loader *loader;
	struct config *next;   /* loaded, not in effect yet */
	struct config *former; /* in effect before it */
	struct config_differ differ;
	struct config_diff diff;
	struct config_findings findings;
	struct reload_check check;
	unsigned n_checks; /* it was begun anew as addresses of the host changed */
	json_t *changes, *needs_restart;
	size_t n_refused; /* apps, by the registry */
	bool confirms;    /* it ended a trial: this configuration stays */
};

#endif
