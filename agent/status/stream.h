/* SPDX-License-Identifier: MIT */
/*
 * {"KEY": [ … ]} as text, made one element at a time: a list of 10,000 apps is made over as many
 * turns of the loop as the reader takes to read it, and never exists as a whole.
 */
#ifndef AGENT_STATUS_STREAM_H
#define AGENT_STATUS_STREAM_H

#include <jansson.h>
#include <stddef.h>
#include <sys/types.h>

struct stream_ops {
	/* A new reference to the next element, or NULL at the end. */
	json_t *(*next)(void *userdata);
	void (*done)(void *userdata); /* frees the userdata */
};

struct stream;

/* Behind the members of `before` (an object, whose reference is taken), or NULL. */
struct stream *stream_new(json_t *before, const char *key, const struct stream_ops *ops,
			  void *userdata);
void stream_free(struct stream *s);
/* At most `max` bytes more; 0 at the end. */
size_t stream_read(struct stream *s, char *buf, size_t max);

/* How all our JSON looks. Free the text. */
char *stream_json_text(const json_t *value);

#endif
