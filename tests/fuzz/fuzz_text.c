/* SPDX-License-Identifier: MIT */
/* Any bytes as text: decoding stays within them, and what is printed is plain. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/redact.h"
#include "lib/str.h"
#include "lib/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char *escaped = mem_new(UTF8_ESCAPED_MAX(size), 1), *printable = mem_new(size + 1, 1);
	uint32_t c;
	int plain = 1;
	for (size_t i = 0, n; i < size; i += n ? n : 1) {
		n = utf8_decode(text + i, size - i, &c);
		must(n <= 4 && n <= size - i);
		plain = plain && n > 0 && !utf8_kind(c);
	}
	utf8_escape(escaped, UTF8_ESCAPED_MAX(size), text, size);
	str_printable(printable, size + 1, text, size);
	must(utf8_check(escaped, NULL) == 0 && utf8_check(printable, NULL) == 0);
	must(strlen(escaped) >= size && strlen(printable) <= size);
	if (plain)
		must(memcmp(escaped, text, size) == 0 && memcmp(printable, text, size) == 0);
	redact(escaped);
	must(!redact_is_needed(escaped));
	free(escaped);
	free(printable);
	return 0;
}
