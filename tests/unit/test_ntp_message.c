/* SPDX-License-Identifier: MIT */
#include "monitors/ntp_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"
#include "tests/unit/hex.h"

/* 2026-01-01T00:00:00Z is 1767225600 s after 1970: 0xed003780 s after 1900. */
#define SENT     (UINT64_C(1767225600) * USEC_PER_SEC)
#define RECEIVED (SENT + 20 * USEC_PER_MSEC)

static const struct ntp_request request = { .cookie = UINT64_C(0x0123456789abcdef), .sent = SENT };
#define ANYTHING                                                                                   \
	{                                                                                          \
		NTP_STRATUM_MAX, NTP_MAX_OFFSET_NONE                                               \
	}

#define ORIGIN "0123456789abcdef"
/* Received and answered 10 ms after the request: the server's clock is right. */
#define TIMES "ed003780028f5c29 ed003780028f5c29"
#define REST  ORIGIN " " TIMES
/* Root delay 15.6 ms, root dispersion 15.6 ms, reference, when it was set. */
#define ROOT "00000400 00000400 c0000201 ed00370000000000"

static void test_request(void **state)
{
	(void)state;
	uint8_t buf[NTP_MESSAGE_SIZE];
	ntp_request_build(&request, buf);
	assert_hex("request", buf, sizeof(buf),
		   "23000000 00000000 00000000 00000000 0000000000000000 "
		   "0000000000000000 0000000000000000 " ORIGIN);
}

static const struct {
	const char *name, *message;
	struct ntp_expected expected;
	enum ntp_verdict verdict;
	const char *said;
} cases[] = {
	{ "good", "24020400 " ROOT REST, ANYTHING, NTP_PASSED, "" },
	{ "version 3", "1c020400 " ROOT REST, ANYTHING, NTP_PASSED, "" },
	{ "leap second ahead", "64020400 " ROOT REST, ANYTHING, NTP_PASSED, "" },
	{ "with a MAC", "24020400 " ROOT REST "00000001 00112233445566778899aabbccddeeff", ANYTHING,
	  NTP_PASSED, "" },
	{ "stratum 15", "240f0400 " ROOT REST, ANYTHING, NTP_PASSED, "" },
	{ "short", "24020400 " ROOT ORIGIN "ed003780028f5c29 ed003780028f5c", ANYTHING,
	  NTP_NOT_OURS, "" },
	{ "empty", "", ANYTHING, NTP_NOT_OURS, "" },
	{ "another request's", "24020400 " ROOT "0123456789abcdee " TIMES, ANYTHING, NTP_NOT_OURS,
	  "" },
	{ "our own request", "23000000 " ROOT REST, ANYTHING, NTP_NOT_OURS, "" },
	{ "broadcast", "25020400 " ROOT REST, ANYTHING, NTP_NOT_OURS, "" },
	{ "version 0", "04020400 " ROOT REST, ANYTHING, NTP_NOT_OURS, "" },
	{ "version 5", "2c020400 " ROOT REST, ANYTHING, NTP_NOT_OURS, "" },
	{ "kiss of death", "e4000400 00000000 00000000 52415445 0000000000000000" REST, ANYTHING,
	  NTP_FAILED, "the server refuses: kiss code RATE" },
	{ "stratum 0 without a code", "e4000400 00000000 00000000 00000000 0000000000000000" REST,
	  ANYTHING, NTP_FAILED, "the server is not synchronised: stratum 0" },
	{ "code with a control character",
	  "e4000400 00000000 00000000 44451b59 0000000000000000" REST, ANYTHING, NTP_FAILED,
	  "the server refuses: kiss code DE" },
	{ "leap 3", "e4020400 " ROOT REST, ANYTHING, NTP_FAILED,
	  "the server is not synchronised: leap 3, stratum 2" },
	{ "stratum 16", "24100400 " ROOT REST, ANYTHING, NTP_FAILED,
	  "the server is not synchronised: leap 0, stratum 16" },
	{ "stratum above the limit",
	  "24040400 " ROOT REST,
	  { 3, NTP_MAX_OFFSET_NONE },
	  NTP_FAILED,
	  "stratum 4, expected at most 3" },
	{ "stratum at the limit",
	  "24030400 " ROOT REST,
	  { 3, NTP_MAX_OFFSET_NONE },
	  NTP_PASSED,
	  "" },
	{ "dispersion of 16 s", "24020400 00000000 00100000 c0000201 ed00370000000000" REST,
	  ANYTHING, NTP_FAILED, "root delay 0 ms and dispersion 16000 ms" },
	{ "dispersion just below 16 s", "24020400 00000000 000fffff c0000201 ed00370000000000" REST,
	  ANYTHING, NTP_PASSED, "" },
	{ "delay of 32 s", "24020400 00200000 00000000 c0000201 ed00370000000000" REST, ANYTHING,
	  NTP_FAILED, "root delay 32000 ms" },
	{ "largest delay and dispersion",
	  "24020400 ffffffff ffffffff c0000201 ed00370000000000" REST, ANYTHING, NTP_FAILED,
	  "root delay 65535999 ms" },
	{ "no receive time", "24020400 " ROOT ORIGIN "0000000000000000 ed003780028f5c29", ANYTHING,
	  NTP_FAILED, "the answer has no time" },
	{ "no transmit time", "24020400 " ROOT ORIGIN "ed003780028f5c29 0000000000000000", ANYTHING,
	  NTP_FAILED, "the answer has no time" },
	{ "offset of nothing", "24020400 " ROOT REST, { 15, 1000 }, NTP_PASSED, "" },
	/* A second and 10 ms after the request. */
	{ "a second ahead",
	  "24020400 " ROOT ORIGIN "ed003781028f5c29 ed003781028f5c29",
	  { 15, USEC_PER_SEC - 1000 },
	  NTP_FAILED,
	  "ahead of this host's, expected at most 999ms" },
	{ "a second ahead, allowed",
	  "24020400 " ROOT ORIGIN "ed003781028f5c29 ed003781028f5c29",
	  { 15, USEC_PER_SEC + 1000 },
	  NTP_PASSED,
	  "" },
	{ "a second behind",
	  "24020400 " ROOT ORIGIN "ed00377f028f5c29 ed00377f028f5c29",
	  { 15, USEC_PER_SEC - 1000 },
	  NTP_FAILED,
	  "behind this host's" },
	/* Era 1 begins in 2036: the seconds wrap, and are taken as the nearest. */
	{ "far ahead",
	  "24020400 " ROOT ORIGIN "0000000100000000 0000000100000000",
	  { 15, USEC_PER_SEC },
	  NTP_FAILED,
	  "ahead of this host's" },
	{ "far behind",
	  "24020400 " ROOT ORIGIN "8000000000000000 8000000000000000",
	  { 15, USEC_PER_SEC },
	  NTP_FAILED,
	  "behind this host's" },
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char said[256] = "";
		struct hex message = hex_parse(cases[i].message);
		enum ntp_verdict got = ntp_answer_judge(message.p, message.n, &request, RECEIVED,
							&cases[i].expected, said, sizeof(said));
		if (got != cases[i].verdict || !strstr(said, cases[i].said))
			fail_msg("%s: %d '%s'", cases[i].name, got, said);
		hex_done(&message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
