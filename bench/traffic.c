/* SPDX-License-Identifier: MIT */
/*
 * Cost of counting the traffic of a VIP (`agent.traffic`): iperf3 through the VIP from another
 * network namespace, in pairs with and without, as the throughput of a virtual link varies more
 * from minute to minute than the counters cost. CPU time is that of both ends of iperf3, the
 * kernel's work on their behalf included.
 */
#include "bench/scenarios.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/ends.h"
#include "bench/peer.h"
#include "bench/scratch.h"
#include "lib/addr.h"
#include "tests/unit/own_netns.h"

#define PAIRS       40
#define SECONDS     1
#define REACH       1 /* percent */
#define PORT        5201
#define PATIENCE_MS 10000.0

struct flow {
	double gbits;     /* a second */
	double ms_per_gb; /* CPU time */
};

struct bed {
	const char *iperf3;
	struct ends ends; /* the other one is the client */
	char vip[ADDR_TEXT_MAX];
};

static void make_link(struct bed *b)
{
	ends_make(&b->ends);
	ends_enter(b->ends.other);
	if (shell("ip route add %s via 10.2.0.2", b->vip) != 0)
		fail("cannot add a route to %s", b->vip);
	ends_enter(b->ends.host);
}

static void wait_served(void)
{
	double until = clock_ms() + PATIENCE_MS;
	while (shell("ss -Hltn sport = :%d | grep -q .", PORT) != 0) {
		if (clock_ms() > until)
			fail("iperf3 does not listen on port %d", PORT);
		usleep(10000);
	}
}

/* Loaded again with the other value; the table of the kernel tells whether it counts. */
static void set_counted(const struct bed *b, bool on)
{
	const struct agent_setup setup = { .peer_host = 1, .n_apps = 1, .traffic = on };
	double until = clock_ms() + PATIENCE_MS;
	agent_configure(&setup);
	agent_ask((const char *const[]){ "reload", NULL });
	while ((shell("nft list table inet vipherald_traffic | grep -qF %s", b->vip) == 0) != on) {
		if (clock_ms() > until)
			fail("the traffic is %s counted", on ? "not" : "still");
		usleep(10000);
	}
}

static double number(const json_t *result, const char *part, const char *key)
{
	const json_t *value =
		json_object_get(json_object_get(json_object_get(result, "end"), part), key);
	if (!json_is_number(value))
		fail("iperf3 says no end.%s.%s", part, key);
	return json_number_value(value);
}

static struct flow measure(const struct bed *b)
{
	char path[SCRATCH_PATH_MAX];
	scratch_path("iperf3.json", path);
	ends_enter(b->ends.other);
	int status = shell("%s -c %s -p %d -t %d -J >%s", b->iperf3, b->vip, PORT, SECONDS, path);
	ends_enter(b->ends.host);
	json_t *result = json_load_file(path, 0, NULL);
	if (status != 0 || !result)
		fail("iperf3 -c %s: status %d", b->vip, status);
	double octets = number(result, "sum_received", "bytes");
	double percent = number(result, "cpu_utilization_percent", "host_total") +
			 number(result, "cpu_utilization_percent", "remote_total");
	struct flow flow = {
		.gbits = number(result, "sum_received", "bits_per_second") / 1e9,
		.ms_per_gb = percent * SECONDS * 10 / (octets / 1e9),
	};
	json_decref(result);
	return flow;
}

static void measure_pairs(struct report *r, const struct bed *b)
{
	struct samples lost = { .n = 0 }, spent = { .n = 0 };
	struct samples gbits = { .n = 0 }, ms_per_gb = { .n = 0 };
	for (size_t i = 0; i < PAIRS; i++) {
		struct flow flows[2]; /* without, with */
		for (size_t k = 0; k < 2; k++) {
			size_t which = (i + k) % 2;
			set_counted(b, which == 1);
			flows[which] = measure(b);
		}
		samples_add(&gbits, flows[0].gbits);
		samples_add(&ms_per_gb, flows[0].ms_per_gb);
		samples_add(&lost, 100 * (1 - flows[1].gbits / flows[0].gbits));
		samples_add(&spent, 100 * (flows[1].ms_per_gb / flows[0].ms_per_gb - 1));
	}
	report_add(r, "throughput, not counted", "Gbit/s", REPORT_NO_TARGET, &gbits);
	report_add(r, "CPU time of both ends, not counted", "ms/GB", REPORT_NO_TARGET, &ms_per_gb);
	report_add(r, "counted: less throughput", "%", REACH, &lost);
	report_add(r, "counted: more CPU time", "%", REACH, &spent);
}

/* Packages of it start a service, so it is not installed for this. */
static const char *find_iperf3(void)
{
	const char *named = getenv("IPERF3");
	const char *path = named ? named : "/usr/bin/iperf3";
	if (access(path, X_OK) == 0)
		return path;
	fprintf(stderr, "bench: traffic: left out, no %s (install iperf3, or IPERF3=/path)\n",
		path);
	return NULL;
}

void scenario_traffic(struct report *r)
{
	const struct agent_setup setup = { .peer_host = 1, .n_apps = 1, .traffic = true };
	const struct addr vip = addr_v4(BENCH_VIP);
	char port[8];
	struct bed b = { .iperf3 = find_iperf3() };
	struct subject agent, server;
	if (!b.iperf3)
		return;
	addr_format(&vip, b.vip);
	make_link(&b);
	struct peer *p = peer_new(1);
	peer_listen(p);
	agent_start(&agent, &setup);
	peer_come_up(p);
	agent_wait_bound(1);
	snprintf(port, sizeof(port), "%d", PORT);
	subject_exec(&server, (const char *const[]){ b.iperf3, "-s", "-p", port, NULL });
	wait_served();
	measure_pairs(r, &b);
	subject_stop(&server);
	subject_stop(&agent);
	peer_free(p);
}
