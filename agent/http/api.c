/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd runs on its own epoll fd, which the event loop watches. One turn of the loop is one
 * MHD_run(): while there is more to do (MHD_get_timeout() says 0), the next turn is requested, and
 * sources that are more urgent or have waited longer (process/loop.h) come in between. Otherwise a
 * timer stands for its time-outs.
 *
 * Any client can reach the API, as with GoCast, so everything is bounded: connections, in all and
 * from one address, the time that one may be idle, the memory of one (which bounds the headers:
 * longer ones get 431), the length of a URL and its parameters, and the body, which is dropped.
 */
#include "agent/http/api.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/http/deferred.h"
#include "agent/http/socket.h"
#include "lib/list.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/http.h"
#include "process/loop.h"

#define CONNECTIONS_MAX      128
#define CONNECTIONS_MAX_PEER 96
#define CONNECTION_MEMORY    65536 /* a URL, 64 bytes per parameter, a reply */
#define URL_MAX              32768 /* a monitor of 4,096 bytes, percent-encoded, fits */
#define IDLE_MAX             10    /* seconds */
#define BODY_MAX             65536
#define ARGS_MAX             256 /* an app has at most 64 VIPs, 32 monitors and 64 NAT mappings */

struct api {
	sd_event *loop;
	struct api_socket socket;
	struct MHD_Daemon *daemon;
	sd_event_source *io, *again, *timer;
	struct list deferred; /* struct deferred */
	bool closing;
	api_answer_cb *answer;
	void *userdata;
};

/* A request that is not answered yet. */
struct pending {
	size_t body; /* octets read */
	char *text;  /* they are, if the path takes a body; else they were dropped */
	size_t text_cap;
	struct deferred deferred;
};

static enum MHD_Result result(bool ok)
{
	return ok ? MHD_YES : MHD_NO;
}

/* Requests */

/* The state of a request that was refused in on_url(): it must have no effect. */
static char refused;

/* libmicrohttpd 0.9.75 loses a connection whose parameters do not fit into its memory: the client
 * gets no answer for IDLE_MAX. So a URL that would not fit is refused here, where it is known but
 * not parsed yet, past the library, which then finds the connection ended. */
static void *on_url(void *cls, const char *url, struct MHD_Connection *conn)
{
	(void)cls;
	size_t n = 0;
	for (const char *p = url; (p = strpbrk(p, "?&")); p++)
		n++;
	if (strlen(url) > URL_MAX)
		reply_refuse(conn, "414 URI Too Long",
			     "Invalid request: URL longer than 32768 bytes\n");
	else if (n > ARGS_MAX)
		reply_refuse(conn, "400 Bad Request",
			     "Invalid request: more than 256 parameters\n");
	else
		return NULL;
	return &refused;
}

struct arg_list {
	struct api_arg *args;
	size_t n;
};

static enum MHD_Result add_arg(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size,
			       const char *value, size_t value_size)
{
	struct arg_list *list = cls;
	(void)kind, (void)key_size;
	if (list->n == ARGS_MAX)
		return MHD_NO;
	list->args[list->n++] = (struct api_arg){ key, value, value ? value_size : 0 };
	return MHD_YES;
}

/* From the unix socket or the loopback address; but not a check of ours, whose URL may come from a
 * client elsewhere. */
static bool is_local(struct MHD_Connection *conn)
{
	const char *agent =
		MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_USER_AGENT);
	if (agent && str_equal(agent, HTTP_USER_AGENT))
		return false;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	return info && info->client_addr && api_socket_is_local(info->client_addr);
}

static enum MHD_Result answer(struct api *api, struct pending *pending, struct MHD_Connection *conn,
			      const char *method, const char *path)
{
	struct api_arg args[ARGS_MAX];
	struct arg_list list = { .args = args };
	struct api_call call;
	struct api_reply reply = { 0 };
	MHD_get_connection_values_n(conn, MHD_GET_ARGUMENT_KIND, add_arg, &list);
	const struct api_request request = {
		.method = method,
		.path = path,
		.args = args,
		.n_args = list.n,
		.local = is_local(conn),
		.body = pending->text ? pending->text : "",
		.body_len = pending->text ? pending->body : 0,
	};
	request_parse(&request, &call);
	api->answer(&call, &reply, api->userdata);
	api_call_done(&call);
	log_debug("api", "%s %s: %u", method, path, reply.status);
	if (reply.defer == API_SEND_NOW)
		return result(reply_send(&reply, conn));
	deferred_add(&api->deferred, &pending->deferred, conn, &reply);
	return MHD_YES;
}

/* Only this host may have more than that stored. */
static size_t body_max(struct MHD_Connection *conn, const char *path)
{
	size_t max = request_takes_body(path);
	return max > 0 && is_local(conn) ? max : BODY_MAX;
}

/* False: it is too long. */
static bool read_body(struct pending *pending, const char *body, size_t n, size_t max, bool keep)
{
	if (n > max - pending->body)
		return false;
	if (keep) {
		pending->text =
			mem_grow(pending->text, &pending->text_cap, pending->body + n + 1, 1);
		memcpy(pending->text + pending->body, body, n);
	}
	pending->body += n;
	return true;
}

/* By its Content-Length; a chunked body is counted as it comes. */
static bool body_too_long(struct MHD_Connection *conn, size_t max)
{
	uint64_t length;
	const char *text =
		MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return text && str_to_u64(text, max, &length) < 0;
}

/* Called once when the headers are there, once for each piece of the body, once at its end, and
 * once more when a suspended connection is resumed. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *body,
				  size_t *body_size, void **state)
{
	(void)version;
	struct pending *pending = *state;
	if (*state == &refused)
		return MHD_NO;
	if (!pending) {
		if (body_too_long(conn, body_max(conn, url)))
			return result(reply_send_text(conn, MHD_HTTP_CONTENT_TOO_LARGE,
						      "Invalid request: body longer than 65536 "
						      "bytes; parameters go into the URL\n"));
		pending = mem_new(1, sizeof(*pending));
		*state = pending;
		return MHD_YES;
	}
	if (pending->deferred.ready)
		return result(reply_send(&pending->deferred.reply, conn));
	if (*body_size == 0 && ((struct api *)cls)->closing)
		return result(reply_send_text(conn, MHD_HTTP_SERVICE_UNAVAILABLE,
					      "vipherald is stopping\n"));
	if (*body_size == 0)
		return answer(cls, pending, conn, method, url);
	size_t n = *body_size;
	*body_size = 0;
	return result(
		read_body(pending, body, n, body_max(conn, url), request_takes_body(url) > 0));
}

static void on_completed(void *cls, struct MHD_Connection *conn, void **state,
			 enum MHD_RequestTerminationCode how)
{
	(void)cls, (void)conn, (void)how;
	struct pending *pending = *state;
	if (!pending || *state == &refused)
		return;
	deferred_done(&pending->deferred);
	free(pending->text);
	mem_free(state);
}

/* The loop */

static void run(struct api *api);

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	run(userdata);
	return 0;
}

static int on_again(sd_event_source *source, void *userdata)
{
	(void)source;
	run(userdata);
	return 0;
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	run(userdata);
	return 0;
}

static void wake_in(struct api *api, span_t span)
{
	loop_timer_set(api->loop, &api->timer, usec_add(loop_now(api->loop), span), LOOP_HTTP,
		       on_timer, api);
}

static void run(struct api *api)
{
	MHD_UNSIGNED_LONG_LONG msec;
	MHD_run(api->daemon);
	if (MHD_get_timeout(api->daemon, &msec) != MHD_YES)
		return;
	if (msec == 0)
		loop_defer(api->loop, &api->again, LOOP_HTTP, on_again, api);
	else
		wake_in(api, msec * USEC_PER_MSEC);
}

static void resume(struct api *api, enum api_defer kind, uint64_t up_to, bool stored)
{
	if (!api)
		return;
	deferred_resume(&api->deferred, kind, up_to, stored);
	loop_defer(api->loop, &api->again, LOOP_HTTP, on_again, api);
}

void api_send_stored(struct api *api, uint64_t up_to, bool stored)
{
	resume(api, API_DEFER_STORED, up_to, stored);
}

void api_send_later(struct api *api, uint64_t up_to, unsigned status, const char *body)
{
	if (!api)
		return;
	deferred_answer(&api->deferred, up_to, status, body);
	loop_defer(api->loop, &api->again, LOOP_HTTP, on_again, api);
}

void api_retry(struct api *api)
{
	resume(api, API_DEFER_RETRY, 0, false);
}

/* libmicrohttpd does not look for connections in the backlog when a place becomes free. */
static void on_connection(void *cls, struct MHD_Connection *conn, void **state,
			  enum MHD_ConnectionNotificationCode what)
{
	(void)conn, (void)state;
	struct api *api = cls;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED && api->io)
		wake_in(api, USEC_PER_MSEC);
}

static int start_daemon(struct api *api, struct err *err)
{
	api->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, api,
		MHD_OPTION_LISTEN_SOCKET, api->socket.fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX_PEER, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_URI_LOG_CALLBACK,
		on_url, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, api, MHD_OPTION_END);
	if (!api->daemon)
		return err_set(err, -EIO, "cannot start libmicrohttpd");
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return err_set(err, -EIO, "libmicrohttpd has no epoll fd");
	return loop_io_add(api->loop, &api->io, info->epoll_fd, EPOLLIN, LOOP_HTTP, on_ready, api);
}

int api_new(sd_event *loop, const struct endpoint *at, api_answer_cb *answer_cb, void *userdata,
	    struct api **ret, struct err *err)
{
	struct api *api = mem_new(1, sizeof(*api));
	api->loop = loop;
	api->answer = answer_cb;
	api->userdata = userdata;
	api->socket.fd = -1;
	list_init(&api->deferred);
	int rc = api_socket_open(at, &api->socket, err);
	if (rc == 0)
		rc = start_daemon(api, err);
	if (rc < 0) {
		api_free(api);
		return rc;
	}
	*ret = api;
	return 0;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	api->io = sd_event_source_disable_unref(api->io);
	/* libmicrohttpd cannot be stopped while a connection is suspended. */
	api->closing = true;
	resume(api, API_DEFER_STORED, UINT64_MAX, false);
	resume(api, API_DEFER_RETRY, UINT64_MAX, false);
	api_send_later(api, UINT64_MAX, 503, "{\"error\": \"vipherald is stopping\"}\n");
	if (api->daemon)
		MHD_run(api->daemon);
	if (api->daemon)
		MHD_stop_daemon(api->daemon); /* closes the socket too */
	else if (api->socket.fd >= 0)
		close(api->socket.fd);
	api_socket_unlink(&api->socket);
	sd_event_source_disable_unref(api->again);
	sd_event_source_disable_unref(api->timer);
	free(api);
}
