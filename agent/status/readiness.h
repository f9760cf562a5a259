/* SPDX-License-Identifier: MIT */
/*
 * Whether the agent is ready, as an orchestrator asks before it goes on with the next host. Pure.
 *
 *	registered    every app of the configuration is registered, and Consul has answered or had
 *	              its time
 *	verdicts      every app registered by then has had a first verdict, good or bad
 *	connected     at least one session is established, unless the operator has disabled all peers
 *	reachable     every announced VIP can be sent to an established peer: there is a next hop,
 *	              and a peer has negotiated the address family
 *	complete      the apps of all included files are there
 *	permitted     no capability is missing that the configuration needs
 *
 * The health of the apps does not count: a host whose service is down withdraws its routes, and the
 * agent does its work. Neither an app that is registered later nor the loss of one of several peers
 * makes the agent unready.
 */
#ifndef AGENT_STATUS_READINESS_H
#define AGENT_STATUS_READINESS_H

#include <stdbool.h>
#include <stddef.h>

struct readiness {
	bool stopping;
	bool registered;           /* all apps of the configuration are */
	bool discovered;           /* Consul has answered, had its time, or is not configured */
	size_t unjudged;           /* apps of the start without a first verdict */
	const char *waits_on;      /* the name of one of them */
	size_t peers, established; /* of those that are not disabled */
	size_t left_out;           /* included files with errors, whose apps are not there */
	size_t refused;            /* announced VIPs that cannot be sent to any established peer */
	const char *missing;       /* capabilities; "" or NULL: none */
};

#define READINESS_TEXT_MAX 512

/* Whether it is ready; the text is "ready", or one line for each condition that is not met. */
bool readiness_report(const struct readiness *r, char buf[READINESS_TEXT_MAX]);

#endif
