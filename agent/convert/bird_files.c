/* SPDX-License-Identifier: MIT */
#include "agent/convert/bird_files.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"

int bird_read(struct bird *b, const struct convert_input *in, struct err *err)
{
	static const struct statements_form form = { .single = "[](),=", .block_comments = true };
	struct statement *root;
	int rc = statements_parse(in, &form, &root, err);
	if (rc < 0)
		return rc;
	b->roots = mem_grow(b->roots, &b->cap, b->n + 1, sizeof(struct statement *));
	b->roots[b->n++] = root;
	return 0;
}

void bird_done(struct bird *b)
{
	for (size_t i = 0; i < b->n; i++)
		statements_free(b->roots[i]);
	free(b->roots);
	*b = (struct bird){ 0 };
}

const char *bird_value(const struct bird *b, const char *word)
{
	for (size_t i = 0; i < b->n; i++)
		for (const struct statement *s = b->roots[i]->first; s; s = s->next)
			if (statement_is(s, "define") && s->n_words == 4 &&
			    str_equal(s->words[1], word))
				return s->words[3];
	return word;
}

const struct statement *bird_definition(const struct bird *b, const char *name)
{
	for (size_t i = 0; i < b->n; i++)
		for (const struct statement *s = b->roots[i]->first; s; s = s->next)
			if ((statement_is(s, "function") || statement_is(s, "filter")) &&
			    str_equal(statement_word(s, 1), name))
				return s;
	return NULL;
}

const struct statement *bird_template(const struct bird *b, const char *name)
{
	for (size_t i = 0; *name && i < b->n; i++)
		for (const struct statement *s = b->roots[i]->first; s; s = s->next)
			if (statement_is(s, "template") && str_equal(statement_word(s, 2), name))
				return s;
	return NULL;
}
