/* SPDX-License-Identifier: MIT */
/*
 * 1,000 apps, each with a command every second: what it costs in all, the commands included, and
 * how late they begin, by the agent's own word.
 */
#include "bench/scenarios.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/http.h"
#include "bench/peer.h"
#include "bench/scratch.h"

#define APPS    1000
#define SECONDS 15

/* A gauge of /metrics; the answer is closed by us, not by the agent. */
static double metric(const char *name)
{
	static char text[1 << 16];
	size_t len = 0;
	int fd = http_connect(BENCH_API_PORT);
	http_send(fd, "/metrics");
	char *at = NULL;
	while (!at && len < sizeof(text) - 1) {
		ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, 0);
		if (n <= 0)
			fail("/metrics ended before %s", name);
		len += (size_t)n;
		text[len] = 0;
		at = strstr(text, name);
		at = at && strchr(at, '\n') ? at : NULL;
	}
	close(fd);
	return at ? strtod(at + strlen(name), NULL) : 0;
}

void scenario_exec(struct report *r)
{
	const struct agent_setup setup = {
		.peer_host = 1, .n_apps = APPS, .monitor = "exec:true", .interval = "1s"
	};
	struct samples late = { .n = 0 }, rate = { .n = 0 };
	struct peer *p = peer_new(1);
	struct subject s;
	peer_listen(p);
	agent_start(&s, &setup);
	peer_come_up(p);
	peer_wait(p, TAG_FIRST, 0, APPS);
	sleep(6); /* a window of the agent's own measuring */
	for (int i = 0; i < SECONDS; i++) {
		double before = metric("\nvipherald_checks "), begin = clock_ms();
		sleep(1);
		samples_add(&rate,
			    (metric("\nvipherald_checks ") - before) * 1000 / (clock_ms() - begin));
		samples_add(&late, 1000 * metric("\nvipherald_exec_late_seconds "));
	}
	peer_free(p);
	subject_stop(&s);
	report_add(r, "1000 exec apps at 1 s: checks a second", "/s", REPORT_NO_TARGET, &rate);
	report_add(r, "1000 exec apps at 1 s: how late they begin", "ms", 250, &late);
}
