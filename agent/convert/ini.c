/* SPDX-License-Identifier: MIT */
#include "agent/convert/ini.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

#define EXPANDED_MAX 65536
#define VALUES_MAX   10000 /* each is looked for among all */
#define NESTED_MAX   10    /* as configparser's */
#define KEYS_MAX     1000  /* in a value; one may stand for ten of it, and those for ten others */

struct line {
	const char *text; /* without blanks around it */
	size_t len;
	size_t indent; /* blanks in front of it */
};

static struct line trim(const char *text, size_t len)
{
	struct line l = { text, len, 0 };
	while (l.len > 0 && isspace((unsigned char)*l.text)) {
		l.text++;
		l.len--;
		l.indent++;
	}
	while (l.len > 0 && isspace((unsigned char)l.text[l.len - 1]))
		l.len--;
	return l;
}

static struct line next_line(const struct convert_input *in, size_t *at)
{
	const char *start = in->text + *at, *end = memchr(start, '\n', in->len - *at);
	size_t len = end ? (size_t)(end - start) : in->len - *at;
	*at += len + 1;
	return trim(start, len);
}

static bool is_comment(const struct line *l)
{
	return l->len == 0 || *l->text == '#' || *l->text == ';';
}

bool ini_is(const struct convert_input *in)
{
	for (size_t at = 0; at < in->len;) {
		struct line l = next_line(in, &at);
		if (!is_comment(&l))
			return *l.text == '[';
	}
	return false;
}

static char *copy(const char *text, size_t len)
{
	char *s = mem_new(len + 1, 1);
	memcpy(s, text, len);
	return s;
}

static struct ini_value *add(struct ini *ini, struct convert_at at)
{
	ini->values = mem_grow(ini->values, &ini->cap, ini->n + 1, sizeof(*ini->values));
	ini->values[ini->n].at = at;
	return &ini->values[ini->n++];
}

static void add_value(struct ini *ini, const char *section, const struct line *l, size_t sign,
		      struct convert_at at)
{
	struct line key = trim(l->text, sign), text = trim(l->text + sign + 1, l->len - sign - 1);
	struct ini_value *v = add(ini, at);
	v->section = mem_strdup(section);
	v->key = copy(key.text, key.len);
	v->text = copy(text.text, text.len);
	for (char *p = v->key; *p; p++)
		*p = (char)tolower((unsigned char)*p);
}

static void continue_value(struct ini_value *v, const struct line *l)
{
	size_t n = strlen(v->text);
	char *text = mem_new(n + l->len + 2, 1);
	memcpy(text, v->text, n);
	text[n] = '\n';
	memcpy(text + n + 1, l->text, l->len);
	free(v->text);
	v->text = text;
}

static size_t sign_of(const struct line *l)
{
	size_t i = 0;
	while (i < l->len && l->text[i] != '=' && l->text[i] != ':')
		i++;
	return i;
}

/* `key_indent`: of the key whose value may go on, further in than that; SIZE_MAX: none. */
static int parse_line(struct ini *ini, const struct line *l, char **section, size_t *key_indent,
		      struct convert_at at, struct err *err)
{
	size_t sign = sign_of(l);
	if (ini->n >= VALUES_MAX)
		return err_set(err, -EINVAL, "%s:%u: more than %d values", at.file, at.line,
			       VALUES_MAX);
	if (is_comment(l))
		return 0;
	if (l->indent > *key_indent) {
		continue_value(&ini->values[ini->n - 1], l);
		return 0;
	}
	if (*l->text == '[') {
		if (l->text[l->len - 1] != ']')
			return err_set(err, -EINVAL, "%s:%u: ']' is missing", at.file, at.line);
		free(*section);
		*section = copy(l->text + 1, l->len - 2);
		add(ini, at)->section = mem_strdup(*section);
		*key_indent = SIZE_MAX;
		return 0;
	}
	if (!*section || sign == l->len || sign == 0)
		return err_set(err, -EINVAL, "%s:%u: expected [SECTION] or KEY = VALUE", at.file,
			       at.line);
	add_value(ini, *section, l, sign, at);
	*key_indent = l->indent;
	return 0;
}

int ini_parse(const struct convert_input *in, struct ini *ret, struct err *err)
{
	struct convert_at at = { in->name, 0 };
	char *section = NULL;
	size_t key_indent = SIZE_MAX;
	int rc = 0;
	for (size_t offset = 0; rc == 0 && offset < in->len;) {
		struct line l = next_line(in, &offset);
		at.line++;
		rc = parse_line(ret, &l, &section, &key_indent, at, err);
	}
	free(section);
	return rc;
}

void ini_done(struct ini *ini)
{
	for (size_t i = 0; i < ini->n; i++) {
		free(ini->values[i].section);
		free(ini->values[i].key);
		free(ini->values[i].text);
	}
	free(ini->values);
	*ini = (struct ini){ 0 };
}

const struct ini_value *ini_find(const struct ini *ini, const char *section, const char *key)
{
	const struct ini_value *found = NULL, *common = NULL;
	for (size_t i = 0; i < ini->n; i++) {
		const struct ini_value *v = &ini->values[i];
		if (!v->key || !str_equal(v->key, key))
			continue;
		if (str_equal(v->section, section))
			found = v;
		else if (str_equal(v->section, "DEFAULT"))
			common = v;
	}
	return found ? found : common;
}

struct expansion {
	const struct ini *ini;
	const char *section;
	struct strbuf sb;
	unsigned n; /* keys that were put in */
};

/* NOLINTBEGIN(misc-no-recursion): NESTED_MAX */
static int expand(struct expansion *e, const char *text, unsigned depth)
{
	char key[64];
	for (const char *p = text; *p;) {
		const char *end = str_starts(p, "%(") ? strstr(p, ")s") : NULL;
		size_t n = end ? (size_t)(end - p - 2) : 0;
		if (!end || n >= sizeof(key)) {
			p += str_starts(p, "%%");
			strbuf_add(&e->sb, "%c", *p++);
			continue;
		}
		memcpy(key, p + 2, n);
		key[n] = 0;
		const struct ini_value *v = ini_find(e->ini, e->section, key);
		if (!v || depth == NESTED_MAX || e->n++ == KEYS_MAX ||
		    expand(e, v->text, depth + 1) < 0)
			return -EINVAL;
		p = end + 2;
	}
	return 0;
}
/* NOLINTEND(misc-no-recursion) */

int ini_expand(const struct ini *ini, const struct ini_value *value, char **ret)
{
	char *text = mem_new(EXPANDED_MAX, 1);
	struct expansion e = { ini, value->section, strbuf_over(text, EXPANDED_MAX), 0 };
	int rc = expand(&e, value->text, 1);
	if (rc == 0 && e.sb.len + 1 >= e.sb.size)
		rc = -EINVAL; /* it was cut, and would be another command */
	if (rc < 0)
		free(text);
	else
		*ret = text;
	return rc;
}
