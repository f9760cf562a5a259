/* SPDX-License-Identifier: MIT */
/*
 * An HTTP client on the loop of the server it talks to: a raw socket, so that a test can send what
 * no library would, and see when the server closes. Include after cmocka.h.
 */
#ifndef TESTS_UNIT_HTTP_CLIENT_H
#define TESTS_UNIT_HTTP_CLIENT_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop_until.h"

struct http_client {
	sd_event *loop;
	int fd;
	sd_event_source *io;
	char *request; /* not sent yet */
	size_t request_len, request_sent;
	char *text; /* the reply so far, NUL-terminated */
	size_t len;
	bool closed; /* by the server */
	bool reads;
};

static inline void http_client_set_events(struct http_client *c)
{
	uint32_t events = c->reads ? EPOLLIN : 0;
	if (c->request_sent < c->request_len)
		events |= EPOLLOUT;
	sd_event_source_set_io_events(c->io, events);
}

static inline void http_client_read(struct http_client *c)
{
	char buf[65536];
	ssize_t n = read(c->fd, buf, sizeof(buf));
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		c->closed = true;
		c->io = sd_event_source_disable_unref(c->io);
		return;
	}
	c->text = realloc(c->text, c->len + (size_t)n + 1);
	memcpy(c->text + c->len, buf, (size_t)n);
	c->len += (size_t)n;
	c->text[c->len] = 0;
}

static inline int http_client_on_io(sd_event_source *source, int fd, uint32_t revents,
				    void *userdata)
{
	(void)source;
	struct http_client *c = userdata;
	if (revents & EPOLLOUT) {
		ssize_t n = send(fd, c->request + c->request_sent, c->request_len - c->request_sent,
				 MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			c->request_sent = c->request_len; /* the server does not read it */
		c->request_sent += n > 0 ? (size_t)n : 0;
		http_client_set_events(c);
	}
	if (revents & ~(uint32_t)EPOLLOUT)
		http_client_read(c);
	return 0;
}

/* `from` may be NULL. The connection is made at once: it is to this host. */
static inline void http_client_open(struct http_client *c, sd_event *loop,
				    const struct sockaddr *to, const struct sockaddr *from,
				    socklen_t len)
{
	*c = (struct http_client){ .loop = loop, .reads = true };
	c->fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(c->fd >= 0);
	if (from)
		assert_int_equal(bind(c->fd, from, len), 0);
	assert_int_equal(connect(c->fd, to, len), 0);
	assert_int_equal(fcntl(c->fd, F_SETFL, O_NONBLOCK), 0);
	c->text = calloc(1, 1);
	assert_int_equal(loop_io_add(loop, &c->io, c->fd, EPOLLIN, LOOP_HTTP, http_client_on_io, c),
			 0);
}

static inline void http_client_close(struct http_client *c)
{
	sd_event_source_disable_unref(c->io);
	close(c->fd);
	free(c->request);
	free(c->text);
	*c = (struct http_client){ .fd = -1 };
}

/* Sends raw octets, from the loop. */
static inline void http_client_send(struct http_client *c, const char *text, size_t len)
{
	free(c->request);
	c->request = malloc(len + 1);
	memcpy(c->request, text, len);
	c->request_len = len;
	c->request_sent = 0;
	http_client_set_events(c);
}

/* "METHOD URL", with `headers` (each with its end of line), after which the server closes. */
static inline void http_client_ask(struct http_client *c, const char *method, const char *url,
				   const char *headers)
{
	char *text;
	int n = asprintf(&text, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", method,
			 url, headers);
	assert_true(n > 0);
	http_client_send(c, text, (size_t)n);
	free(text);
}

static inline bool http_client_is_closed(void *userdata)
{
	return ((struct http_client *)userdata)->closed;
}

static inline void http_client_wait(struct http_client *c)
{
	loop_until(c->loop, http_client_is_closed, c);
}

/* 0: there is no reply. */
static inline int http_client_status(const struct http_client *c)
{
	return strncmp(c->text, "HTTP/1.1 ", 9) == 0 ? atoi(c->text + 9) : 0;
}

/* Behind the headers; "" without any. */
static inline const char *http_client_body(const struct http_client *c)
{
	const char *end = strstr(c->text, "\r\n\r\n");
	return end ? end + 4 : "";
}

#endif
