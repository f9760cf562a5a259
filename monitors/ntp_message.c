/* SPDX-License-Identifier: MIT */
#include "monitors/ntp_message.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

#include "lib/bytes.h"
#include "lib/str.h"

#define VERSION      4
#define MODE_CLIENT  3
#define MODE_SERVER  4
#define LEAP_UNKNOWN 3  /* the server's clock is not synchronised */
#define MAXDISP      16 /* seconds, RFC 5905 section 7.2 */
/* From 1900, where NTP counts from, to 1970. */
#define NTP_EPOCH UINT64_C(2208988800)

/* RFC 5905 section 7.3 */
struct ntp_message {
	uint8_t leap, version, mode, stratum;
	uint32_t root_delay, root_dispersion; /* seconds, 16.16 */
	uint8_t reference_id[4];
	/* Seconds since 1900, 32.32 */
	uint64_t origin, receive, transmit;
};

static uint64_t read_u64(struct reader *r)
{
	uint64_t high = reader_u32(r);
	return high << 32 | reader_u32(r);
}

static bool parse(const uint8_t *message, size_t len, struct ntp_message *ret)
{
	struct reader r = reader_over(message, len);
	uint8_t first = reader_u8(&r);
	ret->leap = first >> 6;
	ret->version = first >> 3 & 7;
	ret->mode = first & 7;
	ret->stratum = reader_u8(&r);
	reader_u16(&r); /* poll interval, precision */
	ret->root_delay = reader_u32(&r);
	ret->root_dispersion = reader_u32(&r);
	reader_copy(&r, ret->reference_id, sizeof(ret->reference_id));
	read_u64(&r); /* when its clock was set */
	ret->origin = read_u64(&r);
	ret->receive = read_u64(&r);
	ret->transmit = read_u64(&r);
	return !r.failed; /* extension fields and a MAC may follow */
}

void ntp_request_build(const struct ntp_request *q, uint8_t buf[static NTP_MESSAGE_SIZE])
{
	struct writer w = writer_over(buf, NTP_MESSAGE_SIZE);
	writer_u8(&w, VERSION << 3 | MODE_CLIENT);
	while (w.len < NTP_MESSAGE_SIZE - sizeof(q->cookie))
		writer_u8(&w, 0);
	writer_u32(&w, (uint32_t)(q->cookie >> 32));
	writer_u32(&w, (uint32_t)q->cookie);
}

/* ---- time ---- */

static uint64_t timestamp_of(wall_t at)
{
	uint64_t seconds = at / USEC_PER_SEC + NTP_EPOCH;
	return seconds << 32 | (at % USEC_PER_SEC << 32) / USEC_PER_SEC;
}

/* Of a difference of timestamps, which are modulo 2^32 seconds: at most 68 years either way. */
static int64_t usec_of(int64_t difference)
{
	int64_t seconds = difference / (INT64_C(1) << 32), rest = difference % (INT64_C(1) << 32);
	return seconds * (int64_t)USEC_PER_SEC + rest * (int64_t)USEC_PER_SEC / (INT64_C(1) << 32);
}

/* RFC 5905 section 8, of the server's clock against ours. */
static int64_t offset_of(const struct ntp_message *m, const struct ntp_request *q, wall_t received)
{
	int64_t there = usec_of((int64_t)(m->receive - timestamp_of(q->sent)));
	int64_t back = usec_of((int64_t)(m->transmit - timestamp_of(received)));
	return (there + back) / 2;
}

/* ---- the verdict ---- */

/* A "kiss of death": the reference identifier is a code in ASCII (RFC 5905 section 7.4). */
static void describe_kiss(const struct ntp_message *m, char *said, size_t size)
{
	char code[5] = "";
	for (size_t i = 0; i < 4 && isgraph(m->reference_id[i]); i++)
		code[i] = (char)m->reference_id[i];
	if (code[0])
		snprintf(said, size, "the server refuses: kiss code %s", code);
	else
		snprintf(said, size, "the server is not synchronised: stratum 0");
}

/* RFC 5905, "root distance" */
static bool is_too_dispersed(const struct ntp_message *m)
{
	return (uint64_t)m->root_delay / 2 + m->root_dispersion >= (uint64_t)MAXDISP << 16;
}

static bool is_synchronised(const struct ntp_message *m, const struct ntp_expected *e, char *said,
			    size_t size)
{
	if (m->stratum == 0)
		describe_kiss(m, said, size);
	else if (m->leap == LEAP_UNKNOWN || m->stratum > NTP_STRATUM_MAX)
		snprintf(said, size, "the server is not synchronised: leap %u, stratum %u", m->leap,
			 m->stratum);
	else if (m->stratum > e->max_stratum)
		snprintf(said, size, "stratum %u, expected at most %u", m->stratum, e->max_stratum);
	else if (is_too_dispersed(m))
		snprintf(said, size,
			 "root delay %u ms and dispersion %u ms: the time may be wrong by %d s or "
			 "more",
			 (unsigned)((uint64_t)m->root_delay * 1000 >> 16),
			 (unsigned)((uint64_t)m->root_dispersion * 1000 >> 16), MAXDISP);
	else if (m->receive == 0 || m->transmit == 0)
		snprintf(said, size, "the answer has no time");
	else
		return true;
	return false;
}

static bool is_near(int64_t offset, const struct ntp_expected *e, char *said, size_t size)
{
	char text[DURATION_TEXT_MAX], limit[DURATION_TEXT_MAX];
	span_t distance = offset < 0 ? (span_t)-offset : (span_t)offset;
	if (distance <= e->max_offset)
		return true;
	snprintf(said, size, "the server's clock is %s %s this host's, expected at most %s",
		 duration_format(distance, text), offset < 0 ? "behind" : "ahead of",
		 duration_format(e->max_offset, limit));
	return false;
}

enum ntp_verdict ntp_answer_judge(const uint8_t *message, size_t len, const struct ntp_request *q,
				  wall_t received, const struct ntp_expected *expected, char *said,
				  size_t said_size)
{
	struct ntp_message m;
	if (!parse(message, len, &m) || m.mode != MODE_SERVER || m.origin != q->cookie ||
	    m.version == 0 || m.version > VERSION)
		return NTP_NOT_OURS;
	return is_synchronised(&m, expected, said, said_size) &&
			       is_near(offset_of(&m, q, received), expected, said, said_size)
		       ? NTP_PASSED
		       : NTP_FAILED;
}
