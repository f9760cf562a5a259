/* SPDX-License-Identifier: MIT */
/*
 * The guard of a fleet, with a real Consul on this host. From before the request to check now,
 * which finds a file gone, to the degraded route and to the withdrawal that the guard grants:
 * Consul's part, a read and a transaction, is in it. From before the SIGKILL of a listener to the
 * withdrawal, with the guard and without, in turn.
 *
 * The other agents of the fleet are keys, held by our own session.
 */
#include "bench/scenarios.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/http.h"
#include "bench/listeners.h"
#include "bench/local_consul.h"
#include "bench/peer.h"
#include "bench/scratch.h"
#include "lib/array.h"

#define OTHERS    49
#define SOFT_RUNS 200
#define PAIRS     20
#define KILLS     20     /* of each half of a pair */
#define CALM      200000 /* us: what was asked of Consul is done */
#define PORT      20000

/* ---- the fleet in Consul ---- */

/* A session without a TTL lasts as long as Consul. */
static void create_session(int fd, char *ret_id, size_t size)
{
	char buf[2048];
	http_send_as(fd, "PUT", "/v1/session/create",
		     "{\"Behavior\":\"delete\",\"NodeChecks\":[]}");
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, 0);
	buf[n > 0 ? n : 0] = '\0';
	const char *at = strstr(buf, "\"ID\":");
	const char *id = at ? strchr(at + strlen("\"ID\":"), '"') : NULL;
	if (!id || strlen(id) < size)
		fail("consul: no ID of a session in\n%s", buf);
	snprintf(ret_id, size, "%s", id + 1);
}

static void put_others(void)
{
	char id[37], target[256];
	int fd = http_connect(CONSUL_PORT);
	create_session(fd, id, sizeof(id));
	for (int i = 0; i < OTHERS; i++) {
		snprintf(target, sizeof(target),
			 "/v1/kv/vipherald/fleet/10.64.0.0/32/up/other%d?acquire=%s", i, id);
		http_send_as(fd, "PUT", target, "{\"version\":1,\"form\":\"normal\",\"serial\":1}");
		http_receive(fd);
	}
	close(fd);
}

/* ---- soft evidence ---- */

static void check_now(int api)
{
	http_send_as(api, "POST", "/v1/apps/app-0/check", "");
}

struct soft {
	struct samples degraded, withdrawn, returned;
};

static void leave_and_return(struct peer *p, int api, const char *file, struct soft *s)
{
	usleep(CALM);
	unlink(file);
	double begin = clock_ms();
	check_now(api);
	peer_wait(p, TAG_OTHER, 0, 1);
	samples_add(&s->degraded, clock_ms() - begin);
	peer_wait(p, TAG_ABSENT, 0, 1);
	samples_add(&s->withdrawn, clock_ms() - begin);
	http_receive(api);
	usleep(CALM);
	scratch_write(file, "", 0);
	begin = clock_ms();
	check_now(api);
	peer_wait(p, TAG_FIRST, 0, 1);
	samples_add(&s->returned, clock_ms() - begin);
	http_receive(api);
}

static void measure_soft(struct report *r)
{
	char file[SCRATCH_PATH_MAX], monitor[SCRATCH_PATH_MAX + 8];
	static struct soft soft;
	struct peer *p = peer_new(1);
	struct subject agent;
	snprintf(monitor, sizeof(monitor), "file:%s", scratch_path("healthy", file));
	const struct agent_setup setup = {
		.peer_host = 1, .n_apps = 1, .monitor = monitor, .interval = "1h", .fleet = true
	};
	scratch_write(file, "", 0);
	peer_listen(p);
	agent_start(&agent, &setup);
	peer_come_up(p);
	peer_wait(p, TAG_FIRST, 0, 1);
	int api = http_connect(BENCH_API_PORT);
	for (size_t i = 0; i < SOFT_RUNS; i++)
		leave_and_return(p, api, file, &soft);
	close(api);
	peer_free(p);
	subject_stop(&agent);
	report_add(r, "a check fails -> degraded", "ms", 1, &soft.degraded);
	report_add(r, "a check fails -> granted and withdrawn, among 50", "ms", 20,
		   &soft.withdrawn);
	report_add(r, "it passes again -> normal", "ms", 1, &soft.returned);
}

/* ---- hard evidence ---- */

static void measure_kills(bool fleet, struct samples *s)
{
	const struct agent_setup setup = {
		.peer_host = 1, .n_apps = 1, .port = PORT, .fleet = fleet
	};
	struct peer *p = peer_new(1);
	struct listeners victim;
	struct subject agent;
	peer_listen(p);
	agent_start(&agent, &setup);
	peer_come_up(p);
	for (int i = 0; i < KILLS; i++) {
		listeners_start(&victim, PORT, 1);
		peer_wait(p, TAG_FIRST, 0, 1);
		usleep(CALM / 4);
		double begin = listeners_kill(&victim);
		peer_wait(p, TAG_ABSENT, 0, 1);
		samples_add(s, clock_ms() - begin);
		subject_wait(&victim.process);
		usleep(CALM / 4);
	}
	peer_free(p);
	subject_stop(&agent);
}

static void measure_hard(struct report *r)
{
	static struct samples all[2], less;
	for (int i = 0; i < PAIRS; i++) {
		struct samples half[2] = { 0 };
		for (int k = 0; k < 2; k++) /* which one is first changes */
			measure_kills((i + k) % 2, &half[(i + k) % 2]);
		for (size_t k = 0; k < KILLS; k++) {
			samples_add(&all[0], half[0].values[k]);
			samples_add(&all[1], half[1].values[k]);
		}
		samples_add(&less,
			    samples_percentile(&half[1], 50) - samples_percentile(&half[0], 50));
	}
	report_add(r, "SIGKILL of a listener -> withdrawal, without the guard", "ms",
		   REPORT_NO_TARGET, &all[0]);
	report_add(r, "the same with the guard", "ms", REPORT_NO_TARGET, &all[1]);
	report_add(r, "the guard's part: of each pair the difference of the medians", "ms", 0.05,
		   &less);
}

void scenario_fleet(struct report *r)
{
	struct subject consul;
	local_consul_start(&consul);
	put_others();
	measure_soft(r);
	measure_hard(r);
	local_consul_stop(&consul);
}
