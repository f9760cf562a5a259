/* SPDX-License-Identifier: MIT */
/* The data of the API, for api.c, which owns it, and api_request.c; and what libmicrohttpd
 * calls. */
#ifndef AGENT_HTTP_API_DATA_H
#define AGENT_HTTP_API_DATA_H

#include <microhttpd.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/http/admin_socket.h"
#include "agent/http/api_callbacks.h"
#include "agent/http/followers.h"
#include "agent/http/gate.h"
#include "agent/http/refusals.h"
#include "agent/http/tls.h"
#include "lib/list.h"

struct api {
	sd_event *loop;
	struct gate *gate;
	struct refusals *refusals;
	struct tls *tls; /* NULL: not configured */
	struct list listeners;
	struct admin_link *admin_link; /* NULL: there is none */
	struct list deferred;          /* struct deferred */
	struct followers *followers;
	bool closing;
	struct api_callbacks callbacks;
	void *userdata;
};

/* Of api_request.c: struct listener_callbacks. */
void *api_on_url(void *cls, const char *url, struct MHD_Connection *conn);
enum MHD_Result api_on_request(void *cls, struct MHD_Connection *conn, const char *url,
			       const char *method, const char *version, const char *body,
			       size_t *body_size, void **state);
void api_on_completed(void *cls, struct MHD_Connection *conn, void **state,
		      enum MHD_RequestTerminationCode how);

#endif
