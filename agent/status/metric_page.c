/* SPDX-License-Identifier: MIT */
#include "agent/status/metric_page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/redact.h"
#include "lib/str.h"

static void add_text(struct metric_page *page, const char *text, size_t len)
{
	if (page->len + len + 1 > page->cap)
		page->text = mem_grow(page->text, &page->cap, page->len + len + 1, 1);
	memcpy(page->text + page->len, text, len);
	page->len += len;
	page->text[page->len] = '\0';
}

__attribute__((format(printf, 2, 3))) static void add(struct metric_page *page, const char *fmt,
						      ...)
{
	char buf[1024];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n > 0)
		add_text(page, buf, (size_t)n < sizeof(buf) ? (size_t)n : sizeof(buf) - 1);
}

static void add_string(struct metric_page *page, const char *text)
{
	add_text(page, text, strlen(text));
}

/* Most of what is printed: printf() would take half of the time. */
static void add_number(struct metric_page *page, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);
	do
		digits[--at] = (char)('0' + value % 10);
	while (value /= 10);
	add_text(page, digits + at, sizeof(digits) - at);
}

/* Those of the agent's own process have names that all programs share. */
static void add_name(struct metric_page *page, const char *name)
{
	if (!str_starts(name, "process_") && !str_starts(name, "vipherald_"))
		add_string(page, "vipherald_");
	add_string(page, name);
}

static void add_head(struct metric_page *page, const char *what, const char *name, size_t cut,
		     const char *value)
{
	add(page, "# %s ", what);
	add_name(page, name);
	page->len -= cut;
	add(page, " %s\n", value);
}

void metric_head(struct metric_page *page, const char *name, const char *type, const char *help)
{
	bool is_counter = page->format == METRIC_OPENMETRICS && str_equal(type, "counter");
	size_t cut = is_counter ? strlen("_total") : 0;
	add_head(page, "HELP", name, cut, help);
	add_head(page, "TYPE", name, cut, type);
}

void metric_text(const char *value, char buf[static METRIC_TEXT_MAX])
{
	str_printable(buf, METRIC_TEXT_MAX, value, strlen(value));
	redact(buf);
}

static void add_value(struct metric_page *page, const char *value)
{
	char text[METRIC_TEXT_MAX];
	metric_text(value, text);
	for (const char *p = text; *p;) {
		size_t plain = strcspn(p, "\\\"\n");
		add_text(page, p, plain);
		p += plain;
		if (*p) {
			add_text(page, "\\", 1);
			add_text(page, *p == '\n' ? "n" : p, 1);
			p++;
		}
	}
}

static void add_label(struct metric_page *page, const char *before,
		      const struct metric_label *label)
{
	add_string(page, before);
	add_string(page, label->name);
	add_string(page, "=\"");
	add_value(page, label->value);
	add_text(page, "\"", 1);
}

/* With `bound`, a bucket's. */
static void add_labels(struct metric_page *page, const struct metric_label *labels,
		       const char *bound)
{
	const char *before = "{";
	for (; labels && labels->name; labels++, before = ",")
		add_label(page, before, labels);
	if (bound) {
		const struct metric_label le = { "le", bound };
		add_label(page, before, &le);
	}
	if (bound || *before == ',')
		add_text(page, "}", 1);
}

static void end_sample(struct metric_page *page, uint64_t value)
{
	add_string(page, " ");
	add_number(page, value);
	add_string(page, "\n");
}

void metric_sample(struct metric_page *page, const char *name, const struct metric_label *labels,
		   uint64_t value)
{
	add_name(page, name);
	add_labels(page, labels, NULL);
	end_sample(page, value);
}

void metric_sample_double(struct metric_page *page, const char *name,
			  const struct metric_label *labels, double value, int digits)
{
	add_name(page, name);
	add_labels(page, labels, NULL);
	add(page, " %.*f\n", digits, value);
}

static void add_bucket(struct metric_page *page, const char *name,
		       const struct metric_label *labels, const char *bound, uint64_t n)
{
	add_name(page, name);
	add_string(page, "_bucket");
	add_labels(page, labels, bound);
	end_sample(page, n);
}

void metric_histogram(struct metric_page *page, const char *name, const struct metric_label *labels,
		      const struct histogram *h)
{
	char text[64];
	for (size_t i = 0; i < h->scale->n; i++) {
		snprintf(text, sizeof(text), "%g",
			 (double)h->scale->bounds[i] / (double)USEC_PER_SEC);
		add_bucket(page, name, labels, text, h->up_to[i]);
	}
	add_bucket(page, name, labels, "+Inf", h->count);
	snprintf(text, sizeof(text), "%s_sum", name);
	metric_sample_double(page, text, labels, (double)h->sum / (double)USEC_PER_SEC, 6);
	snprintf(text, sizeof(text), "%s_count", name);
	metric_sample(page, text, labels, h->count);
}

void metric_end(struct metric_page *page)
{
	if (page->format == METRIC_OPENMETRICS)
		add(page, "# EOF\n");
}

char *metric_page_detach(struct metric_page *page)
{
	char *text = page->text;
	page->text = NULL;
	page->len = page->cap = 0;
	return text;
}
