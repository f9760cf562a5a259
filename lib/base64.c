/* SPDX-License-Identifier: MIT */
#include "lib/base64.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t len)
{
	const uint8_t *in = data;
	char *text = mem_new((len + 2) / 3 * 4 + 1, 1), *to = text;
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)in[i] << 16;
		group |= n > 1 ? (uint32_t)in[i + 1] << 8 : 0;
		group |= n > 2 ? in[i + 2] : 0;
		for (size_t k = 0; k < 4; k++)
			*to++ = (char)(k <= n ? alphabet[group >> (18 - 6 * k) & 63] : '=');
	}
	return text;
}

/* The octets of four characters, 0 when they are not a group. */
static size_t decode_group(const char *text, uint8_t *to)
{
	uint32_t group = 0;
	size_t n = 0;
	while (n < 4 && text[n] != '=') {
		const char *at = strchr(alphabet, text[n++]);
		group = group << 6 | (uint32_t)(at ? at - alphabet : 0);
		if (!at)
			return 0;
	}
	if (n < 2 || (n == 2 && text[3] != '='))
		return 0;
	group <<= 6 * (4 - n);
	for (size_t i = 0; i < n - 1; i++)
		to[i] = (uint8_t)(group >> (16 - 8 * i));
	/* The bits that the padding stands for are 0. */
	return group & ((1U << (8 * (4 - n))) - 1) ? 0 : n - 1;
}

int base64_decode(const char *text, uint8_t **ret, size_t *ret_len)
{
	size_t len = strlen(text), n = 0, got = 3;
	if (len % 4 != 0)
		return -EINVAL;
	uint8_t *data = mem_new(len / 4 * 3 + 1, 1);
	for (size_t i = 0; i < len && got == 3; i += 4) {
		got = decode_group(text + i, data + n);
		n += got;
		if (got == 0 || (got < 3 && i + 4 < len)) {
			free(data);
			return -EINVAL;
		}
	}
	*ret = data;
	*ret_len = n;
	return 0;
}
