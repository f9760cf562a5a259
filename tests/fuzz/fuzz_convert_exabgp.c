/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/convert.h"

/* The first octet says whether health checks become monitors. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const allow[] = { "192.0.2.0/24" };
	if (size == 0)
		return 0;
	const struct convert_options options = { .native = data[0] & 1,
						 .allow = allow,
						 .n_allow = data[0] >> 1 & 1 };
	return fuzz_convert("exabgp", data + 1, size - 1, &options);
}
