/* SPDX-License-Identifier: MIT */
/* The log as a reader of stderr gets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "agent/status/view_event.h"
#include "lib/log.h"
#include "tests/unit/captured_log.h"

static struct captured_log capture;

static int begin(void **state)
{
	(void)state;
	captured_log_begin(&capture);
	return 0;
}

static int end(void **state)
{
	(void)state;
	captured_log_end(&capture);
	log_setup(LOG_INFO, LOG_TEXT);
	return 0;
}

static const char *captured(void)
{
	return captured_log_read(&capture);
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
	log_setup(LOG_INFO, LOG_JOURNAL);
	log_error("agent", "no");
	assert_string_equal(captured(), "<3>agent: no\n");
}

static void levels_above_the_limit_are_dropped(void **state)
{
	(void)state;
	log_setup(LOG_WARNING, LOG_TEXT);
	log_info("agent", "chatter");
	log_debug("agent", "more chatter");
	assert_string_equal(captured(), "");
}

/* A line that is dropped evaluates nothing. */
static const char *costly(int *n)
{
	(*n)++;
	return "x";
}

static void modules_have_levels_of_their_own(void **state)
{
	int n = 0;
	const struct log_levels levels = { .level = LOG_WARNING,
					   .modules = { { "bgp", LOG_DEBUG },
							{ "nat", LOG_ERROR } },
					   .n_modules = 2 };
	(void)state;
	log_set_levels(&levels);
	log_debug("bgp", "seen %s", costly(&n));
	log_trace("bgp", "%s", costly(&n));
	log_debug("vip", "%s", costly(&n));
	log_info("agent", "chatter");
	log_warn("nat", "quiet");
	log_warn("agent", "heard");
	assert_int_equal(n, 1);
	assert_non_null(strstr(captured(), "DEBUG bgp: seen x\n"));
	assert_non_null(strstr(capture.text, "WARN  agent: heard\n"));
	assert_null(strstr(capture.text, "chatter"));
	assert_null(strstr(capture.text, "quiet"));
}

/* The command line asked for more than the configuration. */
static void levels_of_the_command_line_stay(void **state)
{
	const struct log_levels levels = { .level = LOG_ERROR,
					   .modules = { { "bgp", LOG_ERROR } },
					   .n_modules = 1 };
	struct log_levels now;
	(void)state;
	log_setup(LOG_DEBUG, LOG_TEXT);
	log_set_levels(&levels);
	log_get_levels(&now);
	assert_int_equal(now.level, LOG_DEBUG);
	assert_true(log_enabled("bgp", LOG_DEBUG));
	assert_false(log_enabled("bgp", LOG_TRACE));
}

static void json_is_an_object_a_line(void **state)
{
	json_error_t why;
	(void)state;
	log_set_format(LOG_JSON);
	log_warn("api", "name '%s' \"quoted\" \\ back", "d\xc3\xbc\nx\x1b");
	json_t *line = json_loads(captured(), 0, &why);
	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "level")), "warning");
	assert_string_equal(json_string_value(json_object_get(line, "module")), "api");
	assert_string_equal(json_string_value(json_object_get(line, "msg")),
			    "name 'd\xc3\xbc\\x0ax\\x1b' \"quoted\" \\ back");
	assert_int_equal(strlen(json_string_value(json_object_get(line, "time"))), 24);
	json_decref(line);
	log_set_format(LOG_TEXT);
	log_warn("api", "plain");
	assert_non_null(strstr(captured(), "WARN  api: plain\n"));
}

/* The longest text, of octets that take the most room. */
static void long_json_is_whole(void **state)
{
	char text[4000];
	json_error_t why;
	(void)state;
	memset(text, '"', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	log_set_format(LOG_JSON);
	log_info("api", "%s", text);
	json_t *line = json_loads(captured(), 0, &why);
	assert_non_null(line);
	assert_int_equal(strlen(json_string_value(json_object_get(line, "msg"))), 1023);
	json_decref(line);
}

static struct {
	int n;
	char kind[32], app[32], text[128];
	enum log_level level;
} seen;

static void on_event(const struct log_event *event, wall_t at, enum log_level level,
		     const char *text, void *userdata)
{
	(void)at, (void)userdata;
	seen.n++;
	seen.level = level;
	snprintf(seen.kind, sizeof(seen.kind), "%s", event->kind);
	snprintf(seen.app, sizeof(seen.app), "%s", event->app ? event->app : "");
	snprintf(seen.text, sizeof(seen.text), "%s", text);
}

static void view(const struct log_event *event, wall_t at, enum log_level level, const char *text,
		 void *userdata)
{
	const struct event e = { .id = 1, .at = at, .level = level, .about = *event, .text = text };
	*(json_t **)userdata = view_event(&e);
}

/* As /v1/events has them, the time included. */
static void json_lines_are_their_events(void **state)
{
	(void)state;
	json_t *event = NULL;
	log_setup(LOG_INFO, LOG_JSON);
	log_set_sink(view, &event);
	log_event(LOG_WARNING, "bgp",
		  EVENT("session.down", .app = "a\"b", .vip = "192.0.2.1/32", .peer = "10.0.0.1",
			.group = "site", .service = "web", .alarm = "peer-down",
			.subject = "10.0.0.1", .notification = "received 6/2", .by = "uid 0",
			.from = "192.0.2.9", .cause = "down", .count = "12", .health = "up"),
		  "peer %s: it's down\n", "10.0.0.1");
	log_set_sink(NULL, NULL);
	json_t *line = json_loads(captured(), 0, NULL);
	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "module")), "bgp");
	/* Members that only one of them has, or that have another name. */
	json_object_del(line, "module");
	json_object_set(line, "text", json_object_get(line, "msg"));
	json_object_del(line, "msg");
	json_object_del(event, "id");
	assert_string_equal(json_string_value(json_object_get(line, "text")),
			    "peer 10.0.0.1: it's down\\x0a");
	json_object_del(line, "text");
	json_object_del(event, "text");
	assert_int_equal(json_object_size(event), 2 + LOG_EVENT_FIELDS);
	assert_true(json_equal(line, event));
	assert_int_equal(json_integer_value(json_object_get(event, "count")), 12);
	json_decref(line);
	json_decref(event);
}

/* Also those that are not logged; secrets are not in them. */
static void events_reach_their_reader(void **state)
{
	(void)state;
	log_set_sink(on_event, NULL);
	log_event(LOG_DEBUG, "app", EVENT("app.up", .app = "dns"), "%s: http://u:pw@h/ up", "dns");
	assert_string_equal(captured(), "");
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.level, LOG_DEBUG);
	assert_string_equal(seen.kind, "app.up");
	assert_string_equal(seen.app, "dns");
	assert_null(strstr(seen.text, "pw"));
	log_info("app", "no event");
	assert_int_equal(seen.n, 1);
	log_set_sink(NULL, NULL);
	log_event(LOG_INFO, "app", EVENT("app.up"), "logged");
	assert_non_null(strstr(captured(), "app: logged\n"));
	assert_int_equal(seen.n, 1);
}

static void json_lines_have_the_fields_of_events(void **state)
{
	json_error_t why;
	(void)state;
	log_set_format(LOG_JSON);
	log_event(LOG_INFO, "bgp", EVENT("session.up", .peer = "fe80::1%e\"0", .vip = NULL), "up");
	json_t *line = json_loads(captured(), 0, &why);
	assert_non_null(line);
	assert_string_equal(json_string_value(json_object_get(line, "kind")), "session.up");
	assert_string_equal(json_string_value(json_object_get(line, "peer")), "fe80::1%e\"0");
	assert_null(json_object_get(line, "vip"));
	json_decref(line);
}

static void levels_have_names(void **state)
{
	enum log_level level;
	(void)state;
	for (int i = LOG_ERROR; i <= LOG_TRACE; i++) {
		assert_int_equal(log_level_parse(log_level_name((enum log_level)i), &level), 0);
		assert_int_equal(level, i);
	}
	assert_true(log_level_parse("loud", &level) < 0);
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
		LOG_TEST(modules_have_levels_of_their_own),
		LOG_TEST(levels_of_the_command_line_stay),
		LOG_TEST(json_is_an_object_a_line),
		LOG_TEST(long_json_is_whole),
		LOG_TEST(levels_have_names),
		LOG_TEST(events_reach_their_reader),
		LOG_TEST(json_lines_have_the_fields_of_events),
		LOG_TEST(json_lines_are_their_events),
		LOG_TEST(no_text_can_forge_a_line),
		LOG_TEST(direction_and_line_separators_are_escaped),
		LOG_TEST(a_reader_that_hangs_stops_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
