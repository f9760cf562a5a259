/* SPDX-License-Identifier: MIT */
#include "lib/sha1.h"

#include <assert.h>
#include <string.h>

#include "lib/bytes.h"

#define BLOCK 64

static uint32_t rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void write_word(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* 4.1.1 and 4.2.1 */
static uint32_t mix(unsigned t, uint32_t b, uint32_t c, uint32_t d)
{
	if (t < 20)
		return ((b & c) ^ (~b & d)) + 0x5a827999;
	if (t < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (t < 60)
		return ((b & c) ^ (b & d) ^ (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

static void add_block(uint32_t state[static 5], const uint8_t *block)
{
	uint32_t w[80], s[5];
	for (unsigned t = 0; t < 16; t++)
		w[t] = bytes_u32(block + (size_t)4 * t);
	for (unsigned t = 16; t < 80; t++)
		w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	memcpy(s, state, sizeof(s));
	for (unsigned t = 0; t < 80; t++) {
		uint32_t next = rotate(s[0], 5) + mix(t, s[1], s[2], s[3]) + s[4] + w[t];
		s[4] = s[3];
		s[3] = s[2];
		s[2] = rotate(s[1], 30);
		s[1] = s[0];
		s[0] = next;
	}
	for (unsigned i = 0; i < 5; i++)
		state[i] += s[i];
}

void sha1(const void *data, size_t len, uint8_t ret[static SHA1_SIZE])
{
	uint32_t state[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	uint8_t padded[2 * BLOCK] = { 0 };
	assert(len <= SHA1_INPUT_MAX);
	/* The 1 bit and the length take nine octets. */
	const size_t size = len + 9 <= BLOCK ? BLOCK : (size_t)2 * BLOCK;
	memcpy(padded, data, len);
	padded[len] = 0x80;
	write_word(padded + size - 4, (uint32_t)len * 8);
	for (size_t i = 0; i < size; i += BLOCK)
		add_block(state, padded + i);
	for (unsigned i = 0; i < 5; i++)
		write_word(ret + (size_t)4 * i, state[i]);
}
