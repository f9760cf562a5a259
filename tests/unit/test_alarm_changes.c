/* SPDX-License-Identifier: MIT */
/* Which alarms came and which went. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agent/status/alarm_changes.h"
#include "lib/array.h"
#include "lib/str.h"

static void add(bool on, const json_t *alarm, void *userdata)
{
	const char *key, *subject = alarm_subject(alarm, &key);
	struct strbuf *said = userdata;
	strbuf_add(said, "%c%s:%s ", on ? '+' : '-',
		   json_string_value(json_object_get(alarm, "alarm")), subject ? subject : "");
}

#define PEER(a)    "{\"alarm\": \"peer-down\", \"peer\": \"" a "\"}"
#define VIPS(v, n) "{\"alarm\": \"vip-trouble\", \"vip\": \"" v "\", \"count\": " n "}"
#define VIP(v)     "{\"alarm\": \"vip-trouble\", \"vip\": \"" v "\"}"
#define PROGRAM(a) "{\"alarm\": \"process-failing\", \"process\": \"" a "\"}"
#define LO         "{\"alarm\": \"lo-down\", \"text\": \"x\"}"

static void test_subjects_of_alarms(void **state)
{
	static const char *const keys[] = { "app",   "vip",  "peer",   "service",
					    "group", "path", "process" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *alarm = json_pack("{s:s, s:s}", "alarm", "a", keys[i], "subject");
		const char *key;
		assert_string_equal(alarm_subject(alarm, &key), "subject");
		assert_string_equal(key, keys[i]);
		json_decref(alarm);
	}
	json_t *none = json_pack("{s:s}", "alarm", "a");
	const char *key = "";
	assert_null(alarm_subject(none, &key));
	assert_null(key);
	json_decref(none);
}

static void test_changes(void **state)
{
	static const struct {
		const char *before, *now, *said;
	} cases[] = {
		{ "[]", "[]", "" },
		{ "[]", "[" LO "]", "+lo-down: " },
		{ "[" LO "]", "[]", "-lo-down: " },
		{ "[" LO "]", "[{\"alarm\": \"lo-down\", \"text\": \"y\"}]", "" },
		{ "[" LO "]", "[" PEER("a") "]", "-lo-down: +peer-down:a " },
		{ "[" PEER("a") "]", "[" PEER("b") "," PEER("a") "]", "+peer-down:b " },
		{ "[" PEER("a") "," PEER("b") "]", "[" PEER("b") "]", "-peer-down:a " },
		{ "[" VIPS("v", "1") "]", "[" VIPS("w", "7") "]", "" },
		{ "[" VIPS("v", "1") "]", "[]", "-vip-trouble:v " },
		{ "[" VIPS("v", "1") "]", "[" VIP("w") "]", "-vip-trouble:v +vip-trouble:w " },
		{ "[" VIP("v") "]", "[" VIPS("w", "1") "]", "-vip-trouble:v +vip-trouble:w " },
		{ "[" VIP("v") "]", "[" VIPS("v", "2") "]", "" },
		{ "[" LO "]", "[{\"alarm\": \"lo-down\", \"app\": \"a\"}]",
		  "-lo-down: +lo-down:a " },
		{ "[" PROGRAM("a") "]", "[" PROGRAM("b") "]",
		  "-process-failing:a +process-failing:b " },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char buf[256] = "";
		struct strbuf said = strbuf_over(buf, sizeof(buf));
		json_t *before = json_loads(cases[i].before, 0, NULL);
		json_t *now = json_loads(cases[i].now, 0, NULL);
		assert_non_null(before);
		assert_non_null(now);
		alarm_changes(before, now, add, &said);
		assert_string_equal(buf, cases[i].said);
		json_decref(before);
		json_decref(now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_subjects_of_alarms),
					    cmocka_unit_test(test_changes) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
