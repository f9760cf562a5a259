/* SPDX-License-Identifier: MIT */
/* A server on loopback that lives in the loop of the test, so that no thread or process is needed.
 * It serves one client at a time. Include after cmocka.h. */
#ifndef TESTS_UNIT_FAKE_SERVER_H
#define TESTS_UNIT_FAKE_SERVER_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/addr.h"
#include "process/loop.h"

#define FAKE_MESSAGE_MAX 8192

/* Builds the answer, returns its size; 0: none. `request` of 0 bytes: a TCP connection was
 * accepted. */
typedef size_t fake_answer_fn(const uint8_t *request, size_t len, uint8_t *answer, void *userdata);

static inline size_t fake_text(uint8_t *answer, const char *text)
{
	return (size_t)snprintf((char *)answer, FAKE_MESSAGE_MAX, "%s", text);
}

struct fake_server {
	sd_event *loop;
	int type; /* SOCK_DGRAM or SOCK_STREAM */
	int fd, connection;
	sd_event_source *io, *connection_io;
	fake_answer_fn *answer;
	void *userdata;
	unsigned requests;
	bool hang_up; /* TCP: closes after the first answer, or the first request without one */
};

static inline void fake_server_hang_up(struct fake_server *s)
{
	s->connection_io = sd_event_source_disable_unref(s->connection_io);
	if (s->connection >= 0)
		close(s->connection);
	s->connection = -1;
}

static inline void fake_server_serve(struct fake_server *s, const uint8_t *request, size_t len)
{
	uint8_t answer[FAKE_MESSAGE_MAX];
	size_t n = s->answer ? s->answer(request, len, answer, s->userdata) : 0;
	if (n > 0)
		assert_int_equal(send(s->connection, answer, n, MSG_NOSIGNAL), n);
	if (s->hang_up && (n > 0 || len > 0))
		fake_server_hang_up(s);
}

static inline int fake_server_on_stream(sd_event_source *source, int fd, uint32_t revents,
					void *userdata)
{
	(void)source, (void)revents;
	struct fake_server *s = userdata;
	uint8_t request[FAKE_MESSAGE_MAX];
	ssize_t n = recv(fd, request, sizeof(request), 0);
	s->requests += n > 0;
	if (n > 0)
		fake_server_serve(s, request, (size_t)n);
	else
		fake_server_hang_up(s);
	return 0;
}

static inline void fake_server_accept(struct fake_server *s)
{
	fake_server_hang_up(s);
	s->connection = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(s->connection >= 0);
	assert_int_equal(loop_io_add(s->loop, &s->connection_io, s->connection, EPOLLIN, LOOP_INPUT,
				     fake_server_on_stream, s),
			 0);
	fake_server_serve(s, NULL, 0);
}

static inline int fake_server_on_io(sd_event_source *source, int fd, uint32_t revents,
				    void *userdata)
{
	(void)source, (void)revents;
	struct fake_server *s = userdata;
	uint8_t request[FAKE_MESSAGE_MAX], answer[FAKE_MESSAGE_MAX];
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	if (s->type == SOCK_STREAM) {
		fake_server_accept(s);
		return 0;
	}
	ssize_t n = recvfrom(fd, request, sizeof(request), 0, (struct sockaddr *)&peer, &len);
	assert_true(n > 0);
	s->requests++;
	size_t m = s->answer ? s->answer(request, (size_t)n, answer, s->userdata) : 0;
	if (m > 0)
		assert_int_equal(sendto(fd, answer, m, 0, (struct sockaddr *)&peer, len), m);
	return 0;
}

/* At HOST and a port of its own. */
static inline void fake_server_start(struct fake_server *s, sd_event *loop, int type,
				     const char *host, uint16_t port, fake_answer_fn *answer,
				     void *userdata)
{
	struct addr a;
	struct sockaddr_storage ss;
	*s = (struct fake_server){
		.loop = loop, .type = type, .connection = -1, .answer = answer, .userdata = userdata
	};
	assert_int_equal(addr_parse(host, &a), 0);
	socklen_t len = addr_to_sockaddr(&a, port, 0, &ss);
	s->fd = socket(a.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	assert_int_equal(bind(s->fd, (struct sockaddr *)&ss, len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(s->fd, 8), 0);
	assert_int_equal(
		loop_io_add(loop, &s->io, s->fd, EPOLLIN, LOOP_INPUT, fake_server_on_io, s), 0);
}

/* For loop_until(). */
static inline bool fake_server_is_asked(void *server)
{
	return ((struct fake_server *)server)->requests > 0;
}

static inline void fake_server_stop(struct fake_server *s)
{
	fake_server_hang_up(s);
	s->io = sd_event_source_disable_unref(s->io);
	close(s->fd);
}

#endif
