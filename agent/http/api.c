/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd as a guest of the loop.
 *
 * It runs on its own epoll fd, which the loop watches. One turn of the loop is one MHD_run(): as
 * long as it has more to do (MHD_get_timeout() says 0) the next turn is asked for, and whatever is
 * more urgent or has waited longer (process/loop.h) comes in between. Otherwise a timer stands for
 * its time-outs.
 *
 * The API is open to whoever reaches it, as GoCast's is, so everything is bounded: connections,
 * in all and from one address, the time that one may be idle, the memory of one (which bounds the
 * headers: longer ones get 431), the length of a URL and its parameters, and the body, which nobody
 * reads.
 *
 * A reply that has to wait (enum api_defer) suspends its connection. libmicrohttpd calls
 * on_request() again when it is resumed, and the reply is sent from there.
 */
#include "agent/http/api.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/http/socket.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/http.h"
#include "process/loop.h"

#define CONNECTIONS_MAX      128
#define CONNECTIONS_MAX_PEER 96
#define CONNECTION_MEMORY    65536 /* a URL, a record of 64 bytes per parameter, an answer */
#define URL_MAX              32768 /* a monitor of 4,096 bytes, percent-encoded, fits */
#define IDLE_MAX             10    /* seconds */
#define BODY_MAX             65536
#define ARGS_MAX             256 /* an app has at most 64 VIPs, 32 monitors and 64 NAT mappings */
#define STREAM_BLOCK         16384

struct api {
	sd_event *loop;
	struct api_socket socket;
	struct MHD_Daemon *daemon;
	sd_event_source *io, *again, *timer;
	struct list held; /* struct pending */
	bool closing;
	api_answer_cb *answer;
	void *userdata;
};

/* A request that is not answered yet. */
struct pending {
	size_t body; /* that was read and dropped */
	struct MHD_Connection *conn;
	struct list_node held;
	struct api_reply reply; /* that is held */
	bool released;          /* the reply may be sent */
};

/* Answers */

static ssize_t read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
	(void)pos;
	size_t n = stream_read(cls, buf, max);
	return n > 0 ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
}

static void free_stream(void *cls)
{
	stream_free(cls);
}

static enum MHD_Result send_reply(struct MHD_Connection *conn, struct api_reply *reply)
{
	struct MHD_Response *response;
	if (reply->stream)
		response = MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, reply->stream, free_stream);
	else
		response = MHD_create_response_from_buffer(reply->body ? strlen(reply->body) : 0,
							   reply->body, MHD_RESPMEM_MUST_FREE);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
	if (reply->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	enum MHD_Result rc = MHD_queue_response(conn, reply->status, response);
	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result send_text(struct MHD_Connection *conn, unsigned status, const char *text)
{
	struct api_reply reply = {
		.status = status,
		.content_type = "text/plain; charset=utf-8",
		.body = mem_strdup(text),
	};
	return send_reply(conn, &reply);
}

/* Requests */

/*
 * libmicrohttpd 0.9.75 forgets a connection whose parameters do not fit into its memory: the client
 * hears nothing for IDLE_MAX. So what would not fit is answered here, where the URL is known but
 * not taken apart yet, past the library, which finds the connection ended.
 */
static void refuse_now(struct MHD_Connection *conn, const char *status, const char *why)
{
	char answer[512];
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	int n = snprintf(answer, sizeof(answer),
			 "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
			 "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
			 status, strlen(why), why);
	if (!info)
		return;
	send(info->connect_fd, answer, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(info->connect_fd, SHUT_RDWR);
}

static void *on_url(void *cls, const char *url, struct MHD_Connection *conn)
{
	(void)cls;
	size_t n = 0;
	for (const char *p = url; (p = strpbrk(p, "?&")); p++)
		n++;
	if (strlen(url) > URL_MAX)
		refuse_now(conn, "414 URI Too Long",
			   "Invalid request: a URL of more than 32768 bytes\n");
	else if (n > ARGS_MAX)
		refuse_now(conn, "400 Bad Request", "Invalid request: more than 256 parameters\n");
	return NULL;
}

struct arg_list {
	struct api_arg *args;
	size_t n;
};

static enum MHD_Result take_arg(void *cls, enum MHD_ValueKind kind, const char *key,
				size_t key_size, const char *value, size_t value_size)
{
	struct arg_list *list = cls;
	(void)kind, (void)key_size;
	if (list->n == ARGS_MAX)
		return MHD_NO;
	list->args[list->n++] = (struct api_arg){ key, value, value ? value_size : 0 };
	return MHD_YES;
}

/* Through the unix socket, or from this host's loopback; but not a check of ours, which says what
 * somebody else may have told it to. */
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

static enum MHD_Result defer(struct api *api, struct pending *pending,
			     const struct api_reply *reply)
{
	pending->reply = *reply;
	list_append(&api->held, &pending->held);
	MHD_suspend_connection(pending->conn);
	return MHD_YES;
}

static enum MHD_Result send_held(struct pending *pending)
{
	struct api_reply reply = pending->reply;
	pending->reply = (struct api_reply){ 0 };
	free(reply.body_unstored);
	return send_reply(pending->conn, &reply);
}

static enum MHD_Result answer(struct api *api, struct pending *pending, const char *method,
			      const char *path)
{
	struct MHD_Connection *conn = pending->conn;
	struct api_arg args[ARGS_MAX];
	struct arg_list list = { .args = args };
	struct api_call call;
	struct api_reply reply = { 0 };
	int n = MHD_get_connection_values_n(conn, MHD_GET_ARGUMENT_KIND, take_arg, &list);
	if (n > 0 && (size_t)n > list.n)
		return MHD_NO; /* refused already */
	request_parse(&(struct api_request){ method, path, args, list.n, is_local(conn) }, &call);
	api->answer(&call, &reply, api->userdata);
	api_call_done(&call);
	return reply.defer == API_SEND_NOW ? send_reply(conn, &reply) : defer(api, pending, &reply);
}

/* The body that the client announces; one that does not say is counted as it comes. */
static bool body_too_long(struct MHD_Connection *conn)
{
	uint64_t length;
	const char *text =
		MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return text && str_to_u64(text, BODY_MAX, &length) < 0;
}

/* libmicrohttpd calls this once when the headers are there, once for each piece of the body, and
 * once at its end; and again when it is resumed. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *body,
				  size_t *body_size, void **state)
{
	(void)version, (void)body;
	struct pending *pending = *state;
	if (!pending) {
		if (body_too_long(conn))
			return send_text(conn, MHD_HTTP_CONTENT_TOO_LARGE,
					 "Invalid request: nobody reads the body\n");
		pending = mem_new(1, sizeof(*pending));
		pending->conn = conn;
		*state = pending;
		return MHD_YES;
	}
	if (pending->released)
		return send_held(pending);
	if (*body_size == 0 && ((struct api *)cls)->closing)
		return send_text(conn, MHD_HTTP_SERVICE_UNAVAILABLE, "vipherald is stopping\n");
	if (*body_size == 0)
		return answer(cls, pending, method, url);
	pending->body += *body_size;
	*body_size = 0;
	return pending->body > BODY_MAX ? MHD_NO : MHD_YES;
}

static void on_completed(void *cls, struct MHD_Connection *conn, void **state,
			 enum MHD_RequestTerminationCode how)
{
	(void)cls, (void)conn, (void)how;
	struct pending *pending = *state;
	if (!pending)
		return;
	list_remove(&pending->held);
	free(pending->reply.body);
	free(pending->reply.body_unstored);
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

static void wake_in(struct api *api, usec_t span)
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

static void resume(struct pending *pending, bool stored)
{
	struct api_reply *reply = &pending->reply;
	list_remove(&pending->held);
	pending->released = reply->defer == API_DEFER_STORED;
	if (pending->released && !stored) {
		char *body = reply->body;
		reply->body = reply->body_unstored;
		reply->body_unstored = body;
	}
	MHD_resume_connection(pending->conn);
}

static void resume_all(struct api *api, enum api_defer kind, uint64_t up_to, bool stored)
{
	if (!api)
		return;
	list_for_each (it, &api->held) {
		struct pending *pending = list_entry(it, struct pending, held);
		if (pending->reply.defer == kind && pending->reply.number <= up_to)
			resume(pending, stored);
	}
	loop_defer(api->loop, &api->again, LOOP_HTTP, on_again, api);
}

void api_release(struct api *api, uint64_t up_to, bool stored)
{
	resume_all(api, API_DEFER_STORED, up_to, stored);
}

void api_retry(struct api *api)
{
	resume_all(api, API_DEFER_RETRY, 0, false);
}

/* A connection that waits in the backlog for a place is not noticed when one becomes free. */
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
		return err_set(err, -EIO, "libmicrohttpd did not start");
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
	list_init(&api->held);
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
	/* libmicrohttpd insists on nobody being suspended. */
	api->closing = true;
	resume_all(api, API_DEFER_STORED, UINT64_MAX, false);
	resume_all(api, API_DEFER_RETRY, UINT64_MAX, false);
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
