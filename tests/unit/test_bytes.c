/* SPDX-License-Identifier: MIT */
#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_reads_in_network_order(void **state)
{
	(void)state;
	const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	uint8_t copy[2];
	struct reader r = reader_over(bytes, sizeof(bytes));
	assert_int_equal(reader_u8(&r), 1);
	assert_int_equal(reader_u16(&r), 0x0203);
	assert_int_equal(reader_u32(&r), 0x04050607);
	reader_copy(&r, copy, sizeof(copy));
	assert_memory_equal(copy, bytes + 7, 2);
	assert_int_equal(reader_left(&r), 0);
	assert_false(r.failed);
	assert_int_equal(bytes_u32(bytes + 5), 0x06070809);
}

/* One read beyond the end, of each kind: it yields nothing, it sticks, and the last good position
 * is not passed. */
static void test_reader_failure_sticks(void **state)
{
	(void)state;
	uint8_t *bytes = malloc(3), copy[4] = { 1, 1, 1, 1 };
	memset(bytes, 0xff, 3);
	for (int kind = 0; kind < 4; kind++) {
		struct reader r = reader_over(bytes, 3);
		switch (kind) {
		case 0:
			assert_int_equal(reader_u32(&r), 0);
			break;
		case 1:
			assert_null(reader_bytes(&r, 4));
			break;
		case 2:
			reader_copy(&r, copy, sizeof(copy));
			assert_memory_equal(copy, "\0\0\0\0", 4);
			break;
		case 3:
			assert_null(reader_bytes(&r, SIZE_MAX));
			break;
		}
		assert_true(r.failed);
		assert_int_equal(reader_left(&r), 0);
		assert_int_equal(reader_u8(&r), 0); /* there is a byte, but it failed */
		assert_null(reader_bytes(&r, 0));
	}
	free(bytes);
}

static void test_reader_child(void **state)
{
	(void)state;
	const uint8_t bytes[] = { 1, 2, 3, 4 };
	struct reader r = reader_over(bytes, sizeof(bytes));
	struct reader child = reader_sub(&r, 2);
	assert_int_equal(reader_u8(&r), 3);
	assert_int_equal(reader_u16(&child), 0x0102);
	assert_int_equal(reader_u8(&child), 0);
	assert_true(child.failed);
	assert_false(r.failed);
	child = reader_sub(&r, 2);
	assert_true(child.failed);
	assert_true(r.failed);
}

static void test_reader_empty(void **state)
{
	(void)state;
	struct reader r = reader_over(NULL, 0);
	assert_int_equal(reader_left(&r), 0);
	reader_copy(&r, NULL, 0);
	struct reader child = reader_sub(&r, 0);
	assert_false(r.failed);
	assert_false(child.failed);
	assert_int_equal(reader_u16(&r), 0);
	assert_true(r.failed);
}

static void test_writes_in_network_order(void **state)
{
	(void)state;
	uint8_t buf[10];
	struct writer w = writer_over(buf, sizeof(buf));
	writer_u8(&w, 1);
	writer_u16(&w, 0x0203);
	writer_u32(&w, 0x04050607);
	writer_bytes(&w, "\x08\x09", 2);
	writer_bytes(&w, NULL, 0);
	assert_int_equal(writer_left(&w), 1);
	assert_memory_equal(buf, "\1\2\3\4\5\6\7\10\11", 9);
	assert_false(w.failed);
}

static void test_writer_failure_sticks(void **state)
{
	(void)state;
	uint8_t *buf = malloc(3);
	struct writer w = writer_over(buf, 3);
	writer_u16(&w, 1);
	writer_u32(&w, 2);
	assert_true(w.failed);
	assert_int_equal(w.len, 2);
	writer_u8(&w, 3); /* would fit */
	assert_int_equal(w.len, 2);
	assert_int_equal(writer_left(&w), 0);
	writer_patch_u16(&w, 0, 0xffff);
	assert_memory_equal(buf, "\0\1", 2);
	free(buf);
}

static void test_marks(void **state)
{
	(void)state;
	uint8_t buf[16];
	struct writer w = writer_over(buf, sizeof(buf));
	memset(buf, 0xff, sizeof(buf));
	size_t outer = writer_open_u16(&w);
	size_t inner = writer_open_u8(&w);
	assert_memory_equal(buf, "\0\0\0\xff", 4); /* nothing is said yet */
	writer_u32(&w, 0xaabbccdd);
	writer_close_u8(&w, inner);
	size_t empty = writer_open_u8(&w);
	writer_close_u8(&w, empty);
	writer_close_u16(&w, outer);
	assert_false(w.failed);
	assert_int_equal(w.len, 8);
	assert_memory_equal(buf, "\0\6\4\xaa\xbb\xcc\xdd\0", 8);
}

/* As many bytes as the length field can say, and one more. */
static void test_marks_overflow(void **state)
{
	(void)state;
	static const uint8_t zero[UINT16_MAX + 1];
	uint8_t *buf = malloc(sizeof(zero) + 2);
	for (size_t extra = 0; extra < 2; extra++) {
		struct writer w = writer_over(buf, sizeof(zero) + 2);
		size_t mark = writer_open_u8(&w);
		writer_bytes(&w, zero, UINT8_MAX + extra);
		writer_close_u8(&w, mark);
		assert_int_equal(w.failed, extra);
		w = writer_over(buf, sizeof(zero) + 2);
		mark = writer_open_u16(&w);
		writer_bytes(&w, zero, UINT16_MAX + extra);
		writer_close_u16(&w, mark);
		assert_int_equal(w.failed, extra);
	}
	free(buf);
}

static void test_patch(void **state)
{
	(void)state;
	uint8_t buf[4];
	struct writer w = writer_over(buf, sizeof(buf));
	writer_u32(&w, 0);
	writer_patch_u16(&w, 2, 0xabcd);
	assert_memory_equal(buf, "\0\0\xab\xcd", 4);
	assert_false(w.failed);
	writer_patch_u16(&w, 3, 1); /* reaches beyond what is written */
	assert_true(w.failed);
}

/* No room for the mark itself. */
static void test_mark_without_room(void **state)
{
	(void)state;
	uint8_t buf[1];
	struct writer w = writer_over(buf, sizeof(buf));
	size_t mark = writer_open_u16(&w);
	assert_true(w.failed);
	writer_close_u16(&w, mark);
	assert_int_equal(w.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_in_network_order),
		cmocka_unit_test(test_reader_failure_sticks),
		cmocka_unit_test(test_reader_child),
		cmocka_unit_test(test_reader_empty),
		cmocka_unit_test(test_writes_in_network_order),
		cmocka_unit_test(test_writer_failure_sticks),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_marks_overflow),
		cmocka_unit_test(test_patch),
		cmocka_unit_test(test_mark_without_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
