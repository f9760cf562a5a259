/* SPDX-License-Identifier: MIT */
/*
 * HTML in memory. Names and texts come from tags, requests and the output of checks: html_add()
 * escapes whatever is not in its format, so that there is no other way to add one. Pure.
 */
#ifndef AGENT_PAGE_HTML_H
#define AGENT_PAGE_HTML_H

#include <jansson.h>
#include <stddef.h>

/* Zeroed; free `text`, which is NULL while nothing, or empty texts only, were added. */
struct html {
	char *text; /* NUL-terminated */
	size_t len, cap;
};

/* `markup` is ours and goes in as it is. Its conversions are %s, whose text is escaped for content
 * and for attributes in double quotes, %zu and %%, and no others. */
void html_add(struct html *h, const char *markup, ...) __attribute__((format(printf, 2, 3)));

/* Percent-encoded, for a value in a query. */
void html_add_query(struct html *h, const char *text);

/* The date KEY of an object and its distance KEY_seconds as a <time>; nothing for null. */
void html_add_time(struct html *h, const json_t *object, const char *key);
/* Likewise, its distance alone as text: "1m30s". */
#define HTML_AGE_MAX 24
const char *html_age(double seconds, char buf[static HTML_AGE_MAX]);

#endif
