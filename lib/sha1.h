/* SPDX-License-Identifier: MIT */
/* SHA-1 (FIPS 180-4), for the protocols that have nothing else. Pure. */
#ifndef LIB_SHA1_H
#define LIB_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_SIZE 20
/* Of what is hashed: two blocks without their padding. */
#define SHA1_INPUT_MAX 119

/* `len` is up to SHA1_INPUT_MAX. */
void sha1(const void *data, size_t len, uint8_t ret[static SHA1_SIZE]);

#endif
