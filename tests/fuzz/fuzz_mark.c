/* SPDX-License-Identifier: MIT */
/* The mark of a reload on trial: one that is read must be written back unchanged. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store/confirm_mark.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct confirm_mark mark, again;
	char text[CONFIRM_MARK_MAX];
	if (len >= sizeof(text))
		return 0;
	memcpy(text, data, len);
	text[len] = 0;
	if (confirm_mark_parse(text, &mark) < 0)
		return 0;
	if (confirm_mark_format(&mark, text, sizeof(text)) < 0 ||
	    confirm_mark_parse(text, &again) < 0 || strcmp(mark.file, again.file) != 0 ||
	    strcmp(mark.sha256, again.sha256) != 0 || mark.state != again.state)
		abort();
	return 0;
}
