/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4): the fingerprint of a configuration file. Not for secrets. Pure. */
#ifndef LIB_SHA256_H
#define LIB_SHA256_H

#include <stddef.h>

#define SHA256_TEXT_MAX 65

/* 64 hexadecimal digits and a NUL. Returns `buf`. */
const char *sha256_text(const void *data, size_t len, char buf[static SHA256_TEXT_MAX]);

#endif
