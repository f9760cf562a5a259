/* SPDX-License-Identifier: MIT */
/*
 * Monitors and a Consul address that name their hosts, while all name servers are silent: how long
 * a client of the API waits at most, over the ends of several lookups; from the SIGKILL of the
 * listener of another app to the withdrawal; and from SIGTERM to the end of the process.
 */
#include "bench/scenarios.h"

#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/http.h"
#include "bench/peer.h"
#include "bench/scratch.h"
#include "bench/service.h"

#define RUNS      5
#define NAMED     20      /* more than are looked up at a time */
#define ASKING_MS 11000.0 /* a resolver gives a server 5 s, and asks both */
#define PAUSE     2000    /* us: a request is not a storm */
#define PORT      20000
#define N_SERVERS 2

/* 127.0.0.53 and 127.0.0.54: what comes is taken and not answered. */
static int open_server(uint32_t number)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(53),
				  .sin_addr.s_addr = htonl(0x7f000035u + number) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0)
		fail("names: no server at 127.0.0.%u:53: %m", 53 + number);
	return fd;
}

static void show(const char *name, const char *text, const char *at)
{
	char path[SCRATCH_PATH_MAX];
	scratch_write(scratch_path(name, path), text, strlen(text));
	if (mount(path, at, NULL, MS_BIND, NULL) < 0)
		fail("names: cannot mount %s on %s: %m", path, at);
}

/* Of this process and those that it starts. */
static void use_servers(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		fail("names: no mount namespace: %m");
	show("resolv.conf", "nameserver 127.0.0.53\nnameserver 127.0.0.54\n", "/etc/resolv.conf");
	show("nsswitch.conf", "hosts: files dns\n", "/etc/nsswitch.conf");
}

/* Reads what has come, so that it is known that names were looked up. */
static void expect_queries(const int servers[static N_SERVERS])
{
	char query[512];
	for (size_t i = 0; i < N_SERVERS; i++) {
		size_t n = 0;
		while (recv(servers[i], query, sizeof(query), MSG_DONTWAIT) > 0)
			n++;
		if (n == 0)
			fail("names: no query came to 127.0.0.%zu", 53 + i);
	}
}

static double worst_answer(void)
{
	int fd = http_connect(BENCH_API_PORT);
	double worst = 0, end = clock_ms() + ASKING_MS;
	while (clock_ms() < end) {
		double begin = clock_ms();
		http_send(fd, "/healthz");
		http_receive(fd);
		double took = clock_ms() - begin;
		worst = took > worst ? took : worst;
		usleep(PAUSE);
	}
	close(fd);
	return worst;
}

struct figures {
	struct samples answer, withdrawal, exit;
};

static void measure_once(struct peer *p, const int servers[static N_SERVERS], struct figures *f)
{
	const struct agent_setup setup = {
		.peer_host = 1, .n_apps = 1, .port = PORT, .interval = "1s", .n_named = NAMED
	};
	struct service s;
	service_announce(&s, p, &setup);
	samples_add(&f->answer, worst_answer());
	double begin = listeners_kill(&s.listeners);
	peer_wait(p, TAG_ABSENT, 0, 1);
	samples_add(&f->withdrawal, clock_ms() - begin);
	subject_wait(&s.listeners.process);
	listeners_start(&s.listeners, PORT, 1);
	peer_wait(p, TAG_FIRST, 0, 1);
	expect_queries(servers);
	begin = clock_ms();
	subject_signal(&s.agent, SIGTERM);
	peer_wait_cease(p);
	peer_close(p);
	subject_wait(&s.agent);
	samples_add(&f->exit, clock_ms() - begin);
	service_end(&s);
}

void scenario_names(struct report *r)
{
	static struct figures f;
	const int servers[N_SERVERS] = { open_server(0), open_server(1) };
	struct peer *p = peer_new(1);
	use_servers();
	for (int i = 0; i < RUNS; i++)
		measure_once(p, servers, &f);
	peer_free(p);
	for (size_t i = 0; i < N_SERVERS; i++)
		close(servers[i]);
	report_add(r, "all name servers silent: a client of the API waits at most", "ms", 100,
		   &f.answer);
	report_add(r, "SIGKILL of another app's listener -> withdrawal", "ms", 0.5, &f.withdrawal);
	report_add(r, "SIGTERM -> process ended", "ms", 2000, &f.exit);
}
