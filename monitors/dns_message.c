/* SPDX-License-Identifier: MIT */
#include "monitors/dns_message.h"

#include <errno.h>
#include <netinet/in.h>
#include <arpa/nameser.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/bytes.h"
#include "lib/str.h"
#include "monitors/dns_data.h"
#include "monitors/dns_names.h"

/* The text of a longer record is cut. */
#define RECORD_TEXT_MAX 2048

int dns_query_build(const struct dns_question *q, uint8_t buf[static DNS_QUERY_MAX])
{
	uint8_t name[NS_MAXCDNAME];
	struct writer w = writer_over(buf, DNS_QUERY_MAX);
	const uint8_t *end = name;
	if (ns_name_pton(q->name, name, sizeof(name)) < 0 ||
	    ns_name_skip(&end, name + sizeof(name)) < 0)
		return -EINVAL;
	writer_u16(&w, q->id);
	writer_u16(&w, 0x0100); /* QUERY with RD, as HOST may be a resolver */
	writer_u16(&w, 1);      /* one question, and no records */
	writer_u16(&w, 0);
	writer_u16(&w, 0);
	writer_u16(&w, 0);
	writer_bytes(&w, name, (size_t)(end - name));
	writer_u16(&w, q->type);
	writer_u16(&w, ns_c_in);
	return w.failed ? -EINVAL : (int)w.len;
}

/* Without regard to case and the final dot. */
static bool same_name(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	n -= n > 0 && a[n - 1] == '.';
	m -= m > 0 && b[m - 1] == '.';
	return n == m && strncasecmp(a, b, n) == 0;
}

static bool is_ours(ns_msg *m, const struct dns_question *q)
{
	ns_rr rr;
	if (ns_msg_id(*m) != q->id || ns_msg_getflag(*m, ns_f_qr) != 1)
		return false;
	/* Some servers refuse without repeating the question. */
	if (ns_msg_count(*m, ns_s_qd) == 0 && ns_msg_getflag(*m, ns_f_rcode) != ns_r_noerror)
		return true;
	return ns_msg_count(*m, ns_s_qd) == 1 && ns_parserr(m, ns_s_qd, 0, &rr) == 0 &&
	       ns_rr_type(rr) == q->type && same_name(ns_rr_name(rr), q->name);
}

static const char *record_data(ns_msg *m, const ns_rr *rr, char buf[static RECORD_TEXT_MAX])
{
	const struct dns_data data = {
		.message = ns_msg_base(*m),
		.message_len = ns_msg_size(*m),
		.data = ns_rr_rdata(*rr),
		.len = ns_rr_rdlen(*rr),
		.type = ns_rr_type(*rr),
	};
	return dns_data_format(&data, buf, RECORD_TEXT_MAX);
}

static bool has_answer(ns_msg *m, const char *wanted, struct strbuf *seen)
{
	char text[RECORD_TEXT_MAX], shown[128];
	ns_rr rr;
	for (int i = 0; i < ns_msg_count(*m, ns_s_an); i++) {
		if (ns_parserr(m, ns_s_an, i, &rr) < 0)
			break;
		const char *data = record_data(m, &rr, text);
		if (same_name(data, wanted))
			return true;
		strbuf_add(seen, "%s%s", i > 0 ? ", " : "",
			   str_printable(shown, sizeof(shown), data, strlen(data)));
	}
	return false;
}

static enum dns_verdict judge(ns_msg *m, const struct dns_expected *expected, char *said,
			      size_t size)
{
	char list[256];
	struct strbuf seen = strbuf_over(list, sizeof(list));
	uint16_t wanted = 0, rcode = ns_msg_getflag(*m, ns_f_rcode) & 15;
	if (expected->rcode)
		dns_rcode_parse(expected->rcode, &wanted);
	if (rcode != wanted) {
		snprintf(said, size, "the answer is %s, expected %s", dns_rcode_name(rcode),
			 dns_rcode_name(wanted));
		return DNS_FAILED;
	}
	if (!expected->answer || has_answer(m, expected->answer, &seen))
		return DNS_PASSED;
	snprintf(said, size, "'%.80s' is not among the answers: %s", expected->answer,
		 list[0] ? list : "there are none");
	return DNS_FAILED;
}

enum dns_verdict dns_answer_judge(const uint8_t *message, size_t len, const struct dns_question *q,
				  const struct dns_expected *expected, char *said, size_t said_size)
{
	ns_msg m;
	if (len > UINT16_MAX || ns_initparse(message, (int)len, &m) < 0) {
		/* A datagram that was cut in the middle of a record still has TC set. */
		bool cut = len >= 12 && (message[0] << 8 | message[1]) == q->id &&
			   (message[2] & 0x82) == 0x82;
		return cut ? DNS_TRUNCATED : DNS_NOT_OURS;
	}
	if (!is_ours(&m, q))
		return DNS_NOT_OURS;
	if (ns_msg_getflag(m, ns_f_tc))
		return DNS_TRUNCATED;
	return judge(&m, expected, said, said_size);
}
