/* SPDX-License-Identifier: MIT */
/*
 * The agent's CPU time while nothing happens, in percent of a core: with every app up; with every
 * app down and checked for; and while 10,000 connections a second are made and closed on
 * the host.
 */
#include "bench/scenarios.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/listeners.h"
#include "bench/peer.h"
#include "bench/scratch.h"

#define PORT       20000
#define STORM_PORT 19999
#define SECONDS    10
#define RATE       10000

static void watch_cpu(const struct subject *s, struct samples *percent)
{
	for (int i = 0; i < SECONDS; i++) {
		double cpu = subject_cpu_ms(s), begin = clock_ms();
		sleep(1);
		samples_add(percent, 100 * (subject_cpu_ms(s) - cpu) / (clock_ms() - begin));
	}
}

/* A connection, made and closed; both ends of it are ours. */
static void connect_once(int listener)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(STORM_PORT),
					.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const struct linger reset = { 1, 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		_exit(1);
	int accepted = accept(listener, NULL, NULL);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)); /* no TIME_WAIT */
	close(fd);
	close(accepted);
}

static void storm(void *userdata)
{
	(void)userdata;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(STORM_PORT) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&in, sizeof(in)) < 0 || listen(listener, 128) < 0)
		_exit(1);
	double begin = clock_ms();
	for (double n = 0;; n++) {
		connect_once(listener);
		while (n / RATE * 1000 > clock_ms() - begin)
			usleep(100);
	}
}

static void measure(struct report *r, size_t n, bool up, const char *what, double target)
{
	const struct agent_setup setup = {
		.peer_host = 1, .n_apps = n, .port = PORT, .own_ports = true
	};
	struct samples percent = { .n = 0 };
	struct peer *p = peer_new(1);
	struct listeners services;
	struct subject s, storming;
	if (up)
		listeners_start(&services, PORT, n);
	peer_listen(p);
	agent_start(&s, &setup);
	peer_come_up(p);
	if (up)
		peer_wait(p, TAG_FIRST, 0, n);
	sleep(n / 1000 + 3); /* until the addresses are bound, too */
	watch_cpu(&s, &percent);
	report_add(r, what, "%", target, &percent);
	if (up && n == 1000) {
		percent.n = 0;
		subject_fork(&storming, storm, NULL);
		watch_cpu(&s, &percent);
		report_add(r, "1000 port apps, and 10000 connections a second", "%", 1, &percent);
		subject_stop(&storming);
	}
	peer_free(p);
	subject_stop(&s);
	if (up)
		subject_stop(&services.process);
}

void scenario_idle(struct report *r)
{
	measure(r, 1000, true, "1000 port apps, all up", 0.5);
	measure(r, 10000, true, "10000 port apps, all up", 3);
	measure(r, 1000, false, "1000 port apps, all down", 0.5);
	measure(r, 10000, false, "10000 port apps, all down", 3);
}
