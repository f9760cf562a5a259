/* SPDX-License-Identifier: MIT */
/*
 * A part of the answer to /metrics that grows: families and their samples, in the text format of
 * Prometheus (version 0.0.4) or in OpenMetrics 1.0, which differ in how a family of counters is
 * named. Every name gets the prefix "vipherald_", but for those that begin with "process_". Pure.
 */
#ifndef AGENT_STATUS_METRIC_PAGE_H
#define AGENT_STATUS_METRIC_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/histogram.h"
#include "lib/mono.h"

enum metric_format { METRIC_PROMETHEUS, METRIC_OPENMETRICS };

/* Zeroed but for `format`; free(text). */
struct metric_page {
	enum metric_format format;
	char *text; /* NULL: empty; always ends with a NUL */
	size_t len, cap;
};

struct metric_label {
	const char *name;
	const char *value; /* any text: it is made printable, and escaped; secrets are redacted */
};

#define METRIC_LABELS_MAX 4

/* The value of a label as it is shown, before it is escaped: two texts may become the same. */
#define METRIC_TEXT_MAX 512
void metric_text(const char *value, char buf[static METRIC_TEXT_MAX]);
/* `type` is "counter" (then the name ends with _total), "gauge" or "histogram". `help` is a
 * sentence. */
void metric_head(struct metric_page *page, const char *name, const char *type, const char *help);
/* labels[] ends with a name that is NULL; NULL: none. */
void metric_sample(struct metric_page *page, const char *name, const struct metric_label *labels,
		   uint64_t value);
/* A value that is not a whole number, with `digits` behind the point. */
void metric_sample_double(struct metric_page *page, const char *name,
			  const struct metric_label *labels, double value, int digits);
/* Buckets, sum and count. */
void metric_histogram(struct metric_page *page, const char *name, const struct metric_label *labels,
		      const struct histogram *h);
/* OpenMetrics says where the answer ends. */
void metric_end(struct metric_page *page);
/* The text so far, which is the caller's now; the page is empty then. NULL: there is none. */
char *metric_page_detach(struct metric_page *page);

#endif
