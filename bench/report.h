/* SPDX-License-Identifier: MIT */
/* The figures and the machine they are of, as a table or as JSON on stdout. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/samples.h"

#define REPORT_NO_TARGET   0.0
#define REPORT_FIGURES_MAX 128
#define REPORT_FAILED_MAX  32

struct figure {
	const char *scenario;
	char what[72];
	const char *unit; /* a literal */
	double target;    /* the median is to be at most this */
	double median, p99;
	size_t runs;
};

struct report {
	const char *scenario; /* of the figures that are added */
	struct figure figures[REPORT_FIGURES_MAX];
	size_t n;
	/* Scenarios that could not be measured to their end. */
	const char *failed[REPORT_FAILED_MAX];
	size_t n_failed;
};

/* Adds the figure, and shows it on stderr at once. */
void report_add(struct report *r, const char *what, const char *unit, double target,
		const struct samples *samples);
void report_print_table(const struct report *r);
void report_print_json(const struct report *r);

#endif
