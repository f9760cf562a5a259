/* SPDX-License-Identifier: MIT */
/* A client of the agent's HTTP API that waits for its answer. */
#ifndef AGENT_CLI_CLIENT_H
#define AGENT_CLI_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "agent/cli/client_tls.h"
#include "lib/endpoint.h"
#include "lib/err.h"

struct client {
	struct endpoint at;
	struct client_tls tls;         /* one with a URL takes the place of `at` */
	char where[ENDPOINT_TEXT_MAX]; /* for messages */
	unsigned patience_s;           /* of each wait for the answer; 0: 10 s */
};

/* `api` and `tls` as given on the command line, or NULL. Then, in this order: VIPHERALD_API, the
 * admin socket of the agent of this network namespace, the one of any agent, `listen_addr` of
 * /etc/vipherald/config.yaml where that can be loaded, 127.0.0.1:8080. -EINVAL for an address that
 * cannot be used. Files come from VIPHERALD_CACERT, VIPHERALD_CERT and VIPHERALD_KEY where `tls`
 * has none. */
int client_find(const char *api, const struct client_tls *tls, struct client *ret, struct err *err);

/* For orders: they may have to wait for the end of the start, for a reload or for the disk. */
struct client client_patient(const struct client *c);
/* The admin socket of the agent of this network namespace; false: there is none. */
bool client_find_own(struct client *ret);

/* `target`: path and query. The error says what to do when there is no agent. */
int client_request(const struct client *c, const char *method, const char *target,
		   struct client_reply *ret, struct err *err);
/* The same with a body. */
int client_send(const struct client *c, const char *method, const char *target, const char *body,
		size_t len, struct client_reply *ret, struct err *err);
/* A reply without an end: its octets as they come. Returns 0 when it ends. With another status than
 * 200 the body is in `ret`, as above. */
int client_stream(const struct client *c, const char *target, client_octets_cb *octets,
		  void *userdata, struct client_reply *ret, struct err *err);
void client_reply_done(struct client_reply *reply);
/* To stdout as it is, with a newline at the end: --json. */
void client_reply_print(const struct client_reply *reply);

/* Where to connect to. An agent that listens on all addresses is asked on loopback. */
socklen_t client_address_of(const struct endpoint *at, struct sockaddr_storage *ret);

/* Appends a name as one segment of a path, encoded; -ENAMETOOLONG when it does not fit. */
int client_add_segment(char *target, size_t size, const char *segment);
/* Appends "&name=value" or "?name=value" with the value encoded; -ENAMETOOLONG when it does not
 * fit. `size` of the buffer that `target` is in. */
int client_add_parameter(char *target, size_t size, const char *name, const char *value);

#endif
