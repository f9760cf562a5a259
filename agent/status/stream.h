/* SPDX-License-Identifier: MIT */
/*
 * {"KEY": [ … ]} as text, produced one element at a time as the client reads: a list of 10,000 apps
 * is spread over many turns of the loop and never in memory as a whole.
 */
#ifndef AGENT_STATUS_STREAM_H
#define AGENT_STATUS_STREAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct stream_ops {
	/* A new reference to the next element, or NULL at the end. */
	json_t *(*next)(void *userdata);
	void (*done)(void *userdata); /* frees the userdata */
};

/* The same, of any text. */
struct stream_text_ops {
	char *(*next)(void *userdata); /* a piece, to be freed by the stream; NULL at the end */
	void (*done)(void *userdata);
	/* The last piece took long: others have their turn before the next one is made. NULL: none
	 * does. */
	bool (*rests)(void *userdata);
};

struct stream;

/* The array comes after the members of `before`, an object whose reference is stolen, or NULL. */
struct stream *stream_new(json_t *before, const char *key, const struct stream_ops *ops,
			  void *userdata);
struct stream *stream_new_text(const struct stream_text_ops *ops, void *userdata);
void stream_free(struct stream *s);
/* Reads at most `max` bytes; 0 at the end. */
size_t stream_read(struct stream *s, char *buf, size_t max);

/* One line of JSON, formatted as all answers of the API are. Free the text. */
char *stream_json_text(const json_t *value);

#endif
