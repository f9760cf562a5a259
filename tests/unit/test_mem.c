/* SPDX-License-Identifier: MIT */
/* Memory that is zeroed, copied, and grows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static void test_new_memory_is_zeroed(void **state)
{
	static const uint8_t zero[64];
	(void)state;
	for (int i = 0; i < 3; i++) {
		/* Memory that was freed has been written to. */
		uint8_t *p = mem_new(16, 4);
		assert_memory_equal(p, zero, sizeof(zero));
		memset(p, 0xa5, sizeof(zero));
		free(p);
	}
	/* All of it is there, also of one, or of octets. */
	static const struct {
		size_t n, size;
	} rows[] = { { 1, 64 }, { 64, 1 }, { 2, 32 }, { 32, 2 }, { 1, 1 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		void *p = mem_new(rows[i].n, rows[i].size);
		assert_memory_equal(p, zero, rows[i].n * rows[i].size);
		free(p);
	}
	char *none = mem_new(0, 8), *of_nothing = mem_new(8, 0);
	none[0] = of_nothing[0] = 'x'; /* there is something to point to */
	free(none);
	free(of_nothing);
}

static void test_copies(void **state)
{
	(void)state;
	char *text = mem_strdup("abc"), *octets = mem_copy("a\0b", 3), *none = mem_copy(NULL, 0);
	assert_string_equal(text, "abc");
	assert_memory_equal(octets, "a\0b", 3);
	assert_non_null(none);
	free(text);
	free(octets);
	free(none);
}

/* Eight at first, then twice as many, until it is enough. */
static void test_an_array_doubles(void **state)
{
	uint32_t *p = NULL;
	size_t cap = 0;
	(void)state;
	p = mem_grow(p, &cap, 1, sizeof(*p));
	assert_int_equal(cap, 8);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(p[i], 0);
		p[i] = 0xa5a5a5a5;
	}
	assert_ptr_equal(mem_grow(p, &cap, 8, sizeof(*p)), p);
	assert_int_equal(cap, 8);
	p = mem_grow(p, &cap, 9, sizeof(*p));
	assert_int_equal(cap, 16);
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(p[i], i < 8 ? 0xa5a5a5a5 : 0);
	p = mem_grow(p, &cap, 64, sizeof(*p));
	assert_int_equal(cap, 64);
	p = mem_grow(p, &cap, 0, sizeof(*p));
	assert_int_equal(cap, 64);
	free(p);
}

static void test_an_array_grows_by_one(void **state)
{
	uint32_t *p = NULL;
	(void)state;
	for (size_t n = 0; n < 20; n++) {
		p = mem_grow_by_one(p, n, sizeof(*p));
		assert_int_equal(p[n], 0);
		p[n] = 0xa5a5a500 + (uint32_t)n;
	}
	for (size_t n = 0; n < 20; n++)
		assert_int_equal(p[n], 0xa5a5a500 + n);
	mem_free(&p);
	assert_null(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_memory_is_zeroed),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_an_array_doubles),
		cmocka_unit_test(test_an_array_grows_by_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
