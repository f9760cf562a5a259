/* SPDX-License-Identifier: MIT */
#include "agent/http/accept.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* The weight behind "q=" in thousandths: 0 to 1000. Text that is not a weight counts as 0. */
static unsigned read_weight(const char *p)
{
	unsigned weight = 0, unit = 100;
	if (*p == '1')
		return 1000;
	if (*p != '0' || p[1] != '.')
		return 0;
	for (p += 2; isdigit((unsigned char)*p); p++, unit /= 10)
		weight += (unsigned)(*p - '0') * unit;
	return weight;
}

/* Of an element up to `end`; the name in front is `n` octets long. */
static unsigned weight_of(const char *element, const char *end, size_t n)
{
	for (const char *p = element + n; p < end; p++) {
		if (*p != ';')
			continue;
		p += 1 + strspn(p + 1, " \t");
		if (strncasecmp(p, "q=", 2) == 0)
			return read_weight(p + 2);
		p--;
	}
	return 1000;
}

/* 0: it is not named, or ruled out. */
static unsigned weight_in(const char *header, const char *name)
{
	size_t len = strlen(name);
	for (const char *p = header ? header : ""; *p;) {
		p += strspn(p, ", \t");
		const char *end = p + strcspn(p, ",");
		size_t n = strcspn(p, ";, \t");
		if (n == len && strncasecmp(p, name, n) == 0)
			return weight_of(p, end, n);
		p = end;
	}
	return 0;
}

bool accept_prefers(const char *accept, const char *type, const char *other)
{
	unsigned weight = weight_in(accept, type);
	return weight > 0 && weight >= weight_in(accept, other);
}

bool accept_allows(const char *accept_encoding, const char *coding)
{
	return weight_in(accept_encoding, coding) > 0;
}
