/* SPDX-License-Identifier: MIT */
/*
 * The capabilities that a configuration requires, and why. Pure: the facts about the host and the
 * process are arguments.
 *
 * `vipherald check --capabilities` prints a systemd drop-in from the result, the agent logs missing
 * capabilities at start, and /v1/capabilities shows them. The agent starts without them; each
 * operation that requires one fails when it is tried.
 */
#ifndef AGENT_CONFIG_CAPABILITIES_H
#define AGENT_CONFIG_CAPABILITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "agent/config/config.h"
#include "lib/str.h"
#include "nat/choice.h"

struct capability_facts {
	uint64_t effective;       /* a bit for each effective CAP_… */
	unsigned first_free_port; /* lower ports require CAP_NET_BIND_SERVICE */
	enum nat_legacy legacy;   /* whether the host uses legacy iptables */
	bool exec_user_is_us;     /* agent.exec.user is the user of the agent */
	const char *program_user; /* the first of processes[] that is not; NULL: none */
	bool stays_root;          /* the agent goes on as uid 0 */
	bool icmp_is_allowed;     /* ICMP sockets, by net.ipv4.ping_group_range */
};

struct capability_need {
	int number; /* CAP_… */
	bool missing;
	const char *key;     /* of the configuration: "bgp.listen" */
	const char *without; /* the consequence when it is missing */
	char what[160];      /* the operation that requires it */
};

#define CAPABILITY_NEEDS_MAX 16
#define CAPABILITY_UNIT_USER "vipherald" /* of vipherald.service */

struct capability_needs {
	struct capability_need items[CAPABILITY_NEEDS_MAX];
	size_t n;
	size_t n_missing;
};

const char *capability_name(int number); /* "CAP_NET_ADMIN" */
void capability_needs_find(const struct config *c, const struct capability_facts *facts,
			   struct capability_needs *ret);

/* A bit for each CAP_… that is kept when the others are given up: what is needed, and what apps
 * that are registered at run time may need. For a process that stays root, CAP_DAC_OVERRIDE too:
 * without it `file:` monitors and disable_files of other users would look missing. */
uint64_t capability_keep(const struct config *c, const struct capability_facts *facts,
			 const struct capability_needs *needs);

/* "CAP_NET_RAW is missing, required for …: …", with what to do. */
void capability_explain(const struct capability_need *need, struct strbuf *text);
/* "CAP_NET_ADMIN, CAP_KILL", each once; "" when none is missing. */
void capability_list_missing(const struct capability_needs *needs, struct strbuf *text);
/* A drop-in for vipherald.service, which itself grants CAP_NET_ADMIN only. */
void capability_write_dropin(const struct capability_needs *needs, FILE *out);

#endif
