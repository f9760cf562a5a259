/* SPDX-License-Identifier: MIT */
#include "agent/config/set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

/* "# vipherald include SHA256 OCTETS FILE" */
#define MARK     "# vipherald include "
#define LINE     "#|"
#define FILE_MAX 4096

struct config_text *config_set_add(struct config_set *set, const char *file)
{
	set->items = mem_grow(set->items, &set->cap, set->n + 1, sizeof(*set->items));
	struct config_text *text = &set->items[set->n++];
	*text = (struct config_text){ .file = file ? mem_strdup(file) : NULL };
	return text;
}

void config_text_set(struct config_text *text, char *data, size_t len)
{
	free(text->data);
	text->data = data;
	text->len = len;
}

const struct config_text *config_set_find(const struct config_set *set, const char *file)
{
	for (size_t i = 1; set && i < set->n; i++)
		if (set->items[i].data && str_equal(set->items[i].file, file))
			return &set->items[i];
	return NULL;
}

size_t config_set_octets(const struct config_set *set)
{
	size_t n = 0;
	for (size_t i = 0; i < set->n; i++)
		n += set->items[i].len;
	return n;
}

size_t config_set_broken(const struct config_set *set)
{
	size_t n = 0;
	for (size_t i = 1; i < set->n; i++)
		n += set->items[i].state != CONFIG_TEXT_LOADED;
	return n;
}

void config_set_done(struct config_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		free(set->items[i].file);
		free(set->items[i].data);
	}
	free(set->items);
	*set = (struct config_set){ 0 };
}

static FILE *open_text(char **text, size_t *len)
{
	FILE *out = open_memstream(text, len);
	if (!out)
		abort(); /* out of memory, as lib/mem.h */
	return out;
}

void config_set_sha256(const struct config_set *set, char ret[static SHA256_TEXT_MAX])
{
	char *text = NULL;
	size_t len;
	if (set->n == 1) {
		str_copy(ret, SHA256_TEXT_MAX, set->items[0].sha256);
		return;
	}
	FILE *out = open_text(&text, &len);
	fprintf(out, "%s\n", set->items[0].sha256);
	for (size_t i = 1; i < set->n; i++)
		if (set->items[i].state != CONFIG_TEXT_OUT)
			fprintf(out, "%s %s\n", set->items[i].sha256, set->items[i].file);
	fclose(out);
	sha256_text(text, len, ret);
	free(text);
}

/* ---- as one text ---- */

static void write_lines(const struct config_text *t, FILE *out)
{
	const char *p = t->data, *end = t->data + t->len;
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((newline ? newline : end) - p);
		fputs(LINE, out);
		fwrite(p, 1, n, out);
		fputc('\n', out);
		p += n + 1;
	}
}

static const char *find_mark(const char *text, size_t len)
{
	const char *found = text;
	while ((found = memmem(found, len - (size_t)(found - text), MARK, strlen(MARK)))) {
		if (found == text || found[-1] == '\n')
			return found;
		found++;
	}
	return NULL;
}

char *config_set_bundle(const struct config_set *set, size_t *ret_len)
{
	char *bundle = NULL;
	const struct config_text *main_text = &set->items[0];
	if (find_mark(main_text->data, main_text->len))
		return NULL;
	FILE *out = open_text(&bundle, ret_len);
	fwrite(main_text->data, 1, main_text->len, out);
	if (set->n > 1 && main_text->len > 0 && main_text->data[main_text->len - 1] != '\n')
		fputc('\n', out);
	for (size_t i = 1; i < set->n; i++) {
		const struct config_text *t = &set->items[i];
		if (t->state == CONFIG_TEXT_OUT)
			continue;
		fprintf(out, MARK "%s %zu %s\n", t->sha256, t->len, t->file);
		write_lines(t, out);
	}
	fclose(out);
	return bundle;
}

/* The lines at *p, `max` octets of them at most, without the marks in front of them; *p moves
 * behind them. */
static char *read_lines(const char **p, const char *end, size_t max, size_t *ret_len)
{
	char *text = mem_new(1, max + 1);
	size_t n = 0;
	while (*p + strlen(LINE) <= end && strncmp(*p, LINE, strlen(LINE)) == 0) {
		const char *line = *p + strlen(LINE);
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		if (!newline || (size_t)(newline + 1 - line) > max - n)
			break;
		memcpy(text + n, line, (size_t)(newline + 1 - line));
		n += (size_t)(newline + 1 - line);
		*p = newline + 1;
	}
	*ret_len = n;
	return text;
}

static int read_text(const char **p, const char *end, struct config_set *set)
{
	char head[FILE_MAX + 128], sha256[SHA256_TEXT_MAX];
	size_t len, got;
	int at = 0;
	const char *newline = memchr(*p, '\n', (size_t)(end - *p));
	size_t n = newline ? (size_t)(newline - *p) : 0;
	if (n == 0 || n >= sizeof(head) || strncmp(*p, MARK, strlen(MARK)) != 0)
		return -EINVAL;
	memcpy(head, *p, n);
	head[n] = 0;
	if (sscanf(head + strlen(MARK), "%64s %zu %n", sha256, &len, &at) != 2 ||
	    !head[strlen(MARK) + (size_t)at])
		return -EINVAL;
	*p = newline + 1;
	/* One more, for the end of a last line that had none. */
	size_t max = (size_t)(end - *p);
	max = len < max ? len + 1 : max;
	char *data = read_lines(p, end, max, &got);
	struct config_text *text = config_set_add(set, head + strlen(MARK) + at);
	/* The last line had no end. */
	config_text_set(text, data, got > 0 && len + 1 == got ? len : got);
	str_copy(text->sha256, sizeof(text->sha256), sha256);
	return text->len == len ? 0 : -EINVAL;
}

int config_set_unbundle(const char *text, size_t len, struct config_set *ret)
{
	const char *end = text + len, *p = find_mark(text, len);
	size_t n = p ? (size_t)(p - text) : len;
	int rc = 0;
	char *data = mem_new(1, n + 1);
	memcpy(data, text, n);
	config_text_set(config_set_add(ret, NULL), data, n);
	while (rc == 0 && p && p < end)
		rc = read_text(&p, end, ret);
	return rc;
}
