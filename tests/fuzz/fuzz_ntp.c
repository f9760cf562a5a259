/* SPDX-License-Identifier: MIT */
/* Answers to an NTP check. The first byte picks the expectation. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "monitors/ntp_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The cookie is ASCII, so that a fuzzer finds it. */
	static const struct ntp_request request = { .cookie = UINT64_C(0x7669706865726174),
						    .sent = UINT64_C(1767225600) * USEC_PER_SEC };
	static const struct ntp_expected expected[] = {
		{ NTP_STRATUM_MAX, NTP_MAX_OFFSET_NONE },
		{ 3, NTP_MAX_OFFSET_NONE },
		{ NTP_STRATUM_MAX, 1 },
		{ 1, USEC_PER_SEC },
	};
	char said[256] = "";
	if (size == 0)
		return 0;
	enum ntp_verdict v =
		ntp_answer_judge(data + 1, size - 1, &request, request.sent + USEC_PER_SEC,
				 &expected[data[0] & 3], said, sizeof(said));
	if ((v == NTP_FAILED) != (said[0] != 0)) /* a failure has a reason, and nothing else has */
		abort();
	return 0;
}
