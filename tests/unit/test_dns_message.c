/* SPDX-License-Identifier: MIT */
/* Answers in hex, as servers send them. */
#include "monitors/dns_data.h"
#include "monitors/dns_message.h"
#include "monitors/dns_names.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"
#include "tests/unit/hex.h"

#define EXAMPLE "07 6578616d706c65 03 636f6d 00 " /* example.com */

static const struct dns_question question = { .name = "Example.com.", .type = 1, .id = 0x1234 };

/* Header with flags and counts, question, then the rest. */
#define HEAD(flags, answers) "1234 " flags " 0001 " answers " 0000 0000 "
#define ASKED(type)          EXAMPLE type " 0001 "
#define RECORD(type)         "c00c " type " 0001 0000003c "

static const struct {
	const char *name, *hex;
	uint16_t type;
	struct dns_expected expected;
	enum dns_verdict verdict;
	const char *said;
} cases[] = {
	{ "any answer",
	  HEAD("8180", "0001") ASKED("0001") RECORD("0001") "0004 c0000201",
	  1,
	  { NULL, NULL },
	  DNS_PASSED,
	  "" },
	{ "none is fine too",
	  HEAD("8180", "0000") ASKED("0001"),
	  1,
	  { NULL, NULL },
	  DNS_PASSED,
	  "" },
	{ "the right one",
	  HEAD("8180", "0001") ASKED("0001") RECORD("0001") "0004 c0000201",
	  1,
	  { NULL, "192.0.2.1" },
	  DNS_PASSED,
	  "" },
	{ "the second",
	  HEAD("8180", "0002") ASKED("0001")
		  RECORD("0001") "0004 c0000202 " RECORD("0001") "0004 c0000201",
	  1,
	  { NULL, "192.0.2.1" },
	  DNS_PASSED,
	  "" },
	{ "another",
	  HEAD("8180", "0001") ASKED("0001") RECORD("0001") "0004 c0000202",
	  1,
	  { NULL, "192.0.2.1" },
	  DNS_FAILED,
	  "'192.0.2.1' is not among the answers: 192.0.2.2" },
	{ "none at all",
	  HEAD("8180", "0000") ASKED("0001"),
	  1,
	  { NULL, "192.0.2.1" },
	  DNS_FAILED,
	  "'192.0.2.1' is not among the answers: there are none" },
	{ "NXDOMAIN",
	  HEAD("8183", "0000") ASKED("0001"),
	  1,
	  { NULL, NULL },
	  DNS_FAILED,
	  "the answer is NXDOMAIN, expected NOERROR" },
	{ "NXDOMAIN as expected",
	  HEAD("8183", "0000") ASKED("0001"),
	  1,
	  { "nxdomain", NULL },
	  DNS_PASSED,
	  "" },
	{ "REFUSED by number",
	  HEAD("8185", "0000") ASKED("0001"),
	  1,
	  { "5", NULL },
	  DNS_PASSED,
	  "" },
	{ "truncated", HEAD("8380", "0000") ASKED("0001"), 1, { NULL, NULL }, DNS_TRUNCATED, "" },
	{ "truncated in a record",
	  HEAD("8380", "0001") ASKED("0001") "c00c 0001",
	  1,
	  { NULL, NULL },
	  DNS_TRUNCATED,
	  "" },
	{ "a broken answer is dropped",
	  HEAD("8180", "0001") ASKED("0001") "c00c 0001",
	  1,
	  { NULL, NULL },
	  DNS_NOT_OURS,
	  "" },
	{ "a query", HEAD("0100", "0000") ASKED("0001"), 1, { NULL, NULL }, DNS_NOT_OURS, "" },
	{ "another identifier",
	  "1235 8180 0001 0000 0000 0000 " ASKED("0001"),
	  1,
	  { NULL, NULL },
	  DNS_NOT_OURS,
	  "" },
	{ "another type", HEAD("8180", "0000") ASKED("001c"), 1, { NULL, NULL }, DNS_NOT_OURS, "" },
	{ "another name",
	  HEAD("8180", "0000") "01 78 00 0001 0001",
	  1,
	  { NULL, NULL },
	  DNS_NOT_OURS,
	  "" },
	{ "without a question",
	  "1234 8180 0000 0000 0000 0000",
	  1,
	  { NULL, NULL },
	  DNS_NOT_OURS,
	  "" },
	{ "nothing", "", 1, { NULL, NULL }, DNS_NOT_OURS, "" },
	{ "a header that promises a question, truncated",
	  "1234 8200 0001 0000 0000 0000",
	  1,
	  { NULL, NULL },
	  DNS_TRUNCATED,
	  "" },
	{ "the same of another query",
	  "1334 8200 0001 0000 0000 0000",
	  1,
	  { NULL, NULL },
	  DNS_NOT_OURS,
	  "" },
	{ "the same of another query in its second octet",
	  "1235 8200 0001 0000 0000 0000",
	  1,
	  { NULL, NULL },
	  DNS_NOT_OURS,
	  "" },
	{ "a query with TC", "1234 0200 0001 0000 0000 0000", 1, { NULL, NULL }, DNS_NOT_OURS, "" },
	{ "an answer without TC",
	  "1234 8000 0001 0000 0000 0000",
	  1,
	  { NULL, NULL },
	  DNS_NOT_OURS,
	  "" },
	{ "eleven octets", "1234 8200 0001 0000 0000 00", 1, { NULL, NULL }, DNS_NOT_OURS, "" },
	{ "two questions",
	  "1234 8180 0002 0000 0000 0000 " ASKED("0001") ASKED("0001"),
	  1,
	  { NULL, NULL },
	  DNS_NOT_OURS,
	  "" },
	{ "two others",
	  HEAD("8180", "0002") ASKED("0001")
		  RECORD("0001") "0004 c0000202 " RECORD("0001") "0004 c0000203",
	  1,
	  { NULL, "192.0.2.1" },
	  DNS_FAILED,
	  "'192.0.2.1' is not among the answers: 192.0.2.2, 192.0.2.3" },
	{ "a code without a name",
	  HEAD("818b", "0000") ASKED("0001"),
	  1,
	  { "NXDOMAIN", NULL },
	  DNS_FAILED,
	  "the answer is ?, expected NXDOMAIN" },
	{ "the name without its dot",
	  HEAD("8180", "0001") ASKED("0002") RECORD("0002") "0002 c00c",
	  2,
	  { NULL, "EXAMPLE.com" },
	  DNS_PASSED,
	  "" },
	{ "the beginning of a name",
	  HEAD("8180", "0001") ASKED("0002") RECORD("0002") "0002 c00c",
	  2,
	  { NULL, "example.co" },
	  DNS_FAILED,
	  "'example.co' is not among the answers: example.com" },
	{ "an empty text",
	  HEAD("8180", "0001") ASKED("0010") RECORD("0010") "0001 00",
	  16,
	  { NULL, "" },
	  DNS_PASSED,
	  "" },
	{ "AAAA",
	  HEAD("8180", "0001") ASKED("001c") RECORD("001c") "0010 20010db8000000000000000000000001",
	  28,
	  { NULL, "2001:DB8::1" },
	  DNS_PASSED,
	  "" },
	{ "MX, compressed",
	  HEAD("8180", "0001") ASKED("000f") RECORD("000f") "0007 000a 02 6d78 c00c",
	  15,
	  { NULL, "10 mx.example.com." },
	  DNS_PASSED,
	  "" },
	{ "SRV",
	  HEAD("8180", "0001") ASKED("0021") RECORD("0021") "0008 0001 0002 0050 c00c",
	  33,
	  { NULL, "1 2 80 example.com" },
	  DNS_PASSED,
	  "" },
	{ "TXT of two strings",
	  HEAD("8180", "0001") ASKED("0010") RECORD("0010") "0006 02 6f6b 02 2121",
	  16,
	  { NULL, "ok!!" },
	  DNS_PASSED,
	  "" },
	{ "NS of the root",
	  HEAD("8180", "0001") ASKED("0002") RECORD("0002") "0001 00",
	  2,
	  { NULL, "." },
	  DNS_PASSED,
	  "" },
	{ "SOA",
	  HEAD("8180", "0001") ASKED("0006")
		  RECORD("0006") "0018 c00c c00c 00000007 00000001 00000002 00000003 00000004",
	  6,
	  { NULL, "example.com example.com 7 1 2 3 4" },
	  DNS_PASSED,
	  "" },
	{ "a refusal that does not repeat the question",
	  "1234 8185 0000 0000 0000 0000",
	  1,
	  { "REFUSED", NULL },
	  DNS_PASSED,
	  "" },
	{ "the same of another query",
	  "1235 8185 0000 0000 0000 0000",
	  1,
	  { "REFUSED", NULL },
	  DNS_NOT_OURS,
	  "" },
	{ "an answer to nothing",
	  "1234 8180 0000 0000 0000 0000",
	  1,
	  { NULL, NULL },
	  DNS_NOT_OURS,
	  "" },
	{ "an unknown type",
	  HEAD("8180", "0001") ASKED("fffe") RECORD("fffe") "0002 0aff",
	  65534,
	  { NULL, "\\# 2 0aff" },
	  DNS_PASSED,
	  "" },
	{ "an A of three bytes",
	  HEAD("8180", "0001") ASKED("0001") RECORD("0001") "0003 c00002",
	  1,
	  { NULL, "192.0.2.1" },
	  DNS_FAILED,
	  "'192.0.2.1' is not among the answers: there are "
	  "none" },
	{ "an answer of one character",
	  HEAD("8180", "0001") ASKED("0002") RECORD("0002") "0001 00",
	  2,
	  { NULL, "x" },
	  DNS_FAILED,
	  "'x' is not among the answers: ." },
	{ "a name that points to itself",
	  HEAD("8180", "0001") ASKED("0002") RECORD("0002") "0002 c029",
	  2,
	  { NULL, "x" },
	  DNS_FAILED,
	  "'x' is not among the answers: there are none" },
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char said[256] = "";
		struct dns_question q = question;
		q.type = cases[i].type;
		struct hex message = hex_parse(cases[i].hex);
		enum dns_verdict got = dns_answer_judge(message.p, message.n, &q,
							&cases[i].expected, said, sizeof(said));
		hex_done(&message);
		if (got != cases[i].verdict || strcmp(said, cases[i].said) != 0)
			fail_msg("%s: %d '%s'", cases[i].name, (int)got, said);
	}
}

static void test_query(void **state)
{
	(void)state;
	uint8_t buf[DNS_QUERY_MAX];
	struct hex want =
		hex_parse("1234 0100 0001 0000 0000 0000 07 4578616d706c65 03 636f6d 00 0001 "
			  "0001");
	assert_int_equal(dns_query_build(&question, buf), want.n);
	assert_memory_equal(buf, want.p, want.n);
	hex_done(&want);
	struct dns_question bad = question;
	strcpy(bad.name, "Example.com"); /* without its dot */
	assert_int_equal(dns_query_build(&bad, buf), 12 + 13 + 4);
	assert_memory_equal(buf,
			    "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07"
			    "Example\x03"
			    "com\x00\x00\x01\x00\x01",
			    29);
	memset(bad.name, 'x', 64); /* a label has 63 at most */
	bad.name[64] = 0;
	assert_int_equal(dns_query_build(&bad, buf), -EINVAL);
	strcpy(bad.name, "a..b");
	assert_int_equal(dns_query_build(&bad, buf), -EINVAL);
	strcpy(bad.name, ".");
	assert_int_equal(dns_query_build(&bad, buf), 12 + 1 + 4);
}

/* A message that is a name, example.com, and the data. */
static void test_data_as_text(void **state)
{
	static const struct {
		uint16_t type;
		const char *hex, *text;
	} rows[] = {
		{ 1, "c0000201", "192.0.2.1" },
		{ 1, "c00002", "" },
		{ 28, "20010db8000000000000000000000001", "2001:db8::1" },
		{ 28, "20010db80000000000000000000000", "" },
		{ 2, "02 6e73 c000", "ns.example.com" },
		{ 5, "c000", "example.com" },
		{ 12, "03 777777 c000", "www.example.com" },
		{ 39, "00", "." },
		{ 2, "02 6e73", "" },
		{ 33, "0001 0002 0050 c000", "1 2 80 example.com" },
		{ 33, "0001 0002 00", "" },
		{ 33, "0001 0002 0050", "" },
		{ 15, "ffff 00", "65535 ." },
		{ 15, "ff", "" },
		{ 16, "", "" },
		{ 16, "00 02 6f6b 00 01 21", "ok!" },
		{ 16, "02 6f6b 02 21", "" },
		{ 6, "c000 c000 00000007 00000001 00000002 00000003 ffffffff",
		  "example.com example.com 7 1 2 3 4294967295" },
		{ 6, "c000 c000 00000007 00000001 00000002 00000003 ffffff", "" },
		{ 6, "c000", "" },
		{ 257, "00 05", "\\# 2 0005" },
		{ 257, "", "\\# 0 " },
	};
	(void)state;
	struct hex names = hex_parse(EXAMPLE);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct hex data = hex_parse(rows[i].hex);
		size_t len = names.n + data.n;
		/* The data ends where the memory does. */
		uint8_t *message = hex_room(len);
		memcpy(message, names.p, names.n);
		memcpy(message + names.n, data.p, data.n);
		const struct dns_data d = { .message = message,
					    .message_len = len,
					    .data = message + names.n,
					    .len = data.n,
					    .type = rows[i].type };
		char text[256];
		assert_ptr_equal(dns_data_format(&d, text, sizeof(text)), text);
		if (strcmp(text, rows[i].text) != 0)
			fail_msg("%u %s: '%s'", rows[i].type, rows[i].hex, text);
		free(message);
		hex_done(&data);
	}
	hex_done(&names);
}

/* A message over TCP has a length of 16 bits. */
static void test_the_longest_message(void **state)
{
	static uint8_t message[UINT16_MAX + 1];
	const struct dns_expected any = { NULL, NULL };
	struct dns_question q = question;
	char said[256] = "";
	(void)state;
	q.type = 65534;
	struct hex head = hex_parse(HEAD("8180", "0001") ASKED("fffe") RECORD("fffe") "0000");
	for (size_t len = UINT16_MAX; len <= UINT16_MAX + 1; len++) {
		memset(message, 0, sizeof(message));
		memcpy(message, head.p, head.n);
		message[head.n - 2] = (uint8_t)((len - head.n) >> 8);
		message[head.n - 1] = (uint8_t)(len - head.n);
		assert_int_equal(dns_answer_judge(message, len, &q, &any, said, sizeof(said)),
				 len == UINT16_MAX ? DNS_PASSED : DNS_NOT_OURS);
	}
	hex_done(&head);
}

/* The registries of IANA: DNS RCODEs, and Resource Record TYPEs. */
static const struct assigned {
	const char *name;
	uint16_t value;
} rcodes[] = {
	{ "NOERROR", 0 }, { "FORMERR", 1 }, { "SERVFAIL", 2 }, { "NXDOMAIN", 3 },
	{ "NOTIMP", 4 },  { "REFUSED", 5 }, { "YXDOMAIN", 6 }, { "YXRRSET", 7 },
	{ "NXRRSET", 8 }, { "NOTAUTH", 9 }, { "NOTZONE", 10 }, { "BADVERS", 16 },
}, record_types[] = {
	{ "A", 1 },	  { "NS", 2 },	   { "CNAME", 5 },  { "SOA", 6 },   { "PTR", 12 },
	{ "HINFO", 13 },  { "MX", 15 },	   { "TXT", 16 },   { "AAAA", 28 }, { "LOC", 29 },
	{ "SRV", 33 },	  { "NAPTR", 35 }, { "DNAME", 39 }, { "DS", 43 },   { "SSHFP", 44 },
	{ "RRSIG", 46 },  { "NSEC", 47 },  { "DNSKEY", 48 }, { "NSEC3", 50 }, { "TLSA", 52 },
	{ "SVCB", 64 },	  { "HTTPS", 65 }, { "ANY", 255 },  { "CAA", 257 },
};

static void test_names_of_codes(void **state)
{
	uint16_t value = 0;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rcodes); i++) {
		assert_int_equal(dns_rcode_parse(rcodes[i].name, &value), 0);
		assert_int_equal(value, rcodes[i].value);
		assert_string_equal(dns_rcode_name(value), rcodes[i].name);
	}
	assert_string_equal(dns_rcode_name(11), "?");
	assert_int_equal(dns_rcode_parse("nxdomain", &value), 0);
	assert_int_equal(value, 3);
	assert_int_equal(dns_rcode_parse("15", &value), 0);
	assert_int_equal(value, 15);
	assert_int_equal(dns_rcode_parse("0", &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(dns_rcode_parse("16", &value), -EINVAL);
	assert_true(dns_rcode_is_valid("NOERROR"));
	assert_true(dns_rcode_is_valid("15"));
	assert_false(dns_rcode_is_valid("OK"));
}

static void test_names_of_types(void **state)
{
	uint16_t value = 0;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(record_types); i++) {
		assert_int_equal(dns_type_parse(record_types[i].name, &value), 0);
		assert_int_equal(value, record_types[i].value);
	}
	assert_int_equal(dns_type_parse("aaaa", &value), 0);
	assert_int_equal(value, 28);
	assert_int_equal(dns_type_parse("TYPE1", &value), 0);
	assert_int_equal(value, 1);
	assert_int_equal(dns_type_parse("type65535", &value), 0);
	assert_int_equal(value, 65535);
	assert_int_equal(dns_type_parse("TYPE65536", &value), -EINVAL);
	assert_int_equal(dns_type_parse("TYPE0", &value), -EINVAL);
	assert_int_equal(dns_type_parse("TYPE", &value), -EINVAL);
	assert_int_equal(dns_type_parse("1", &value), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),        cmocka_unit_test(test_query),
		cmocka_unit_test(test_data_as_text),   cmocka_unit_test(test_the_longest_message),
		cmocka_unit_test(test_names_of_codes), cmocka_unit_test(test_names_of_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
