/* SPDX-License-Identifier: MIT */
#include "monitors/dns_names.h"

#include <errno.h>
#include <stddef.h>
#include <strings.h>

#include "lib/array.h"
#include "lib/str.h"

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
	for (size_t i = 0; i < ARRAY_SIZE(rcodes); i++)
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
	for (size_t i = 0; i < ARRAY_SIZE(rcodes); i++)
		if (rcodes[i].value == rcode)
			return rcodes[i].name;
	return "?";
}

int dns_type_parse(const char *text, uint16_t *ret)
{
	uint64_t v;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
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

bool dns_rcode_is_valid(const char *text)
{
	uint16_t rcode;
	return dns_rcode_parse(text, &rcode) == 0;
}
