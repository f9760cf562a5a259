/* SPDX-License-Identifier: MIT */
#include "agent/daemon/restart.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/config/config.h"
#include "agent/daemon/config_log.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/reload_prepare.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/mono.h"
#include "process/loop.h"

/* How long the file is checked in one turn of the loop. */
#define TURN           (4 * USEC_PER_MSEC)
#define CHECKED_A_STEP 200

struct restart {
	struct agent *a;
	const char *signal;
	/* Of the check in progress. */
	struct config_loader *loader; /* NULL: there is none */
	struct config_findings findings;
	struct config *next; /* loaded, and checked against this host */
	struct reload_check check;
	sd_event_source *turn;
};

struct restart *restart_new(struct agent *a)
{
	struct restart *r = mem_new(1, sizeof(*r));
	r->a = a;
	return r;
}

static void end_check(struct restart *r)
{
	r->turn = sd_event_source_disable_unref(r->turn);
	config_loader_free(r->loader);
	r->loader = NULL;
	reload_check_done(&r->check);
	config_free(r->next);
	r->next = NULL;
	config_findings_done(&r->findings);
	r->findings = (struct config_findings){ 0 };
}

void restart_free(struct restart *r)
{
	if (!r)
		return;
	end_check(r);
	free(r);
}

bool restart_is_manager(pid_t sender, const char *manager)
{
	char *end = NULL;
	/* 0: outside of the agent's PID namespace, as the engine of its container is. */
	if (sender == 0 || sender == 1)
		return true;
	if (!manager || !*manager)
		return false;
	long pid = strtol(manager, &end, 10);
	return *end == '\0' && pid == sender;
}

static void refuse(const struct restart *r)
{
	const char *path = r->a->config_file.path;
	size_t n = r->findings.n_errors;
	config_log_findings(&r->findings, path);
	log_event(LOG_ERROR, "config", EVENT("restart.refused"),
		  "%s: no restart, %s has %zu error%s; the agent goes on", r->signal, path, n,
		  n == 1 ? "" : "s");
}

static void decide(struct restart *r, bool fit)
{
	if (!fit)
		refuse(r);
	end_check(r);
	if (fit)
		shutdown_restart(r->a->shutdown, r->signal);
}

/* 1: more is left; 0: the file is fit; -errno. */
static int step(struct restart *r)
{
	if (r->next)
		return reload_check_step(&r->check, CHECKED_A_STEP);
	int rc = config_loader_step(r->loader, &r->next);
	if (rc != 0)
		return rc;
	/* A start would leave the apps of included files with errors out. */
	rc = reload_check_begin(&r->check, r->a, r->next, false, &r->findings);
	return rc < 0 || config_set_broken(&r->next->set) > 0 ? -EINVAL : 1;
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	struct restart *r = userdata;
	mono_t limit = usec_add(loop_clock(), TURN);
	int rc = 1;
	if (shutdown_state(r->a->shutdown) != SHUTDOWN_RUNNING) { /* stopped meanwhile */
		end_check(r);
		return 0;
	}
	while (rc > 0 && loop_clock() < limit)
		rc = step(r);
	if (rc > 0)
		loop_defer(r->a->loop, &r->turn, LOOP_APPLY, on_turn, r);
	else
		decide(r, rc == 0);
	return 0;
}

void restart_ask(struct restart *r, const char *signal, pid_t sender)
{
	struct agent *a = r->a;
	if (shutdown_state(a->shutdown) != SHUTDOWN_RUNNING ||
	    restart_is_manager(sender, getenv("MANAGERPID"))) {
		shutdown_restart(a->shutdown, signal);
		return;
	}
	if (r->loader) {
		log_info("agent", "%s: the configuration is being checked already", signal);
		return;
	}
	r->signal = signal;
	r->loader = config_loader_new(
		&(struct config_source){ .file = a->config_file.path,
					 .subnets = host_changes_subnets(a->host_changes) },
		&r->findings);
	loop_defer(a->loop, &r->turn, LOOP_APPLY, on_turn, r);
}
