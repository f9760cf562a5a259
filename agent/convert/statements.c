/* SPDX-License-Identifier: MIT */
#include "agent/convert/statements.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

struct scan {
	const struct convert_input *in;
	const struct statements_form *form;
	size_t at;
	unsigned line;
	struct statement *open[STATEMENTS_DEPTH_MAX + 1]; /* the blocks around; [0] is the root */
	size_t depth;
	struct statement *current; /* that gets the words; NULL: none is begun */
	char *word;
	size_t len, cap;
	bool in_word;
	struct err *err;
};

/* ---- words ---- */

static int peek(const struct scan *s, size_t ahead)
{
	return s->at + ahead < s->in->len ? (unsigned char)s->in->text[s->at + ahead] : -1;
}

static void add_char(struct scan *s, char c)
{
	s->word = mem_grow(s->word, &s->cap, s->len + 2, 1);
	s->word[s->len++] = c;
	s->word[s->len] = 0;
	s->in_word = true;
}

static struct statement *append(struct statement *block, struct convert_at at)
{
	struct statement *s = mem_new(1, sizeof(*s));
	s->at = at;
	if (block->last)
		block->last->next = s;
	else
		block->first = s;
	block->last = s;
	return s;
}

static void add_word(struct scan *s, const char *word)
{
	if (!s->current)
		s->current = append(s->open[s->depth], (struct convert_at){ s->in->name, s->line });
	struct statement *c = s->current;
	c->words = mem_grow(c->words, &c->cap_words, c->n_words + 1, sizeof(*c->words));
	c->words[c->n_words++] = mem_strdup(word);
}

static void end_word(struct scan *s)
{
	if (s->in_word)
		add_word(s, s->len > 0 ? s->word : "");
	s->in_word = false;
	s->len = 0;
}

/* ---- what the scanner meets ---- */

static int fail(struct scan *s, unsigned line, const char *text)
{
	return err_set(s->err, -EINVAL, "%s:%u: %s", s->in->name, line, text);
}

static int quoted(struct scan *s)
{
	const char quote = s->in->text[s->at++];
	int c;
	s->in_word = true;
	while ((c = peek(s, 0)) != quote) {
		if (c < 0 || c == '\n')
			return fail(s, s->line, "the closing quote is missing");
		if (c == '\\' && s->form->escapes && peek(s, 1) > 0 && peek(s, 1) != '\n')
			s->at++;
		add_char(s, s->in->text[s->at++]);
	}
	s->at++;
	return 0;
}

static void skip_line(struct scan *s)
{
	while (peek(s, 0) >= 0 && peek(s, 0) != '\n')
		s->at++;
}

static int skip_comment(struct scan *s)
{
	unsigned line = s->line;
	for (s->at += 2; peek(s, 0) >= 0; s->at++) {
		if (peek(s, 0) == '*' && peek(s, 1) == '/') {
			s->at += 2;
			return 0;
		}
		s->line += peek(s, 0) == '\n';
	}
	return fail(s, line, "the comment does not end");
}

static int open_block(struct scan *s)
{
	if (!s->current)
		return fail(s, s->line, "unexpected '{': a block begins with a word");
	if (s->depth == STATEMENTS_DEPTH_MAX)
		return fail(s, s->line, "blocks nested deeper than 16");
	s->current->is_block = true;
	s->open[++s->depth] = s->current;
	s->current = NULL;
	return 0;
}

static int close_block(struct scan *s)
{
	if (s->current && !s->form->lists)
		return fail(s, s->current->at.line, "';' is missing behind this statement");
	s->current = NULL;
	if (s->depth == 0)
		return fail(s, s->line, "unexpected '}': no block is open");
	s->depth--;
	return 0;
}

static int punctuation(struct scan *s, int c)
{
	s->at++;
	end_word(s);
	if (c == '{')
		return open_block(s);
	if (c == '}')
		return close_block(s);
	s->current = NULL;
	return 0;
}

static int step(struct scan *s)
{
	int c = peek(s, 0);
	if (c == '#' || (s->form->block_comments && c == '/' && peek(s, 1) == '*')) {
		end_word(s);
		return c == '#' ? (skip_line(s), 0) : skip_comment(s);
	}
	if (c == '"' || (c == '\'' && s->form->single_quotes))
		return quoted(s);
	if (strchr("{};", c))
		return punctuation(s, c);
	s->at++;
	if (strchr(" \t\r\n", c)) {
		end_word(s);
		s->line += c == '\n';
	} else if (strchr(s->form->single, c)) {
		end_word(s);
		add_word(s, (const char[]){ (char)c, 0 });
	} else if (c == '\\' && s->form->escapes && peek(s, 0) > ' ') {
		add_char(s, s->in->text[s->at++]);
	} else {
		add_char(s, (char)c);
	}
	return 0;
}

int statements_parse(const struct convert_input *in, const struct statements_form *form,
		     struct statement **ret, struct err *err)
{
	struct statement *root = mem_new(1, sizeof(*root));
	struct scan s = { .in = in, .form = form, .line = 1, .open = { root }, .err = err };
	int rc = 0;
	root->at = (struct convert_at){ in->name, 1 };
	root->is_block = true;
	while (rc == 0 && s.at < in->len)
		rc = step(&s);
	if (rc == 0)
		end_word(&s);
	if (rc == 0 && s.current)
		rc = fail(&s, s.current->at.line, "';' is missing behind this statement");
	if (rc == 0 && s.depth > 0)
		rc = fail(&s, s.open[s.depth]->at.line, "this block does not end, '}' is missing");
	free(s.word);
	if (rc < 0)
		statements_free(root);
	else
		*ret = root;
	return rc;
}

/* NOLINTBEGIN(misc-no-recursion): STATEMENTS_DEPTH_MAX */
void statements_free(struct statement *root)
{
	if (!root)
		return;
	for (struct statement *s = root->first, *next; s; s = next) {
		next = s->next;
		statements_free(s);
	}
	for (size_t i = 0; i < root->n_words; i++)
		free(root->words[i]);
	free(root->words);
	free(root);
}
/* NOLINTEND(misc-no-recursion) */

/* ---- reading them ---- */

const char *statement_word(const struct statement *s, size_t i)
{
	return i < s->n_words ? s->words[i] : "";
}

bool statement_is(const struct statement *s, const char *first_word)
{
	return str_equal(statement_word(s, 0), first_word);
}

bool statement_begins(const struct statement *s, const char *words)
{
	size_t i = 0;
	for (const char *p = words; *p; i++) {
		size_t n = strcspn(p, " ");
		const char *word = statement_word(s, i);
		if (strlen(word) != n || strncmp(word, p, n) != 0)
			return false;
		p += n + (p[n] == ' ');
	}
	return true;
}

const char *statement_text(const struct statement *s, char buf[static STATEMENT_TEXT_MAX])
{
	struct strbuf sb = strbuf_over(buf, STATEMENT_TEXT_MAX);
	for (size_t i = 0; i < s->n_words; i++)
		strbuf_add(&sb, "%s%s", i > 0 ? " " : "", s->words[i]);
	if (s->is_block)
		strbuf_add(&sb, " { … }");
	return buf;
}

void statement_lost(struct convert *c, const struct statement *s, const char *why)
{
	char text[STATEMENT_TEXT_MAX];
	convert_lost(c, s->at, statement_text(s, text), "%s", why);
}

void statement_each(const struct statement *s, size_t *i,
		    void (*carry)(void *context, const char *word), void *context)
{
	const char *open = statement_word(s, *i), *close = str_equal(open, "(") ? ")" : "]";
	if (!str_equal(open, "[") && !str_equal(open, "(")) {
		if (*i < s->n_words)
			carry(context, s->words[(*i)++]);
		return;
	}
	for (++*i; *i < s->n_words && !str_equal(s->words[*i], close); ++*i)
		if (!str_equal(s->words[*i], ","))
			carry(context, s->words[*i]);
	*i += *i < s->n_words;
}
