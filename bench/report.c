/* SPDX-License-Identifier: MIT */
#include "bench/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "bench/scratch.h"
#include "lib/str.h"

struct machine {
	char date[32];
	char cpu[96];
	struct utsname kernel;
	long cores;
	double load; /* of the last minute: other work on this machine */
};

static const char *verdict(const struct figure *f)
{
	if (f->target == REPORT_NO_TARGET)
		return "";
	return f->median <= f->target ? "ok" : "MISSED";
}

void report_add(struct report *r, const char *what, const char *unit, double target,
		const struct samples *samples)
{
	if (r->n >= REPORT_FIGURES_MAX)
		fail("more than %d figures", REPORT_FIGURES_MAX);
	struct figure *f = &r->figures[r->n++];
	f->scenario = r->scenario;
	str_copy(f->what, sizeof(f->what), what);
	f->unit = unit;
	f->target = target;
	f->median = samples_percentile(samples, 50);
	f->p99 = samples_percentile(samples, 99);
	f->runs = samples->n;
	fprintf(stderr, "bench: %s: %s: %.4g %s %s\n", f->scenario, what, f->median, unit,
		verdict(f));
}

static void read_cpu_name(char *buf, size_t size)
{
	char line[256];
	FILE *file = fopen("/proc/cpuinfo", "re");
	str_copy(buf, size, "unknown CPU");
	while (file && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');
		if (!str_starts(line, "model name") || !colon)
			continue;
		str_printable(buf, size, colon + 2, strcspn(colon + 2, "\n"));
		break;
	}
	if (file)
		fclose(file);
}

static struct machine read_machine(void)
{
	struct machine m = { .cores = sysconf(_SC_NPROCESSORS_ONLN) };
	time_t now = time(NULL);
	struct tm utc;
	gmtime_r(&now, &utc);
	strftime(m.date, sizeof(m.date), "%Y-%m-%d %H:%M UTC", &utc);
	uname(&m.kernel);
	read_cpu_name(m.cpu, sizeof(m.cpu));
	if (getloadavg(&m.load, 1) != 1)
		m.load = 0;
	return m;
}

static void print_number(double value)
{
	printf(" %8.*f", value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3, value);
}

void report_print_table(const struct report *r)
{
	struct machine m = read_machine();
	const char *scenario = "";
	printf("%s, %s, %ld cores, %s %s, load %.2f\n\n", m.date, m.cpu, m.cores, m.kernel.sysname,
	       m.kernel.release, m.load);
	printf("%-58s %8s %8s %8s %-8s %5s\n", "figure", "reach", "median", "p99", "unit", "runs");
	for (size_t i = 0; i < r->n; i++) {
		const struct figure *f = &r->figures[i];
		if (!str_equal(scenario, f->scenario))
			printf("%s\n", f->scenario);
		scenario = f->scenario;
		printf("  %-56s", f->what);
		if (f->target == REPORT_NO_TARGET)
			printf(" %8s", "");
		else
			print_number(f->target);
		print_number(f->median);
		print_number(f->p99);
		printf(" %-8s %5zu %s\n", f->unit, f->runs, verdict(f));
	}
	for (size_t i = 0; i < r->n_failed; i++)
		printf("%s: NOT MEASURED, see above\n", r->failed[i]);
}

static json_t *figure_json(const struct figure *f)
{
	bool has_target = f->target != REPORT_NO_TARGET;
	return json_pack("{s:s, s:s, s:s, s:o, s:f, s:f, s:i, s:o}", "scenario", f->scenario,
			 "figure", f->what, "unit", f->unit, "reach",
			 has_target ? json_real(f->target) : json_null(), "median", f->median,
			 "p99", f->p99, "runs", (int)f->runs, "ok",
			 has_target ? json_boolean(f->median <= f->target) : json_null());
}

void report_print_json(const struct report *r)
{
	struct machine m = read_machine();
	json_t *figures = json_array();
	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(figures, figure_json(&r->figures[i]));
	json_t *failed = json_array();
	for (size_t i = 0; i < r->n_failed; i++)
		json_array_append_new(failed, json_string(r->failed[i]));
	json_t *all =
		json_pack("{s:{s:s, s:s, s:i, s:s, s:f}, s:o, s:o}", "machine", "date", m.date,
			  "cpu", m.cpu, "cores", (int)m.cores, "kernel", m.kernel.release, "load",
			  m.load, "figures", figures, "failed", failed);
	if (!all)
		fail("the report is not JSON");
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}
