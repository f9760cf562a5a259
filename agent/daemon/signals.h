/* SPDX-License-Identifier: MIT */
/* The signals of the agent. */
#ifndef AGENT_DAEMON_SIGNALS_H
#define AGENT_DAEMON_SIGNALS_H

#include <sys/types.h>
#include <systemd/sd-event.h>

struct signals;

/* Called from the loop, with the signal's name. */
typedef void signals_cb(const char *name, void *userdata);

struct signals_handlers {
	signals_cb *stop; /* SIGTERM, SIGINT */
	/* SIGUSR2; the process that sent it, 0: of another PID namespace. */
	void (*restart)(const char *name, pid_t sender, void *userdata);
	signals_cb *hangup; /* SIGHUP */
};

/* Before anything else: process 1 does not get a signal that it neither handles nor blocks, and a
 * container that is stopped while it starts would be killed instead. Ignores SIGPIPE. */
void signals_block(void);
/* `handlers` must outlive it. 0 or -errno. */
int signals_new(sd_event *loop, const struct signals_handlers *handlers, void *userdata,
		struct signals **ret);
void signals_free(struct signals *s);

#endif
