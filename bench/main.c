/* SPDX-License-Identifier: MIT */
/*
 * vipherald's figures, measured.
 *
 *	bench [--json] [SCENARIO …]
 *
 * The program under test is a process of its own (subject.h): the agent as users run it
 * (agent.h), or the speaker alone. The bench is the rest of the world: the router (peer.h, made of
 * the same codec), the client of the API (http.h) and the clock. Both live in a network namespace
 * that is made for the scenario, so the host's addresses and ports are not touched. Each scenario
 * runs in a process of its own: it leaves nothing to the next, and when it fails the next one runs
 * all the same.
 *
 * It measures and does not judge: exit status 0 whatever the figures are, 1 when one could not be
 * measured. Tests do not time, and this does not test.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/report.h"
#include "bench/scenarios.h"
#include "bench/scratch.h"
#include "lib/array.h"
#include "lib/str.h"
#include "tests/unit/own_netns.h"

static const struct scenario {
	const char *name;
	const char *doc;
	void (*run)(struct report *r);
} scenarios[] = {
	{ "start", "from the start of the process to its OPEN", scenario_start },
	{ "transfer", "from established to all routes at the peer", scenario_transfer },
	{ "boot", "from the start of the process to 10,000 VIPs announced", scenario_boot },
	{ "stop", "from SIGTERM to the end of the process, with 10,000 VIPs", scenario_stop },
	{ "latency", "from an HTTP request to the UPDATE", scenario_latency },
	{ "memory", "resident memory with 1 and with 10,000 apps", scenario_memory },
	{ "reconnect", "a router that was away for 20 s is back", scenario_reconnect },
	{ "linear", "the cost of an app among 1,000 to 8,000", scenario_linear },
	{ "health", "a listener dies and returns", scenario_health },
	{ "evidence", "an address of another process goes, a program is killed",
	  scenario_evidence },
	{ "idle", "CPU time of port monitors while nothing happens, and in a storm",
	  scenario_idle },
	{ "exec", "1,000 commands a second", scenario_exec },
	{ "nat", "what a NAT mapping costs, and how long NAT keeps the loop", scenario_nat },
	{ "bfd", "what BFD costs, and how long silence takes to be noticed", scenario_bfd },
	{ "names", "names in monitors while no name server answers", scenario_names },
	{ "verbs", "a reload of 10,000 apps, and verbs that ask the agent", scenario_verbs },
	{ "scrape", "what GET /metrics costs with 10 and with 10,000 apps", scenario_scrape },
	{ "traffic", "what counting costs the traffic of a VIP, by iperf3", scenario_traffic },
	{ "consul", "from a change in a local Consul to the UPDATE", scenario_consul },
	{ "fleet", "a withdrawal that the guard of a fleet grants, and one that it does not see",
	  scenario_fleet },
	{ "others", "BIRD at the same peer, for comparison", scenario_others },
};

#define N_SCENARIOS ARRAY_SIZE(scenarios)

static int usage(FILE *out)
{
	fputs("usage: bench [--json] [SCENARIO ...]\n\nscenarios:\n", out);
	for (size_t i = 0; i < N_SCENARIOS; i++)
		fprintf(out, "  %-10s %s\n", scenarios[i].name, scenarios[i].doc);
	return out == stdout ? 0 : 2;
}

static const struct scenario *find_scenario(const char *name)
{
	for (size_t i = 0; i < N_SCENARIOS; i++)
		if (str_equal(name, scenarios[i].name))
			return &scenarios[i];
	return NULL;
}

_Noreturn static void run_in_child(const struct scenario *s, struct report *r)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	scratch_init();
	own_netns_enter();
	r->scenario = s->name;
	s->run(r);
	exit(0);
}

static bool run_scenario(const struct scenario *s, struct report *r)
{
	int status = 0;
	pid_t pid = fork();
	if (pid < 0)
		fail("fork: %m");
	if (pid == 0)
		run_in_child(s, r);
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (r->n_failed < REPORT_FAILED_MAX)
		r->failed[r->n_failed++] = s->name;
	return false;
}

static bool run_all(struct report *r)
{
	bool ok = true;
	for (size_t i = 0; i < N_SCENARIOS; i++)
		ok = run_scenario(&scenarios[i], r) && ok;
	return ok;
}

static bool run_named(char *const names[], struct report *r)
{
	bool ok = true;
	for (; *names; names++)
		ok = run_scenario(find_scenario(*names), r) && ok;
	return ok;
}

/* Shared, so that what a scenario adds in its process is seen here. */
static struct report *new_report(void)
{
	void *r = mmap(NULL, sizeof(struct report), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r == MAP_FAILED)
		fail("no memory for the report: %m");
	return r;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	bool json = false;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'h')
			return usage(stdout);
		if (c != 'j')
			return usage(stderr);
		json = true;
	}
	for (int i = optind; i < argc; i++)
		if (!find_scenario(argv[i]))
			return usage(stderr);
	struct report *r = new_report();
	bool ok = optind < argc ? run_named(argv + optind, r) : run_all(r);
	if (json)
		report_print_json(r);
	else
		report_print_table(r);
	return ok ? 0 : 1;
}
