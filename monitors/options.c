/* SPDX-License-Identifier: MIT */
#include "monitors/options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/mem.h"
#include "lib/str.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- HTTP status ---- */

/* One piece of "200-299,404"; NULL when it is none, else where the next begins. */
static const char *status_range(const char *p, long *first, long *last)
{
	char *end;
	if (*p < '1' || *p > '9')
		return NULL;
	*first = *last = strtol(p, &end, 10);
	if (*end == '-') {
		p = end + 1;
		if (*p < '1' || *p > '9')
			return NULL;
		*last = strtol(p, &end, 10);
	}
	if (*first < 100 || *last > 599 || *first > *last)
		return NULL;
	if (*end == ',' && end[1])
		return end + 1;
	return *end ? NULL : end;
}

static bool is_status(const char *text)
{
	long first, last;
	const char *p = text;
	do
		p = status_range(p, &first, &last);
	while (p && *p);
	return p;
}

bool http_status_matches(const char *text, long status)
{
	long first, last;
	const char *p = text ? text : "200-299";
	while (p && *p) {
		p = status_range(p, &first, &last);
		if (p && status >= first && status <= last)
			return true;
	}
	return false;
}

/* A token of RFC 9110 5.1, then the end or ": …". */
static bool is_header(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				"!#$%&'*+-.^_`|~");
	return n > 0 && n < 64 && (!text[n] || text[n] == ':');
}

/* ---- DNS ---- */

/* RFC 1035, 2136, 6891 */
static const struct {
	uint16_t value;
	const char *name;
} rcodes[] = {
	{ 0, "NOERROR" },  { 1, "FORMERR" },  { 2, "SERVFAIL" }, { 3, "NXDOMAIN" },
	{ 4, "NOTIMP" },   { 5, "REFUSED" },  { 6, "YXDOMAIN" }, { 7, "YXRRSET" },
	{ 8, "NXRRSET" },  { 9, "NOTAUTH" },  { 10, "NOTZONE" }, { 16, "BADVERS" },
}, types[] = {
	{ 1, "A" },	   { 2, "NS" },	     { 5, "CNAME" },   { 6, "SOA" },	{ 12, "PTR" },
	{ 13, "HINFO" },   { 15, "MX" },     { 16, "TXT" },    { 28, "AAAA" },	{ 29, "LOC" },
	{ 33, "SRV" },	   { 35, "NAPTR" },  { 39, "DNAME" },  { 43, "DS" },	{ 44, "SSHFP" },
	{ 46, "RRSIG" },   { 47, "NSEC" },   { 48, "DNSKEY" }, { 50, "NSEC3" }, { 52, "TLSA" },
	{ 64, "SVCB" },	   { 65, "HTTPS" },  { 255, "ANY" },   { 257, "CAA" },
};

int dns_rcode_parse(const char *text, uint16_t *ret)
{
	uint64_t v;
	for (size_t i = 0; i < COUNT(rcodes); i++)
		if (strcasecmp(text, rcodes[i].name) == 0) {
			*ret = rcodes[i].value;
			return 0;
		}
	if (str_to_u64(text, 15, &v) < 0)
		return -EINVAL;
	*ret = (uint16_t)v;
	return 0;
}

const char *dns_rcode_name(uint16_t rcode)
{
	for (size_t i = 0; i < COUNT(rcodes); i++)
		if (rcodes[i].value == rcode)
			return rcodes[i].name;
	return "?";
}

int dns_type_parse(const char *text, uint16_t *ret)
{
	uint64_t v;
	for (size_t i = 0; i < COUNT(types); i++)
		if (strcasecmp(text, types[i].name) == 0) {
			*ret = types[i].value;
			return 0;
		}
	/* RFC 3597 section 5 */
	if (strncasecmp(text, "TYPE", 4) != 0 || str_to_u64(text + 4, UINT16_MAX, &v) < 0 || v == 0)
		return -EINVAL;
	*ret = (uint16_t)v;
	return 0;
}

static bool is_rcode(const char *text)
{
	uint16_t rcode;
	return dns_rcode_parse(text, &rcode) == 0;
}

/* ---- all ---- */

static bool is_text(const char *text)
{
	return *text;
}

/* A host name as a certificate has it, without the root's dot. */
static bool is_host_name(const char *text)
{
	size_t n =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");
	return n > 0 && n < 254 && !text[n] && text[0] != '.' && text[n - 1] != '.';
}

static bool is_file(const char *text)
{
	size_t n = strlen(text);
	return text[0] == '/' && text[n - 1] != '/' && n < PATH_MAX;
}

#define KIND(k) (1U << (k))
#define HTTP    (KIND(MONITOR_HTTP) | KIND(MONITOR_HTTPS))

static const struct {
	const char *name;
	unsigned kinds;
	bool (*is_valid)(const char *text);
	const char *expected;
} options[MONITOR_N_OPTIONS] = {
	[MONITOR_STATUS] = { "status", HTTP, is_status,
			     "expected codes and ranges from 100 to 599 like 200-299,404" },
	[MONITOR_HEADER] = { "header", HTTP, is_header,
			     "expected 'Name' or 'Name: part of its value'" },
	[MONITOR_BODY] = { "body", HTTP, is_text, "expected part of the body" },
	[MONITOR_TLS_NAME] = { "tls_name", KIND(MONITOR_HTTPS), is_host_name,
			       "expected a host name like www.example.com" },
	[MONITOR_TLS_CA] = { "tls_ca", KIND(MONITOR_HTTPS), is_file,
			     "expected the absolute path of a PEM file" },
	[MONITOR_SEND] = { "send", KIND(MONITOR_TCP), is_text, "expected what is to be sent" },
	[MONITOR_EXPECT] = { "expect", KIND(MONITOR_TCP), is_text, "expected part of the answer" },
	[MONITOR_RCODE] = { "rcode", KIND(MONITOR_DNS), is_rcode,
			    "expected NOERROR, NXDOMAIN, REFUSED, … or a number up to 15" },
	[MONITOR_ANSWER] = { "answer", KIND(MONITOR_DNS), is_text,
			     "expected the data of a record like 192.0.2.1" },
};

const char *monitor_option_name(enum monitor_option o)
{
	return options[o].name;
}

int monitor_option_check(enum monitor_kind kind, enum monitor_option o, const char *text,
			 struct err *err)
{
	if (!(options[o].kinds & KIND(kind)))
		return err_set(err, -EINVAL, "'%s' is not for %s monitors", options[o].name,
			       monitor_kind_name(kind));
	if (!options[o].is_valid(text))
		return err_set(err, -EINVAL, "%s '%.80s': %s", options[o].name, text,
			       options[o].expected);
	return 0;
}

void monitor_options_done(struct monitor_options *o)
{
	for (size_t i = 0; i < MONITOR_N_OPTIONS; i++)
		mem_free(&o->texts[i]);
}

bool bytes_contain(const char *bytes, size_t len, const char *part)
{
	return memmem(bytes, len, part, strlen(part)) != NULL;
}
