/* SPDX-License-Identifier: MIT */
/*
 * From fork() of the agent to what its peer, which waits for it, sees: the OPEN; and, with 10,000
 * configured apps, the last of their routes, which says that the VIPs are bound, too.
 */
#include "bench/scenarios.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/peer.h"
#include "bench/scratch.h"
#include "net/nladdr.h"
#include "net/nlsock.h"
#include "tests/unit/own_netns.h"

#define OPEN_RUNS 50
#define BOOT_RUNS 10
#define BOOT_APPS 10000
#define SERVICE   53

void scenario_start(struct report *r)
{
	const struct agent_setup setup = { .peer_host = 1, .n_apps = 1 };
	struct samples time = { .n = 0 };
	struct peer *p = peer_new(1);
	for (int run = 0; run < OPEN_RUNS; run++) {
		struct subject s;
		peer_listen(p);
		double begin = clock_ms();
		agent_start(&s, &setup);
		peer_accept(p);
		peer_read_open(p);
		samples_add(&time, clock_ms() - begin);
		peer_close(p);
		subject_stop(&s);
	}
	peer_free(p);
	report_add(r, "process start -> OPEN at a waiting peer", "ms", 10, &time);
}

static double boot_once(struct peer *p, const struct agent_setup *setup)
{
	struct subject s;
	peer_listen(p);
	double begin = clock_ms();
	agent_start(&s, setup);
	peer_come_up(p);
	peer_wait(p, TAG_FIRST, 0, setup->n_apps);
	double took = clock_ms() - begin;
	size_t bound = setup->bind ? agent_count_routed() : agent_count_bound();
	if (bound != setup->n_apps)
		fail("%zu VIPs are announced, %zu are bound", setup->n_apps, bound);
	peer_close(p);
	subject_stop(&s);
	return took;
}

static void measure_boot(struct report *r, const char *what, uint16_t port, const char *bind,
			 double reach)
{
	const struct agent_setup setup = {
		.peer_host = 1, .n_apps = BOOT_APPS, .port = port, .bind = bind
	};
	struct samples time = { .n = 0 };
	struct peer *p = peer_new(1);
	for (int run = 0; run < BOOT_RUNS; run++)
		samples_add(&time, boot_once(p, &setup));
	peer_free(p);
	report_add(r, what, "ms", reach, &time);
}

/* The service of the port monitors, on every address. */
static int listen_service(void)
{
	const struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(SERVICE) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 1) < 0)
		fail("service: listen on port %d: %m", SERVICE);
	return fd;
}

/* The kernel's part alone: binding the addresses, one request each, and nothing else. */
static double bind_by_hand(void)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nladdr a = { .prefix.len = 32, .ifindex = NLADDR_LO_IFINDEX };
	struct nlsock *s;
	struct err err;
	if (nlsock_open(NETLINK_ROUTE, NULL, &s, &err) < 0)
		fail("netlink: %s", err.text);
	double begin = clock_ms();
	for (uint32_t i = 0; i < BOOT_APPS; i++) {
		a.prefix.addr = addr_v4(BENCH_VIP + i);
		int e = nlsock_request(s, nladdr_build_add(buf, &a), NULL, NULL);
		if (e < 0)
			fail("netlink: an address was refused: %s", strerror(-e));
	}
	double took = clock_ms() - begin;
	nlsock_free(s);
	return took;
}

static void measure_kernel(struct report *r)
{
	struct samples time = { .n = 0 };
	for (int run = 0; run < BOOT_RUNS; run++) {
		own_netns_enter();
		samples_add(&time, bind_by_hand());
	}
	own_netns_enter();
	report_add(r, "the kernel alone: binding them by bare netlink", "ms", REPORT_NO_TARGET,
		   &time);
}

void scenario_boot(struct report *r)
{
	measure_boot(r, "process start -> 10000 VIPs bound and announced", 0, NULL, 1000);
	int service = listen_service();
	measure_boot(r, "the same, each with a port monitor that passes", SERVICE, NULL, 1000);
	close(service);
	measure_boot(r, "the same without monitors, by local routes (bind: route)", 0, "route",
		     400);
	measure_kernel(r);
}
