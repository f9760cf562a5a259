/* SPDX-License-Identifier: MIT */
/* A listening socket of the API, and the libmicrohttpd that serves it on the event loop. */
#ifndef AGENT_HTTP_LISTENER_H
#define AGENT_HTTP_LISTENER_H

#include <microhttpd.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/http/connections.h"
#include "agent/http/gate.h"
#include "agent/http/socket.h"
#include "lib/err.h"
#include "lib/list.h"

struct listener {
	struct list_node node;
	sd_event *loop;
	struct api_socket socket;
	struct gate_door door;
	struct connections *connections;
	struct connection *coming_in; /* within MHD_add_connection() */
	struct MHD_Daemon *daemon;
	sd_event_source *io, *again, *timer;
	void *owner; /* for the callbacks */
};

/* Their first argument is the listener. */
struct listener_callbacks {
	MHD_AccessHandlerCallback request;
	MHD_RequestCompletedCallback completed;
	void *(*url)(void *cls, const char *url, struct MHD_Connection *conn);
};

/* Takes over the socket, also with an error. */
int listener_new(sd_event *loop, const struct api_socket *socket, const struct gate_door *door,
		 struct refusals *refusals, const struct listener_callbacks *callbacks, void *owner,
		 struct listener **ret, struct err *err);
/* How far the request of the connection is. */
void listener_stage(struct MHD_Connection *conn, enum slot_stage stage);
/* Has libmicrohttpd look at its connections in the next turn of the loop. */
void listener_wake(struct listener *l);
/* Does so now, while clients take what there is; before a listener is freed, as libmicrohttpd
 * cannot be stopped while a connection is suspended. */
void listener_run_last(struct listener *l);
void listener_free(struct listener *l);

#endif
