/* SPDX-License-Identifier: MIT */
/*
 * The common form of ExaBGP's and BIRD's configurations: words that end with ';', or with a block
 * of further statements in braces. Pure.
 */
#ifndef AGENT_CONVERT_STATEMENTS_H
#define AGENT_CONVERT_STATEMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/convert/document.h"
#include "lib/err.h"

#define STATEMENTS_DEPTH_MAX 16

struct statements_form {
	const char *single;  /* characters that are words by themselves */
	bool single_quotes;  /* ' quotes, as " does */
	bool escapes;        /* a backslash quotes one character */
	bool block_comments; /* those of C, beside # */
	bool lists;          /* "debug { states, routes };": a block may end without ';' */
};

struct statement {
	struct convert_at at;
	char **words; /* one at least, but of the root */
	size_t n_words, cap_words;
	struct statement *first, *last, *next; /* first: of its block */
	bool is_block;
};

/* -EINVAL with file and line. *ret is a block without words; free it with statements_free(). */
int statements_parse(const struct convert_input *in, const struct statements_form *form,
		     struct statement **ret, struct err *err);
void statements_free(struct statement *root);

/* The word at a position; "" beyond the last. */
const char *statement_word(const struct statement *s, size_t i);
bool statement_is(const struct statement *s, const char *first_word);
/* "hold time": its first words, as a whole. */
bool statement_begins(const struct statement *s, const char *words);
/* "hold-time 30", cut to what fits. Returns `buf`. */
#define STATEMENT_TEXT_MAX 200
const char *statement_text(const struct statement *s, char buf[static STATEMENT_TEXT_MAX]);
/* The statement is not carried over. */
void statement_lost(struct convert *c, const struct statement *s, const char *why);
/* The words between brackets or parentheses from position `*i` on, or the single word that is
 * there: calls `carry` for each, without commas; *i is then behind them. */
void statement_each(const struct statement *s, size_t *i,
		    void (*carry)(void *context, const char *word), void *context);

#endif
