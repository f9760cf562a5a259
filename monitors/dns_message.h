/* SPDX-License-Identifier: MIT */
/* DNS queries and the verdict on an answer, by glibc's libresolv (docs/architecture.md has the
 * reasons). Pure. */
#ifndef MONITORS_DNS_MESSAGE_H
#define MONITORS_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "monitors/verdict.h"

#define DNS_QUERY_MAX 512
#define DNS_NAME_MAX  256

struct dns_question {
	char name[DNS_NAME_MAX]; /* absolute, with or without the final dot */
	uint16_t type;
	uint16_t id;
};

/* Returns the length; -EINVAL when the name is not valid. */
int dns_query_build(const struct dns_question *q, uint8_t buf[static DNS_QUERY_MAX]);

enum dns_verdict {
	DNS_PASSED,
	DNS_FAILED,
	DNS_TRUNCATED, /* ask again over TCP */
	DNS_NOT_OURS,  /* no answer to this question: drop it */
};

/* NULL: NOERROR, and any answer or none. */
struct dns_expected {
	const char *rcode, *answer;
};

/* `said` says why it failed. */
enum dns_verdict dns_answer_judge(const uint8_t *message, size_t len, const struct dns_question *q,
				  const struct dns_expected *expected, char *said,
				  size_t said_size);

#endif
