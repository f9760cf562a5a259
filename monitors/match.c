/* SPDX-License-Identifier: MIT */
#include "monitors/match.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

bool text_is_valid(const char *text)
{
	return *text;
}

bool bytes_contain(const char *bytes, size_t len, const char *part)
{
	return memmem(bytes, len, part, strlen(part)) != NULL;
}

bool file_path_is_valid(const char *text)
{
	size_t n = strlen(text);
	return text[0] == '/' && text[n - 1] != '/' && n < PATH_MAX;
}

/* A host name as a certificate has it, without the root's dot. */
bool host_name_is_valid(const char *text)
{
	size_t n =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._");
	return n > 0 && n < 254 && !text[n] && text[0] != '.' && text[n - 1] != '.';
}

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

bool http_status_list_is_valid(const char *text)
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
bool http_header_is_valid(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				"!#$%&'*+-.^_`|~");
	return n > 0 && n < 64 && (!text[n] || text[n] == ':');
}
