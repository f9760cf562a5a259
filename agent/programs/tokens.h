/* SPDX-License-Identifier: MIT */
/*
 * The words of a line: separated by blanks; each of [ ] ( ) , ; is one of its own, and a word that
 * begins with # ends the line. Views into the line. Pure.
 */
#ifndef AGENT_PROGRAMS_TOKENS_H
#define AGENT_PROGRAMS_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "bgp/config.h"
#include "lib/err.h"

struct token {
	const char *p;
	size_t len; /* 0: the end of the line */
};

struct tokens {
	const char *p, *end;
};

/* Every word but the hexadecimal data of `attribute` is shorter. */
#define TOKEN_TEXT_MAX 128

struct tokens tokens_over(const char *text, size_t len);
struct token token_next(struct tokens *t);
struct token token_peek(const struct tokens *t);
bool token_is(struct token token, const char *word);
/* Upper and lower case alike. */
bool token_is_any_case(struct token token, const char *word);
/* The next one, if it is this word. */
bool token_match(struct tokens *t, const char *word);
/* With a NUL; false, and cut, when it does not fit. */
bool token_copy(struct token token, char buf[static TOKEN_TEXT_MAX]);
/* For an error text: at most 60 octets of it. */
#define TOKEN_SHOWN(token) (int)((token).len < 60 ? (token).len : 60), (token).p
/* A decimal number of 32 bits; `what` is for the error text. */
int token_number(struct tokens *t, const char *what, struct bgp_number *ret, struct err *err);

/* One word, or any number of them in brackets, with or without commas: `add` gets each. */
typedef int token_add_fn(struct token token, void *target, struct err *err);
int token_list(struct tokens *t, const char *what, token_add_fn *add, void *target,
	       struct err *err);

#endif
