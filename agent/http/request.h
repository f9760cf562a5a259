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
 *	/v1/what-if                         fail, peer_down (both repeated), consul_away, fleet;
 *	                                    POST: with another configuration as the body
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
 * without monitors, always announced. /unregister ignores them, because scripts use one query for
 * both.
 */
#ifndef AGENT_HTTP_REQUEST_H
#define AGENT_HTTP_REQUEST_H

#include "agent/http/call.h"

/* Free the result with api_call_done(), whatever it is. */
void request_parse(const struct api_request *request, struct api_call *ret);

#endif
