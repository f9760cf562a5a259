/* SPDX-License-Identifier: MIT */
#include "process/launch_message.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"

static char buf[LAUNCH_REQUEST_MAX + 1];
static struct launch_request in, out;

static size_t write_command(void)
{
	in = (struct launch_request){ .kind = LAUNCH_COMMAND,
				      .number = 7,
				      .argv = { "bash", "-c", "exit 3" },
				      .env = { "PATH=/bin", "" } };
	ssize_t n = launch_request_write(&in, buf, sizeof(buf));
	assert_true(n > 0);
	return (size_t)n;
}

static void a_command_arrives(void **state)
{
	(void)state;
	size_t n = write_command();
	memset(&out, 0xa5, sizeof(out));
	assert_int_equal(launch_request_read(buf, n, &out), 0);
	assert_int_equal(out.kind, LAUNCH_COMMAND);
	assert_int_equal(out.number, 7);
	assert_string_equal(out.argv[0], "bash");
	assert_string_equal(out.argv[2], "exit 3");
	assert_null(out.argv[3]);
	assert_string_equal(out.env[0], "PATH=/bin");
	assert_string_equal(out.env[1], "");
	assert_null(out.env[2]);
}

static void a_command_of_one_word_and_nothing_else_arrives(void **state)
{
	(void)state;
	in = (struct launch_request){
		.kind = LAUNCH_COMMAND, .number = 8, .user = LAUNCH_USERS_MAX - 1, .argv = { "x" }
	};
	ssize_t n = launch_request_write(&in, buf, sizeof(buf));
	memset(&out, 0xa5, sizeof(out));
	assert_int_equal(launch_request_read(buf, (size_t)n, &out), 0);
	assert_int_equal(out.number, 8);
	assert_int_equal(out.user, LAUNCH_USERS_MAX - 1);
	assert_string_equal(out.argv[0], "x");
	assert_null(out.argv[1]);
	assert_null(out.env[0]);
	in.user = LAUNCH_USERS_MAX;
	n = launch_request_write(&in, buf, sizeof(buf));
	assert_int_equal(launch_request_read(buf, (size_t)n, &out), -EPROTO);
}

/* As many octets and as many words as there may be. */
static void the_longest_command_arrives(void **state)
{
	static char word[LAUNCH_REQUEST_MAX];
	(void)state;
	in = (struct launch_request){ .kind = LAUNCH_COMMAND, .argv = { word } };
	memset(word, 'a', sizeof(word));
	word[LAUNCH_REQUEST_MAX - 24 - 1] = 0; /* behind a head of 24 octets */
	assert_int_equal(launch_request_write(&in, buf, sizeof(buf)), LAUNCH_REQUEST_MAX);
	assert_int_equal(launch_request_read(buf, LAUNCH_REQUEST_MAX, &out), 0);
	assert_string_equal(out.argv[0], word);
	memset(word, 'a', sizeof(word));
	word[LAUNCH_REQUEST_MAX - 24] = 0;
	assert_int_equal(launch_request_write(&in, buf, sizeof(buf)), LAUNCH_REQUEST_MAX + 1);
	assert_int_equal(launch_request_read(buf, LAUNCH_REQUEST_MAX + 1, &out), -EPROTO);
	in = (struct launch_request){ .kind = LAUNCH_COMMAND };
	for (size_t i = 0; i < LAUNCH_STRINGS_MAX; i++)
		in.argv[i] = in.env[i] = "x";
	ssize_t n = launch_request_write(&in, buf, sizeof(buf));
	assert_int_equal(n, 24 + 4 * LAUNCH_STRINGS_MAX);
	assert_int_equal(launch_request_read(buf, (size_t)n, &out), 0);
	assert_string_equal(out.env[LAUNCH_STRINGS_MAX - 1], "x");
	assert_null(out.env[LAUNCH_STRINGS_MAX]);
}

/* A command is of no process yet, and marks are of one and nothing else. */
static void a_head_with_more_than_its_kind_has_is_refused(void **state)
{
	static const size_t of_marks[] = { 12, 16, 20 }; /* words, environment, user */
	const uint32_t one = 1;
	(void)state;
	size_t n = write_command();
	memcpy(buf + 8, &one, sizeof(one));
	assert_int_equal(launch_request_read(buf, n, &out), -EPROTO);
	for (size_t i = 0; i < ARRAY_SIZE(of_marks); i++) {
		in = (struct launch_request){ .kind = LAUNCH_MARKS, .pid = 1 };
		n = (size_t)launch_request_write(&in, buf, sizeof(buf));
		assert_int_equal(launch_request_read(buf, n, &out), 0);
		memcpy(buf + of_marks[i], &one, sizeof(one));
		assert_int_equal(launch_request_read(buf, n, &out), -EPROTO);
	}
}

static void a_command_that_is_cut_is_refused(void **state)
{
	(void)state;
	size_t n = write_command();
	for (size_t len = 0; len < n; len++)
		assert_int_equal(launch_request_read(buf, len, &out), -EPROTO);
	buf[n] = 'x';
	assert_int_equal(launch_request_read(buf, n + 1, &out), -EPROTO);
}

static void a_command_without_a_name_is_refused(void **state)
{
	(void)state;
	in = (struct launch_request){ .kind = LAUNCH_COMMAND, .argv = { "" } };
	ssize_t n = launch_request_write(&in, buf, sizeof(buf));
	assert_int_equal(launch_request_read(buf, (size_t)n, &out), -EPROTO);
	in.argv[0] = NULL;
	n = launch_request_write(&in, buf, sizeof(buf));
	assert_int_equal(launch_request_read(buf, (size_t)n, &out), -EPROTO);
}

static void too_long_a_command_is_not_written(void **state)
{
	(void)state;
	size_t n = write_command();
	for (size_t size = 0; size < n; size++)
		assert_int_equal(launch_request_write(&in, buf, size), -E2BIG);
	assert_int_equal(launch_request_write(&in, buf, n), n);
}

/* The numbers of strings, which the other end writes. */
static void more_strings_than_there_are(void **state)
{
	(void)state;
	const uint32_t wrong[] = { 0, 4, 6, LAUNCH_STRINGS_MAX + 1, UINT32_MAX };
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		size_t n = write_command();
		memcpy(buf + 12, &wrong[i], sizeof(wrong[i]));
		assert_int_equal(launch_request_read(buf, n, &out), -EPROTO);
	}
}

static void marks_arrive(void **state)
{
	(void)state;
	in = (struct launch_request){ .kind = LAUNCH_MARKS, .number = 9, .pid = 4711 };
	ssize_t n = launch_request_write(&in, buf, sizeof(buf));
	assert_int_equal(launch_request_read(buf, (size_t)n, &out), 0);
	assert_int_equal(out.kind, LAUNCH_MARKS);
	assert_int_equal(out.pid, 4711);
	assert_int_equal(launch_request_read(buf, (size_t)n + 1, &out), -EPROTO);
	in.pid = 0;
	n = launch_request_write(&in, buf, sizeof(buf));
	assert_int_equal(launch_request_read(buf, (size_t)n, &out), -EPROTO);
	in.pid = -1;
	n = launch_request_write(&in, buf, sizeof(buf));
	assert_int_equal(launch_request_read(buf, (size_t)n, &out), -EPROTO);
}

static void an_unknown_kind_is_refused(void **state)
{
	(void)state;
	const uint32_t kind = 3;
	in = (struct launch_request){ .kind = LAUNCH_MARKS, .pid = 4711 };
	ssize_t n = launch_request_write(&in, buf, sizeof(buf));
	memcpy(buf, &kind, sizeof(kind));
	assert_int_equal(launch_request_read(buf, (size_t)n, &out), -EPROTO);
}

static void replies(void **state)
{
	(void)state;
	const size_t head = offsetof(struct launch_reply, marks);
	const struct launch_reply ok = { .pid = 5 }, failed = { .code = -ENOENT, .pid = 5 },
				  marks = { .len = 4, .marks = "A=1" }, nothing = { 0 },
				  above = { .code = 1, .pid = 5 },
				  longer = { .len = LAUNCH_MARKS_MAX + 1 };
	assert_int_equal(launch_reply_size(&marks), head + 4);
	assert_int_equal(launch_reply_check(&ok, head), 0);
	const struct launch_reply first = { .pid = 1 }, empty = { .len = 1 };
	assert_int_equal(launch_reply_check(&first, head), 0);
	assert_int_equal(launch_reply_check(&empty, head + 1), 0);
	assert_int_equal(launch_reply_check(&failed, head), 0);
	assert_int_equal(launch_reply_check(&marks, head + 4), 0);
	assert_int_equal(launch_reply_check(&ok, head - 1), -EPROTO);
	assert_int_equal(launch_reply_check(&marks, head + 3), -EPROTO);
	assert_int_equal(launch_reply_check(&marks, head + 5), -EPROTO);
	assert_int_equal(launch_reply_check(&nothing, head), -EPROTO);
	assert_int_equal(launch_reply_check(&above, head), -EPROTO);
	assert_int_equal(launch_reply_check(&longer, launch_reply_size(&longer)), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_arrives),
		cmocka_unit_test(a_command_of_one_word_and_nothing_else_arrives),
		cmocka_unit_test(the_longest_command_arrives),
		cmocka_unit_test(a_head_with_more_than_its_kind_has_is_refused),
		cmocka_unit_test(a_command_that_is_cut_is_refused),
		cmocka_unit_test(a_command_without_a_name_is_refused),
		cmocka_unit_test(too_long_a_command_is_not_written),
		cmocka_unit_test(more_strings_than_there_are),
		cmocka_unit_test(marks_arrive),
		cmocka_unit_test(an_unknown_kind_is_refused),
		cmocka_unit_test(replies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
