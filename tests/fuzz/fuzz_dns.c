/* SPDX-License-Identifier: MIT */
/* Answers to a DNS check. The first byte picks the type that was asked for and
 * what is expected. */
#include <stddef.h>
#include <stdint.h>

#include "lib/array.h"
#include "monitors/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = { 1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 65280 };
	struct dns_question q = { .name = "example.com", .id = 0x1234 };
	static const struct dns_expected wanted[] = {
		{ NULL, "no such thing" }, { "NXDOMAIN", NULL }, { NULL, "192.0.2.1" }, { "3", "x" }
	};
	char said[256];
	if (size == 0)
		return 0;
	q.type = types[data[0] % ARRAY_SIZE(types)];
	dns_answer_judge(data + 1, size - 1, &q, &wanted[data[0] >> 6], said, sizeof(said));
	return 0;
}
