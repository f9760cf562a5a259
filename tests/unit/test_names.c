/* SPDX-License-Identifier: MIT */
#include "net/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "tests/unit/loop_until.h"

struct bed {
	sd_event *loop;
	struct names *names;
};

struct seen {
	bool called;
	char addresses[256], error[256];
};

static enum names_status fake(const char *host)
{
	if (strcmp(host, "silent") == 0)
		pause();
	if (strcmp(host, "broken") == 0)
		abort();
	if (strcmp(host, "missing") == 0) {
		dprintf(STDOUT_FILENO, "no such name\n");
		return NAMES_NOT_FOUND;
	}
	dprintf(STDOUT_FILENO, "192.0.2.1\n2001:db8::1\n");
	return NAMES_FOUND;
}

static int setup(void **state)
{
	struct bed *b = mem_new(1, sizeof(*b));
	assert_int_equal(sd_event_new(&b->loop), 0);
	b->names = names_new(b->loop, fake);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	names_free(b->names);
	sd_event_unref(b->loop);
	free(b);
	return 0;
}

static void found(const char *addresses, const char *error, void *userdata)
{
	struct seen *s = userdata;
	assert_false(s->called);
	s->called = true;
	snprintf(s->addresses, sizeof(s->addresses), "%s", addresses ? addresses : "");
	snprintf(s->error, sizeof(s->error), "%s", error);
}

static struct names_query *find(struct bed *b, const char *host, struct seen *s)
{
	const char *addresses;
	struct names_query *q = NULL;
	struct err err;
	*s = (struct seen){ false };
	if (names_find(b->names, host, found, s, &addresses, &q, &err) < 0)
		fail_msg("%s", err.text);
	assert_null(addresses);
	assert_false(s->called);
	return q;
}

static void addresses_are_found_and_kept(void **state)
{
	struct bed *b = *state;
	struct seen first, second;
	const char *addresses;
	struct names_query *q;
	struct err err;
	find(b, "www", &first);
	find(b, "www", &second);
	loop_until(b->loop, loop_until_true, &first.called);
	assert_true(second.called);
	assert_string_equal(first.addresses, "192.0.2.1,[2001:db8::1]");
	assert_string_equal(second.addresses, first.addresses);
	assert_int_equal(names_find(b->names, "www", found, &first, &addresses, &q, &err), 0);
	assert_string_equal(addresses, "192.0.2.1,[2001:db8::1]");
}

static void errors_are_told(void **state)
{
	struct bed *b = *state;
	struct seen s;
	find(b, "missing", &s);
	loop_until(b->loop, loop_until_true, &s.called);
	assert_string_equal(s.addresses, "");
	assert_string_equal(s.error, "no such name");
	find(b, "broken", &s);
	loop_until(b->loop, loop_until_true, &s.called);
	assert_string_equal(s.error, "the name servers did not answer");
}

/* Others are answered meanwhile, and neither cancelling nor the end waits. */
static void silence_holds_nothing_up(void **state)
{
	struct bed *b = *state;
	struct seen silent, again, other;
	struct names_query *q = find(b, "silent", &silent);
	struct names_query *q2 = find(b, "silent", &again);
	find(b, "www", &other);
	loop_until(b->loop, loop_until_true, &other.called);
	names_cancel(q);
	names_cancel(q2);
	assert_false(silent.called || again.called);
}

/* More names than are looked up at once. */
static void many_names_wait_their_turn(void **state)
{
	enum { N = 40 };
	struct bed *b = *state;
	struct seen s[N];
	for (int i = 0; i < N; i++) {
		char host[16];
		snprintf(host, sizeof(host), "host%d", i);
		find(b, host, &s[i]);
	}
	for (int i = 0; i < N; i++) {
		loop_until(b->loop, loop_until_true, &s[i].called);
		assert_string_equal(s[i].addresses, "192.0.2.1,[2001:db8::1]");
	}
}

/* The C library's own, with what /etc/hosts has everywhere. */
static void the_library_is_asked(void **state)
{
	struct bed *b = *state;
	struct seen s;
	names_free(b->names);
	b->names = names_new(b->loop, names_lookup);
	find(b, "localhost", &s);
	loop_until(b->loop, loop_until_true, &s.called);
	assert_non_null(strstr(s.addresses, "127.0.0.1"));
}

static void addresses_are_split(void **state)
{
	(void)state;
	static const char *const expected[] = { "192.0.2.1", "2001:db8::1", "192.0.2.2" };
	struct addr found[4];
	char text[ADDR_TEXT_MAX];
	const char *joined = "192.0.2.1,[2001:db8::1],bad,[::ffff:192.0.2.2]";
	assert_int_equal(names_split(joined, found, 4), ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(addr_format(&found[i], text), expected[i]);
	assert_int_equal(names_split("192.0.2.1,192.0.2.2", found, 1), 1);
	assert_int_equal(names_split("", found, 4), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(addresses_are_found_and_kept), TEST(errors_are_told),
		TEST(silence_holds_nothing_up),     TEST(many_names_wait_their_turn),
		TEST(the_library_is_asked),         TEST(addresses_are_split),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
