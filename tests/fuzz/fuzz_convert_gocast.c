/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/convert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct convert_options none;
	return fuzz_convert("gocast", data, size, &none);
}
