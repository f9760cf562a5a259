/* SPDX-License-Identifier: MIT */
/*
 * An NTP request of a client and what the answer says (RFC 5905). Nothing of this host is in the
 * request: its transmit timestamp is random, which also keeps others from forging an answer. Pure.
 */
#ifndef MONITORS_NTP_MESSAGE_H
#define MONITORS_NTP_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"
#include "lib/wallclock.h"

#define NTP_MESSAGE_SIZE    48
#define NTP_STRATUM_MAX     15 /* 16: not synchronised */
#define NTP_MAX_OFFSET_NONE USEC_NEVER

/* Of one request: a random number that stands for its time, and the time itself. */
struct ntp_request {
	uint64_t cookie;
	wall_t sent;
};

struct ntp_expected {
	uint8_t max_stratum;
	span_t max_offset; /* against this host's clock; NTP_MAX_OFFSET_NONE: not compared */
};

void ntp_request_build(const struct ntp_request *q, uint8_t buf[static NTP_MESSAGE_SIZE]);

enum ntp_verdict {
	NTP_PASSED,
	NTP_FAILED,
	NTP_NOT_OURS, /* no answer to this request: drop it */
};

/* `received` is when it came. `said` says why it failed. */
enum ntp_verdict ntp_answer_judge(const uint8_t *message, size_t len, const struct ntp_request *q,
				  wall_t received, const struct ntp_expected *expected, char *said,
				  size_t said_size);

#endif
