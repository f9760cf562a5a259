/* SPDX-License-Identifier: MIT */
/*
 * libcurl tells us which sockets to watch and when it wants to be woken; sd-event does that, and
 * curl_multi_socket_action() is told of events. After each such step the calls that ended are
 * collected and their owners called.
 *
 * One rule keeps this safe: curl is never entered from inside curl. Callbacks run after
 * socket_action() has returned, so that they may start and cancel calls as they like; curl then
 * asks for a timer, never for a step on the spot.
 */
#include "net/http.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/list.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/curl.h"
#include "net/names.h"
#include "net/source.h"
#include "net/url.h"
#include "process/loop.h"
#include "process/time_limit.h"

#define CA_CACHE_SECONDS 60L

struct http {
	sd_event *loop;
	const struct curl_api *curl;
	CURLM *multi;
	struct names *names;
	sd_event_source *timer;
	struct list calls;
	struct list watches;
};

/* A socket of curl's that we watch. */
struct watch {
	struct list_node node;
	struct http *http;
	sd_event_source *source;
	int fd;
};

struct http_call {
	struct list_node node;
	struct http *http;
	CURL *easy;
	struct curl_slist *headers, *connect_to, *resolve;
	struct names_query *query;
	char host[URL_HOST_MAX]; /* to connect to; "" when no name is looked up */
	uint16_t port;
	bool added; /* to the multi handle */
	http_socket_cb *on_socket;
	struct time_limit limit;
	http_done_cb *done;
	void *userdata;
	char *body;
	size_t len, cap, max;
	span_t span; /* of the limit */
	bool cut, not_made, wants_cert_end;
	struct http_headers answer_headers;
	struct err refused; /* a socket, for its source */
	char error[CURL_ERROR_SIZE];
};

/* Calls */

static void call_free(struct http_call *call)
{
	const struct curl_api *curl = call->http->curl;
	time_limit_stop(&call->limit);
	names_cancel(call->query);
	if (call->easy) {
		if (call->added)
			curl->multi_remove_handle(call->http->multi, call->easy);
		curl->easy_cleanup(call->easy);
	}
	curl->slist_free_all(call->headers);
	curl->slist_free_all(call->connect_to);
	curl->slist_free_all(call->resolve);
	list_remove(&call->node);
	free(call->body);
	free(call);
}

void http_cancel(struct http_call *call)
{
	if (call)
		call_free(call);
}

static const char *error_text(struct http_call *call, CURLcode code)
{
	if (code == CURLE_OK)
		return "";
	if (call->refused.text[0])
		return call->refused.text;
	if (code == CURLE_WRITE_ERROR)
		snprintf(call->error, sizeof(call->error), "the answer has more than %zu bytes",
			 call->max);
	return call->error[0] ? call->error : call->http->curl->easy_strerror(code);
}

/* curl prints it in two forms, depending on its TLS library; its own parser reads both. */
static void use_end(const struct curl_api *curl, const char *line, wall_t *end)
{
	static const char name[] = "Expire date:";
	time_t at = str_starts(line, name) ? curl->getdate(line + strlen(name), NULL) : -1;
	if (at > 0 && (*end == 0 || (wall_t)at * USEC_PER_SEC < *end))
		*end = (wall_t)at * USEC_PER_SEC;
}

static wall_t find_cert_end(const struct http_call *call)
{
	const struct curl_api *curl = call->http->curl;
	const struct curl_certinfo *chain = NULL;
	wall_t end = 0;
	if (!call->wants_cert_end ||
	    curl->easy_getinfo(call->easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain)
		return 0;
	for (int i = 0; i < chain->num_of_certs; i++)
		for (const struct curl_slist *l = chain->certinfo[i]; l; l = l->next)
			use_end(curl, l->data, &end);
	return end;
}

static void call_finish(struct http_call *call, CURLcode code)
{
	struct http_response response = { .headers = &call->answer_headers,
					  .error = error_text(call, code) };
	if (code == CURLE_OK)
		call->http->curl->easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE,
					       &response.status);
	response.not_made = code != CURLE_OK && call->not_made;
	response.timed_out = code == CURLE_OPERATION_TIMEDOUT;
	response.body = call->body ? call->body : "";
	response.len = call->len;
	response.cert_end = find_cert_end(call);
	call->done(&response, call->userdata);
	call_free(call);
}

/* curl's own limit looks at the clock before the socket, and so would drop an answer that waits
 * there after this process was stopped for a while. */
static void on_limit(void *userdata)
{
	struct http_call *call = userdata;
	const struct curl_api *curl = call->http->curl;
	char span[DURATION_TEXT_MAX];
	curl_off_t connected = 0;
	curl->easy_getinfo(call->easy, CURLINFO_CONNECT_TIME_T, &connected);
	duration_format(call->span, span);
	if (call->query && names_waited(call->query)) {
		call->not_made = true;
		snprintf(call->error, sizeof(call->error),
			 "the lookup of '%.100s' had to wait for others", call->host);
	} else if (call->query) {
		snprintf(call->error, sizeof(call->error),
			 "the name servers did not answer for '%.100s' within %s", call->host,
			 span);
	} else {
		snprintf(call->error, sizeof(call->error), "%s within %s",
			 connected > 0 ? "not complete" : "no connection", span);
	}
	call_finish(call, CURLE_OPERATION_TIMEDOUT);
}

/* The callbacks may cancel any call, so curl is asked anew after each. */
static void collect(struct http *h)
{
	CURLMsg *message;
	int left;
	while ((message = h->curl->multi_info_read(h->multi, &left))) {
		struct http_call *call = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		CURLcode code = message->data.result;
		h->curl->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		call_finish(call, code);
	}
}

/* Between curl and the loop */

static void step(struct http *h, curl_socket_t fd, int events)
{
	int running;
	h->curl->multi_socket_action(h->multi, fd, events, &running);
	collect(h);
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source;
	struct watch *w = userdata;
	int events = (revents & EPOLLIN ? CURL_CSELECT_IN : 0) |
		     (revents & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		     (revents & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
	step(w->http, fd, events);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	step(userdata, CURL_SOCKET_TIMEOUT, 0);
	return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *userdata)
{
	(void)multi;
	struct http *h = userdata;
	mono_t when =
		timeout_ms < 0 ? USEC_NEVER : loop_clock() + (span_t)timeout_ms * USEC_PER_MSEC;
	loop_timer_set(h->loop, &h->timer, when, LOOP_HEALTH, on_timer, h);
	return 0;
}

static void watch_free(struct watch *w)
{
	list_remove(&w->node);
	sd_event_source_disable_unref(w->source);
	free(w);
}

static int set_watch(CURL *easy, curl_socket_t fd, int what, void *userdata, void *socket_data)
{
	(void)easy;
	struct http *h = userdata;
	struct watch *w = socket_data;
	uint32_t events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
			  (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
	if (what == CURL_POLL_REMOVE) {
		if (w)
			watch_free(w);
		return 0;
	}
	if (w) {
		sd_event_source_set_io_events(w->source, events);
		return 0;
	}
	w = mem_new(1, sizeof(*w));
	*w = (struct watch){ .http = h, .fd = fd };
	list_append(&h->watches, &w->node);
	if (loop_io_add(h->loop, &w->source, fd, events, LOOP_HEALTH, on_ready, w) < 0) {
		watch_free(w);
		return -1; /* curl fails the call */
	}
	h->curl->multi_assign(h->multi, fd, w);
	return 0;
}

/* Answers */

static size_t on_body(char *data, size_t size, size_t n, void *userdata)
{
	struct http_call *call = userdata;
	size_t all = size * n, room = call->max - call->len;
	size_t len = call->cut && all > room ? room : all;
	if (len > room)
		return 0; /* CURLE_WRITE_ERROR */
	call->body = mem_grow(call->body, &call->cap, call->len + len + 1, 1);
	memcpy(call->body + call->len, data, len);
	call->len += len;
	call->body[call->len] = 0;
	return all;
}

static size_t on_header(char *data, size_t size, size_t n, void *userdata)
{
	struct http_call *call = userdata;
	http_headers_add(&call->answer_headers, data, size * n);
	return size * n;
}

/* Starting */

static long milliseconds(span_t span)
{
	span_t ms = span / USEC_PER_MSEC;
	return ms > LONG_MAX ? LONG_MAX : ms > 0 ? (long)ms : 1;
}

static int prepare_socket(struct http_call *call, int fd, const struct addr *to)
{
	if (call->on_socket)
		return call->on_socket(fd, to, call->userdata);
	return source_avoid_vip(fd, to, NULL, NULL, &call->refused);
}

/* In place of socket(), so that the destination can be refused and a source chosen. */
static curl_socket_t open_socket(void *userdata, curlsocktype purpose, struct curl_sockaddr *to)
{
	(void)purpose;
	struct http_call *call = userdata;
	struct sockaddr_storage ss = { 0 };
	struct addr addr;
	uint16_t port;
	int fd = socket(to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->protocol);
	if (fd < 0) {
		call->not_made =
			errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
		return CURL_SOCKET_BAD;
	}
	memcpy(&ss, &to->addr, to->addrlen < sizeof(ss) ? to->addrlen : sizeof(ss));
	if (addr_from_sockaddr(&ss, &addr, &port) && prepare_socket(call, fd, &addr) < 0) {
		close(fd);
		return CURL_SOCKET_BAD;
	}
	return fd;
}

static void set_destination(const struct curl_api *curl, struct http_call *call,
			    const struct http_request *request)
{
	if (request->connect_to) {
		call->connect_to = curl->slist_append(NULL, request->connect_to);
		curl->easy_setopt(call->easy, CURLOPT_CONNECT_TO, call->connect_to);
	}
	curl->easy_setopt(call->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl->easy_setopt(call->easy, CURLOPT_OPENSOCKETDATA, call);
	if (!request->on_socket)
		return;
	call->on_socket = request->on_socket;
	/* A connection of an earlier call went where that call was allowed to go. */
	curl->easy_setopt(call->easy, CURLOPT_FRESH_CONNECT, 1L);
	curl->easy_setopt(call->easy, CURLOPT_FORBID_REUSE, 1L);
}

static void set_tls(const struct curl_api *curl, CURL *easy, const struct http_server *server)
{
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Reading the system's CA bundle takes milliseconds, so curl caches it; not for a day, its
	 * default. */
	curl->easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, CA_CACHE_SECONDS);
#endif
	if (server->ca_file)
		curl->easy_setopt(easy, CURLOPT_CAINFO, server->ca_file);
	if (server->cert_file)
		curl->easy_setopt(easy, CURLOPT_SSLCERT, server->cert_file);
	if (server->key_file)
		curl->easy_setopt(easy, CURLOPT_SSLKEY, server->key_file);
	curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, server->insecure ? 0L : 1L);
	curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, server->insecure ? 0L : 2L);
}

static void set_request(const struct curl_api *curl, struct http_call *call,
			const struct http_request *request)
{
	CURL *easy = call->easy;
	for (const char *const *h = request->headers; h && *h; h++)
		call->headers = curl->slist_append(call->headers, *h);
	/* Without this curl waits a second for "100 Continue" before a larger body. */
	call->headers = curl->slist_append(call->headers, "Expect:");
	curl->easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
	curl->easy_setopt(easy, CURLOPT_URL, request->url);
	if (request->body)
		curl->easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body);
	if (request->method)
		curl->easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	/* Where the call's own limit is as strict, that is the one; 0 would be 300 s. */
	bool own = request->connect_timeout < request->timeout;
	curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			  own ? milliseconds(request->connect_timeout) : (long)INT_MAX);
	if (request->server->unix_path)
		curl->easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->server->unix_path);
	set_tls(curl, easy, request->server);
	if (request->cert_end) { /* a resumed session shows that of the first handshake */
		call->wants_cert_end = true;
		curl->easy_setopt(easy, CURLOPT_CERTINFO, 1L);
		curl->easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	}
	set_destination(curl, call, request);
}

static void set_common(const struct curl_api *curl, struct http_call *call)
{
	CURL *easy = call->easy;
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	curl->easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* never joins a resolver */
#endif
	curl->easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error);
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl->easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl->easy_setopt(easy, CURLOPT_HEADERDATA, call);
	curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl->easy_setopt(easy, CURLOPT_PROXY, "");
	curl->easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl->easy_setopt(easy, CURLOPT_USERAGENT, HTTP_USER_AGENT);
}

static int add(struct http_call *call, struct err *err)
{
	CURLMcode code = call->http->curl->multi_add_handle(call->http->multi, call->easy);
	call->added = code == CURLM_OK;
	return call->added
		       ? 0
		       : err_set(err, -EIO, "libcurl: cannot start a request (code %d)", (int)code);
}

/* libcurl must find every name in its cache: its own resolver is a thread that removing a handle
 * waits for. It looks a name with a final dot up with it or without, depending on its version. */
static int add_with(struct http_call *call, const char *addresses, struct err *err)
{
	const struct curl_api *curl = call->http->curl;
	size_t n = strlen(call->host), cuts = call->host[n - 1] == '.' ? 2 : 1;
	for (size_t cut = 0; cut < cuts; cut++) {
		char *text;
		if (asprintf(&text, "%.*s:%u:%s", (int)(n - cut), call->host, call->port,
			     addresses) < 0)
			abort(); /* out of memory, see lib/mem.h */
		call->resolve = curl->slist_append(call->resolve, text);
		free(text);
	}
	curl->easy_setopt(call->easy, CURLOPT_RESOLVE, call->resolve);
	return add(call, err);
}

static void on_name(const char *addresses, const char *error, void *userdata)
{
	struct http_call *call = userdata;
	struct err err = { "" };
	call->query = NULL;
	if (addresses && add_with(call, addresses, &err) == 0)
		return;
	if (addresses)
		snprintf(call->error, sizeof(call->error), "%.200s", err.text);
	else
		snprintf(call->error, sizeof(call->error), "'%.100s' cannot be looked up: %.100s",
			 call->host, error);
	call_finish(call, CURLE_COULDNT_RESOLVE_HOST);
}

static int find_server(struct http_call *call, const struct http_request *request, struct err *err)
{
	struct http *h = call->http;
	const char *addresses = NULL;
	if (request->server->unix_path)
		return add(call, err);
	/* "::HOST:PORT" */
	const char *to = request->connect_to ? request->connect_to + 2 : request->url;
	int r = url_server(to, call->host, &call->port, err);
	if (r < 0)
		return r;
	if (!call->host[0])
		return add(call, err);
	if (str_equal(call->host, "localhost"))
		return add_with(call, "127.0.0.1,[::1]", err);
	if (!h->names)
		h->names = names_new(h->loop, names_lookup);
	r = names_find(h->names, call->host, on_name, call, &addresses, &call->query, err);
	return r < 0 || !addresses ? r : add_with(call, addresses, err);
}

int http_start(struct http *h, const struct http_request *request, http_done_cb *done,
	       void *userdata, struct http_call **ret, struct err *err)
{
	const struct curl_api *curl = h->curl;
	struct http_call *call = mem_new(1, sizeof(*call));
	call->http = h;
	call->done = done;
	call->userdata = userdata;
	call->max = request->body_max;
	call->cut = request->body_cut;
	list_append(&h->calls, &call->node);
	call->easy = curl->easy_init();
	if (!call->easy) {
		call_free(call);
		return err_set(err, -ENOMEM, "libcurl: cannot create a request");
	}
	set_common(curl, call);
	set_request(curl, call, request);
	call->span = request->timeout;
	int r = time_limit_start(&call->limit, h->loop, call->span, on_limit, call);
	if (r < 0)
		err_set(err, r, "cannot set a timer: %s", strerror(-r));
	else
		r = find_server(call, request, err);
	if (r < 0) {
		call_free(call);
		return r;
	}
	*ret = call;
	return 0;
}

/* The client */

int http_new(sd_event *loop, struct http **ret, struct err *err)
{
	const struct curl_api *curl;
	int r = curl_load(&curl, err);
	if (r < 0)
		return r;
	struct http *h = mem_new(1, sizeof(*h));
	h->loop = sd_event_ref(loop);
	h->curl = curl;
	list_init(&h->calls);
	list_init(&h->watches);
	h->multi = curl->multi_init();
	if (!h->multi) {
		http_free(h);
		return err_set(err, -ENOMEM, "libcurl: cannot be initialised");
	}
	curl->multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, set_watch);
	curl->multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl->multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl->multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	*ret = h;
	return 0;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	list_for_each (it, &h->calls)
		call_free(list_entry(it, struct http_call, node));
	names_free(h->names);
	if (h->multi)
		h->curl->multi_cleanup(h->multi);
	list_for_each (it, &h->watches)
		watch_free(list_entry(it, struct watch, node));
	sd_event_source_disable_unref(h->timer);
	sd_event_unref(h->loop);
	free(h);
}
