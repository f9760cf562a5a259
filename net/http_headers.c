/* SPDX-License-Identifier: MIT */
#include "net/http_headers.h"

#include <string.h>
#include <strings.h>

void http_headers_add(struct http_headers *h, const char *line, size_t len)
{
	if (len >= HTTP_HEADERS_MAX - h->len)
		return;
	memcpy(h->text + h->len, line, len);
	h->len += len;
	h->text[h->len] = 0;
}

/* The next header of that name at or after `line`, which is moved behind it; NULL: there is none.
 */
static const char *next_value(const char **line, const char *name, size_t *ret_len)
{
	size_t n = strlen(name);
	while (**line) {
		const char *start = *line;
		size_t len = strcspn(start, "\r\n");
		*line += len;
		*line += strspn(*line, "\r\n");
		if (len <= n || strncasecmp(start, name, n) != 0 || start[n] != ':')
			continue;
		const char *value = start + n + 1;
		while (value < start + len && (*value == ' ' || *value == '\t'))
			value++;
		*ret_len = (size_t)(start + len - value);
		return value;
	}
	return NULL;
}

const char *http_headers_get(const struct http_headers *h, const char *name,
			     char buf[static HTTP_HEADER_MAX])
{
	const char *line = h->text;
	size_t len;
	const char *value = next_value(&line, name, &len);
	if (!value || len >= HTTP_HEADER_MAX)
		return NULL;
	memcpy(buf, value, len);
	buf[len] = 0;
	return buf;
}

bool http_headers_have(const struct http_headers *h, const char *name, const char *part)
{
	const char *line = h->text;
	size_t len;
	for (const char *value; (value = next_value(&line, name, &len));)
		if (memmem(value, len, part, strlen(part)))
			return true;
	return false;
}
