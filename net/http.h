/* SPDX-License-Identifier: MIT */
/*
 * An HTTP client in our loop: libcurl's multi interface, any number of calls at once, none of
 * which ever blocks. Long polls are ordinary calls with a long timeout.
 *
 * libcurl is loaded by http_new() (net/curl.h). No proxy of the environment is used: whom we ask
 * is on this host. Redirects are not followed.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "lib/mono.h"

/* What we call ourselves. */
#define HTTP_USER_AGENT "vipherald"

struct http;
struct http_call;

/* How to reach a server. All texts may be NULL; they must live as long as calls use them. */
struct http_server {
	const char *unix_path; /* connect here; the URL still gives host and path */
	const char *ca_file;   /* PEM; NULL: the system's */
	const char *cert_file, *key_file;
	bool insecure; /* take any certificate */
};

/* A socket that is about to be connected to `to`. -errno refuses: the call ends with an error. */
typedef int http_socket_cb(int fd, const struct addr *to, void *userdata);

struct http_request {
	const struct http_server *server;
	const char *method; /* NULL: GET */
	const char *url;
	const char *const *headers; /* "Name: value", ends with NULL; may be NULL */
	const char *body;           /* NULL: none; copied */
	usec_t timeout;             /* of the whole call */
	usec_t connect_timeout;
	size_t body_max; /* of the answer; more is an error, unless `body_cut` */
	bool body_cut;   /* the first `body_max` bytes will do */
	/* "HOST:PORT:TO:PORT": whoever the URL names, connect to TO; NULL: do as the URL says. */
	const char *connect_to;
	http_socket_cb *on_socket; /* may be NULL; with the userdata of the callback */
};

#define HTTP_HEADER_MAX 128

/* Valid inside the callback only. */
struct http_response {
	long status;      /* 0: no answer, `error` says why */
	const char *body; /* NUL-terminated behind `len` bytes */
	size_t len;
	const char *error; /* "" when there is a whole answer, whatever its status */
	bool timed_out;    /* that is why */
	struct http_call *call;
};

/* Once, from the loop, never from inside http_start(). The call is gone after it. It may start
 * and cancel other calls, but not free the client. */
typedef void http_done_cb(const struct http_response *response, void *userdata);

int http_new(sd_event *loop, struct http **ret, struct err *err);
/* Cancels what is under way, without callbacks. */
void http_free(struct http *h);

int http_start(struct http *h, const struct http_request *request, http_done_cb *done,
	       void *userdata, struct http_call **ret, struct err *err);
/* Ends it without a callback. */
void http_cancel(struct http_call *call);
/* The value of a header of the answer, in any letter case, in the caller's buffer; NULL when there
 * was none or it does not fit. */
const char *http_header(const struct http_response *response, const char *name,
			char buf[static HTTP_HEADER_MAX]);
/* Whether some header of that name, of which an answer may have many, has `part` in its value. */
bool http_has_header(const struct http_response *response, const char *name, const char *part);

#endif
