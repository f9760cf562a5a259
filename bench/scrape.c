/* SPDX-License-Identifier: MIT */
/*
 * Cost of a scrape of /metrics: CPU time of the agent, octets, and how long the loop is busy with
 * it at a time. The latter is seen by another client that asks for short answers meanwhile: how
 * long it waits, and how much CPU time the agent spends from its request to its answer. No turn is
 * longer than that, and other load on the machine is not in it.
 */
#include "bench/scenarios.h"

#include <poll.h>
#include <sched.h>
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
	const struct subject *agent;
	/* Of the other client: the time and the agent's CPU time when it asked, and the most until
	 * an answer. */
	double asked, asked_cpu, longest, longest_cpu;
};

static void ask_other(struct scrape *s)
{
	s->asked_cpu = subject_cpu_now_ms(s->agent);
	s->asked = clock_ms();
	http_send(s->other, "/healthz");
}

static void read_other(struct scrape *s)
{
	http_receive(s->other);
	double took = clock_ms() - s->asked, spent = subject_cpu_now_ms(s->agent) - s->asked_cpu;
	s->longest = took > s->longest ? took : s->longest;
	s->longest_cpu = spent > s->longest_cpu ? spent : s->longest_cpu;
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

/* Before others on the machine: an answer that waits here would count what the agent does after
 * it. */
static void go_first(void)
{
	const struct sched_param first = { .sched_priority = 1 };
	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first) < 0)
		fprintf(stderr, "bench: scrape: no priority over other load: %m\n");
}

static void run(struct report *r, size_t apps)
{
	const struct agent_setup setup = {
		.peer_host = 1, .n_apps = apps, .port = 1, .interval = "1h"
	};
	struct samples cpu = { .n = 0 }, each = { .n = 0 }, octets = { .n = 0 };
	struct samples turn = { .n = 0 }, turn_cpu = { .n = 0 };
	struct peer *p = peer_new(1);
	struct subject s;
	peer_listen(p);
	agent_start(&s, &setup);
	peer_come_up(p);
	go_first();
	int other = http_connect(BENCH_API_PORT);
	for (size_t i = 0; i <= RUNS; i++) {
		struct scrape one = { .other = other, .agent = &s };
		double before = subject_cpu_now_ms(&s);
		scrape(&one);
		double spent = subject_cpu_now_ms(&s) - before;
		if (i == 0) /* apps are registered before it is answered */
			continue;
		samples_add(&cpu, spent);
		samples_add(&each, spent * 1000 / (double)one.samples);
		samples_add(&turn, one.longest);
		samples_add(&turn_cpu, one.longest_cpu);
		samples_add(&octets, (double)one.octets / 1e6);
	}
	close(other);
	add(r, apps, "CPU time of a scrape", "ms", REPORT_NO_TARGET, &cpu);
	add(r, apps, "the same by sample, with the kernel's part", "us", 1, &each);
	add(r, apps, "another client waits meanwhile, at most", "ms", 5, &turn);
	add(r, apps, "CPU time of the agent in this wait, at most", "ms", 5, &turn_cpu);
	add(r, apps, "size", "MB", REPORT_NO_TARGET, &octets);
	peer_free(p);
	subject_stop(&s);
}

void scenario_scrape(struct report *r)
{
	run(r, FEW);
	run(r, MANY);
}
