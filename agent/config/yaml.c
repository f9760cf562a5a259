/* SPDX-License-Identifier: MIT */
#include "agent/config/yaml.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config/template.h"
#include "lib/array.h"
#include "lib/str.h"
#include "lib/utf8.h"

/* libyaml names rules of the YAML grammar; users know the few mistakes behind them. */
static const struct {
	const char *problem, *text;
} translations[] = {
	{ "mapping values are not allowed in this context",
	  "unexpected ':': quote values that contain ': ', start all keys of a mapping in the same "
	  "column, and check the previous line for a missing ':'" },
	{ "did not find expected key",
	  "expected another 'key: value' here, in the same column as the previous one" },
	{ "did not find expected '-' indicator",
	  "expected another '- item' here, in the same column as the previous one" },
	{ "found character that cannot start any token",
	  "a value cannot start with this character: quote it; indent with spaces, not tabs" },
	{ "could not find expected ':'", "expected 'key: value', found no ':'" },
	{ "did not find expected ',' or ']'", "expected ',' or ']' in the list" },
	{ "did not find expected ',' or '}'", "expected ',' or '}' in the mapping" },
	{ "did not find expected node content", "a value or a closing bracket is missing" },
	{ "found unexpected end of stream", "the closing quote is missing" },
	{ "block sequence entries are not allowed in this context",
	  "a list cannot start here: put '- item' on a line of its own" },
	{ "did not find expected <document start>",
	  "expected 'key: value' here, in the same column as the previous key" },
	{ "control characters are not allowed", "a control character" },
};

static const char *readable(const char *problem)
{
	for (size_t i = 0; i < ARRAY_SIZE(translations); i++)
		if (str_equal(problem, translations[i].problem))
			return translations[i].text;
	return problem;
}

/* libyaml's reader counts bytes; a column is counted in characters, as everywhere else. */
static struct config_place place_of_byte(const char *text, size_t len, size_t offset)
{
	unsigned line = 1, column = 1;
	uint32_t c;
	for (size_t i = 0, n; i < len && i < offset; i += n ? n : 1) {
		n = utf8_decode(text + i, len - i, &c);
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n';
	}
	return config_at_line(line, column);
}

static void report_bytes(const yaml_parser_t *parser, const char *text, size_t len,
			 struct config_findings *findings)
{
	struct config_place at = place_of_byte(text, len, parser->problem_offset);
	const char *problem = parser->problem ? parser->problem : "cannot be read";
	if (parser->problem_value >= 0)
		config_error(findings, at, "invalid text: %s (0x%02x)", readable(problem),
			     (unsigned)parser->problem_value);
	else
		config_error(findings, at, "invalid text: %s", readable(problem));
}

static const char *template_hint_at(const char *text, size_t len, size_t line)
{
	const char *start = text, *end = text + len, *newline;
	for (; line > 0 && (newline = memchr(start, '\n', (size_t)(end - start))); line--)
		start = newline + 1;
	newline = memchr(start, '\n', (size_t)(end - start));
	return config_template_hint(start, (size_t)((newline ? newline : end) - start));
}

void config_yaml_report(const yaml_parser_t *parser, const char *text, size_t len,
			struct config_findings *findings)
{
	if (parser->error == YAML_MEMORY_ERROR)
		abort(); /* as lib/mem.h, which says why */
	if (parser->error == YAML_READER_ERROR) {
		report_bytes(parser, text, len, findings);
		return;
	}
	struct config_place at = config_at_line((unsigned)parser->problem_mark.line + 1,
						(unsigned)parser->problem_mark.column + 1);
	const char *problem = readable(parser->problem ? parser->problem : "cannot be parsed");
	const char *hint = template_hint_at(text, len, parser->problem_mark.line);
	if (parser->context && parser->context_mark.line != parser->problem_mark.line)
		config_error(findings, at, "invalid YAML: %s (%s that started in line %zu)%s",
			     problem, parser->context, parser->context_mark.line + 1, hint);
	else
		config_error(findings, at, "invalid YAML: %s%s", problem, hint);
}
