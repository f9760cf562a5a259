/* SPDX-License-Identifier: MIT */
#include "agent/daemon/restart.h"

#include <stdlib.h>

#include "agent/config/config.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/reload_prepare.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/mono.h"
#include "process/loop.h"

/* How long the file is checked in one turn of the loop. */
#define TURN (4 * USEC_PER_MSEC)

struct restart {
	struct agent *a;
	const char *signal;
	/* Of the check in progress. */
	struct config_loader *loader; /* NULL: there is none */
	struct config_findings findings;
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

/* `next` NULL: the file could not be loaded. */
static void decide(struct restart *r, struct config *next)
{
	/* A start would leave the apps of included files with errors out. */
	bool fit = next && config_set_broken(&next->set) == 0 &&
		   reload_check(r->a, next, &r->findings) == 0;
	if (!fit)
		refuse(r);
	config_free(next);
	end_check(r);
	if (fit)
		shutdown_restart(r->a->shutdown, r->signal);
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	struct restart *r = userdata;
	struct config *next = NULL;
	mono_t limit = usec_add(loop_clock(), TURN);
	int rc = 1;
	if (shutdown_state(r->a->shutdown) != SHUTDOWN_RUNNING) { /* stopped meanwhile */
		end_check(r);
		return 0;
	}
	while (rc > 0 && loop_clock() < limit)
		rc = config_loader_step(r->loader, &next);
	if (rc > 0)
		loop_defer(r->a->loop, &r->turn, LOOP_APPLY, on_turn, r);
	else
		decide(r, next);
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
	r->loader = config_loader_new(&(struct config_source){ .file = a->config_file.path },
				      &r->findings);
	loop_defer(a->loop, &r->turn, LOOP_APPLY, on_turn, r);
}
