/* SPDX-License-Identifier: MIT */
/*
 * Golden frames as hex text. Bytes are handed out in memory of exactly their size, so that the
 * address sanitizer sees a read past their end.
 */
#ifndef TESTS_UNIT_HEX_H
#define TESTS_UNIT_HEX_H

#include <ctype.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <cmocka.h>

#include "bgp/msg.h"
#include "lib/array.h"
#include "lib/bytes.h"

struct hex {
	uint8_t *p;
	size_t n;
};

/* Exactly `n` bytes to write to; free() them. */
static inline void *hex_room(size_t n)
{
	return malloc(n ? n : 1);
}

static inline void hex_open(struct hex *h, size_t *mark, size_t width)
{
	memset(h->p + h->n, 0, width);
	h->n += width;
	*mark = h->n;
}

static inline void hex_close(struct hex *h, size_t mark, size_t width)
{
	size_t len = h->n - mark;
	h->p[mark - 1] = (uint8_t)len;
	if (width == 2)
		h->p[mark - 2] = (uint8_t)(len >> 8);
}

/* Spaces are ignored, "*" is a marker of 16 octets of ff, "( … )" puts a length of two octets in
 * front and "[ … ]" one of one octet; neither nests in itself. Free with hex_done. */
static inline struct hex hex_parse(const char *text)
{
	struct hex h = { .p = malloc(strlen(text) * 16 + 1) };
	size_t mark8 = 0, mark16 = 0;
	for (const char *c = text; *c;) {
		unsigned byte = 0;
		if (*c == ' ') {
			c++;
		} else if (*c == '*') {
			memset(h.p + h.n, 0xff, 16);
			h.n += 16;
			c++;
		} else if (*c == '(' || *c == '[') {
			hex_open(&h, *c == '(' ? &mark16 : &mark8, *c == '(' ? 2 : 1);
			c++;
		} else if (*c == ')' || *c == ']') {
			hex_close(&h, *c == ')' ? mark16 : mark8, *c == ')' ? 2 : 1);
			c++;
		} else {
			if (!isxdigit((unsigned char)c[0]) || !isxdigit((unsigned char)c[1]) ||
			    sscanf(c, "%2x", &byte) != 1)
				fail_msg("bad hex: %s", c);
			h.p[h.n++] = (uint8_t)byte;
			c += 2;
		}
	}
	h.p = realloc(h.p, h.n ? h.n : 1);
	return h;
}

static inline struct hex hex_copy(const uint8_t *p, size_t n)
{
	struct hex h = { .p = hex_room(n), .n = n };
	if (n)
		memcpy(h.p, p, n);
	return h;
}

static inline void hex_done(struct hex *h)
{
	free(h->p);
	*h = (struct hex){ 0 };
}

static inline struct reader hex_reader(const struct hex *h)
{
	return reader_over(h->p, h->n);
}

/* `what` names the case in the failure. */
static inline void assert_hex(const char *what, const uint8_t *p, size_t n, const char *want)
{
	struct hex h = hex_parse(want);
	char got[3 * 512 + 1] = "";
	for (size_t i = 0; i < n && i < 512; i++)
		snprintf(got + 3 * i, 4, "%02x ", p[i]);
	if (n != h.n || (n && memcmp(p, h.p, n) != 0))
		fail_msg("%s: got %zu bytes %s\nexpected %s", what, n, got, want);
	hex_done(&h);
}

static inline void assert_notification(const char *what, const struct bgp_notification *n,
				       uint8_t code, uint8_t subcode, const char *data)
{
	if (n->code != code || n->subcode != subcode)
		fail_msg("%s: got error %u/%u, expected %u/%u", what, n->code, n->subcode, code,
			 subcode);
	assert_hex(what, bgp_notification_data(n), n->data_len, data);
}

#define assert_text(what, got, want)                                                               \
	do {                                                                                       \
		if (strcmp(got, want) != 0)                                                        \
			fail_msg("%s: got '%s', expected '%s'", what, got, want);                  \
	} while (0)

#endif
