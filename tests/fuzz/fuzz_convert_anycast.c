/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/convert.h"

/* An INI file of anycast-healthchecker, and BIRD's configuration behind a zero. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct convert_options none;
	return fuzz_convert("anycast-healthchecker", data, size, &none);
}
