/* SPDX-License-Identifier: MIT */
/*
 * An HTTP server on loopback, in the loop of the test, which answers when the test says so: a
 * request waits until fake_http_reply(). Include after cmocka.h.
 */
#ifndef TESTS_UNIT_FAKE_HTTP_H
#define TESTS_UNIT_FAKE_HTTP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "process/loop.h"
#include "tests/unit/loop_until.h"

#define FAKE_HTTP_CONNS   32
#define FAKE_HTTP_REQUEST 8192

struct fake_http_conn {
	int fd; /* -1: free */
	sd_event_source *io;
	char request[FAKE_HTTP_REQUEST]; /* "GET /path?query HTTP/1.1\r\n…", then the body */
	size_t len;
	bool waiting; /* the request is complete and has no reply */
	uint64_t number;
};

struct fake_http {
	sd_event *loop;
	int fd;
	sd_event_source *io;
	uint16_t port;
	uint64_t n_requests;
	struct fake_http_conn conns[FAKE_HTTP_CONNS];
};

static inline void fake_http_close(struct fake_http_conn *c)
{
	c->io = sd_event_source_disable_unref(c->io);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->waiting = false;
	c->len = 0;
}

static inline const char *fake_http_body(const struct fake_http_conn *c)
{
	const char *end = strstr(c->request, "\r\n\r\n");
	return end ? end + 4 : NULL;
}

static inline bool fake_http_is_complete(const struct fake_http_conn *c)
{
	const char *body = fake_http_body(c);
	const char *length = strcasestr(c->request, "\r\nContent-Length:");
	size_t want = length ? strtoul(length + strlen("\r\nContent-Length:"), NULL, 10) : 0;
	return body && strlen(body) >= want;
}

static inline int fake_http_on_data(sd_event_source *source, int fd, uint32_t events,
				    void *userdata)
{
	struct fake_http *s = userdata;
	(void)source, (void)events;
	struct fake_http_conn *c = s->conns;
	while (c->fd != fd)
		c++;
	ssize_t n = recv(fd, c->request + c->len, sizeof(c->request) - 1 - c->len, 0);
	if (n <= 0) {
		fake_http_close(c);
		return 0;
	}
	c->len += (size_t)n;
	c->request[c->len] = 0;
	if (!c->waiting && fake_http_is_complete(c)) {
		c->waiting = true;
		c->number = ++s->n_requests;
	}
	return 0;
}

static inline int fake_http_on_accept(sd_event_source *source, int fd, uint32_t events,
				      void *userdata)
{
	struct fake_http *s = userdata;
	(void)source, (void)events;
	size_t i = 0;
	while (i < FAKE_HTTP_CONNS && s->conns[i].fd >= 0)
		i++;
	assert_true(i < FAKE_HTTP_CONNS);
	s->conns[i].fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(s->conns[i].fd >= 0);
	return loop_io_add(s->loop, &s->conns[i].io, s->conns[i].fd, EPOLLIN, LOOP_INPUT,
			   fake_http_on_data, s);
}

/* `port` 0: any; else the one of a server that was stopped. */
static inline void fake_http_start(struct fake_http *s, sd_event *loop, uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int on = 1;
	*s = (struct fake_http){ .loop = loop };
	for (size_t i = 0; i < FAKE_HTTP_CONNS; i++)
		s->conns[i].fd = -1;
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(s->fd, FAKE_HTTP_CONNS), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
	s->port = ntohs(at.sin_port);
	assert_int_equal(
		loop_io_add(loop, &s->io, s->fd, EPOLLIN, LOOP_INPUT, fake_http_on_accept, s), 0);
}

static inline void fake_http_stop(struct fake_http *s)
{
	for (size_t i = 0; i < FAKE_HTTP_CONNS; i++)
		fake_http_close(&s->conns[i]);
	s->io = sd_event_source_disable_unref(s->io);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* The oldest request whose first line starts with `line`; NULL: none waits. */
static inline struct fake_http_conn *fake_http_find(struct fake_http *s, const char *line)
{
	struct fake_http_conn *found = NULL;
	for (size_t i = 0; i < FAKE_HTTP_CONNS; i++) {
		struct fake_http_conn *c = &s->conns[i];
		if (c->waiting && strncmp(c->request, line, strlen(line)) == 0 &&
		    (!found || c->number < found->number))
			found = c;
	}
	return found;
}

struct fake_http_wait {
	struct fake_http *server;
	const char *line;
};

static inline bool fake_http_waits(void *userdata)
{
	const struct fake_http_wait *w = userdata;
	return fake_http_find(w->server, w->line);
}

/* Runs the loop until there is such a request. */
static inline struct fake_http_conn *fake_http_expect(struct fake_http *s, const char *line)
{
	struct fake_http_wait wait = { s, line };
	loop_until(s->loop, fake_http_waits, &wait);
	return fake_http_find(s, line);
}

/* `headers`: "Name: value\r\n…" or "". */
static inline void fake_http_reply(struct fake_http_conn *c, unsigned status, const char *headers,
				   const char *body)
{
	char *text = NULL;
	int n = asprintf(&text, "HTTP/1.1 %u x\r\nContent-Length: %zu\r\n%s\r\n%s", status,
			 strlen(body), headers, body);
	c->waiting = false;
	c->len = 0;
	assert_int_equal(send(c->fd, text, (size_t)n, MSG_NOSIGNAL), n);
	free(text);
}

#endif
