/* SPDX-License-Identifier: MIT */
/* A parsed request: a call, or the error that answers it. Pure. */
#ifndef AGENT_HTTP_CALL_H
#define AGENT_HTTP_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/http/arg.h"
#include "agent/http/fleet_query.h"
#include "agent/model/app_spec.h"
#include "agent/model/principal.h"
#include "agent/page/file.h"
#include "agent/page/query.h"
#include "agent/status/app_order.h"
#include "agent/status/event_ring.h"
#include "lib/addr.h"
#include "lib/err.h"
#include "lib/log_event.h"
#include "lib/mono.h"

struct api_request {
	const char *method, *path; /* the path is decoded */
	const struct api_arg *args;
	size_t n_args;
	const char *body; /* of a path that takes one, see request_body_max() */
	size_t body_len;
	/* Headers; NULL: there is none. */
	const char *accept, *last_event_id, *accept_encoding, *if_none_match;
};

enum api_kind {
	API_ERROR,
	API_REGISTER,
	API_UNREGISTER,
	API_DEFINE,   /* PUT of an app */
	API_UNDEFINE, /* DELETE of it */
	API_INFO,
	API_PING,
	API_APPS,
	API_APP,
	API_DRAIN,
	API_UNDRAIN,
	API_CHECK,
	API_STATUS,
	API_PEERS,
	API_ROUTES,
	API_NAT,
	API_CONSUL,
	API_NOMAD,
	API_FLEET,
	API_FLEET_VIPS,
	API_ROLL,
	API_ROLL_BEGIN,
	API_ROLL_FINISH,
	API_FLEET_RELEASE,
	API_METRICS,
	API_HEALTHZ,
	API_READYZ,
	API_CAPABILITIES,
	API_RELOAD,
	API_CONFIRM,
	API_DIFF,
	API_CONFIG,
	API_EVENTS,
	API_EXPLAIN,
	API_WHAT_IF,
	API_LOG,
	API_PEER_ENABLE,
	API_PEER_DISABLE,
	API_PEER_RESET,
	API_PEER_REFRESH,
	API_PEER,
	API_PEER_ADD,
	API_PEER_DELETE,
	API_PAGE,
	API_PAGE_FILE,
};

/* It is answered by agent/daemon/fleet_calls.h. */
bool api_is_about_fleet(enum api_kind kind);
/* It is about one peer, by its address; all but API_PEER change it. */
bool api_is_about_peer(enum api_kind kind);

#define WHAT_IF_NAMES_MAX 16

/* Of WHAT_IF: views into the request. */
struct what_if_query {
	const char *fails[WHAT_IF_NAMES_MAX]; /* apps, or kinds of monitors */
	const char *peers[WHAT_IF_NAMES_MAX]; /* that are down */
	size_t n_fails, n_peers;
	bool consul_away, fleet;
	bool config; /* another one is the body */
};

struct api_call {
	enum api_kind kind;
	size_t endpoint; /* as in request_endpoint(); behind the last: there is no such path */
	enum role needs; /* also of an ERROR, but ROLE_READ where there is no such path */
	bool change;     /* the path is one that changes something */
	/* Filled in by agent/http/gate.h. */
	struct principal principal;
	char who[PRINCIPAL_NAME_MAX + 80]; /* with its address, for the log */
	char from[ADDR_TEXT_MAX];          /* that address; "" over a unix socket */
	struct app_spec spec;       /* of REGISTER; of DEFINE without the definition; owned */
	bool defaults, include_api; /* of CONFIG: those, too */
	bool by_name;               /* of REGISTER: the name alone, an app of the file */
	/* Of UNREGISTER, UNDEFINE, APP, CHECK, EXPLAIN (or a VIP), DRAIN and UNDRAIN. NULL in the
	 * last two: the whole agent. Of PEER_…: the address of the peer. */
	char *name;
	const char *body; /* of DIFF, DEFINE and WHAT_IF with `config`: a view into the request */
	size_t body_len;
	const char *
		reason; /* of DRAIN, PEER_DISABLE, PEER_RESET: a view into the request, "" for none */
	uint16_t port;    /* of PEER_…; 0: not given */
	bool soft, hard;  /* of PEER_RESET */
	char *definition; /* of PEER_ADD: a JSON object, with peer_ip; owned */
	/* Of DRAIN: how long; USEC_NEVER: until it is undrained. Of RELOAD: the time to confirm; 0:
	 * none. Of CHECK: how long to wait. */
	span_t span;
	enum log_level level;             /* of LOG */
	const char *module;               /* of LOG: one of log_modules[]; NULL: all */
	struct event_query events;        /* of EVENTS */
	struct app_query apps;            /* of APPS */
	struct what_if_query what_if;     /* of WHAT_IF */
	struct fleet_query fleet;         /* of FLEET_…, ROLL and ROLL_… */
	bool head;                        /* the headers of the reply are wanted, not the body */
	bool openmetrics;                 /* of METRICS: the client understands it */
	struct page_query page;           /* of PAGE */
	const struct page_file *file;     /* of PAGE_FILE */
	const struct page_octets *octets; /* of PAGE_FILE: in the form that the client takes */
	bool not_modified;                /* of PAGE_FILE: the client has it */
	unsigned status;                  /* of ERROR: 400, 401, 403, 404, 405 */
	const char *allow;                /* of 405: the methods */
	bool json;                        /* of ERROR: the form that the client reads, else text */
	struct err err;                   /* of ERROR */
};

/* For events: the principal and its address. Views into the call. */
struct log_requester api_call_requester(const struct api_call *call);

/* Makes it an error of that status; its text is set already. `json`: the form that the client
 * reads. */
void api_call_fail(struct api_call *call, unsigned status, bool json);
/* Turns a call into the error that refuses it. */
void api_call_refuse(struct api_call *call, unsigned status, const struct err *err);
void api_call_done(struct api_call *call);

#endif
