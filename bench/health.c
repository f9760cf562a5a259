/* SPDX-License-Identifier: MIT */
/*
 * From before the SIGKILL of a listener to the withdrawal, and from its listen() to the
 * announcement, both read by the peer; alone, and among 1,000 other apps that are up.
 *
 * Where the return falls within the agent's 20 ms of polling is a matter of chance: a pause of
 * random length before it makes the samples even.
 */
#include "bench/scenarios.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/listeners.h"
#include "bench/peer.h"
#include "bench/scratch.h"

#define RUNS      200
#define PORT      20000
#define PAUSE_MAX 40000 /* us */

static void measure(struct peer *p, struct samples *down, struct samples *up)
{
	struct listeners victim;
	listeners_start(&victim, PORT, 1);
	peer_wait(p, TAG_FIRST, 0, 1);
	for (size_t i = 0; i < RUNS; i++) {
		double begin = listeners_kill(&victim);
		peer_wait(p, TAG_ABSENT, 0, 1);
		samples_add(down, clock_ms() - begin);
		subject_wait(&victim.process);
		usleep((useconds_t)(random() % PAUSE_MAX));
		listeners_start(&victim, PORT, 1);
		peer_wait(p, TAG_FIRST, 0, 1);
		samples_add(up, clock_ms() - victim.since);
	}
	listeners_kill(&victim);
	subject_wait(&victim.process);
}

static void run(struct report *r, size_t others, const char *down_text, const char *up_text)
{
	const struct agent_setup setup = {
		.peer_host = 1, .n_apps = 1 + others, .port = PORT, .own_ports = true
	};
	struct samples down = { .n = 0 }, up = { .n = 0 };
	struct peer *p = peer_new(1);
	struct listeners rest;
	struct subject s;
	if (others > 0)
		listeners_start(&rest, PORT + 1, others);
	peer_listen(p);
	agent_start(&s, &setup);
	peer_come_up(p);
	peer_wait(p, TAG_FIRST, 1, others);
	measure(p, &down, &up);
	peer_free(p);
	subject_stop(&s);
	if (others > 0) {
		listeners_kill(&rest);
		subject_wait(&rest.process);
	}
	report_add(r, down_text, "ms", 0.5, &down);
	report_add(r, up_text, "ms", 20, &up);
}

/* Hears of the end of every TCP socket of the namespace. */
static int open_events(void)
{
	const struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	const int group = SKNLGRP_INET_TCP_DESTROY;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		fail("cannot hear of destroyed sockets: %s", strerror(errno));
	return fd;
}

/* The kernel's delay in reporting that the listener is gone, to a process that only waits. */
static void run_kernel(struct report *r)
{
	char message[8192];
	struct samples told = { .n = 0 };
	struct listeners victim;
	int events = open_events();
	for (size_t i = 0; i < RUNS; i++) {
		listeners_start(&victim, PORT, 1);
		usleep((useconds_t)(random() % PAUSE_MAX));
		double begin = listeners_kill(&victim);
		if (recv(events, message, sizeof(message), 0) <= 0)
			fail("no word of a destroyed socket: %s", strerror(errno));
		samples_add(&told, clock_ms() - begin);
		subject_wait(&victim.process);
	}
	close(events);
	report_add(r, "the kernel alone: SIGKILL -> its word that the socket is gone", "ms",
		   REPORT_NO_TARGET, &told);
}

void scenario_health(struct report *r)
{
	run_kernel(r);
	run(r, 0, "SIGKILL of a listener -> withdrawal at the peer", "its return -> announcement");
	run(r, 1000, "the same with 1000 other apps: withdrawal", "announcement");
}
