/* SPDX-License-Identifier: MIT */
#include "agent/config/load_texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/include.h"
#include "lib/mem.h"
#include "lib/str.h"

/* A millisecond each. */
#define OCTETS_A_STEP ((size_t)1024 * SHA256_BLOCK)
#define EVENTS_A_STEP 2000

char *load_copy(const char *text, size_t len)
{
	char *data = mem_new(1, len + 1);
	memcpy(data, text, len);
	return data;
}

void load_begin_parse(struct config_loader *l)
{
	const struct config_text *text = &l->set.items[l->at];
	l->trees = realloc(l->trees, (l->at + 1) * sizeof(struct config_tree *));
	if (!l->trees)
		abort(); /* out of memory, see lib/mem.h */
	while (l->n_trees <= l->at)
		l->trees[l->n_trees++] = NULL;
	l->parser = config_parser_new(text->data, text->len, l->findings);
	l->stage = LOAD_PARSE;
}

void load_begin_hash(struct config_loader *l)
{
	sha256_begin(&l->hash);
	l->hashed = 0;
	l->stage = LOAD_HASH;
}

static void refuse_bundle(struct config_loader *l)
{
	l->findings->file = NULL;
	config_error(l->findings, config_at_line(0, 0),
		     "the included files in it are not as they were written");
}

void load_hash_step(struct config_loader *l)
{
	char written[SHA256_TEXT_MAX];
	struct config_text *text = &l->set.items[l->at];
	size_t rest = text->len - l->hashed;
	if (rest > OCTETS_A_STEP) {
		sha256_add(&l->hash, text->data + l->hashed, OCTETS_A_STEP);
		l->hashed += OCTETS_A_STEP;
		return;
	}
	memcpy(written, text->sha256, sizeof(written));
	sha256_end(&l->hash, text->data + l->hashed, rest, text->sha256);
	if (!l->source.bundle || l->at == 0 || str_equal(written, text->sha256)) {
		load_begin_parse(l);
		return;
	}
	refuse_bundle(l);
	l->stage = LOAD_FINISH;
}

static int unbundle(struct config_loader *l, const char *text, size_t len)
{
	int r = config_set_unbundle(text, len, &l->set);
	l->found = true;
	if (r < 0)
		refuse_bundle(l);
	return r;
}

static int read_bundle(struct config_loader *l)
{
	struct config_set one = { 0 };
	int r = config_text_read(config_set_add(&one, l->file), l->findings);
	if (r == 0)
		r = unbundle(l, one.items[0].data, one.items[0].len);
	config_set_done(&one);
	return r;
}

int load_read_step(struct config_loader *l)
{
	const struct config_source *s = &l->source;
	int r = 0;
	if (s->bundle) {
		r = s->text ? unbundle(l, s->text, s->len) : read_bundle(l);
	} else if (s->text) {
		config_text_set(config_set_add(&l->set, l->file), load_copy(s->text, s->len),
				s->len);
	} else {
		r = config_text_read(config_set_add(&l->set, l->file), l->findings);
	}
	if (r == 0)
		load_begin_hash(l);
	return r < 0 ? r : 1;
}

int load_parse_step(struct config_loader *l)
{
	struct config_tree **tree = &l->trees[l->at];
	int r = config_parser_step(l->parser, EVENTS_A_STEP, tree);
	if (r > 0)
		return r;
	config_parser_free(l->parser);
	l->parser = NULL;
	if (r < 0) {
		l->stage = l->at > 0 ? LOAD_NEXT : LOAD_FINISH;
		return 1;
	}
	l->stage = LOAD_BUILD;
	config_tree_set_file(*tree, l->findings->file);
	if (l->at == 0)
		config_build_begin(&l->build, config_tree_root(*tree), &l->draft, l->findings);
	else
		config_build_include(&l->build, config_tree_root(*tree), &l->draft, l->findings);
	return 1;
}
