/* SPDX-License-Identifier: MIT */
#include "bench/http.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/samples.h"
#include "bench/scratch.h"
#include "lib/addr.h"
#include "lib/str.h"

#define CONNECT_MS 5000.0
#define ANSWER_MS  30000

int http_connect(uint16_t port)
{
	struct addr localhost = addr_v4(0x7f000001u);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&localhost, port, 0, &ss);
	double deadline = clock_ms() + CONNECT_MS;
	for (;;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&ss, len) == 0)
			return fd;
		close(fd);
		if (clock_ms() > deadline)
			fail("http: connect to port %d: %m", port);
		usleep(1000);
	}
}

void http_send(int fd, const char *target)
{
	http_send_as(fd, "GET", target, "");
}

void http_send_as(int fd, const char *method, const char *target, const char *body)
{
	char request[2048];
	int len = snprintf(request, sizeof(request),
			   "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n%s",
			   method, target, strlen(body), body);
	if (send(fd, request, (size_t)len, MSG_NOSIGNAL) != len)
		fail("http: send: %m");
}

static size_t content_length(const char *head)
{
	const char *at = strcasestr(head, "\r\nContent-Length:");
	return at ? strtoul(at + strlen("\r\nContent-Length:"), NULL, 10) : 0;
}

void http_receive(int fd)
{
	char buf[16384];
	size_t len = 0;
	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		if (poll(&pfd, 1, ANSWER_MS) != 1)
			fail("http: no answer for %d s", ANSWER_MS / 1000);
		ssize_t n = recv(fd, buf + len, sizeof(buf) - 1 - len, 0);
		if (n <= 0)
			fail("http: the connection ended after %zu bytes of an answer", len);
		len += (size_t)n;
		buf[len] = '\0';
		const char *body = strstr(buf, "\r\n\r\n");
		if (!body || len < (size_t)(body + 4 - buf) + content_length(buf))
			continue;
		if (!str_starts(buf, "HTTP/1.1 200"))
			fail("http: not 200 but\n%s", buf);
		return;
	}
}
