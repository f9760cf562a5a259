/* SPDX-License-Identifier: MIT */
/* Output of the converters: the document, and remarks about it. Pure. */
#ifndef AGENT_CONVERT_DOCUMENT_H
#define AGENT_CONVERT_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define CONVERT_FILE_MAX  ((size_t)1 << 20)
#define CONVERT_FILES_MAX 256

/* One file. `text` need not end with a NUL. */
struct convert_input {
	const char *name;
	const char *text;
	size_t len;
};

struct convert_options {
	bool native;             /* of exabgp: health checks become monitors */
	const char *const *args; /* of fabio: its command line; they stand for a file "arguments" */
	size_t n_args;
	const char *const *allow; /* of exabgp: prefixes that programs may announce */
	size_t n_allow;
};

/* A line of an input. */
struct convert_at {
	const char *file; /* NULL: the whole */
	unsigned line;
};

enum convert_severity {
	CONVERT_NOTE, /* carried over, and works differently here */
	CONVERT_LOST,
};

struct convert_remark {
	enum convert_severity severity;
	struct convert_at at;
	char *text;
};

/* Where an object of the document, or a key of one, comes from. */
struct convert_origin {
	json_t *object;  /* with a reference, so that its address stays its own */
	const char *key; /* NULL: the object; not copied */
	struct convert_at at;
};

struct convert {
	const char *tool;
	json_t *document;
	struct convert_remark *remarks;
	size_t n_remarks, cap_remarks, n_lost;
	struct convert_origin *origins;
	size_t n_origins, cap_origins;
	json_t *names; /* given out by convert_app_name(): how many begin with each */
};

/* `what` is the line or the words that the remark is about; NULL: none. */
void convert_lost(struct convert *c, struct convert_at at, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void convert_note(struct convert *c, struct convert_at at, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A section of the file, "agent" or "bgp"; it is made when it is first asked for. */
json_t *convert_section(struct convert *c, const char *name);
/* A new element at the end of a list: "apps", "peers" (of bgp), "processes", "hooks" (of agent). */
json_t *convert_add(struct convert *c, const char *list, struct convert_at at);
/* The element that a list has, by position; NULL: none. */
json_t *convert_item(struct convert *c, const char *list, size_t i);

/* Says where a key of an object comes from. */
void convert_place(struct convert *c, json_t *object, const char *key, struct convert_at at);

void convert_set(json_t *object, const char *key, const char *text);
void convert_set_number(json_t *object, const char *key, uint64_t number);
void convert_set_true(json_t *object, const char *key);
/* "30s" */
void convert_set_seconds(json_t *object, const char *key, uint64_t seconds);
/* Appends to a list of texts; the same text once. */
void convert_append(json_t *object, const char *key, const char *text);
/* An object in an object; it is made when it is first asked for. */
json_t *convert_inner(json_t *object, const char *key);
const char *convert_get(const json_t *object, const char *key); /* "" for none */
/* `name`, or with -2, -3 … behind it: the first that was not given out yet; cut to what a name may
 * have. */
const char *convert_app_name(struct convert *c, const char *name, char buf[static 129]);

void convert_done(struct convert *c);

#endif
