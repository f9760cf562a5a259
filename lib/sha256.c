/* SPDX-License-Identifier: MIT */
#include "lib/sha256.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/bytes.h"

/* FIPS 180-4 4.2.2 */
static const uint32_t constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotated(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void schedule(const uint8_t block[static SHA256_BLOCK], uint32_t w[static 64])
{
	for (size_t i = 0; i < 16; i++)
		w[i] = bytes_u32(block + 4 * i);
	for (size_t i = 16; i < 64; i++) {
		uint32_t a = w[i - 15], b = w[i - 2];
		w[i] = w[i - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ a >> 3) + w[i - 7] +
		       (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10);
	}
}

/* FIPS 180-4 6.2.2, a round. The variables take each other's names from one to the next instead of
 * being moved: after eight each is where it was. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                                           \
	do {                                                                                       \
		uint32_t t = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) +               \
			     (g ^ (e & (f ^ g))) + constants[i] + w[i];                            \
		d += t;                                                                            \
		h = t + (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) +                        \
		    ((a & b) | (c & (a | b)));                                                     \
	} while (0)

static void compress(uint32_t state[static 8], const uint8_t block[static SHA256_BLOCK])
{
	uint32_t w[64];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	schedule(block, w);
	for (size_t i = 0; i < 64; i += 8) {
		ROUND(a, b, c, d, e, f, g, h, i);
		ROUND(h, a, b, c, d, e, f, g, i + 1);
		ROUND(g, h, a, b, c, d, e, f, i + 2);
		ROUND(f, g, h, a, b, c, d, e, i + 3);
		ROUND(e, f, g, h, a, b, c, d, i + 4);
		ROUND(d, e, f, g, h, a, b, c, i + 5);
		ROUND(c, d, e, f, g, h, a, b, i + 6);
		ROUND(b, c, d, e, f, g, h, a, i + 7);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

/* The last block or two: a 1, zeros, and the length in bits. */
static void finish(uint32_t state[static 8], const uint8_t *rest, size_t n, uint64_t len)
{
	uint8_t block[2 * SHA256_BLOCK] = { 0 };
	size_t size = n + 9 <= SHA256_BLOCK ? SHA256_BLOCK : 2 * SHA256_BLOCK;
	if (rest)
		memcpy(block, rest, n);
	block[n] = 0x80;
	for (size_t i = 0; i < 8; i++)
		block[size - 1 - i] = (uint8_t)(len * 8 >> 8 * i);
	for (size_t at = 0; at < size; at += SHA256_BLOCK)
		compress(state, block + at);
}

void sha256_begin(struct sha256 *s)
{
	*s = (struct sha256){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
					 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

void sha256_add(struct sha256 *s, const void *data, size_t len)
{
	const uint8_t *p = data;
	for (size_t at = 0; at < len; at += SHA256_BLOCK)
		compress(s->state, p + at);
	s->len += len;
}

const char *sha256_end(struct sha256 *s, const void *rest, size_t len,
		       char buf[static SHA256_TEXT_MAX])
{
	size_t whole = len / SHA256_BLOCK * SHA256_BLOCK;
	const uint8_t *p = rest;
	sha256_add(s, p, whole);
	finish(s->state, len > whole ? p + whole : NULL, len - whole, s->len + len - whole);
	for (size_t i = 0; i < 8; i++)
		snprintf(buf + 8 * i, 9, "%08x", (unsigned)s->state[i]);
	return buf;
}

const char *sha256_text(const void *data, size_t len, char buf[static SHA256_TEXT_MAX])
{
	struct sha256 s;
	sha256_begin(&s);
	return sha256_end(&s, data, len, buf);
}
