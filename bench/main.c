/* SPDX-License-Identifier: MIT */
/*
 * vipherald's figures, measured.
 *
 *	bench [--json] [SCENARIO]
 *
 * The thing that is measured is a process of its own (subject.h): the agent as users run it
 * (agent.h), or the speaker alone. The bench is the rest of the world: the router (peer.h, made of
 * the same codec), the client of the API (http.h) and the clock. Both live in a network namespace
 * that is made for the scenario, so the host's addresses and ports are not touched and one
 * scenario leaves nothing to the next.
 *
 * It measures and does not judge: exit status 0 whatever the figures are, 1 when one could not be
 * measured. Tests do not time, and this does not test.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#include "bench/report.h"
#include "bench/scenarios.h"
#include "bench/scratch.h"
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
	{ "idle", "CPU time of port monitors while nothing happens, and in a storm",
	  scenario_idle },
	{ "exec", "1,000 commands a second", scenario_exec },
	{ "nat", "what a NAT mapping costs, and how long NAT keeps the loop", scenario_nat },
	{ "consul", "from a change in a local Consul to the UPDATE", scenario_consul },
	{ "others", "BIRD at the same peer, for comparison", scenario_others },
};

#define N_SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

static int usage(FILE *out)
{
	fputs("usage: bench [--json] [SCENARIO]\n\nscenarios:\n", out);
	for (size_t i = 0; i < N_SCENARIOS; i++)
		fprintf(out, "  %-10s %s\n", scenarios[i].name, scenarios[i].doc);
	return out == stdout ? 0 : 2;
}

static size_t run_scenarios(const char *only, struct report *r)
{
	size_t n = 0;
	for (size_t i = 0; i < N_SCENARIOS; i++) {
		if (only && !str_equal(only, scenarios[i].name))
			continue;
		own_netns_enter();
		r->scenario = scenarios[i].name;
		scenarios[i].run(r);
		n++;
	}
	return n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
						 { "help", no_argument, NULL, 'h' },
						 { 0 } };
	static struct report report;
	bool json = false;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'h')
			return usage(stdout);
		if (c != 'j')
			return usage(stderr);
		json = true;
	}
	if (argc - optind > 1)
		return usage(stderr);
	scratch_init();
	if (run_scenarios(argv[optind], &report) == 0)
		return usage(stderr);
	if (json)
		report_print_json(&report);
	else
		report_print_table(&report);
	return 0;
}
