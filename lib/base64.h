/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648 section 4), with padding and without line breaks. Pure. */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Free it. */
char *base64_encode(const void *data, size_t len);
/* -EINVAL where it is not what base64_encode() would have written. *ret ends with a NUL behind
 * *ret_len octets; free it. */
int base64_decode(const char *text, uint8_t **ret, size_t *ret_len);

#endif
