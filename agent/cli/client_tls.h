/* SPDX-License-Identifier: MIT */
/* The agent's API over TLS, by libcurl. */
#ifndef AGENT_CLI_CLIENT_TLS_H
#define AGENT_CLI_CLIENT_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

#define CLIENT_URL_MAX 128
/* The agent sends something every 15 s. */
#define CLIENT_STREAM_PATIENCE_S 45
/* 10,000 apps in full take a tenth of it. */
#define CLIENT_BODY_MAX (256u << 20)

struct client_tls {
	char url[CLIENT_URL_MAX];        /* "https://HOST:PORT"; "": no TLS */
	const char *cacert, *cert, *key; /* PEM files; NULL: the system's authorities, none, none */
	bool unverified;                 /* any certificate of the agent will do */
	unsigned patience_s;             /* of connecting and each wait for octets; 0: 10 s */
};

struct client_reply {
	unsigned status;
	char *body; /* with a NUL behind it; free with client_reply_done() */
	size_t len;
};

/* Octets of a body as they come, of a reply with status 200. */
typedef void client_octets_cb(const char *octets, size_t n, void *userdata);

/* "https://HOST[:PORT]", with an address or a name as the host: fills in the URL. -EINVAL with a
 * text otherwise. */
int client_tls_parse(const char *api, struct client_tls *ret, struct err *err);
/* As client_send(). */
int client_tls_send(const struct client_tls *c, const char *method, const char *target,
		    const char *body, size_t len, struct client_reply *ret, struct err *err);
/* As client_stream(). */
int client_tls_stream(const struct client_tls *c, const char *target, client_octets_cb *octets,
		      void *userdata, struct client_reply *ret, struct err *err);

#endif
