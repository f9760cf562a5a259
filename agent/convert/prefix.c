/* SPDX-License-Identifier: MIT */
#include "agent/convert/prefix.h"

#include <errno.h>
#include <string.h>

#include "lib/str.h"

int convert_prefix(const char *text, struct prefix *ret, bool *ret_host_bits)
{
	char address[ADDR_TEXT_MAX];
	struct addr a;
	size_t n = strcspn(text, "/");
	uint64_t len;
	if (n >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, n);
	address[n] = 0;
	if (addr_parse(address, &a) < 0)
		return -EINVAL;
	len = 8 * addr_size(a.family);
	if (text[n] && str_to_u64(text + n + 1, len, &len) < 0)
		return -EINVAL;
	*ret = (struct prefix){ addr_mask(&a, (uint8_t)len), (uint8_t)len };
	*ret_host_bits = !addr_equal(&ret->addr, &a);
	return 0;
}
