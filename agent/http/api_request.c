/* SPDX-License-Identifier: MIT */
/* A request of the API, from its URL to its reply. */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/http/api_data.h"
#include "agent/http/deferred.h"
#include "agent/http/endpoints.h"
#include "agent/http/listener.h"
#include "agent/http/reply_forms.h"
#include "agent/http/request.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"

#define URL_MAX  32768 /* a monitor of 4,096 bytes, percent-encoded, fits */
#define BODY_MAX 65536
#define ARGS_MAX 256 /* an app has at most 64 VIPs, 32 monitors and 64 NAT mappings */

/* A request that is not answered yet. */
struct pending {
	size_t body; /* octets read */
	char *text;  /* they are, if the path takes a body; else they were dropped */
	size_t text_cap;
	size_t body_max;
	bool keeps; /* the body; else it is read and dropped */
	bool http_1_0;
	struct deferred deferred;
};

static enum MHD_Result result(bool ok)
{
	return ok ? MHD_YES : MHD_NO;
}

/* The state of a request that was refused in api_on_url(): it must have no effect. */
static char refused;

/* libmicrohttpd 0.9.75 loses a connection whose parameters do not fit into its memory: the client
 * gets no answer for IDLE_MAX. So a URL that would not fit is refused here, where it is known but
 * not parsed yet, past the library, which then finds the connection ended. */
void *api_on_url(void *cls, const char *url, struct MHD_Connection *conn)
{
	const struct listener *listener = cls;
	const struct api *api = listener->owner;
	size_t n = 0;
	for (const char *p = url; (p = strpbrk(p, "?&")); p++)
		n++;
	if (strlen(url) > URL_MAX)
		reply_refuse(conn, "414 URI Too Long",
			     "Invalid request: URL longer than 32768 bytes\n");
	else if (strstr(url, "%00"))
		/* Decoded, it would end the path, or a name or value, for all who read it. */
		reply_refuse(conn, "400 Bad Request", "Invalid request: %00 in the URL\n");
	else if (n > ARGS_MAX)
		reply_refuse(conn, "400 Bad Request",
			     "Invalid request: more than 256 parameters\n");
	else
		return NULL;
	refusals_count(api->refusals, API_INVALID);
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

/* Refusals by the gate have been logged by the gate. */
static void note_refusal(const struct api *api, const struct api_call *call,
			 const struct api_reply *reply)
{
	enum api_cause cause = api_cause_of(reply->status);
	if (cause == API_CAUSES || reply->defer != API_SEND_NOW)
		return;
	refusals_count(api->refusals, cause);
	const struct log_requester asked = api_call_requester(call);
	if (reply->refused)
		refusals_log(api->refusals, cause, LOG_INFO,
			     &(const struct log_event){
				     .app = call->spec.name, .by = asked.by, .from = asked.from },
			     "register %s by %s: refused: %s", call->spec.name, call->who,
			     reply->refused);
}

/* When the reply is sent: before, a deferred one has no status. */
static void count_request(const struct api *api, size_t endpoint, unsigned status)
{
	const char *path = request_endpoint(endpoint);
	api_count_request(refusals_counts(api->refusals), endpoint, path ? path : "other", status);
}

/* One more that follows the events has to be within the limits. */
static void make_reply(struct api *api, const struct api_call *call, struct api_reply *ret)
{
	struct err err;
	bool follows = call->kind == API_EVENTS && call->events.follow && !call->head;
	if (follows && followers_check(api->followers, call->principal.name, &err) < 0)
		reply_json(ret, MHD_HTTP_TOO_MANY_REQUESTS, reply_error(err.text, false));
	else
		api->callbacks.answer(call, ret, api->userdata);
}

static enum MHD_Result send_reply(struct listener *listener, struct MHD_Connection *conn,
				  const struct api_call *call, struct api_reply *reply)
{
	struct api *api = listener->owner;
	if (!reply->feed) {
		listener_stage(conn, SLOT_SENDING);
		return result(reply_send(reply, conn));
	}
	listener_stage(conn, SLOT_FOLLOWER);
	return result(followers_add(api->followers, listener, conn, call->principal.name, reply));
}

static int fd_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info ? info->connect_fd : -1;
}

static void on_gone(void *userdata)
{
	listener_wake(userdata);
}

static enum MHD_Result answer(struct listener *listener, struct pending *pending,
			      struct MHD_Connection *conn, const char *method, const char *path)
{
	struct api *api = listener->owner;
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
		.body = pending->text ? pending->text : "",
		.body_len = pending->text ? pending->body : 0,
		.accept =
			MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT),
		.last_event_id =
			MHD_lookup_connection_value(conn, MHD_HEADER_KIND, "Last-Event-ID"),
		.accept_encoding = MHD_lookup_connection_value(conn, MHD_HEADER_KIND,
							       MHD_HTTP_HEADER_ACCEPT_ENCODING),
		.if_none_match = MHD_lookup_connection_value(conn, MHD_HEADER_KIND,
							     MHD_HTTP_HEADER_IF_NONE_MATCH),
	};
	request_parse(&request, &call);
	gate_check(api->gate, &listener->door, conn, pending->http_1_0, &call);
	make_reply(api, &call, &reply);
	note_refusal(api, &call, &reply);
	log_debug("api", "%s %s by %s: %u", method, path, call.who, reply.status);
	enum MHD_Result rc = MHD_YES;
	if (reply.defer == API_SEND_NOW) {
		count_request(api, call.endpoint, reply.status);
		rc = send_reply(listener, conn, &call, &reply);
	} else {
		pending->deferred.endpoint = call.endpoint;
		listener_stage(conn, SLOT_WAITING);
		deferred_add(&api->deferred, &pending->deferred, conn, &reply);
		deferred_watch(&pending->deferred, api->loop, fd_of(conn), on_gone, listener);
	}
	api_call_done(&call);
	return rc;
}

/* Only who may use the path may have more than that stored. */
static size_t body_max(const struct listener *listener, struct MHD_Connection *conn,
		       const char *method, const char *path, bool http_1_0)
{
	const struct api *api = listener->owner;
	size_t max = request_body_max(method, path);
	struct api_call probe = { .kind = API_DIFF, .needs = ROLE_ADMIN };
	if (max <= BODY_MAX)
		return BODY_MAX;
	gate_check(api->gate, &listener->door, conn, http_1_0, &probe);
	return probe.kind == API_ERROR ? BODY_MAX : max;
}

#define BODY_TEXT_MAX 128

static const char *too_long(size_t max, char buf[static BODY_TEXT_MAX])
{
	snprintf(buf, BODY_TEXT_MAX,
		 "Invalid request: body longer than %zu bytes; parameters go into the URL\n", max);
	return buf;
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

/* libmicrohttpd takes no reply while a body arrives. */
static enum MHD_Result on_body(const struct api *api, struct pending *pending,
			       struct MHD_Connection *conn, const char *body, size_t *body_size)
{
	char text[BODY_TEXT_MAX];
	size_t n = *body_size;
	*body_size = 0;
	if (read_body(pending, body, n, pending->body_max, pending->keeps))
		return MHD_YES;
	refusals_count(api->refusals, API_INVALID);
	reply_refuse(conn, "413 Content Too Large", too_long(pending->body_max, text));
	return MHD_NO;
}

/* Called once when the headers are there, once for each piece of the body, once at its end, and
 * once more when a suspended connection is resumed. */
enum MHD_Result api_on_request(void *cls, struct MHD_Connection *conn, const char *url,
			       const char *method, const char *version, const char *body,
			       size_t *body_size, void **state)
{
	struct listener *listener = cls;
	struct api *api = listener->owner;
	struct pending *pending = *state;
	char text[BODY_TEXT_MAX];
	if (*state == &refused)
		return MHD_NO;
	if (!pending) {
		bool http_1_0 = !str_equal(version, MHD_HTTP_VERSION_1_1);
		size_t max = body_max(listener, conn, method, url, http_1_0);
		if (body_too_long(conn, max)) {
			refusals_count(api->refusals, API_INVALID);
			return result(reply_send_text(conn, MHD_HTTP_CONTENT_TOO_LARGE,
						      too_long(max, text)));
		}
		pending = mem_new(1, sizeof(*pending));
		pending->http_1_0 = http_1_0;
		pending->body_max = max;
		pending->keeps = request_body_max(method, url) > 0;
		*state = pending;
		listener_stage(conn, SLOT_BODY);
		return MHD_YES;
	}
	if (pending->deferred.ready) {
		const struct deferred *d = &pending->deferred;
		if (api_cause_of(d->reply.status) != API_CAUSES)
			refusals_count(api->refusals, api_cause_of(d->reply.status));
		count_request(api, d->endpoint, d->reply.status);
		listener_stage(conn, SLOT_SENDING);
		return result(reply_send(&pending->deferred.reply, conn));
	}
	if (*body_size == 0 && api->closing)
		return result(reply_send_text(conn, MHD_HTTP_SERVICE_UNAVAILABLE,
					      "vipherald is stopping\n"));
	if (*body_size == 0)
		return answer(listener, pending, conn, method, url);
	return on_body(api, pending, conn, body, body_size);
}

void api_on_completed(void *cls, struct MHD_Connection *conn, void **state,
		      enum MHD_RequestTerminationCode how)
{
	(void)cls, (void)how;
	struct pending *pending = *state;
	listener_stage(conn, SLOT_HEADER);
	if (!pending || *state == &refused)
		return;
	deferred_done(&pending->deferred);
	free(pending->text);
	mem_free(state);
}
