/* SPDX-License-Identifier: MIT */
#include "agent/daemon/restart.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/daemon/config_log.h"
#include "agent/daemon/file_check.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/peer_set.h"
#include "agent/daemon/turn.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "process/loop.h"

struct restart {
	struct agent *a;
	const char *signal;
	bool checking;
	struct file_check check; /* in progress */
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
	file_check_done(&r->check);
	r->checking = false;
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

static void refuse(struct restart *r)
{
	const char *path = r->a->config_file.path;
	struct config_findings *findings = &r->check.findings;
	config_findings_move(findings, &r->check.found);
	size_t n = findings->n_errors;
	config_log_findings(findings, path);
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

/* A start would leave the apps of included files with errors out. */
static bool is_fit(const struct restart *r, int rc)
{
	return rc == 0 && config_set_broken(&r->check.next->set) == 0;
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	struct restart *r = userdata;
	mono_t end = turn_end();
	int rc = 1;
	if (shutdown_state(r->a->shutdown) != SHUTDOWN_RUNNING) { /* stopped meanwhile */
		end_check(r);
		return 0;
	}
	while (rc > 0 && !turn_is_over(end))
		rc = file_check_step(&r->check);
	if (rc > 0)
		loop_defer(r->a->loop, &r->turn, LOOP_APPLY, on_turn, r);
	else
		decide(r, is_fit(r, rc));
	return 0;
}

bool restart_is_checking(const struct restart *r)
{
	return r->checking;
}

void restart_ask(struct restart *r, const char *signal, pid_t sender)
{
	struct agent *a = r->a;
	if (shutdown_state(a->shutdown) != SHUTDOWN_RUNNING ||
	    restart_is_manager(sender, getenv("MANAGERPID"))) {
		shutdown_restart(a->shutdown, signal);
		return;
	}
	if (r->checking) {
		log_info("agent", "%s: already checking the configuration", signal);
		return;
	}
	r->signal = signal;
	r->checking = true;
	file_check_begin(&r->check, a,
			 &(struct config_source){ .file = a->config_file.path,
						  .subnets = host_changes_subnets(a->host_changes),
						  .added = peer_set_added,
						  .added_userdata = a });
	loop_defer(a->loop, &r->turn, LOOP_APPLY, on_turn, r);
}
