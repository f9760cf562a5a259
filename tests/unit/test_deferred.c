/* SPDX-License-Identifier: MIT */
/* Deferred replies, with suspend and resume of libmicrohttpd's recorded; test_api has the
 * server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "agent/http/deferred.h"
#include "lib/mem.h"

#define REPLIES 4

struct MHD_Connection {
	char name;
	bool suspended;
};

static char resumed[16]; /* the names, in order */

void MHD_suspend_connection(struct MHD_Connection *conn)
{
	assert_false(conn->suspended);
	conn->suspended = true;
}

void MHD_resume_connection(struct MHD_Connection *conn)
{
	assert_true(conn->suspended);
	conn->suspended = false;
	strncat(resumed, &conn->name, 1);
}

struct bed {
	struct list all;
	struct MHD_Connection conns[REPLIES];
	struct deferred items[REPLIES];
	size_t n;
};

static int setup(void **state)
{
	static struct bed b;
	b = (struct bed){ 0 };
	list_init(&b.all);
	resumed[0] = 0;
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	for (size_t i = 0; i < REPLIES; i++)
		deferred_done(&b->items[i]); /* also of requests that were not deferred */
	assert_true(list_empty(&b->all));
	return 0;
}

static struct deferred *add(struct bed *b, enum api_defer kind, uint64_t number)
{
	size_t i = b->n++;
	const struct api_reply reply = { .status = 200,
					 .body = mem_strdup("stored"),
					 .body_unstored = mem_strdup("unstored"),
					 .defer = kind,
					 .number = number };
	b->conns[i].name = (char)('a' + i);
	deferred_add(&b->all, &b->items[i], &b->conns[i], &reply);
	assert_true(b->conns[i].suspended);
	assert_false(b->items[i].ready);
	return &b->items[i];
}

static void expect_resumed(const char *names)
{
	assert_string_equal(resumed, names);
	resumed[0] = 0;
}

static void test_those_up_to_a_number_are_resumed(void **state)
{
	struct bed *b = *state;
	struct deferred *first = add(b, API_DEFER_STORED, 1), *second = add(b, API_DEFER_STORED, 2);
	struct deferred *third = add(b, API_DEFER_STORED, 3);
	deferred_resume(&b->all, API_DEFER_STORED, 2, true);
	expect_resumed("ab");
	assert_true(first->ready && second->ready);
	assert_false(third->ready);
	assert_string_equal(second->reply.body, "stored");
	deferred_resume(&b->all, API_DEFER_STORED, 2, true); /* they have left */
	expect_resumed("");
	deferred_resume(&b->all, API_DEFER_STORED, UINT64_MAX, false);
	expect_resumed("c");
	assert_string_equal(third->reply.body, "unstored");
}

static void test_each_kind_by_itself(void **state)
{
	struct bed *b = *state;
	add(b, API_DEFER_STORED, 1);
	add(b, API_DEFER_LATER, 1);
	struct deferred *retry = add(b, API_DEFER_RETRY, 0);
	deferred_resume(&b->all, API_DEFER_RETRY, 0, false);
	expect_resumed("c");
	assert_false(retry->ready); /* it has no reply: the request is answered anew */
	deferred_answer(&b->all, API_DEFER_LATER, 1, 200, "{}");
	expect_resumed("b");
	deferred_resume(&b->all, API_DEFER_STORED, 1, true);
	expect_resumed("a");
}

static void test_the_reply_that_comes_later(void **state)
{
	struct bed *b = *state;
	struct deferred *first = add(b, API_DEFER_LATER, 1), *second = add(b, API_DEFER_LATER, 2);
	deferred_answer(&b->all, API_DEFER_LATER, 1, 422, "{\"error\": 1}");
	expect_resumed("a");
	assert_true(first->ready);
	assert_false(second->ready);
	assert_int_equal(first->reply.status, 422);
	assert_string_equal(first->reply.body, "{\"error\": 1}");
	assert_string_equal(first->reply.content_type, "application/json");
}

/* Its client closed the connection. */
static void test_one_that_is_gone_is_not_resumed(void **state)
{
	struct bed *b = *state;
	struct deferred *first = add(b, API_DEFER_STORED, 1);
	add(b, API_DEFER_STORED, 1);
	deferred_done(first);
	*first = (struct deferred){ 0 };
	deferred_resume(&b->all, API_DEFER_STORED, 1, true);
	expect_resumed("b");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_those_up_to_a_number_are_resumed),
		TEST(test_each_kind_by_itself),
		TEST(test_the_reply_that_comes_later),
		TEST(test_one_that_is_gone_is_not_resumed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
