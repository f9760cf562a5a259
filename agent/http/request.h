/* SPDX-License-Identifier: MIT */
/*
 * Parses an HTTP request into a call, or into the error that answers it. Pure.
 *
 *	/register    as agent/model/register_params.h has it
 *	/unregister  name
 *	/info /ping  as GoCast
 *	/v1/apps/NAME/drain  /v1/drain      reason, for (a duration)       POST, PUT, DELETE
 *	/v1/apps/NAME/undrain  /v1/undrain                                 POST, PUT, DELETE
 *	/v1/apps/NAME                       PUT: the body is a definition (agent/config/define.h); DELETE
 *	/v1/apps/NAME/check                 timeout (a duration)           POST
 *	/v1/reload                          confirm (a duration)           POST
 *	/v1/confirm  /v1/diff               POST; the body of the latter is a configuration
 *	/v1/config                          defaults, include_api (true or false)  GET, administrators
 *	/v1/peers/ADDR                      port                           GET, DELETE
 *	/v1/peers/ADDR                      keys of bgp.peers[], or a body POST
 *	/v1/peers/ADDR/enable  …/refresh    port                           POST
 *	/v1/peers/ADDR/disable              port, text                     POST
 *	/v1/peers/ADDR/reset                port, text, soft, hard         POST
 *	/v1/apps                            sort (state, change, name), limit
 *	/v1/events                          since, limit, kind, name, follow; Accept: text/event-stream
 *	/                                   q, show, from, see agent/page/query.h; for clients that prefer HTML, to
 *	                                    others there is no such path
 *	/page/FILE                          GET only
 *	/v1/status  /v1/apps  /v1/apps/NAME  /v1/peers  /v1/routes  /v1/nat  /v1/consul
 *	/v1/capabilities  /metrics  /healthz  /readyz                              GET only
 *
 * /register and /unregister accept GET as well as POST, PUT and DELETE, as GoCast does; /info and
 * /ping any method. Each path names the role that it needs (agent/model/rights.h). An unknown
 * parameter of /register is an error (GoCast ignores it): a misspelt `monitors=` would give an app
 * without monitors, always announced. /unregister ignores them, because scripts use one query for both.
 */
#ifndef AGENT_HTTP_REQUEST_H
#define AGENT_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/http/arg.h"
#include "agent/model/app_spec.h"
#include "agent/model/principal.h"
#include "agent/page/file.h"
#include "agent/page/query.h"
#include "agent/status/app_order.h"
#include "agent/status/event_ring.h"
#include "lib/err.h"
#include "lib/mono.h"

struct api_request {
	const char *method, *path; /* the path is decoded */
	const struct api_arg *args;
	size_t n_args;
	const char *body; /* of a path that takes one, see request_takes_body() */
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

/* It is about one peer, by its address; all but API_PEER change it. */
bool api_is_about_peer(enum api_kind kind);

struct api_call {
	enum api_kind kind;
	size_t endpoint; /* as in request_endpoint(); behind the last: there is no such path */
	enum role needs; /* also of an ERROR, but ROLE_READ where there is no such path */
	bool change;     /* the path is one that changes something */
	/* Filled in by agent/http/gate.h. */
	struct principal principal;
	char who[PRINCIPAL_NAME_MAX + 80]; /* with its address, for the log */
	struct app_spec spec;       /* of REGISTER; of DEFINE without the definition; owned */
	bool defaults, include_api; /* of CONFIG: those, too */
	bool by_name;               /* of REGISTER: the name alone, an app of the file */
	/* Of UNREGISTER, UNDEFINE, APP, CHECK, EXPLAIN (or a VIP), DRAIN and UNDRAIN. NULL in the last
	 * two: the whole agent. Of PEER_…: the address of the peer. */
	char *name;
	const char *body; /* of DIFF and DEFINE: a view into the request */
	size_t body_len;
	const char *
		reason; /* of DRAIN, PEER_DISABLE and PEER_RESET: a view into the request, "" for none */
	uint16_t port;    /* of PEER_…; 0: not given */
	bool soft, hard;  /* of PEER_RESET */
	char *definition; /* of PEER_ADD: a JSON object, with peer_ip; owned */
	/* Of DRAIN: how long; USEC_NEVER: until it is undrained. Of RELOAD: the time to confirm; 0: none.
	 * Of CHECK: how long to wait. */
	span_t span;
	enum log_level level;             /* of LOG */
	const char *module;               /* of LOG: one of log_modules[]; NULL: all */
	struct event_query events;        /* of EVENTS */
	struct app_query apps;            /* of APPS */
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

/* Free the result with api_call_done(), whatever it is. */
void request_parse(const struct api_request *request, struct api_call *ret);
/* How long the body of a request may be that is kept for request_parse(); 0: it is dropped. */
size_t request_takes_body(const char *method, const char *path);
/* The paths of the API, with "NAME" for the name of an app and "ADDR" for the address of a peer; NULL
 * after the last. */
const char *request_endpoint(size_t i);

/* Turns a call into the error that refuses it. */
void api_call_refuse(struct api_call *call, unsigned status, const struct err *err);
void api_call_done(struct api_call *call);

#endif
