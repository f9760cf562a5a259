/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4): the fingerprint of a configuration file. Not for secrets. Pure. */
#ifndef LIB_SHA256_H
#define LIB_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_TEXT_MAX 65
#define SHA256_BLOCK    64

/* 64 hexadecimal digits and a NUL. Returns `buf`. */
const char *sha256_text(const void *data, size_t len, char buf[static SHA256_TEXT_MAX]);

/* The same in parts: those before the last are whole blocks. */
struct sha256 {
	uint32_t state[8];
	uint64_t len;
};
void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
const char *sha256_end(struct sha256 *s, const void *rest, size_t len,
		       char buf[static SHA256_TEXT_MAX]);

#endif
