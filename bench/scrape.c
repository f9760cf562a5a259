/* SPDX-License-Identifier: MIT */
/*
 * What a scrape of /metrics costs: CPU time of the agent, octets, and how long the loop is busy with it at a time. The
 * latter is how long another client waits for a short answer meanwhile, from its request on.
 */
#include "bench/scenarios.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/http.h"
#include "bench/peer.h"
#include "bench/scratch.h"

#define RUNS      20
#define FEW       10
#define MANY      10000
#define ANSWER_MS 30000

struct scrape {
	int fd, other;
	size_t octets, samples;
	bool in_line, in_comment;
	double asked, longest; /* of the other client */
};

static void ask_other(struct scrape *s)
{
	s->asked = clock_ms();
	http_send(s->other, "/healthz");
}

static void read_other(struct scrape *s)
{
	http_receive(s->other);
	double took = clock_ms() - s->asked;
	s->longest = took > s->longest ? took : s->longest;
}

/* The head and the sizes of chunks, a line each, are among them: they do not matter. */
static void count(struct scrape *s, const char *data, size_t len)
{
	s->octets += len;
	for (size_t i = 0; i < len; i++) {
		if (!s->in_line)
			s->in_comment = data[i] == '#';
		s->in_line = data[i] != '\n';
		s->samples += !s->in_line && !s->in_comment;
	}
}

/* Until the agent closes the connection. */
static void scrape(struct scrape *s)
{
	static const char request[] =
		"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char buf[65536];
	ssize_t n = 1;
	s->fd = http_connect(BENCH_API_PORT);
	if (send(s->fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		fail("scrape: send: %m");
	ask_other(s);
	while (n > 0) {
		struct pollfd fds[] = { { .fd = s->fd, .events = POLLIN },
					{ .fd = s->other, .events = POLLIN } };
		if (poll(fds, 2, ANSWER_MS) < 1)
			fail("scrape: no answer for %d s", ANSWER_MS / 1000);
		if (fds[1].revents) {
			read_other(s);
			ask_other(s);
		}
		if (!fds[0].revents)
			continue;
		n = recv(s->fd, buf, sizeof(buf), 0);
		count(s, buf, n > 0 ? (size_t)n : 0);
	}
	close(s->fd);
	read_other(s);
}

static void add(struct report *r, size_t apps, const char *what, const char *unit, double target,
		const struct samples *samples)
{
	char text[64];
	snprintf(text, sizeof(text), "%zu apps: %s", apps, what);
	report_add(r, text, unit, target, samples);
}

static void run(struct report *r, size_t apps)
{
	const struct agent_setup setup = {
		.peer_host = 1, .n_apps = apps, .port = 1, .interval = "1h"
	};
	struct samples cpu = { .n = 0 }, each = { .n = 0 }, turn = { .n = 0 }, octets = { .n = 0 };
	struct peer *p = peer_new(1);
	struct subject s;
	peer_listen(p);
	agent_start(&s, &setup);
	peer_come_up(p);
	int other = http_connect(BENCH_API_PORT);
	for (size_t i = 0; i <= RUNS; i++) {
		struct scrape one = { .other = other };
		double before = subject_cpu_ms(&s);
		scrape(&one);
		double spent = subject_cpu_ms(&s) - before;
		if (i == 0) /* apps are registered before it is answered */
			continue;
		samples_add(&cpu, spent);
		samples_add(&each, spent * 1000 / (double)one.samples);
		samples_add(&turn, one.longest);
		samples_add(&octets, (double)one.octets / 1e6);
	}
	close(other);
	add(r, apps, "CPU time of a scrape", "ms", REPORT_NO_TARGET, &cpu);
	add(r, apps, "the same by sample, with the kernel's part", "us", 1, &each);
	add(r, apps, "another client waits meanwhile, at most", "ms", 5, &turn);
	add(r, apps, "size", "MB", REPORT_NO_TARGET, &octets);
	peer_free(p);
	subject_stop(&s);
}

void scenario_scrape(struct report *r)
{
	run(r, FEW);
	run(r, MANY);
}
