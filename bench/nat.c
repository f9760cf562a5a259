/* SPDX-License-Identifier: MIT */
/*
 * The NAT code in this process, with a loop of its own, against the kernel: the cost of a mapping
 * among few and many, the cost of a start with many, and the longest time NAT keeps the loop,
 * also while another process holds the xtables lock. There is no BGP here and no HTTP.
 */
#include "bench/scenarios.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "bench/scratch.h"
#include "lib/array.h"
#include "nat/nat.h"
#include "tests/unit/own_netns.h"

#define RUNS        100
#define START_RUNS  10
#define START_N     1000
#define LOCK_HELD   1500 /* ms: longer than NAT is patient without saying so */
#define REACH_ONE   1    /* ms */
#define REACH_START 100  /* ms */
#define REACH_TURN  10   /* ms */

struct bed {
	sd_event *loop;
	struct nat *nat;
	size_t told;
	double longest; /* turn of the loop, without the waiting */
};

static const struct addr own = { .family = AF_INET, .bytes = { 10, 0, 0, 5 } };

static struct prefix vip_of(size_t n)
{
	struct prefix p = { .addr = addr_v4((100u << 24) + (64u << 16) + (uint32_t)n), .len = 32 };
	return p;
}

static void on_told(const struct prefix *vip, int result, const struct err *err, void *userdata)
{
	struct bed *b = userdata;
	(void)vip;
	if (result < 0 && result != -EBUSY)
		fail("NAT: %s", err->text);
	b->told += result == 0;
}

static void bed_init(struct bed *b, enum nat_choice backend)
{
	*b = (struct bed){ .told = 0 };
	if (sd_event_new(&b->loop) < 0)
		fail("no event loop");
	b->nat = nat_new(b->loop, backend, on_told, b);
}

static void bed_done(struct bed *b)
{
	nat_free(b->nat);
	sd_event_unref(b->loop);
}

static void set(struct bed *b, size_t n, bool wanted)
{
	static const struct nat_spec udp = { IPPROTO_UDP, 53, 8053, { 0 } };
	struct prefix vip = vip_of(n);
	struct err err = { "" };
	int r = nat_set(b->nat, &vip, &udp, wanted, &own, &err);
	if (r != -EINPROGRESS)
		fail("NAT: nat_set says %d at once: %s", r, err.text);
}

/* False when nothing happened within `timeout` microseconds. */
static bool turn(struct bed *b, uint64_t timeout)
{
	int r = sd_event_prepare(b->loop);
	if (r == 0)
		r = sd_event_wait(b->loop, timeout);
	if (r <= 0)
		return false;
	double begin = clock_ms();
	if (sd_event_dispatch(b->loop) < 0)
		fail("NAT: the loop ended");
	double took = clock_ms() - begin;
	b->longest = took > b->longest ? took : b->longest;
	return true;
}

static void wait_told(struct bed *b, size_t n)
{
	while (b->told < n)
		turn(b, UINT64_MAX);
	b->told = 0;
}

/* Adds (or removes) `n`, from the first on; milliseconds until all are there. */
static double set_many(struct bed *b, size_t first, size_t n, bool wanted)
{
	double begin = clock_ms();
	for (size_t i = first; i < first + n; i++)
		set(b, i, wanted);
	wait_told(b, n);
	return clock_ms() - begin;
}

static void drain(struct bed *b)
{
	while (turn(b, 50000))
		;
}

/* One more among `n`, and one less. */
static void measure_one(struct report *r, const char *name, enum nat_choice backend, size_t n,
			double reach)
{
	static struct samples add, del;
	char text[72];
	struct bed b;
	add.n = del.n = 0;
	own_netns_enter();
	bed_init(&b, backend);
	if (n > 0)
		set_many(&b, 0, n, true);
	drain(&b);
	for (int run = 0; run < RUNS; run++) {
		samples_add(&add, set_many(&b, n, 1, true));
		drain(&b);
		samples_add(&del, set_many(&b, n, 1, false));
		drain(&b);
	}
	bed_done(&b);
	snprintf(text, sizeof(text), "%s: one mapping added to %zu", name, n);
	report_add(r, text, "ms", reach, &add);
	snprintf(text, sizeof(text), "%s: one mapping removed from %zu", name, n + 1);
	report_add(r, text, "ms", REPORT_NO_TARGET, &del);
}

/* All at once on an empty host; then a start that finds them there. */
static void measure_start(struct report *r, const char *name, enum nat_choice backend)
{
	static struct samples made, found, removed, turn_ms;
	char text[72];
	made.n = found.n = removed.n = turn_ms.n = 0;
	for (int run = 0; run < START_RUNS; run++) {
		struct bed b;
		own_netns_enter();
		bed_init(&b, backend);
		samples_add(&made, set_many(&b, 0, START_N, true));
		drain(&b);
		if (nat_status(b.nat).transactions != 1)
			fail("NAT: not one transaction");
		samples_add(&turn_ms, b.longest);
		bed_done(&b);
		double begin = clock_ms();
		bed_init(&b, backend);
		samples_add(&found, clock_ms() - begin);
		samples_add(&removed, set_many(&b, 0, START_N, false));
		drain(&b);
		samples_add(&turn_ms, b.longest);
		bed_done(&b);
	}
	snprintf(text, sizeof(text), "%s: %d mappings in one transaction", name, START_N);
	report_add(r, text, "ms", REACH_START, &made);
	snprintf(text, sizeof(text), "%s: a start that finds %d of a previous instance", name,
		 START_N);
	report_add(r, text, "ms", REPORT_NO_TARGET, &found);
	snprintf(text, sizeof(text), "%s: %d mappings removed in one", name, START_N);
	report_add(r, text, "ms", REPORT_NO_TARGET, &removed);
	snprintf(text, sizeof(text), "%s: longest turn of the loop, %d at once", name, START_N);
	report_add(r, text, "ms", REACH_TURN, &turn_ms);
}

/* The longest turn while another process holds the lock, and the delay after it is released. */
static void measure_lock(struct report *r, const char *lock)
{
	static struct samples turn_ms, after;
	for (int run = 0; run < 3; run++) {
		struct bed b;
		double begin, end;
		own_netns_enter();
		bed_init(&b, NAT_IPTABLES);
		set_many(&b, 0, START_N, true);
		drain(&b);
		b.longest = 0;
		int fd = open(lock, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || flock(fd, LOCK_EX) < 0)
			fail("%s: %m", lock);
		set(&b, START_N, true);
		for (end = clock_ms() + LOCK_HELD; clock_ms() < end;)
			turn(&b, 10000);
		samples_add(&turn_ms, b.longest);
		close(fd);
		begin = clock_ms();
		wait_told(&b, 1);
		samples_add(&after, clock_ms() - begin);
		bed_done(&b);
	}
	report_add(r, "iptables: longest turn while the lock is held", "ms", REACH_TURN, &turn_ms);
	report_add(r, "iptables: from the lock's release to the rules", "ms", REPORT_NO_TARGET,
		   &after);
}

void scenario_nat(struct report *r)
{
	static const size_t sizes[] = { 0, 100, 1000, 10000 };
	char lock[SCRATCH_PATH_MAX];
	scratch_path("xtables.lock", lock);
	scratch_write(lock, "", 0);
	setenv("XTABLES_LOCKFILE", lock, 1);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		measure_one(r, "nftables", NAT_NFTABLES, sizes[i], REACH_ONE);
	for (size_t i = 0; i < 3; i++)
		measure_one(r, "iptables", NAT_IPTABLES, sizes[i], REPORT_NO_TARGET);
	measure_start(r, "nftables", NAT_NFTABLES);
	measure_start(r, "iptables", NAT_IPTABLES);
	measure_lock(r, lock);
}
