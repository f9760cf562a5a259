/* SPDX-License-Identifier: MIT */
/*
 * The agent as a whole, in a process, a network namespace and a /run of its own: the order of its
 * start, and the ways in which it ends. The test reads its log and sends signals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>

#include "agent/daemon/agent.h"
#include "lib/array.h"
#include "lib/log.h"
#include "process/instance_lock.h"
#include "tests/unit/own_netns.h"

#define LIMIT 60000 /* ms, for a line of the log */

#define AGENT "agent: { state_file: %s/state.json, listen_addr: \"127.0.0.1:8080\" }\n"
#define BGP                                                                                        \
	"bgp: { local_as: 65001, router_id: 127.0.0.1, local_ip: 127.0.0.1, peers: [ { peer_ip: "  \
	"127.0.0.9, peer_as: 65000 } ] }\n"
#define APPS "apps: [ { name: web, vip: 192.0.2.1/32 } ]\n"

struct bed {
	char dir[64], file[96];
	pid_t pid;  /* 0: it has ended */
	int reader; /* of its log */
	char log[64 * 1024];
	size_t len;
};

static void write_config(const struct bed *b, const char *rest)
{
	FILE *f = fopen(b->file, "w");
	assert_non_null(f);
	fprintf(f, AGENT "%s", b->dir, rest);
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	static struct bed b;
	b = (struct bed){ .dir = "/tmp/vipherald-agent-XXXXXX", .reader = -1 };
	assert_non_null(mkdtemp(b.dir));
	snprintf(b.file, sizeof(b.file), "%s/config.yaml", b.dir);
	setenv("STATE_DIRECTORY", b.dir, 1);
	write_config(&b, BGP APPS);
	*state = &b;
	return 0;
}

static int wait_end(struct bed *b)
{
	int status;
	assert_int_equal(waitpid(b->pid, &status, 0), b->pid);
	b->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int teardown(void **state)
{
	struct bed *b = *state;
	if (b->pid > 0) {
		kill(b->pid, SIGKILL);
		wait_end(b);
	}
	if (b->reader >= 0)
		close(b->reader);
	shell("rm -r %s; rm -rf /run/*", b->dir);
	shell("ip addr flush dev lo; ip addr add 127.0.0.1/8 dev lo; ip link set lo up");
	return 0;
}

static void start(struct bed *b)
{
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	b->pid = fork();
	if (b->pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		exit(agent_run(b->file));
	}
	close(fds[1]);
	if (b->reader >= 0)
		close(b->reader);
	b->reader = fds[0];
	b->len = 0;
	b->log[0] = 0;
}

/* False at the end of the log. */
static bool read_log(struct bed *b)
{
	struct pollfd p = { .fd = b->reader, .events = POLLIN };
	if (poll(&p, 1, LIMIT) != 1)
		fail_msg("nothing is logged any more:\n%s", b->log);
	ssize_t n = read(b->reader, b->log + b->len, sizeof(b->log) - b->len - 1);
	b->len += n > 0 ? (size_t)n : 0;
	b->log[b->len] = 0;
	return n > 0;
}

static void wait_log(struct bed *b, const char *text)
{
	while (!strstr(b->log, text))
		if (!read_log(b))
			fail_msg("ended without '%s':\n%s", text, b->log);
}

/* Reads the log to its end. */
static void expect_end(struct bed *b, int code)
{
	while (read_log(b))
		;
	int got = wait_end(b);
	if (got != code)
		fail_msg("exit status %d:\n%s", got, b->log);
}

static void expect_log(const struct bed *b, const char *text, bool there)
{
	if (!strstr(b->log, text) == there)
		fail_msg("%s: '%s':\n%s", there ? "missing" : "unexpected", text, b->log);
}

static bool lo_has(const char *vip)
{
	return shell("ip -o addr show dev lo | grep -qF ' %s '", vip) == 0;
}

/* Of a previous instance that was killed. */
static void add_leftover(struct bed *b)
{
	write_config(b, BGP "apps: [ { name: left, vip: 192.0.2.99/32 } ]\n");
	start(b);
	wait_log(b, "registered from the configuration");
	kill(b->pid, SIGKILL);
	wait_end(b);
	assert_true(lo_has("192.0.2.99/32"));
	write_config(b, BGP APPS);
}

static void test_start_and_stop(void **state)
{
	struct bed *b = *state;
	start(b);
	wait_log(b, "1 app registered from the configuration");
	wait_log(b, "127.0.0.9"); /* the peer refuses: BGP was started */
	assert_true(lo_has("192.0.2.1/32"));
	assert_int_equal(kill(b->pid, SIGTERM), 0);
	expect_end(b, 0);
	expect_log(b, "SIGTERM", true);
	assert_false(lo_has("192.0.2.1/32"));
	assert_int_equal(shell("ls /run/vipherald/* | grep -q ."), 256); /* no socket, no lock */
}

/* Privileges go before anything is opened; the API comes before the apps, since that is where
 * GoCast or another program on its port is found. */
static void test_the_order_of_the_start(void **state)
{
	static const char *const order[] = {
		"running as uid ",
		"api: listening on 127.0.0.1:8080",
		"1 app registered from the configuration",
		"SIGTERM",
	};
	struct bed *b = *state;
	start(b);
	wait_log(b, "registered from the configuration");
	kill(b->pid, SIGTERM);
	expect_end(b, 0);
	const char *at = strstr(b->log, "agent: vipherald ");
	for (size_t i = 0; at && i < ARRAY_SIZE(order); i++)
		at = strstr(at, order[i]);
	if (!at)
		fail_msg("%s", b->log);
}

/* A signal during the start is not lost, and a start that was made is undone. */
static void test_a_stop_as_soon_as_it_runs(void **state)
{
	struct bed *b = *state;
	start(b);
	wait_log(b, "agent: vipherald ");
	kill(b->pid, SIGTERM);
	expect_end(b, 0);
	assert_false(lo_has("192.0.2.1/32"));
}

static void test_a_broken_configuration(void **state)
{
	struct bed *b = *state;
	add_leftover(b);
	shell("rm -f %s/last-good.yaml", b->dir); /* it may have lived long enough to keep one */
	write_config(b, "bgp: { local_as: 65001, peerz: [] }\n");
	start(b);
	expect_end(b, EX_CONFIG);
	expect_log(b, "peerz", true);
	assert_true(lo_has("192.0.2.99/32"));
}

static void test_no_configuration(void **state)
{
	struct bed *b = *state;
	unlink(b->file);
	start(b);
	expect_end(b, 1);
}

static void test_a_broken_configuration_runs_the_last_good_one(void **state)
{
	struct bed *b = *state;
	start(b);
	wait_log(b, "registered from the configuration");
	while (shell("test -e %s/last-good.yaml", b->dir) != 0) /* it is kept from the loop */
		assert_int_equal(kill(b->pid, 0), 0);
	kill(b->pid, SIGTERM);
	expect_end(b, 0);
	write_config(b, "bgp: { local_as: 65001, peerz: [] }\n");
	start(b);
	wait_log(b, "registered from the configuration");
	expect_log(b, "is broken: running its last good version", true);
	assert_true(lo_has("192.0.2.1/32"));
	kill(b->pid, SIGTERM);
	expect_end(b, 0);
}

static int occupy_port(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* Where another agent (or GoCast) fails to start, before anything on the host was touched. */
static void test_a_port_that_is_taken_ends_the_start_before_lo_is_touched(void **state)
{
	struct bed *b = *state;
	add_leftover(b);
	int fd = occupy_port(8080);
	start(b);
	expect_end(b, 1);
	close(fd);
	expect_log(b, "Address already in use", true);
	assert_true(lo_has("192.0.2.99/32"));
	assert_false(lo_has("192.0.2.1/32"));
}

static void test_a_second_agent_ends_before_the_port(void **state)
{
	struct bed *b = *state;
	struct instance_lock lock;
	struct err err = { "" };
	instance_lock_init(&lock);
	assert_int_equal(instance_lock_file(&lock, INSTANCE_LOCK_DIR, &err), 0);
	assert_int_equal(instance_lock_name(&lock, &err), 0);
	start(b);
	expect_end(b, 1);
	instance_lock_done(&lock);
	expect_log(b, "ERROR agent: another vipherald", true);
	expect_log(b, "listening on", false);
}

/* By a child that a killed agent had just forked. */
static void test_the_name_is_still_held(void **state)
{
	struct bed *b = *state;
	struct instance_lock lock;
	struct err err = { "" };
	instance_lock_init(&lock);
	assert_int_equal(instance_lock_name(&lock, &err), 0);
	pid_t holder = fork();
	if (holder == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
	}
	instance_lock_done(&lock);
	start(b);
	wait_log(b, "agent: vipherald ");
	kill(holder, SIGKILL);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	wait_log(b, "registered from the configuration");
	kill(b->pid, SIGTERM);
	expect_end(b, 0);
}

static void test_leftovers_go_when_all_apps_are_there(void **state)
{
	struct bed *b = *state;
	add_leftover(b);
	start(b);
	wait_log(b, "registered from the configuration");
	while (lo_has("192.0.2.99/32"))
		assert_int_equal(kill(b->pid, 0), 0);
	kill(b->pid, SIGTERM);
	expect_end(b, 0);
}

static void test_a_hangup_reloads(void **state)
{
	struct bed *b = *state;
	start(b);
	wait_log(b, "registered from the configuration");
	write_config(b, BGP "apps: [ { name: web, vip: 192.0.2.2/32 } ]\n");
	kill(b->pid, SIGHUP);
	wait_log(b, "SIGHUP: reloaded ");
	assert_true(lo_has("192.0.2.2/32"));
	kill(b->pid, SIGINT);
	expect_end(b, 0);
	expect_log(b, "SIGINT", true);
}

static void test_a_restart_is_refused_with_a_broken_file(void **state)
{
	struct bed *b = *state;
	start(b);
	wait_log(b, "registered from the configuration");
	write_config(b, "bgp: { local_as: 65001, peerz: [] }\n");
	kill(b->pid, SIGUSR2);
	wait_log(b, "SIGUSR2: no restart, ");
	assert_true(lo_has("192.0.2.1/32"));
	write_config(b, BGP APPS);
	kill(b->pid, SIGUSR2);
	expect_end(b, 0);
}

static void test_a_vip_that_is_the_peer_is_refused(void **state)
{
	struct bed *b = *state;
	write_config(b, BGP "apps: [ { name: web, vip: 127.0.0.9/32 } ]\n");
	start(b);
	expect_end(b, EX_CONFIG);
	assert_false(lo_has("127.0.0.9/32"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_start_and_stop),
		TEST(test_the_order_of_the_start),
		TEST(test_a_stop_as_soon_as_it_runs),
		TEST(test_a_broken_configuration),
		TEST(test_no_configuration),
		TEST(test_a_broken_configuration_runs_the_last_good_one),
		TEST(test_a_port_that_is_taken_ends_the_start_before_lo_is_touched),
		TEST(test_a_second_agent_ends_before_the_port),
		TEST(test_the_name_is_still_held),
		TEST(test_leftovers_go_when_all_apps_are_there),
		TEST(test_a_hangup_reloads),
		TEST(test_a_restart_is_refused_with_a_broken_file),
		TEST(test_a_vip_that_is_the_peer_is_refused),
	};
	log_setup(LOG_INFO, LOG_TEXT);
	own_netns_enter();
	own_netns_or_die(unshare(CLONE_NEWNS) == 0 &&
				 mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
				 mount("run", "/run", "tmpfs", 0, NULL) == 0,
			 "a /run of its own");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
