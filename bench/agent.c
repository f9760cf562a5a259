/* SPDX-License-Identifier: MIT */
#include "bench/agent.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/peer.h"
#include "bench/samples.h"
#include "bench/scratch.h"
#include "lib/array.h"
#include "net/nlroute.h"
#include "net/nlsock.h"

#define AGENT_DEFAULT "build/vipherald"
#define PATIENCE_MS   60000

static const char *vip_text(size_t vip, char buf[static ADDR_TEXT_MAX])
{
	struct addr a = addr_v4(BENCH_VIP + (uint32_t)vip);
	return addr_format(&a, buf);
}

static void write_head(FILE *out, const struct agent_setup *setup)
{
	fprintf(out,
		"agent:\n"
		"  listen_addr: 127.0.0.1:%u\n"
		"  state_file: off\n"
		"  api: { max_apps: 65535, max_vips: 65535, max_kilobytes: 65535 }\n"
		"  vips: { max: 65535 }\n"
		"  bind: %s\n"
		"  traffic: %s\n"
		"%s%s%s%s"
		"bgp:\n"
		"  local_as: %d\n"
		"  router_id: 192.0.2.1\n"
		"  local_ip: 127.0.0.1\n",
		BENCH_API_PORT, setup->bind ? setup->bind : "address",
		setup->traffic ? "true" : "false", setup->interval ? "  monitor_interval: " : "",
		setup->interval ? setup->interval : "", setup->interval ? "\n" : "",
		setup->n_named ? "  consul_addr: http://consul.example.com:8500\n" : "",
		BENCH_AGENT_AS);
	if (!setup->slow_retry)
		fprintf(out, "  connect_retry: 50ms\n"
			     "  connect_retry_max: 50ms\n");
	fprintf(out,
		"  peers:\n"
		"    - peer_ip: 127.0.0.%u\n"
		"      peer_as: %d\n",
		setup->peer_host, BENCH_PEER_AS);
}

static void write_app(FILE *out, size_t vip, const struct agent_setup *setup, uint16_t port,
		      int tag)
{
	char text[ADDR_TEXT_MAX];
	fprintf(out,
		"  - name: app-%zu\n"
		"    vip: %s/32\n"
		"    vip_config: { bgp_communities: [ \"%d:%d\" ] }\n",
		vip, vip_text(vip, text), BENCH_AGENT_AS, tag);
	if (setup->fleet)
		fprintf(out, "    states: { down: { communities: [ \"%d:%d\" ] } }\n",
			BENCH_AGENT_AS, TAG_OTHER);
	if (setup->monitor)
		fprintf(out, "    monitors: [ \"%s\" ]\n", setup->monitor);
	else if (port)
		fprintf(out, "    monitors: [ \"port:tcp:%u\" ]\n", port);
}

/* Kinds with a host in turn. */
static void write_named(FILE *out, size_t vip)
{
	static const struct {
		const char *before, *after;
	} kinds[] = { { "http://", ":8000/" },
		      { "tcp:", ":8000" },
		      { "ntp:", ":8123" },
		      { "dns:", ":8053:x.example.com:A" },
		      { "ping:", "" } };
	size_t kind = vip % ARRAY_SIZE(kinds);
	char text[ADDR_TEXT_MAX];
	fprintf(out,
		"  - name: app-%zu\n"
		"    vip: %s/32\n"
		"    monitors: [ \"%sweb%zu.example.com%s\" ]\n",
		vip, vip_text(vip, text), kinds[kind].before, vip, kinds[kind].after);
}

static void write_program(FILE *out, size_t i)
{
	char vip[ADDR_TEXT_MAX], path[SCRATCH_PATH_MAX];
	fprintf(out,
		"  - name: program-%zu\n"
		"    run: 'echo %zu $$ >> %s; echo announce route %s/32 next-hop self "
		"community [%d:%d]; exec sleep 1000'\n"
		"    allow: [ %s/32 ]\n",
		i, i, scratch_path("programs", path), vip_text(i, vip), BENCH_AGENT_AS, TAG_FIRST,
		vip);
}

struct subject agent_program(size_t i)
{
	char path[SCRATCH_PATH_MAX];
	struct subject found = { 0 };
	size_t number;
	int pid;
	FILE *in = fopen(scratch_path("programs", path), "r");
	while (in && fscanf(in, "%zu %d", &number, &pid) == 2)
		if (number == i)
			found.pid = pid;
	if (in)
		fclose(in);
	if (found.pid <= 0)
		fail("%s: no process of program %zu", path, i);
	return found;
}

static void write_config(const char *path, const struct agent_setup *setup)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	write_head(out, setup);
	if (setup->fleet)
		fputs("fleet: { engine: consul, node: bench, vips: 50% }\n", out);
	if (setup->n_apps + setup->n_named)
		fputs("apps:\n", out);
	for (size_t i = 0; i < setup->n_apps; i++)
		write_app(out, setup->first + i, setup,
			  (uint16_t)(setup->port + (setup->own_ports ? i : 0)),
			  i + 1 == setup->changed ? TAG_OTHER : TAG_FIRST);
	for (size_t i = 0; i < setup->n_named; i++)
		write_named(out, setup->first + setup->n_apps + i);
	if (setup->n_programs)
		fputs("processes:\n", out);
	for (size_t i = 0; i < setup->n_programs; i++)
		write_program(out, i);
	if (fclose(out) != 0)
		fail("no memory for a configuration");
	scratch_write(path, text, len);
	free(text);
}

static const char *config_path(const struct agent_setup *setup, char path[static SCRATCH_PATH_MAX])
{
	char name[32];
	snprintf(name, sizeof(name), "agent-%u.yaml", setup->peer_host);
	return scratch_path(name, path);
}

static const char *program(void)
{
	const char *binary = getenv("VIPHERALD");
	return binary ? binary : AGENT_DEFAULT;
}

void agent_configure(const struct agent_setup *setup)
{
	char path[SCRATCH_PATH_MAX];
	write_config(config_path(setup, path), setup);
}

void agent_start(struct subject *s, const struct agent_setup *setup)
{
	char path[SCRATCH_PATH_MAX], option[SCRATCH_PATH_MAX + 16];
	agent_configure(setup);
	snprintf(option, sizeof(option), "-config=%s", config_path(setup, path));
	subject_exec(s, (const char *const[]){ program(), option, "-logtostderr", NULL });
}

void agent_ask(const char *const args[])
{
	const char *argv[8] = { program() };
	int status = 0;
	for (size_t i = 0; args[i] && i < 6; i++)
		argv[i + 1] = args[i];
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		fail("%s %s: status %d", argv[0], argv[1], status);
}

const char *agent_register_target(size_t vip, uint16_t tag, char buf[static TARGET_MAX])
{
	char text[ADDR_TEXT_MAX];
	snprintf(buf, TARGET_MAX, "/register?name=app-%zu&vip=%s/32&vip_communities=%d:%d", vip,
		 vip_text(vip, text), BENCH_AGENT_AS, tag);
	return buf;
}

const char *agent_unregister_target(size_t vip, char buf[static TARGET_MAX])
{
	snprintf(buf, TARGET_MAX, "/unregister?name=app-%zu", vip);
	return buf;
}

size_t agent_count_bound(void)
{
	struct ifaddrs *all;
	size_t n = 0;
	if (getifaddrs(&all) < 0)
		fail("getifaddrs: %m");
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct sockaddr_storage ss = { 0 };
		struct addr a;
		uint16_t port;
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&ss, i->ifa_addr, sizeof(struct sockaddr_in));
		n += addr_from_sockaddr(&ss, &a, &port) &&
		     addr_to_v4(&a) - BENCH_VIP < BENCH_VIPS_MAX;
	}
	freeifaddrs(all);
	return n;
}

static int count_route(const struct nlmsghdr *msg, void *userdata)
{
	struct nlroute r;
	size_t *n = userdata;
	*n += nlroute_parse(msg, &r) == 0 && nlroute_is_our_local(&r);
	return 0;
}

size_t agent_count_routed(void)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	struct nlsock *s;
	size_t n = 0;
	struct err err;
	if (nlsock_open(NETLINK_ROUTE, NULL, &s, &err) < 0)
		fail("netlink: %s", err.text);
	if (nlsock_request(s, nlroute_build_dump_local(buf, AF_INET), count_route, &n) < 0)
		fail("netlink: cannot list the local routes");
	nlsock_free(s);
	return n;
}

void agent_wait_bound(size_t n)
{
	double deadline = clock_ms() + PATIENCE_MS;
	for (size_t bound; (bound = agent_count_bound()) != n; usleep(20000)) {
		if (clock_ms() > deadline)
			fail("%zu VIPs are on lo, not %zu", bound, n);
	}
}
