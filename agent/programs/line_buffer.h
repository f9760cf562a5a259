/* SPDX-License-Identifier: MIT */
/* Octets of a pipe, line by line. A line that is longer than LINE_MAX_OCTETS is dropped as it comes
 * in, so that no more is ever held. Pure. */
#ifndef AGENT_PROGRAMS_LINE_BUFFER_H
#define AGENT_PROGRAMS_LINE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct line_buffer {
	char *octets;
	size_t head, len, cap; /* `head`: of the first line */
	bool too_long;         /* the rest of this line is dropped */
};

enum line_found {
	LINE_NONE, /* its end is still to come */
	LINE_WHOLE,
	LINE_TOO_LONG,
};

void line_buffer_done(struct line_buffer *b);
/* Not more than LINE_BUFFER_ADD at once, and only when line_buffer_next() has found none. */
#define LINE_BUFFER_ADD ((size_t)16 << 10)
void line_buffer_add(struct line_buffer *b, const char *octets, size_t n);
/* No part of a line is held. */
bool line_buffer_is_empty(const struct line_buffer *b);
/* The next line without its end; a view until octets are added. */
enum line_found line_buffer_next(struct line_buffer *b, const char **ret, size_t *ret_len);
/* The pipe has ended: a last line without its end, if there is one. */
enum line_found line_buffer_last(struct line_buffer *b, const char **ret, size_t *ret_len);

#endif
