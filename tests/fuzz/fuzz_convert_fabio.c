/* SPDX-License-Identifier: MIT */
#include "lib/mem.h"
#include "tests/fuzz/convert.h"

#define ARGS_MAX 64

/* Properties, and behind a zero the command line, an argument a line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *args[ARGS_MAX];
	struct convert_options options = { .args = args };
	const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
	size_t first = cut ? (size_t)(cut - data) : size;
	char *text = mem_new(size + 1, 1);
	if (cut)
		memcpy(text, cut + 1, size - first - 1);
	for (char *save, *word = strtok_r(text, "\n", &save); word && options.n_args < ARGS_MAX;
	     word = strtok_r(NULL, "\n", &save))
		args[options.n_args++] = word;
	fuzz_convert("fabio", data, first, &options);
	free(text);
	return 0;
}
