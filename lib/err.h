/* SPDX-License-Identifier: MIT */
/*
 * Error text for people.
 *
 * A function that can fail returns 0 or -errno. Where a person reads the failure it also takes a
 * `struct err *` and fills in a sentence that names the thing, the value and what was expected.
 * Every function here accepts NULL for a caller that does not care.
 */
#ifndef LIB_ERR_H
#define LIB_ERR_H

#include <stdbool.h>

struct err {
	char text[512]; /* NUL-terminated, cut when longer */
};

/* Fills the text and returns `code`, so that `return err_set(err, -EINVAL, "…")` reads as one. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts a context in front of the text that is there: "app dns: " + "vip 192.0.2.1: …". */
int err_prefix(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* -errno that says nothing about what was asked: the kernel could not be (no descriptor, no memory,
 * a table that changed all the time). To be asked again. */
bool err_is_unavailable(int error);

#endif
