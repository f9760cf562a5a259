/* SPDX-License-Identifier: MIT */
/* Accepts the connections of a listening socket within the limits of agent/http/slots.h, and ends
 * those that make room or whose request takes too long. */
#ifndef AGENT_HTTP_CONNECTIONS_H
#define AGENT_HTTP_CONNECTIONS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "agent/http/refusals.h"
#include "agent/http/slots.h"

struct connections;
struct connection;

struct connections_callbacks {
	/* Takes over a connection that came in, and its fd; false: it could not, and closed it. */
	bool (*add)(struct connection *c, int fd, const struct sockaddr *addr, socklen_t len,
		    void *userdata);
	/* All that can come in at present have. */
	void (*added)(void *userdata);
	bool silent; /* TLS: no text can be sent to a client that is refused */
};

/* `fd` is the listening socket, not owned. */
int connections_new(sd_event *loop, int fd, struct refusals *refusals,
		    const struct connections_callbacks *callbacks, void *userdata,
		    struct connections **ret);
/* Accepts no more. */
void connections_stop(struct connections *all);
void connections_free(struct connections *all);

/* The present stage of the connection. */
void connection_set(struct connection *c, enum slot_stage stage);
/* It is closed. */
void connection_closed(struct connection *c);

#endif
