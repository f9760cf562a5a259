/* SPDX-License-Identifier: MIT */
#include "agent/convert/bird_files.h"

#include <stdlib.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

int bird_read(struct bird *b, const struct convert_input *in, struct err *err)
{
	static const struct statements_form form = {
		.single = "[](),=", .block_comments = true, .lists = true
	};
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

const char *bird_last(const struct bird *b, const struct statement *s)
{
	return bird_value(b, s->words[s->n_words - 1]);
}

bool bird_is_on(const struct bird *b, const struct statement *s)
{
	static const char *const off[] = { "off", "no", "false" };
	for (size_t i = 0; i < ARRAY_SIZE(off); i++)
		if (str_equal(bird_last(b, s), off[i]))
			return false;
	return true;
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
