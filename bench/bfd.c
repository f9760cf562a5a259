/* SPDX-License-Identifier: MIT */
/*
 * BFD in this process and its helpers, between two network namespaces: what sessions cost, and how
 * long silence takes to be noticed. There is no BGP here.
 */
#include "bench/scenarios.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "bench/bfd_drop.h"
#include "bench/scratch.h"
#include "bfd/bfd.h"
#include "process/loop.h"
#include "tests/unit/own_netns.h"

#define SECONDS      10
#define RUNS         20
#define SESSIONS_MAX 64
#define LATE         20.0 /* ms: what detection may take beyond three intervals */
#define MANY_LIMIT   5.0  /* percent of a core */
#define FEW_LIMIT    0.2
#define HOST         0x0a01ff01 /* 10.1.255.1/16; the routers are 10.1.0.1 and up */
#define ROUTER       0x0a010001

enum { AT_HOST, AT_ROUTER };

struct bed {
	sd_event *loop;
	int spaces[2];
	struct bfd *ends[2];
	size_t n, n_up[2];
	double down_at; /* of the first session of the host */
};

static void enter(const struct bed *b, int end)
{
	if (setns(b->spaces[end], CLONE_NEWNET) < 0)
		fail("setns: %m");
}

static int this_space(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail("/proc/self/ns/net: %m");
	return fd;
}

static void run_shell(const char *line)
{
	if (shell("%s", line) != 0)
		fail("failed: %s", line);
}

static void make_link(struct bed *b)
{
	char line[256];
	b->spaces[AT_HOST] = this_space();
	if (unshare(CLONE_NEWNET) < 0)
		fail("unshare: %m");
	b->spaces[AT_ROUTER] = this_space();
	snprintf(line, sizeof(line),
		 "ip link add eth0 type veth peer name eth0 netns /proc/%d/fd/%d && "
		 "ip link set eth0 up && ip addr add 10.1.255.1/16 dev eth0",
		 (int)getpid(), b->spaces[AT_ROUTER]);
	enter(b, AT_HOST);
	run_shell(line);
	enter(b, AT_ROUTER);
	run_shell("ip link set eth0 up; for i in $(seq 64); do "
		  "ip addr add 10.1.0.$i/16 dev eth0 || exit 1; done");
	enter(b, AT_HOST);
}

static void on_host(struct bfd_session *session, const struct bfd_status *s, enum bfd_state from,
		    void *userdata)
{
	struct bed *b = userdata;
	(void)session;
	b->n_up[AT_HOST] += s->state == BFD_UP;
	b->n_up[AT_HOST] -= from == BFD_UP;
	if (from == BFD_UP && b->down_at == 0)
		b->down_at = clock_ms();
}

static void on_router(struct bfd_session *session, const struct bfd_status *s, enum bfd_state from,
		      void *userdata)
{
	struct bed *b = userdata;
	(void)session;
	b->n_up[AT_ROUTER] += s->state == BFD_UP;
	b->n_up[AT_ROUTER] -= from == BFD_UP;
}

static const struct bfd_ops ops[2] = { { .changed = on_host }, { .changed = on_router } };

static void start_end(struct bed *b, int end, span_t interval)
{
	struct err err;
	struct bfd_session *s;
	struct bfd_config c = bfd_config_default();
	c.desired_min_tx = c.required_min_rx = interval;
	enter(b, end);
	bfd_new(b->loop, &ops[end], b, &b->ends[end], &err);
	for (uint32_t i = 0; i < b->n; i++) {
		const struct addr host = addr_v4(HOST), router = addr_v4(ROUTER + i);
		const struct bfd_key key = { .local = end == AT_HOST ? host : router,
					     .peer = end == AT_HOST ? router : host };
		if (bfd_session_new(b->ends[end], &key, &c, b, &s, &err) < 0)
			fail("BFD: %s", err.text);
	}
	enter(b, AT_HOST);
}

/* False: the time is over. */
static bool turn(const struct bed *b, double until)
{
	const double left = until - clock_ms();
	if (left <= 0)
		return false;
	if (sd_event_run(b->loop, (uint64_t)(left * 1000)) < 0)
		fail("BFD: the loop ended");
	return true;
}

static void wait_up(const struct bed *b)
{
	const double until = clock_ms() + 20000;
	while (b->n_up[AT_HOST] < b->n || b->n_up[AT_ROUTER] < b->n)
		if (!turn(b, until))
			fail("BFD: %zu of %zu sessions came up", b->n_up[AT_HOST], b->n);
}

static void bed_start(struct bed *b, size_t n, span_t interval)
{
	*b = (struct bed){ .n = n };
	if (sd_event_new(&b->loop) < 0)
		fail("no event loop");
	make_link(b);
	start_end(b, AT_HOST, interval);
	start_end(b, AT_ROUTER, interval);
	wait_up(b);
}

static void bed_done(struct bed *b)
{
	for (int end = 0; end < 2; end++) {
		bfd_free(b->ends[end]);
		close(b->spaces[end]);
	}
	sd_event_unref(b->loop);
	run_shell("ip link del eth0");
}

/* Of a process in milliseconds, not in ticks. */
static double cpu_ms(pid_t pid)
{
	char path[64];
	unsigned long long ns = 0;
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	FILE *f = fopen(path, "re");
	if (!f || fscanf(f, "%llu", &ns) != 1)
		fail("%s: %m", path);
	fclose(f);
	return (double)ns / 1e6;
}

/* The loop of this process serves both ends, and half of it is the host's. */
static void cost(struct report *r, size_t n, span_t interval, double limit)
{
	char what[72];
	struct bed b;
	struct samples helper = { .n = 0 }, loop = { .n = 0 };
	bed_start(&b, n, interval);
	const pid_t pid = bfd_helper_pid(b.ends[AT_HOST]);
	for (int i = 0; i < SECONDS; i++) {
		const double begin = clock_ms(), of_helper = cpu_ms(pid),
			     of_loop = cpu_ms(getpid());
		while (turn(&b, begin + 1000))
			;
		const double took = clock_ms() - begin;
		samples_add(&helper, 100 * (cpu_ms(pid) - of_helper) / took);
		samples_add(&loop, 100 * (cpu_ms(getpid()) - of_loop) / 2 / took);
	}
	snprintf(what, sizeof(what), "%zu sessions at %u ms", n,
		 (unsigned)(interval / USEC_PER_MSEC));
	report_add(r, what, "%", limit, &helper);
	report_add(r, "the main loop's part", "%", REPORT_NO_TARGET, &loop);
	bed_done(&b);
}

static void set_link(const struct bed *b, bool up)
{
	struct ifreq ifr = { .ifr_name = "eth0", .ifr_flags = (short)(up ? IFF_UP : 0) };
	enter(b, AT_ROUTER);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		fail("eth0: %m");
	close(fd);
	enter(b, AT_HOST);
}

static void detection(struct report *r, span_t interval)
{
	char what[72];
	struct bed b;
	struct samples took = { .n = 0 };
	const unsigned ms = (unsigned)(interval / USEC_PER_MSEC);
	bed_start(&b, 1, interval);
	for (int i = 0; i < RUNS; i++) {
		wait_up(&b);
		const double settled = clock_ms() + 3 * ms;
		while (turn(&b, settled))
			;
		b.down_at = 0;
		const double begin = clock_ms();
		set_link(&b, false);
		while (b.down_at == 0)
			turn(&b, begin + 10000);
		samples_add(&took, b.down_at - begin);
		set_link(&b, true);
	}
	snprintf(what, sizeof(what), "link cut -> down, %u ms x 3", ms);
	report_add(r, what, "ms", 3 * ms + LATE, &took);
	bed_done(&b);
}

void scenario_bfd(struct report *r)
{
	cost(r, SESSIONS_MAX, 50 * USEC_PER_MSEC, MANY_LIMIT);
	cost(r, 2, 300 * USEC_PER_MSEC, FEW_LIMIT);
	detection(r, 50 * USEC_PER_MSEC);
	detection(r, 300 * USEC_PER_MSEC);
	bfd_drop(r, 50, 3 * 50 + LATE);
	bfd_drop(r, 300, 3 * 300 + LATE);
}
