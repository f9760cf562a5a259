/* SPDX-License-Identifier: MIT */
/*
 * May this principal make this request? Asked once for each, before anything is carried out.
 *
 *	everything          the role; not at the address of a VIP
 *	what changes state  besides: no check of the agent's own, no web page of another origin, no
 *	                    proxy, no unknown name in Host
 *
 * Pure.
 */
#ifndef AGENT_MODEL_RIGHTS_H
#define AGENT_MODEL_RIGHTS_H

#include <stdbool.h>

#include "agent/model/principal.h"
#include "lib/err.h"

/* The facts about a request. Strings are views, NULL when the header is missing. */
struct request_facts {
	enum role needs; /* of the path, see agent/http/request.h */
	bool change;     /* it changes something */
	bool unix_socket;
	bool read_only;              /* it came in through agent.read_addr */
	bool to_vip;                 /* the destination is the address of a VIP */
	const char *bad_certificate; /* why it is not accepted; NULL: it is, or there is none */
	bool bad_token;              /* a token was presented that is none of agent.api.tokens */
	bool http_1_0;
	unsigned n_hosts, n_origins, n_sites; /* headers of that name: Sec-Fetch-Site is the last */
	const char *host;
	bool host_is_ours; /* an address of this host, its name, or localhost */
	const char *origin, *fetch_site, *referer;
	bool browser;        /* by its User-Agent */
	bool unknown_scheme; /* Authorization is not "Bearer": no token, and no reason to refuse */
	const char *proxy;   /* the name of the first header that a proxy adds */
};

/* A header of the request; views. */
void request_facts_add(struct request_facts *facts, const char *name, const char *value);

/* 0, or the status that refuses it: 400, 401, 403; with a text that says why, and the key that
 * would allow it. */
unsigned rights_check(const struct api_rules *rules, const struct principal *principal,
		      const struct request_facts *request, struct err *err);

/* "admin: root and the agent's user on a unix socket, token ops; register: this host; read: other
 * hosts", for the log. */
#define RIGHTS_TEXT_MAX 1024
const char *rights_describe(const struct api_rules *rules, char buf[static RIGHTS_TEXT_MAX]);

#endif
