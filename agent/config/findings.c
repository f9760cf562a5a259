/* SPDX-License-Identifier: MIT */
#include "agent/config/findings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/redact.h"
#include "lib/str.h"
#include "lib/utf8.h"

#define TEXT_MAX 768

struct config_place config_at_line(unsigned line, unsigned column)
{
	return (struct config_place){ .line = line, .column = column };
}

static char *escaped_copy(const char *text)
{
	char escaped[UTF8_ESCAPED_MAX(TEXT_MAX)];
	return mem_strdup(utf8_escape(escaped, sizeof(escaped), text, strlen(text)));
}

static void append(struct config_findings *f, enum config_severity severity,
		   const struct config_place *at, const char *text)
{
	f->items = mem_grow(f->items, &f->cap, f->n + 1, sizeof(*f->items));
	const char *file = at->file ? at->file : f->file;
	f->items[f->n++] = (struct config_finding){ .severity = severity,
						    .file = file ? mem_strdup(file) : NULL,
						    .line = at->line,
						    .column = at->column,
						    .path = escaped_copy(at->path),
						    .text = escaped_copy(text) };
}

__attribute__((format(printf, 4, 0))) static void add(struct config_findings *f,
						      enum config_severity severity,
						      const struct config_place *at,
						      const char *fmt, va_list args)
{
	static const struct config_place whole_file;
	char text[TEXT_MAX];
	vsnprintf(text, sizeof(text), fmt, args);
	redact(text);
	if (severity == CONFIG_ERROR)
		f->n_errors++;
	if (f->n < CONFIG_FINDINGS_MAX)
		append(f, severity, at, text);
	else if (f->n == CONFIG_FINDINGS_MAX)
		append(f, CONFIG_WARNING, &whole_file,
		       "too many findings, the rest are not listed");
}

void config_error(struct config_findings *f, struct config_place at, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	add(f, CONFIG_ERROR, &at, fmt, args);
	va_end(args);
}

void config_warn(struct config_findings *f, struct config_place at, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	add(f, CONFIG_WARNING, &at, fmt, args);
	va_end(args);
}

void config_note(struct config_findings *f, struct config_place at, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	add(f, CONFIG_NOTE, &at, fmt, args);
	va_end(args);
}

static int compare(const void *a, const void *b)
{
	const struct config_finding *x = a, *y = b;
	int f = strcmp(x->file ? x->file : "", y->file ? y->file : "");
	if (f)
		return f;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	int c = strcmp(x->path, y->path);
	return c ? c : strcmp(x->text, y->text);
}

static void finding_done(struct config_finding *finding)
{
	free(finding->file);
	free(finding->path);
	free(finding->text);
}

void config_findings_sort(struct config_findings *f)
{
	size_t last = 0;
	if (f->n == 0)
		return;
	qsort(f->items, f->n, sizeof(*f->items), compare);
	for (size_t i = 1; i < f->n; i++) {
		if (compare(&f->items[last], &f->items[i]) != 0) {
			f->items[++last] = f->items[i];
			continue;
		}
		if (f->items[i].severity == CONFIG_ERROR)
			f->n_errors--;
		finding_done(&f->items[i]);
	}
	f->n = last + 1;
}

void config_findings_move(struct config_findings *f, struct config_findings *more)
{
	if (more->n > 0) {
		f->items = mem_grow(f->items, &f->cap, f->n + more->n, sizeof(*f->items));
		memcpy(f->items + f->n, more->items, more->n * sizeof(*f->items));
	}
	f->n += more->n;
	f->n_errors += more->n_errors;
	free(more->items);
	*more = (struct config_findings){ 0 };
}

void config_findings_done(struct config_findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		finding_done(&f->items[i]);
	free(f->items);
	*f = (struct config_findings){ 0 };
}

static const char *const severities[] = {
	[CONFIG_NOTE] = "note", [CONFIG_WARNING] = "warning", [CONFIG_ERROR] = "error"
};

void config_finding_format(const struct config_finding *finding, const char *file, char *buf,
			   size_t size)
{
	struct strbuf sb = strbuf_over(buf, size);
	strbuf_add(&sb, "%s:", finding->file ? finding->file : file);
	if (finding->line > 0)
		strbuf_add(&sb, "%u:%u:", finding->line, finding->column);
	strbuf_add(&sb, " %s: ", severities[finding->severity]);
	strbuf_add(&sb, "%s%s%s", finding->path, finding->path[0] ? ": " : "", finding->text);
}

void config_findings_print(const struct config_findings *f, const char *file, FILE *out)
{
	char line[4096 + UTF8_ESCAPED_MAX(CONFIG_PATH_MAX + TEXT_MAX)];
	for (size_t i = 0; i < f->n; i++) {
		config_finding_format(&f->items[i], file, line, sizeof(line));
		fprintf(out, "%s\n", line);
	}
}
