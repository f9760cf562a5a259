/* SPDX-License-Identifier: MIT */
/*
 * Which capabilities a configuration needs, and what for. Pure: the facts about the host and the
 * process come in as values.
 *
 * `vipherald check --capabilities` makes a systemd drop-in of it, the agent says at start what is
 * missing, /v1/capabilities shows it. Nothing is refused because of it: what can be done without
 * is done, and what cannot be fails where it is tried.
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
	uint64_t effective;       /* a bit for each CAP_… we have */
	unsigned first_free_port; /* lower ones need CAP_NET_BIND_SERVICE */
	enum nat_legacy legacy;   /* does this host use legacy iptables */
	bool exec_user_is_us;     /* agent.exec.user is who we are already */
	bool icmp_is_allowed;     /* ICMP sockets, by net.ipv4.ping_group_range */
};

struct capability_need {
	int number; /* CAP_… */
	bool missing;
	const char *key;     /* of the configuration: "bgp.listen" */
	const char *without; /* what happens when it is missing */
	char what[160];      /* what it is needed for */
};

#define CAPABILITY_NEEDS_MAX 8
#define CAPABILITY_UNIT_USER "vipherald" /* of vipherald.service */

struct capability_needs {
	struct capability_need items[CAPABILITY_NEEDS_MAX];
	size_t n;
	size_t n_missing;
};

const char *capability_name(int number); /* "CAP_NET_ADMIN" */
void capability_needs_find(const struct config *c, const struct capability_facts *facts,
			   struct capability_needs *ret);

/* "CAP_NET_RAW is missing, for …: …", with what to do. */
void capability_explain(const struct capability_need *need, struct strbuf *text);
/* "CAP_NET_ADMIN, CAP_KILL", each once; "" when none is missing. */
void capability_list_missing(const struct capability_needs *needs, struct strbuf *text);
/* A drop-in for vipherald.service, whose own unit gives CAP_NET_ADMIN only. */
void capability_write_dropin(const struct capability_needs *needs, FILE *out);

#endif
