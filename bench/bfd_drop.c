/* SPDX-License-Identifier: MIT */
/*
 * BIRD in a network namespace of its own, and the agent in another: both of the agent's processes
 * are stopped, as on a host that hangs, and the route is waited for to leave the kernel of the
 * router. A killed agent would not do: the kernel of its host still closes the TCP connection.
 */
#include "bench/bfd_drop.h"

#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bird.h"
#include "bench/ends.h"
#include "bench/peer.h"
#include "bench/scratch.h"
#include "bench/subject.h"
#include "tests/unit/own_netns.h"

#define RUNS        6
#define VIP         0xc0000235 /* 192.0.2.53 */
#define PATIENCE_MS 30000.0
/* From the route to BFD with the timers of both. */
#define SETTLED_MS 3000

struct drop {
	struct ends ends; /* the other one is the router */
	int routes;       /* of the router's kernel, as they change */
	struct subject bird, agent;
};

static void watch_routes(struct drop *d)
{
	struct sockaddr_nl groups = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_ROUTE };
	ends_enter(d->ends.other);
	d->routes = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (d->routes < 0 || bind(d->routes, (struct sockaddr *)&groups, sizeof(groups)) < 0)
		fail("cannot watch routes: %m");
	ends_enter(d->ends.host);
}

static void start_bird(struct drop *d, unsigned ms)
{
	char config[1024];
	int n = snprintf(
		config, sizeof(config),
		"log stderr all;\n"
		"router id 10.2.0.1;\n"
		"protocol device { scan time 1; }\n"
		"protocol kernel { ipv4 { export where source = RTS_BGP; }; }\n"
		"protocol bfd { interface \"eth0\" { interval %u ms; multiplier 3; }; }\n"
		"protocol bgp host {\n"
		"  local 10.2.0.1 as %d; neighbor 10.2.0.2 as %d; direct; passive on; bfd on;\n"
		"  error wait time 1, 2;\n"
		"  ipv4 { import all; export none; };\n"
		"}\n",
		ms, BENCH_PEER_AS, BENCH_AGENT_AS);
	ends_enter(d->ends.other);
	bird_start(&d->bird, config, (size_t)n);
	ends_enter(d->ends.host);
}

static void start_agent(struct drop *d, unsigned ms)
{
	char config[1024], path[SCRATCH_PATH_MAX], option[SCRATCH_PATH_MAX + 16];
	const char *binary = getenv("VIPHERALD");
	int n = snprintf(
		config, sizeof(config),
		"agent: { listen_addr: 127.0.0.1:8080, state_file: off }\n"
		"bgp:\n"
		"  local_as: %d\n"
		"  connect_retry: 50ms\n"
		"  connect_retry_max: 200ms\n"
		"  peers:\n"
		"    - { peer_ip: 10.2.0.1, peer_as: %d, bfd: { interval: %ums, multiplier: 3 } }\n"
		"apps:\n"
		"  - { name: app, vip: 192.0.2.53/32 }\n",
		BENCH_AGENT_AS, BENCH_PEER_AS, ms);
	scratch_write(scratch_path("bfd.yaml", path), config, (size_t)n);
	snprintf(option, sizeof(option), "-config=%s", path);
	subject_exec(&d->agent, (const char *const[]){ binary ? binary : "build/vipherald", option,
						       "-logtostderr", NULL });
}

static bool is_about_vip(const struct nlmsghdr *h)
{
	const struct rtmsg *route = NLMSG_DATA(h);
	uint32_t vip = htonl(VIP);
	int left = (int)RTM_PAYLOAD(h);
	for (struct rtattr *a = RTM_RTA(route); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == RTA_DST && RTA_PAYLOAD(a) == sizeof(vip))
			return memcmp(RTA_DATA(a), &vip, sizeof(vip)) == 0;
	return false;
}

static bool read_change(int fd, int type)
{
	_Alignas(struct nlmsghdr) char buf[8192];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	unsigned left = n > 0 ? (unsigned)n : 0;
	for (struct nlmsghdr *h = (struct nlmsghdr *)buf; NLMSG_OK(h, left);
	     h = NLMSG_NEXT(h, left))
		if (h->nlmsg_type == type && is_about_vip(h))
			return true;
	return false;
}

/* Until the router's kernel has, or has not, the route any more. */
static void wait_route(const struct drop *d, int type)
{
	const double until = clock_ms() + PATIENCE_MS;
	struct pollfd p = { .fd = d->routes, .events = POLLIN };
	while (!read_change(d->routes, type)) {
		if (clock_ms() > until)
			fail("BFD: the route to the VIP did not %s",
			     type == RTM_NEWROUTE ? "come" : "go");
		poll(&p, 1, 100);
	}
}

/* The BFD process is the agent's only child. */
static pid_t helper_of(pid_t agent)
{
	char path[64];
	int pid = 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)agent, (int)agent);
	FILE *f = fopen(path, "re");
	char name[64], comm[32] = "";
	while (f && fscanf(f, "%d", &pid) == 1) {
		snprintf(name, sizeof(name), "/proc/%d/comm", pid);
		FILE *c = fopen(name, "re");
		if (c && fscanf(c, "%31s", comm) == 1 && strcmp(comm, "vipherald-bfd") == 0) {
			fclose(c);
			fclose(f);
			return pid;
		}
		if (c)
			fclose(c);
	}
	fail("BFD: the agent has no BFD process");
}

static double measure(struct drop *d, unsigned ms)
{
	start_agent(d, ms);
	wait_route(d, RTM_NEWROUTE);
	usleep(SETTLED_MS * 1000);
	const pid_t helper = helper_of(d->agent.pid);
	const double begin = clock_ms();
	kill(helper, SIGSTOP);
	subject_signal(&d->agent, SIGSTOP);
	wait_route(d, RTM_DELROUTE);
	const double took = clock_ms() - begin;
	subject_signal(&d->agent, SIGKILL); /* and with it the BFD process */
	subject_wait(&d->agent);
	return took;
}

void bfd_drop(struct report *r, unsigned ms, double limit)
{
	char what[72];
	struct drop d;
	struct samples took = { .n = 0 };
	if (!bird_is_there("bfd: the router"))
		return;
	ends_make(&d.ends);
	watch_routes(&d);
	start_bird(&d, ms);
	for (int i = 0; i < RUNS; i++)
		samples_add(&took, measure(&d, ms));
	subject_stop(&d.bird);
	close(d.routes);
	if (shell("ip link del eth0") != 0)
		fail("cannot remove the link");
	close(d.ends.host);
	close(d.ends.other);
	snprintf(what, sizeof(what), "host stops -> BIRD's kernel has no route, %u ms x 3", ms);
	report_add(r, what, "ms", limit, &took);
}
