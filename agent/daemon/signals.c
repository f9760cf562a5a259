/* SPDX-License-Identifier: MIT */
#include "agent/daemon/signals.h"

#include <signal.h>
#include <stdlib.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "process/loop.h"
#include "process/subreaper.h"

static const int watched[] = { SIGTERM, SIGINT, SIGUSR2, SIGHUP };
#define N_WATCHED ARRAY_SIZE(watched)

struct signals {
	const struct signals_handlers *handlers;
	void *userdata;
	sd_event_source *sources[N_WATCHED], *children;
};

void signals_block(void)
{
	sigset_t blocked;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD); /* of the monitors' commands, process/child.h */
	for (size_t i = 0; i < N_WATCHED; i++)
		sigaddset(&blocked, watched[i]);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source;
	struct signals *s = userdata;
	switch (info->ssi_signo) {
	case SIGTERM:
		s->handlers->stop("SIGTERM", s->userdata);
		break;
	case SIGINT:
		s->handlers->stop("SIGINT", s->userdata);
		break;
	case SIGUSR2:
		s->handlers->restart("SIGUSR2", (pid_t)info->ssi_pid, s->userdata);
		break;
	case SIGHUP:
		s->handlers->hangup("SIGHUP", s->userdata);
		break;
	}
	return 0;
}

int signals_new(sd_event *loop, const struct signals_handlers *handlers, void *userdata,
		struct signals **ret)
{
	struct signals *s = mem_new(1, sizeof(*s));
	s->handlers = handlers;
	s->userdata = userdata;
	int rc = subreaper_watch(loop, &s->children);
	/* No burst of anything may delay a shutdown. */
	for (size_t i = 0; i < N_WATCHED && rc >= 0; i++)
		rc = loop_signal_add(loop, &s->sources[i], watched[i], LOOP_FLUSH, on_signal, s);
	if (rc < 0) {
		signals_free(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void signals_free(struct signals *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < N_WATCHED; i++)
		sd_event_source_disable_unref(s->sources[i]);
	sd_event_source_disable_unref(s->children);
	free(s);
}
