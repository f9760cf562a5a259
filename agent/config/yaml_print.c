/* SPDX-License-Identifier: MIT */
#include "agent/config/yaml_print.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define PLAIN_START "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/"
#define PLAIN       PLAIN_START "0123456789.-+@%:"

/* Without quotes it would be another value, or none. */
static bool is_word_of_yaml(const char *text)
{
	static const char *const words[] = { "null", "true", "false", "yes", "no",
					     "on",   "off",  "y",     "n" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

/* "port:tcp:53", "/run/x"; a colon at the end would make it a key. */
static bool is_plain(const char *text)
{
	size_t n = strlen(text);
	return n > 0 && strchr(PLAIN_START, text[0]) && strspn(text, PLAIN) == n &&
	       text[n - 1] != ':' && !is_word_of_yaml(text);
}

/* Octets of a character that YAML has no place for as it is: C1, U+FEFF, U+FFFE, U+FFFF. 0:
 * none. */
static size_t unprintable(const unsigned char *p, unsigned *ret)
{
	if (p[0] < 0x20 || p[0] == 0x7f) {
		*ret = p[0];
		return 1;
	}
	if (p[0] == 0xc2 && p[1] < 0xa0) {
		*ret = p[1];
		return 2;
	}
	if (p[0] != 0xef || (p[1] != 0xbb && p[1] != 0xbf) || p[2] < 0xbe)
		return 0;
	*ret = (p[1] == 0xbb ? 0xfec0U : 0xffc0U) + (p[2] & 0x3fU);
	return *ret == 0xfeff || *ret >= 0xfffe ? 3 : 0;
}

static void print_text(const char *text, FILE *out)
{
	unsigned code = 0;
	if (is_plain(text)) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		size_t n = unprintable(p, &code);
		if (n > 0)
			fprintf(out, "\\u%04x", code);
		else if (*p == '"' || *p == '\\')
			fprintf(out, "\\%c", *p);
		else
			fputc(*p, out);
		p += n > 0 ? n : 1;
	}
	fputc('"', out);
}

static void print_scalar(const json_t *value, FILE *out)
{
	if (json_is_string(value))
		print_text(json_string_value(value), out);
	else if (json_is_integer(value))
		fprintf(out, "%lld", (long long)json_integer_value(value));
	else
		fputs(json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null", out);
}

static bool is_scalar(const json_t *value)
{
	return !json_is_object(value) && !json_is_array(value);
}

static bool has_objects(const json_t *array)
{
	size_t i;
	json_t *item;
	json_array_foreach((json_t *)array, i, item) if (!is_scalar(item)) return true;
	return false;
}

static void print_flow(const json_t *array, FILE *out)
{
	size_t i;
	json_t *item;
	fputs("[", out);
	json_array_foreach((json_t *)array, i, item)
	{
		fputs(i > 0 ? ", " : "", out);
		print_scalar(item, out);
	}
	fputs("]\n", out);
}

static void print_members(const json_t *object, int indent, bool in_list, FILE *out);

/* The depth is that of the schema. NOLINTBEGIN(misc-no-recursion) */
static void print_list(const json_t *array, int indent, FILE *out)
{
	size_t i;
	json_t *item;
	fputc('\n', out);
	json_array_foreach((json_t *)array, i, item)
	{
		fprintf(out, "%*s- ", indent, "");
		if (json_is_object(item) && json_object_size(item) > 0) {
			print_members(item, indent + 2, true, out);
			continue;
		}
		if (json_is_object(item))
			fputs("{}", out);
		else
			print_scalar(item, out);
		fputc('\n', out);
	}
}

static void print_value(const json_t *value, int indent, FILE *out)
{
	if (json_is_object(value)) {
		fputs(json_object_size(value) > 0 ? "\n" : " {}\n", out);
		print_members(value, indent + 2, false, out);
	} else if (json_is_array(value) && has_objects(value)) {
		print_list(value, indent + 2, out);
	} else if (json_is_array(value)) {
		fputc(' ', out);
		print_flow(value, out);
	} else {
		fputc(' ', out);
		print_scalar(value, out);
		fputc('\n', out);
	}
}

/* `in_list`: the first one follows "- ". */
static void print_members(const json_t *object, int indent, bool in_list, FILE *out)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)object, key, value)
	{
		fprintf(out, "%*s", in_list ? 0 : indent, "");
		print_text(key, out);
		fputc(':', out);
		print_value(value, indent, out);
		in_list = false;
	}
}
/* NOLINTEND(misc-no-recursion) */

void config_yaml_print(const json_t *object, FILE *out)
{
	print_members(object, 0, false, out);
}
