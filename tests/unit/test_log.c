/* SPDX-License-Identifier: MIT */
/* The log as a reader of stderr gets it: a pipe takes its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

struct capture {
	int saved, reader;
	char text[256 * 1024];
};

static struct capture capture;

static int begin(void **state)
{
	int fds[2];
	(void)state;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	capture.saved = dup(STDERR_FILENO);
	capture.reader = fds[0];
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	return 0;
}

static int end(void **state)
{
	(void)state;
	dup2(capture.saved, STDERR_FILENO);
	close(capture.saved);
	close(capture.reader);
	log_setup(LOG_INFO, false);
	return 0;
}

static const char *captured(void)
{
	size_t len = 0;
	for (ssize_t n;
	     (n = read(capture.reader, capture.text + len, sizeof(capture.text) - len - 1)) > 0;)
		len += (size_t)n;
	capture.text[len] = 0;
	return capture.text;
}

static void a_line_says_when_how_bad_and_who(void **state)
{
	(void)state;
	log_warn("bgp", "peer %s: gone", "192.0.2.1");
	const char *line = captured();
	assert_non_null(strstr(line, "Z WARN  bgp: peer 192.0.2.1: gone\n"));
}

static void journal_lines_carry_their_priority(void **state)
{
	(void)state;
	log_setup(LOG_INFO, true);
	log_error("agent", "no");
	assert_string_equal(captured(), "<3>agent: no\n");
}

static void levels_above_the_limit_are_dropped(void **state)
{
	(void)state;
	log_setup(LOG_WARNING, false);
	log_info("agent", "chatter");
	log_debug("agent", "more chatter");
	assert_string_equal(captured(), "");
}

static void no_text_can_forge_a_line(void **state)
{
	(void)state;
	log_info("api", "name '%s'", "x\nERROR agent: forged\x1b[2J");
	const char *line = captured();
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_non_null(strstr(line, "'x\\x0aERROR agent: forged\\x1b[2J'"));
}

/* A name that reads backwards on a terminal, or that some viewers break in two. */
static void direction_and_line_separators_are_escaped(void **state)
{
	(void)state;
	log_info("api", "d\xc3\xbcrer \xe2\x80\xae-\xe2\x80\xa8-\xc2\x9b-\xef\xbf\xbf-\xff");
	assert_non_null(strstr(captured(), "d\xc3\xbcrer \\u202e-\\u2028-\\u009b-\\uffff-\\xff\n"));
}

static void a_reader_that_hangs_stops_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++) /* far more than a pipe holds; would block for ever */
		log_info("agent", "line %d of very many that are not read", i);
	assert_non_null(strstr(captured(), "line 0 of"));
	log_info("agent", "back");
	assert_non_null(strstr(captured(), "lines dropped\n"));
	assert_non_null(strstr(capture.text, "agent: back\n"));
}

#define LOG_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(a_line_says_when_how_bad_and_who),
		LOG_TEST(journal_lines_carry_their_priority),
		LOG_TEST(levels_above_the_limit_are_dropped),
		LOG_TEST(no_text_can_forge_a_line),
		LOG_TEST(direction_and_line_separators_are_escaped),
		LOG_TEST(a_reader_that_hangs_stops_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
