/* SPDX-License-Identifier: MIT */
/*
 * From fork() of the agent to what its peer, which waits for it, sees: the OPEN; and, with 10,000
 * configured apps, the last of their routes, which says that the VIPs are bound, too.
 */
#include "bench/scenarios.h"

#include <sys/socket.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/peer.h"
#include "bench/scratch.h"

#define OPEN_RUNS 50
#define BOOT_RUNS 10
#define BOOT_APPS 10000
#define SERVICE   53

void scenario_start(struct report *r)
{
	const struct agent_setup setup = { .peer_host = 1, .n_apps = 1 };
	struct samples time = { .n = 0 };
	struct peer *p = peer_new(1);
	peer_listen(p);
	for (int run = 0; run < OPEN_RUNS; run++) {
		struct subject s;
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
	double begin = clock_ms();
	agent_start(&s, setup);
	peer_come_up(p);
	peer_wait(p, TAG_FIRST, 0, setup->n_apps);
	double took = clock_ms() - begin;
	if (agent_count_bound() != setup->n_apps)
		fail("%zu VIPs are announced, %zu are on lo", setup->n_apps, agent_count_bound());
	peer_close(p);
	subject_stop(&s);
	return took;
}

static void measure_boot(struct report *r, const char *what, uint16_t port)
{
	const struct agent_setup setup = { .peer_host = 1, .n_apps = BOOT_APPS, .port = port };
	struct samples time = { .n = 0 };
	struct peer *p = peer_new(1);
	peer_listen(p);
	for (int run = 0; run < BOOT_RUNS; run++)
		samples_add(&time, boot_once(p, &setup));
	peer_free(p);
	report_add(r, what, "ms", 1000, &time);
}

/* What the port monitors find, on every address. */
static int listen_service(void)
{
	const struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(SERVICE) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 1) < 0)
		fail("service: listen on port %d: %m", SERVICE);
	return fd;
}

void scenario_boot(struct report *r)
{
	measure_boot(r, "process start -> 10000 VIPs bound and announced", 0);
	int service = listen_service();
	measure_boot(r, "the same, each with a port monitor that passes", SERVICE);
	close(service);
}
