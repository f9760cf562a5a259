/* SPDX-License-Identifier: MIT */
/*
 * Whether the agent does what it is there for, as an orchestrator asks for it before it goes on
 * with the next host. Pure.
 *
 *	configured    every app of the configuration is registered, and Consul was heard (or had
 *	              its time)
 *	verdicts      each app that was there by then has had a first verdict, good or bad
 *	connected     at least one router would take a route
 *	allowed       no capability is missing that the configuration needs
 *
 * The health of apps is not asked: a host whose service is down withdraws, which is the agent's
 * work well done. An app that is registered later makes nothing unready, nor does the loss of one
 * of several routers.
 */
#ifndef AGENT_STATUS_READINESS_H
#define AGENT_STATUS_READINESS_H

#include <stdbool.h>
#include <stddef.h>

struct readiness {
	bool stopping;
	bool registered;      /* all apps of the configuration are */
	bool discovered;      /* Consul was heard, had its time, or is not asked */
	size_t unjudged;      /* apps of the start without a first verdict */
	const char *waits_on; /* the name of one of them */
	size_t peers, established;
	const char *lacks; /* capabilities that are needed and missing; "" or NULL: none */
};

#define READINESS_TEXT_MAX 512

/* Whether it is ready; the text says "ready", or what is missing, a line each. */
bool readiness_report(const struct readiness *r, char buf[READINESS_TEXT_MAX]);

#endif
