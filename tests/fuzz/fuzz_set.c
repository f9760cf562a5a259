/* SPDX-License-Identifier: MIT */
/* The copy of a configuration of several files: what is read must be written back with the same
 * texts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct config_set set = { 0 }, again = { 0 };
	size_t n;
	char *text = NULL;
	if (config_set_unbundle((const char *)data, len, &set) == 0)
		text = config_set_bundle(&set, &n);
	if (text && (config_set_unbundle(text, n, &again) < 0 || again.n != set.n))
		abort();
	for (size_t i = 1; i < again.n; i++)
		if (strcmp(again.items[i].sha256, set.items[i].sha256) != 0)
			abort();
	free(text);
	config_set_done(&set);
	config_set_done(&again);
	return 0;
}
