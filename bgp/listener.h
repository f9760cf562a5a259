/* SPDX-License-Identifier: MIT */
/* The listening socket of a speaker. */
#ifndef BGP_LISTENER_H
#define BGP_LISTENER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "bgp/config.h"
#include "lib/endpoint.h"
#include "lib/err.h"

/* Takes the fd over. May not free the listener. */
typedef void bgp_listener_cb(int fd, const struct sockaddr_storage *from, void *userdata);

struct bgp_listener {
	sd_event *loop;
	bgp_listener_cb *accepted;
	void *userdata;
	int fd;         /* -1: closed */
	uint8_t family; /* 0: both */
	sd_event_source *io, *resume;
};

void bgp_listener_init(struct bgp_listener *l, sd_event *loop, bgp_listener_cb *accepted,
		       void *userdata);
/* As bgp_socket_listen(); stays closed on an error. */
int bgp_listener_open(struct bgp_listener *l, const struct endpoint *at, bool near, const char *vrf,
		      struct err *err);
/* Requires the peer's password (RFC 2385) of its connections, if it has one. */
int bgp_listener_protect(struct bgp_listener *l, const struct bgp_peer_config *peer,
			 struct err *err);
/* Connections of the peer need no password any more. Works also when it is closed. */
void bgp_listener_unprotect(struct bgp_listener *l, const struct bgp_peer_config *peer);
/* Works also when it is closed. */
void bgp_listener_close(struct bgp_listener *l);

#endif
