/* SPDX-License-Identifier: MIT */
#include "agent/status/stream.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

/* Doubles are seconds with milliseconds: 12 digits last for 30 years. */
#define JSON_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12))

struct stream {
	const struct stream_ops *ops; /* NULL: of text */
	const struct stream_text_ops *text_ops;
	void *userdata;
	char *piece; /* being read; NULL at the end */
	size_t len, at;
	bool begun, ended;
};

static void set_piece(struct stream *s, char *piece)
{
	free(s->piece);
	s->piece = piece;
	s->len = piece ? strlen(piece) : 0;
	s->at = 0;
}

static char *format(const char *before, const char *text)
{
	char *out = NULL;
	if (asprintf(&out, "%s%s", before, text) < 0)
		abort(); /* out of memory, see lib/mem.h */
	return out;
}

struct stream *stream_new(json_t *before, const char *key, const struct stream_ops *ops,
			  void *userdata)
{
	char head[64];
	struct stream *s = mem_new(1, sizeof(*s));
	s->ops = ops;
	s->userdata = userdata;
	char *text = before ? json_dumps(before, JSON_FLAGS) : NULL;
	size_t len = text ? strlen(text) : 0;
	if (len > 2) /* "{…}" with something in it */
		text[len - 1] = '\0';
	snprintf(head, sizeof(head), "%s\"%s\":[", len > 2 ? "," : "{", key);
	set_piece(s, format(len > 2 ? text : "", head));
	free(text);
	json_decref(before);
	return s;
}

struct stream *stream_new_text(const struct stream_text_ops *ops, void *userdata)
{
	struct stream *s = mem_new(1, sizeof(*s));
	s->text_ops = ops;
	s->userdata = userdata;
	set_piece(s, ops->next(userdata));
	return s;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	(s->ops ? s->ops->done : s->text_ops->done)(s->userdata);
	free(s->piece);
	free(s);
}

static void next_element(struct stream *s)
{
	json_t *element = s->ended ? NULL : s->ops->next(s->userdata);
	if (!element) {
		set_piece(s, s->ended ? NULL : mem_strdup("\n]}\n"));
		s->ended = true;
		return;
	}
	/* One line per element, for grep. */
	char *text = json_dumps(element, JSON_FLAGS);
	set_piece(s, format(s->begun ? ",\n" : "\n", text ? text : "null"));
	s->begun = true;
	free(text);
	json_decref(element);
}

static void next_piece(struct stream *s)
{
	if (s->ops)
		next_element(s);
	else
		set_piece(s, s->text_ops->next(s->userdata));
}

static bool rests(const struct stream *s)
{
	return s->text_ops && s->text_ops->rests && s->text_ops->rests(s->userdata);
}

size_t stream_read(struct stream *s, char *buf, size_t max)
{
	size_t n = 0;
	while (n < max && s->piece) {
		size_t left = s->len - s->at, part = left < max - n ? left : max - n;
		memcpy(buf + n, s->piece + s->at, part);
		n += part;
		s->at += part;
		if (s->at < s->len)
			continue;
		if (n > 0 && rests(s))
			break;
		next_piece(s);
	}
	return n;
}

char *stream_json_text(const json_t *value)
{
	char *text = json_dumps(value, JSON_FLAGS);
	char *line = format(text ? text : "null", "\n");
	free(text);
	return line;
}
