/* SPDX-License-Identifier: MIT */
/*
 * Walks JSON text without building a tree, and hands out the values that are wanted as slices.
 *
 * For documents of which other parties write parts: a library that builds the whole tree refuses
 * the whole text for one value that it does not take (a NUL octet in a key, an integer beyond 64
 * bits, deep nesting, a key twice). Here a value that is passed over need not be any good beyond
 * its quotes and brackets, which have to match in number; one that is wanted is parsed on its own.
 *
 * Errors stick: after the first, everything ends and `failed` stays true. Pure; nothing is
 * allocated, and nothing recurses.
 */
#ifndef LIB_JSON_SCAN_H
#define LIB_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* A view into the text: a whole value, or a key with its quotes. NULL: there is none. */
struct json_slice {
	const char *p;
	size_t len;
};

struct json_scan {
	const char *p, *end;
	bool opened; /* the next octet is the first inside a bracket */
	bool failed;
};

/* `text` may be NULL where `len` is 0. */
struct json_scan json_scan_over(const char *text, size_t len);

/* The first octet of the next value or bracket; 0: there is none. */
char json_scan_peek(struct json_scan *s);
/* Goes into the object or list that begins here. */
void json_scan_enter(struct json_scan *s);
/* Goes to the next member of the object, with its key, or to the next element of the list. False:
 * behind the closing bracket, or failed. The value has to be taken or entered. */
bool json_scan_member(struct json_scan *s, struct json_slice *ret_key);
bool json_scan_element(struct json_scan *s);
struct json_slice json_scan_value(struct json_scan *s);
/* Nothing may follow. */
void json_scan_finish(struct json_scan *s);

/* Takes an object: of the members that are called names[0..n), which hold no escapes, the values,
 * one that is missing without `p`. A name twice fails. False: no object here, or failed. */
bool json_scan_fields(struct json_scan *s, const char *const *names, size_t n,
		      struct json_slice *ret);

/* The line, from 1, in which the scan of `text` stands. */
size_t json_scan_line(const struct json_scan *s, const char *text);

#endif
