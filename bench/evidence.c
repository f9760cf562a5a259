/* SPDX-License-Identifier: MIT */
/*
 * From what the kernel reports to the withdrawal, read by the peer: the address of a VIP with
 * `bind: present` is removed by another process, and a program that announces a route is killed;
 * and to the announcement when the address is there again.
 */
#include "bench/scenarios.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/peer.h"
#include "bench/scratch.h"
#include "net/nladdr.h"
#include "net/nlsock.h"

#define RUNS     100
#define PROGRAMS 50
#define PAUSE    2000 /* us: the agent is at rest again */

typedef struct nlmsghdr *build_fn(void *buf, const struct nladdr *a);

/* Returns the time just before. */
static double change_address(struct nlsock *s, build_fn *build)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	const struct nladdr a = { .prefix = { addr_v4(BENCH_VIP), 32 },
				  .ifindex = NLADDR_LO_IFINDEX };
	double now = clock_ms();
	int e = nlsock_request(s, build(buf, &a), NULL, NULL);
	if (e < 0)
		fail("netlink: an address was refused: %s", strerror(-e));
	return now;
}

static void run_present(struct report *r)
{
	const struct agent_setup setup = { .peer_host = 1, .n_apps = 1, .bind = "present" };
	struct samples down = { .n = 0 }, up = { .n = 0 };
	struct peer *p = peer_new(1);
	struct nlsock *host;
	struct subject s;
	struct err err;
	if (nlsock_open(NETLINK_ROUTE, NULL, &host, &err) < 0)
		fail("netlink: %s", err.text);
	peer_listen(p);
	agent_start(&s, &setup);
	peer_come_up(p);
	for (size_t i = 0; i < RUNS; i++) {
		double begin = change_address(host, nladdr_build_add);
		peer_wait(p, TAG_FIRST, 0, 1);
		samples_add(&up, clock_ms() - begin);
		usleep(PAUSE);
		begin = change_address(host, nladdr_build_del);
		peer_wait(p, TAG_ABSENT, 0, 1);
		samples_add(&down, clock_ms() - begin);
		usleep(PAUSE);
	}
	peer_free(p);
	subject_stop(&s);
	nlsock_free(host);
	report_add(r, "bind: present: address removed -> withdrawal", "ms", 1, &down);
	report_add(r, "the address is there again -> announcement", "ms", REPORT_NO_TARGET, &up);
}

/* Each is killed once: it would be started again after a pause that grows. */
static void run_programs(struct report *r)
{
	const struct agent_setup setup = { .peer_host = 1, .n_programs = PROGRAMS };
	struct samples down = { .n = 0 };
	struct peer *p = peer_new(1);
	struct subject s;
	peer_listen(p);
	agent_start(&s, &setup);
	peer_come_up(p);
	peer_wait(p, TAG_FIRST, 0, PROGRAMS);
	for (size_t i = 0; i < PROGRAMS; i++) {
		const struct subject program = agent_program(i);
		usleep(PAUSE);
		double begin = clock_ms();
		subject_signal(&program, SIGKILL);
		peer_wait(p, TAG_ABSENT, i, 1);
		samples_add(&down, clock_ms() - begin);
	}
	peer_free(p);
	subject_stop(&s);
	report_add(r, "SIGKILL of a program -> its route withdrawn", "ms", 1, &down);
}

void scenario_evidence(struct report *r)
{
	run_present(r);
	run_programs(r);
}
