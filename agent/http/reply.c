/* SPDX-License-Identifier: MIT */
#include "agent/http/reply.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/array.h"
#include "lib/mem.h"

#define STREAM_BLOCK 16384

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

static struct MHD_Response *response_of(const struct api_reply *reply)
{
	if (reply->stream)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
							 read_stream, reply->stream, free_stream);
	if (reply->octets)
		return MHD_create_response_from_buffer(
			reply->status == MHD_HTTP_NOT_MODIFIED ? 0 : reply->octets->len,
			(void *)reply->octets->data, MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_buffer(reply->body ? strlen(reply->body) : 0, reply->body,
					       MHD_RESPMEM_MUST_FREE);
}

/* Content-Security-Policy of the page: it may load its own style, script and icon, and query this
 * agent. It changes nothing, and no other page may show it in a frame. */
static const char policy[] =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
	"require-trusted-types-for 'script'; trusted-types 'none'";

static void add_browser_headers(const struct api_reply *reply, struct MHD_Response *response)
{
	static const char *const headers[][2] = {
		{ "Content-Security-Policy", policy },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
	if (!reply->octets) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept");
		MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
		return;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, reply->octets->etag);
	MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	if (reply->packed)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
}

bool reply_send(struct api_reply *reply, struct MHD_Connection *conn)
{
	struct MHD_Response *response = response_of(reply);
	if (!response) {
		reply_done(reply);
		return false;
	}
	reply->body = NULL;
	reply->stream = NULL;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
	if (reply->allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
	if (reply->for_browsers)
		add_browser_headers(reply, response);
	if (reply->status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	enum MHD_Result rc = MHD_queue_response(conn, reply->status, response);
	MHD_destroy_response(response);
	reply_done(reply);
	return rc == MHD_YES;
}

bool reply_send_text(struct MHD_Connection *conn, unsigned status, const char *text)
{
	struct api_reply reply = {
		.status = status,
		.content_type = "text/plain; charset=utf-8",
		.body = mem_strdup(text),
	};
	return reply_send(&reply, conn);
}

void reply_done(struct api_reply *reply)
{
	mem_free(&reply->body);
	mem_free(&reply->body_unstored);
	mem_free(&reply->refused);
	stream_free(reply->stream);
	event_feed_free(reply->feed);
	reply->stream = NULL;
	reply->feed = NULL;
}

static int format_refusal(char *buf, size_t size, const char *status, const char *text)
{
	return snprintf(buf, size,
			"HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
			"Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
			status, strlen(text), text);
}

void reply_refuse_fd(int fd, const char *status, const char *text)
{
	char answer[512];
	int n = format_refusal(answer, sizeof(answer), status, text);
	send(fd, answer, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_RDWR);
}

void reply_refuse(struct MHD_Connection *conn, const char *status, const char *text)
{
	char answer[512];
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	int fd = info ? info->connect_fd : -1;
	info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (!info || !info->tls_session) {
		reply_refuse_fd(fd, status, text);
		return;
	}
	int n = format_refusal(answer, sizeof(answer), status, text);
	gnutls_record_send(info->tls_session, answer, (size_t)n);
	shutdown(fd, SHUT_RDWR);
}
