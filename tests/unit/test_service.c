/* SPDX-License-Identifier: MIT */
/* Messages to a service manager, with a socket of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "agent/daemon/service.h"
#include "lib/log.h"
#include "lib/str.h"
#include "tests/unit/loop_until.h"

struct manager {
	sd_event *loop;
	char dir[64], path[96];
	int fd;
	struct service *service;
	const char *summary;
	unsigned summaries;
	char got[512]; /* the last message */
	unsigned n;
};

static void summarize(char buf[static STATUS_LINE_MAX], void *userdata)
{
	struct manager *m = userdata;
	str_copy(buf, STATUS_LINE_MAX, m->summary);
	m->summaries++;
}

static void receive(struct manager *m)
{
	ssize_t n;
	while ((n = recv(m->fd, m->got, sizeof(m->got) - 1, MSG_DONTWAIT)) >= 0) {
		m->got[n] = 0;
		m->n++;
	}
}

static void open_socket(struct manager *m)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	str_copy(at.sun_path, sizeof(at.sun_path), m->path);
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(m->fd, (struct sockaddr *)&at, sizeof(at)), 0);
}

static void close_socket(struct manager *m)
{
	close(m->fd);
	unlink(m->path);
}

static int setup(void **state)
{
	static struct manager m;
	m = (struct manager){ .dir = "/tmp/vipherald-notify-XXXXXX", .summary = "one" };
	log_setup(LOG_ERROR, LOG_TEXT);
	assert_non_null(mkdtemp(m.dir));
	snprintf(m.path, sizeof(m.path), "%s/notify", m.dir);
	assert_true(sd_event_new(&m.loop) >= 0);
	open_socket(&m);
	setenv("NOTIFY_SOCKET", m.path, 1);
	*state = &m;
	return 0;
}

static int teardown(void **state)
{
	struct manager *m = *state;
	service_free(m->service);
	close_socket(m);
	rmdir(m->dir);
	sd_event_unref(m->loop);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	return 0;
}

static void create(struct manager *m)
{
	m->service = service_new(m->loop, summarize, m);
}

static void expect(struct manager *m, const char *message)
{
	receive(m);
	assert_string_equal(m->got, message);
}

static bool got_two(void *userdata)
{
	struct manager *m = userdata;
	receive(m);
	return m->n >= 2;
}

static bool got_one(void *userdata)
{
	struct manager *m = userdata;
	receive(m);
	return m->n >= 1;
}

static void test_without_a_manager_nothing_happens(void **state)
{
	struct manager *m = *state;
	unsetenv("NOTIFY_SOCKET");
	create(m);
	assert_null(m->service);
	service_ready(m->service);
	service_stopping(m->service, USEC_PER_SEC, "stopping");
	assert_int_equal(m->summaries, 0);
}

static void test_a_path_that_is_none_is_no_manager(void **state)
{
	struct manager *m = *state;
	setenv("NOTIFY_SOCKET", "relative", 1);
	create(m);
	assert_null(m->service);
	assert_null(getenv("NOTIFY_SOCKET"));
}

/* So that the commands of monitors do not notify in our name. */
static void test_the_environment_is_cleaned(void **state)
{
	struct manager *m = *state;
	setenv("WATCHDOG_USEC", "60000000", 1);
	create(m);
	assert_non_null(m->service);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("WATCHDOG_USEC"));
}

static void test_ready_then_stopping(void **state)
{
	struct manager *m = *state;
	create(m);
	receive(m);
	assert_int_equal(m->n, 0);
	service_ready(m->service);
	expect(m, "READY=1\nSTATUS=one");
	service_stopping(m->service, 15 * USEC_PER_SEC, "withdrawing all routes");
	expect(m, "STOPPING=1\nEXTEND_TIMEOUT_USEC=15000000\nSTATUS=withdrawing all routes");
	assert_int_equal(m->n, 2);
}

static int on_nothing(sd_event_source *source, void *userdata)
{
	(void)source, (void)userdata;
	return 0;
}

/* Anything that runs in the loop may have changed it. */
static void test_a_summary_that_changes_is_sent(void **state)
{
	struct manager *m = *state;
	sd_event_source *event = NULL;
	create(m);
	service_ready(m->service);
	m->summary = "two";
	loop_defer(m->loop, &event, LOOP_APPLY, on_nothing, NULL);
	loop_until(m->loop, got_two, m);
	expect(m, "READY=1\nSTATUS=two");
	sd_event_source_disable_unref(event);
}

static void test_a_manager_that_is_away_is_notified_later(void **state)
{
	struct manager *m = *state;
	create(m);
	close_socket(m);
	service_ready(m->service);
	open_socket(m);
	loop_until(m->loop, got_one, m);
	expect(m, "READY=1\nSTATUS=one");
}

static void test_the_watchdog_is_fed(void **state)
{
	struct manager *m = *state;
	setenv("WATCHDOG_USEC", "30000", 1);
	create(m);
	loop_until(m->loop, got_two, m);
	expect(m, "WATCHDOG=1");
}

/* How far in the future the loop's timer of the monotonic clock is, in seconds; -1: it has none. */
static long armed_for(void)
{
	char path[64], line[128], value[32];
	long seconds = -1, clock = -1;
	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		FILE *f = fopen(path, "r");
		while (f && fgets(line, sizeof(line), f)) {
			sscanf(line, "clockid: %ld", &clock);
			if (clock == CLOCK_MONOTONIC &&
			    sscanf(line, "it_value: (%31[0-9]", value) == 1)
				seconds = atol(value);
		}
		if (f)
			fclose(f);
		clock = -1;
	}
	return seconds;
}

/* Three times in its span: a late message, and one that is lost, do no harm. */
static void test_the_watchdog_is_fed_three_times_in_its_span(void **state)
{
	struct manager *m = *state;
	setenv("WATCHDOG_USEC", "10800000000", 1); /* three hours */
	create(m);
	loop_until(m->loop, got_one, m);
	loop_drain(m->loop); /* the guard of loop_until() is gone */
	assert_in_range(armed_for(), 3000, 3600);
}

static void test_a_watchdog_that_is_no_number_is_none(void **state)
{
	struct manager *m = *state;
	setenv("WATCHDOG_USEC", "soon", 1);
	create(m);
	loop_drain(m->loop);
	receive(m);
	assert_int_equal(m->n, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_a_manager_nothing_happens),
		TEST(test_a_path_that_is_none_is_no_manager),
		TEST(test_the_environment_is_cleaned),
		TEST(test_ready_then_stopping),
		TEST(test_a_summary_that_changes_is_sent),
		TEST(test_a_manager_that_is_away_is_notified_later),
		TEST(test_the_watchdog_is_fed),
		TEST(test_the_watchdog_is_fed_three_times_in_its_span),
		TEST(test_a_watchdog_that_is_no_number_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
