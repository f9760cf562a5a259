/* SPDX-License-Identifier: MIT */
/*
 * With a real Consul agent on this host: from before the send() of what changes in it to the UPDATE
 * that follows at the peer. So Consul's own part, from its API through its log to the answer of the
 * blocking query, is in it.
 */
#include "bench/scenarios.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/http.h"
#include "bench/local_consul.h"
#include "bench/peer.h"
#include "bench/scratch.h"
#include "lib/array.h"

#define RUNS     200
#define APART_US 20000 /* single changes, not a storm */
#define SERVICES 1000
#define IDLE_S   20

static void put_service(int fd, size_t vip, uint16_t tag, bool check)
{
	char body[1024];
	struct addr a = addr_v4(BENCH_VIP + (uint32_t)vip);
	char text[ADDR_TEXT_MAX];
	snprintf(body, sizeof(body),
		 "{\"ID\":\"s%zu\",\"Name\":\"s%zu\",\"Tags\":[\"enable_gocast\","
		 "\"gocast_vip=%s/32\",\"gocast_vip_communities=%d:%d\"%s]%s}",
		 vip, vip, addr_format(&a, text), BENCH_AGENT_AS, tag,
		 check ? ",\"gocast_monitor=consul\"" : "",
		 check ? ",\"Check\":{\"CheckID\":\"c\",\"TTL\":\"1h\",\"Status\":\"passing\"}"
		       : "");
	http_send_as(fd, "PUT", "/v1/agent/service/register", body);
}

static void put_check(int fd, bool passing)
{
	http_send_as(fd, "PUT", "/v1/agent/check/update/c",
		     passing ? "{\"Status\":\"passing\"}" : "{\"Status\":\"critical\"}");
}

struct changes {
	struct samples came, changed, failed, passed, went;
};

/* Waits for what was just asked of Consul to arrive; `begin` is from before that. */
static void arrived(struct peer *p, int fd, uint16_t tag, double begin, struct samples *s)
{
	peer_wait(p, tag, 0, 1);
	samples_add(s, clock_ms() - begin);
	http_receive(fd);
	usleep(APART_US);
}

static void measure_once(struct peer *p, int fd, struct changes *c)
{
	double begin = clock_ms();
	put_service(fd, 0, TAG_FIRST, true);
	arrived(p, fd, TAG_FIRST, begin, &c->came);
	begin = clock_ms();
	put_service(fd, 0, TAG_OTHER, true);
	arrived(p, fd, TAG_OTHER, begin, &c->changed);
	begin = clock_ms();
	put_check(fd, false);
	arrived(p, fd, TAG_ABSENT, begin, &c->failed);
	begin = clock_ms();
	put_check(fd, true);
	arrived(p, fd, TAG_OTHER, begin, &c->passed);
	begin = clock_ms();
	http_send_as(fd, "PUT", "/v1/agent/service/deregister/s0", "");
	arrived(p, fd, TAG_ABSENT, begin, &c->went);
}

static void report_changes(struct report *r, const char *when, const struct changes *c,
			   double reach)
{
	const struct {
		const char *what;
		const struct samples *samples;
	} rows[] = { { "registered -> UPDATE", &c->came },
		     { "a tag changed -> UPDATE", &c->changed },
		     { "a check fails -> withdrawal", &c->failed },
		     { "a check passes -> UPDATE", &c->passed },
		     { "deregistered -> withdrawal", &c->went } };
	char what[72];
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(what, sizeof(what), "%s%s", rows[i].what, when);
		report_add(r, what, "ms", reach, rows[i].samples);
	}
}

/* Seconds of CPU, user and system. */
static double cpu_seconds(const struct subject *s)
{
	char path[64], line[1024];
	unsigned long user, system;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)s->pid);
	FILE *f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		fail("%s cannot be read", path);
	fclose(f);
	const char *after_name = strrchr(line, ')');
	if (!after_name ||
	    sscanf(after_name, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		   &system) != 2)
		fail("%s is not as expected", path);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void measure_many(struct report *r, struct peer *p, int fd, const struct subject *agent)
{
	static struct changes among;
	struct samples idle = { .n = 0 }, resident = { .n = 0 };
	for (size_t vip = 1; vip <= SERVICES; vip++) {
		put_service(fd, vip, TAG_FIRST, false);
		http_receive(fd);
	}
	peer_wait(p, TAG_FIRST, 1, SERVICES);
	sleep(2);
	double before = cpu_seconds(agent);
	sleep(IDLE_S);
	samples_add(&idle, (cpu_seconds(agent) - before) / IDLE_S * 100);
	samples_add(&resident, subject_memory(agent).resident);
	for (int i = 0; i < 20; i++) {
		measure_once(p, fd, &among);
		sleep(1);
	}
	report_add(r, "CPU with 1000 services, nothing changes", "% of a core", 1, &idle);
	report_add(r, "resident with 1000 services", "MB", REPORT_NO_TARGET, &resident);
	report_changes(r, ", among 1000", &among, REPORT_NO_TARGET);
}

void scenario_consul(struct report *r)
{
	const struct agent_setup setup = { .peer_host = 1 };
	static struct changes alone;
	struct peer *p = peer_new(1);
	struct subject consul, agent;
	peer_listen(p);
	local_consul_start(&consul);
	agent_start(&agent, &setup);
	peer_come_up(p);
	int fd = http_connect(CONSUL_PORT);
	for (int i = 0; i < RUNS; i++)
		measure_once(p, fd, &alone);
	report_changes(r, "", &alone, 10);
	measure_many(r, p, fd, &agent);
	close(fd);
	peer_free(p);
	subject_stop(&agent);
	local_consul_stop(&consul);
}
