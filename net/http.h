/* SPDX-License-Identifier: MIT */
/*
 * An HTTP client in our loop: libcurl's multi interface, any number of calls at once, none of
 * which ever blocks. Long polls are ordinary calls with a long timeout.
 *
 * libcurl is loaded by http_new() (net/curl.h). Proxies of the environment are ignored: the servers
 * are on this host. Redirects are not followed.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "lib/mono.h"
#include "lib/wallclock.h"
#include "net/http_headers.h"

#define HTTP_USER_AGENT "vipherald"

struct http;
struct http_call;

/* How to reach a server. All texts may be NULL; they must live as long as calls use them. */
struct http_server {
	const char *unix_path; /* connect here; the URL still gives host and path */
	const char *ca_file;   /* PEM; NULL: the system's */
	const char *cert_file, *key_file;
	bool insecure; /* accept any certificate */
};

/* A socket is about to be connected to `to`. -errno refuses: the call ends with an error. */
typedef int http_socket_cb(int fd, const struct addr *to, void *userdata);

struct http_request {
	const struct http_server *server;
	const char *method; /* NULL: GET */
	const char *url;
	const char *const *headers; /* "Name: value", ends with NULL; may be NULL */
	const char *body;           /* NULL: none; copied */
	span_t timeout;             /* of the whole call */
	span_t connect_timeout;
	size_t body_max; /* of the answer; more is an error, unless `body_cut` */
	bool body_cut;   /* the first `body_max` bytes will do */
	bool cert_end;   /* say in the response when the certificate ends, by a full handshake */
	/* "HOST:PORT:TO:PORT": connect to TO, whatever the URL names; NULL: connect as the URL
	 * says. */
	const char *connect_to;
	http_socket_cb *on_socket; /* may be NULL; with the userdata of the callback */
};

/* Valid inside the callback only. */
struct http_response {
	long status;      /* 0: no answer, `error` says why */
	const char *body; /* NUL-terminated behind `len` bytes */
	size_t len;
	const char *error; /* "" when there is a whole answer, whatever its status */
	bool timed_out;    /* that is why */
	bool not_made;     /* no socket, or no turn to look up the name: the server was not asked */
	const struct http_headers *headers;
	/* Of `cert_end`: the first end of validity in the server's chain; 0: not known. */
	wall_t cert_end;
};

/* Once, from the loop, never from inside http_start(). The call is gone after it. It may start
 * and cancel other calls, but not free the client. */
typedef void http_done_cb(const struct http_response *response, void *userdata);

int http_new(sd_event *loop, struct http **ret, struct err *err);
/* Cancels all calls, without callbacks. */
void http_free(struct http *h);

int http_start(struct http *h, const struct http_request *request, http_done_cb *done,
	       void *userdata, struct http_call **ret, struct err *err);
/* Ends it without a callback. */
void http_cancel(struct http_call *call);

#endif
