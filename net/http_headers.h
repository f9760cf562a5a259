/* SPDX-License-Identifier: MIT */
/* The header lines of an HTTP answer. Pure. */
#ifndef NET_HTTP_HEADERS_H
#define NET_HTTP_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_HEADERS_MAX 4096 /* of an answer; lines beyond are dropped */
#define HTTP_HEADER_MAX  128

struct http_headers {
	size_t len;
	char text[HTTP_HEADERS_MAX];
};

/* One line with its line end, as it arrives. */
void http_headers_add(struct http_headers *h, const char *line, size_t len);
/* The value of a header, whose name is in any letter case, in the caller's buffer; NULL when there
 * is none or it does not fit. */
const char *http_headers_get(const struct http_headers *h, const char *name,
			     char buf[static HTTP_HEADER_MAX]);
/* Whether a header of that name, of which an answer may have many, has `part` in its value. */
bool http_headers_have(const struct http_headers *h, const char *name, const char *part);

#endif
