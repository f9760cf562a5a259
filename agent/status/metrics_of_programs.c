/* SPDX-License-Identifier: MIT */
#include "agent/status/metrics_of_programs.h"

#include "lib/array.h"

static uint64_t up(const struct metrics_program *p)
{
	return p->up;
}

static uint64_t routes(const struct metrics_program *p)
{
	return p->routes;
}

static uint64_t starts(const struct metrics_program *p)
{
	return p->starts;
}

static uint64_t lines(const struct metrics_program *p)
{
	return p->lines;
}

static uint64_t errors(const struct metrics_program *p)
{
	return p->errors;
}

static uint64_t dropped(const struct metrics_program *p)
{
	return p->dropped;
}

static const struct {
	const char *name, *type, *help;
	uint64_t (*value)(const struct metrics_program *p);
} families[] = {
	{ "vipherald_process_up", "gauge",
	  "1 while the process runs, or has nothing more to do; 0 while it waits for its next "
	  "start.",
	  up },
	{ "vipherald_process_routes", "gauge", "Routes that the process wants announced.", routes },
	{ "vipherald_process_starts_total", "counter", "How often the process was started.",
	  starts },
	{ "vipherald_process_lines_total", "counter", "Lines that the process has written.",
	  lines },
	{ "vipherald_process_errors_total", "counter",
	  "Lines of the process that were refused, or not carried out for all prefixes.", errors },
	{ "vipherald_process_answers_dropped_total", "counter",
	  "Answers that the process did not read in time.", dropped },
};

void metrics_of_programs(struct metric_page *page, const struct metrics_program *programs, size_t n)
{
	for (size_t f = 0; n > 0 && f < ARRAY_SIZE(families); f++) {
		metric_head(page, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; i < n; i++) {
			const struct metric_label labels[] = { { "process", programs[i].name },
							       { 0 } };
			metric_sample(page, families[f].name, labels,
				      families[f].value(&programs[i]));
		}
	}
}
