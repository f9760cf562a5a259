/* SPDX-License-Identifier: MIT */
/* Levels of the log: their words, those of modules, and how the section agent.log gives them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "agent/config/log_levels.h"
#include "agent/config/schema_log.h"
#include "lib/array.h"
#include "lib/log_level.h"

static void test_words(void **state)
{
	static const char *const words[] = { "error", "warning", "info", "debug", "trace" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		enum log_level level;
		assert_int_equal(log_level_parse(words[i], &level), 0);
		assert_int_equal(level, i);
		assert_string_equal(log_level_name((enum log_level)i), words[i]);
	}
	assert_int_equal(log_level_parse("Info", &(enum log_level){ LOG_INFO }), -EINVAL);
}

static void test_a_module_has_one_level(void **state)
{
	struct log_levels levels = { .level = LOG_INFO };
	(void)state;
	log_levels_set(&levels, "bgp", LOG_DEBUG);
	log_levels_set(&levels, "nat", LOG_ERROR);
	assert_int_equal(levels.n_modules, 2);
	log_levels_set(&levels, "bgp", LOG_TRACE);
	log_levels_set(&levels, "nat", LOG_WARNING);
	assert_int_equal(levels.n_modules, 2);
	assert_string_equal(levels.modules[0].module, "bgp");
	assert_int_equal(levels.modules[0].level, LOG_TRACE);
	assert_string_equal(levels.modules[1].module, "nat");
	assert_int_equal(levels.modules[1].level, LOG_WARNING);
}

static void test_a_full_list_takes_no_more(void **state)
{
	struct {
		struct log_levels levels;
		char behind[64];
	} s = { .levels = { .n_modules = LOG_MODULES_MAX - 1 } };
	(void)state;
	memset(s.behind, 0x5a, sizeof(s.behind));
	for (size_t i = 0; i + 1 < LOG_MODULES_MAX; i++)
		s.levels.modules[i].module = "app";
	log_levels_set(&s.levels, "bgp", LOG_DEBUG);
	assert_int_equal(s.levels.n_modules, LOG_MODULES_MAX);
	log_levels_set(&s.levels, "nat", LOG_DEBUG);
	assert_int_equal(s.levels.n_modules, LOG_MODULES_MAX);
	assert_string_equal(s.levels.modules[LOG_MODULES_MAX - 1].module, "bgp");
	for (size_t i = 0; i < sizeof(s.behind); i++)
		assert_int_equal(s.behind[i], 0x5a);
}

/* In the struct of the configuration 0 is a key that is not set, and 1 the first level. */
static void test_the_section(void **state)
{
	struct config_log section = { 0 };
	struct log_levels levels;
	size_t n = 0;
	(void)state;
	while (log_modules[n])
		n++;
	config_log_levels(&section, &levels);
	assert_int_equal(levels.level, LOG_INFO);
	assert_int_equal(levels.n_modules, 0);
	section.level = LOG_ERROR + 1;
	section.modules[0] = LOG_TRACE + 1;
	section.modules[n - 1] = LOG_ERROR + 1;
	config_log_levels(&section, &levels);
	assert_int_equal(levels.level, LOG_ERROR);
	assert_int_equal(levels.n_modules, 2);
	assert_string_equal(levels.modules[0].module, log_modules[0]);
	assert_int_equal(levels.modules[0].level, LOG_TRACE);
	assert_string_equal(levels.modules[1].module, log_modules[n - 1]);
	assert_int_equal(levels.modules[1].level, LOG_ERROR);
}

/* The keys are those of log_modules[], each with its own place. */
static void test_the_keys(void **state)
{
	(void)state;
	const struct config_key *keys = config_log_modules_section.keys;
	size_t i = 0;
	for (; log_modules[i]; i++) {
		assert_string_equal(keys[i].name, log_modules[i]);
		assert_int_equal(keys[i].offset - keys[0].offset,
				 i * sizeof(((struct config_log *)0)->modules[0]));
	}
	assert_null(keys[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_a_module_has_one_level),
		cmocka_unit_test(test_a_full_list_takes_no_more),
		cmocka_unit_test(test_the_section),
		cmocka_unit_test(test_the_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
