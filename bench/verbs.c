/* SPDX-License-Identifier: MIT */
/*
 * Latency that an operator sees: a reload of 10,000 apps of which one differs, and two verbs that
 * ask the agent. Each is a process of its own, and its start and end are counted.
 */
#include "bench/scenarios.h"

#include <sys/wait.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/http.h"
#include "bench/peer.h"
#include "bench/service.h"

#define RUNS    30
#define MANY    10000
#define FEW     10
#define REACHED 100 /* ms */
#define STATUS  10
#define TURN    10
#define PORT    20000 /* of all apps */

/* From before the fork of the client to its end. */
static double ask(const char *verb)
{
	double begin = clock_ms();
	agent_ask((const char *const[]){ verb, NULL });
	return clock_ms() - begin;
}

static void reload(void *userdata)
{
	(void)userdata;
	agent_ask((const char *const[]){ "reload", NULL });
	_exit(0);
}

static bool has_ended(const struct subject *s)
{
	siginfo_t info = { .si_pid = 0 };
	waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG | WNOWAIT);
	return info.si_pid != 0;
}

/* The loop is busy with a reload as long as another client waits for a short answer. */
static double longest_wait(int other)
{
	struct subject client;
	double longest = 0;
	subject_fork(&client, reload, NULL);
	while (!has_ended(&client)) {
		double asked = clock_ms();
		http_send(other, "/healthz");
		http_receive(other);
		double took = clock_ms() - asked;
		longest = took > longest ? took : longest;
	}
	subject_wait(&client);
	return longest;
}

static void measure_turns(struct report *r, struct agent_setup setup)
{
	struct samples longest = { .n = 0 };
	int other = http_connect(BENCH_API_PORT);
	for (size_t i = 0; i < RUNS; i++) {
		setup.changed = setup.changed ? 0 : MANY / 2;
		agent_configure(&setup);
		samples_add(&longest, longest_wait(other));
	}
	close(other);
	report_add(r, "another client waits during a reload, at most", "ms", TURN, &longest);
}

static void measure_reloads(struct report *r, const struct subject *s, struct agent_setup setup)
{
	struct samples took = { .n = 0 }, cpu = { .n = 0 };
	for (size_t i = 0; i < RUNS; i++) {
		setup.changed = setup.changed ? 0 : MANY / 2;
		agent_configure(&setup);
		double before = subject_cpu_ms(s);
		samples_add(&took, ask("reload"));
		samples_add(&cpu, subject_cpu_ms(s) - before);
	}
	report_add(r, "reload, one of 10000 apps differs", "ms", REACHED, &took);
	report_add(r, "the same, CPU time of the agent", "ms", REPORT_NO_TARGET, &cpu);
}

static void run(struct report *r, size_t n, const char *verb, const char *what, double target)
{
	const struct agent_setup setup = { .peer_host = 1, .n_apps = n, .port = PORT };
	struct samples took = { .n = 0 };
	struct peer *p = peer_new(1);
	struct service s;
	service_announce(&s, p, &setup);
	agent_wait_bound(n);
	for (size_t i = 0; i < RUNS; i++)
		samples_add(&took, ask(verb));
	report_add(r, what, "ms", target, &took);
	if (n == MANY) {
		measure_reloads(r, &s.agent, setup);
		measure_turns(r, setup);
	}
	peer_free(p);
	subject_stop(&s.agent);
	service_end(&s);
}

void scenario_verbs(struct report *r)
{
	run(r, FEW, "status", "vipherald status, 10 apps", STATUS);
	run(r, MANY, "apps", "vipherald apps, 10000 apps", REACHED);
}
