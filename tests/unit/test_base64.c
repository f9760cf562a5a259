/* SPDX-License-Identifier: MIT */
/* RFC 4648, section 4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/base64.h"
#include "lib/mem.h"

static void expect(const void *octets, size_t len, const char *text)
{
	/* In memory that ends where they do, for the sanitizer. */
	void *exact = mem_copy(octets, len);
	char *got = base64_encode(exact, len);
	uint8_t *back = NULL;
	size_t back_len = 77;
	assert_string_equal(got, text);
	assert_int_equal(base64_decode(text, &back, &back_len), 0);
	assert_int_equal(back_len, len);
	assert_memory_equal(back, octets, len);
	free(back);
	free(got);
	free(exact);
}

static void test_groups(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "a\xff\xff", "Yf//" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect(rows[i][0], strlen(rows[i][0]), rows[i][1]);
	/* An octet behind the last one is not looked at. */
	char *one = base64_encode("f\xff\xff", 1), *two = base64_encode("fo\xff", 2);
	assert_string_equal(one, "Zg==");
	assert_string_equal(two, "Zm8=");
	free(one);
	free(two);
}

/* Six bits each: three octets are four letters of the alphabet. */
static void test_the_alphabet(void **state)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	(void)state;
	for (unsigned i = 0; i < 64; i++)
		for (unsigned at = 0; at < 4; at++) {
			uint32_t group = i << (18 - 6 * at);
			const uint8_t octets[] = { (uint8_t)(group >> 16), (uint8_t)(group >> 8),
						   (uint8_t)group };
			char text[] = "AAAA";
			text[at] = alphabet[i];
			expect(octets, 3, text);
		}
}

static void test_what_is_not_base64(void **state)
{
	static const char *const wrong[] = {
		"A",    "AA",       "AAA",      "AAAAA",    "A===",     "====",     "AA=A",
		"=AAA", "A=AA",     "AAA!",     "AA==AAAA", "AAA=AAAA", "AA==A===", "AB==",
		"AAB=", "AAAAAB==", "AAAA====", "AA A",     "AAA\n",    "AA-_",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		uint8_t *octets = NULL;
		size_t len = 77;
		if (base64_decode(wrong[i], &octets, &len) != -EINVAL)
			fail_msg("'%s' is accepted", wrong[i]);
		assert_null(octets);
		assert_int_equal(len, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_the_alphabet),
		cmocka_unit_test(test_what_is_not_base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
