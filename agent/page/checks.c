/* SPDX-License-Identifier: MIT */
#include "agent/page/checks.h"

#include "agent/page/marks.h"
#include "agent/status/view_json.h"
#include "lib/str.h"

/* Of the picture, in its own units: a check has a bar. */
#define BAR_WIDTH  4
#define BAR_HEIGHT 16

static double longest_of(const json_t *recent)
{
	double longest = 0;
	size_t i;
	const json_t *check;
	json_array_foreach(recent, i, check)
	{
		double took = json_number_value(json_object_get(check, "took_seconds"));
		longest = took > longest ? took : longest;
	}
	return longest;
}

/* The bars of those that passed, or of the others, as one path. */
static void add_bars(struct html *h, const json_t *recent, bool passed, double longest)
{
	size_t i;
	const json_t *check;
	html_add(h, "<path class=\"%s\" d=\"", passed ? MARK_GOOD : MARK_BAD);
	json_array_foreach(recent, i, check)
	{
		double took = json_number_value(json_object_get(check, "took_seconds"));
		size_t height = longest > 0 ? (size_t)(took / longest * (BAR_HEIGHT - 2)) : 0;
		if (str_equal(view_member(check, "result"), "pass") == passed)
			html_add(h, "M%zu %zuv-%zu", i * BAR_WIDTH + BAR_WIDTH / 2,
				 (size_t)BAR_HEIGHT, height + 2);
	}
	html_add(h, "\"/>");
}

static void add_picture(struct html *h, const json_t *recent)
{
	char text[HTML_AGE_MAX];
	size_t n = json_array_size(recent);
	double longest = longest_of(recent);
	if (n == 0)
		return;
	html_add(h,
		 "<svg viewBox=\"0 0 %zu %zu\" width=\"%zu\" height=\"%zu\" role=\"img\" "
		 "aria-label=\"the last checks took up to %s\">",
		 n * BAR_WIDTH, (size_t)BAR_HEIGHT, n * BAR_WIDTH, (size_t)BAR_HEIGHT,
		 html_age(longest, text));
	add_bars(h, recent, true, longest);
	add_bars(h, recent, false, longest);
	html_add(h, "</svg>");
}

static void add_check(struct html *h, const json_t *m)
{
	char text[HTML_AGE_MAX];
	const char *health = view_member(m, "health");
	html_add(h, "<li>");
	mark_add(h, mark_of_health(health), health);
	html_add(h, " <code>%s</code> %s <small>", view_member(m, "monitor"),
		 view_member(m, "said"));
	if (*view_member(m, "last_check")) {
		html_add(h, "took %s, ",
			 html_age(json_number_value(json_object_get(m, "took_seconds")), text));
		html_add_time(h, m, "last_check");
		html_add(h, " ago");
	}
	html_add(h, "</small> ");
	add_picture(h, json_object_get(m, "recent"));
	html_add(h, "</li>");
}

void checks_add(struct html *h, const char *app, const json_t *monitors)
{
	size_t i, n = json_array_size(monitors), up = 0;
	const json_t *m;
	if (n == 0)
		return;
	json_array_foreach(monitors, i, m) up += str_equal(view_member(m, "health"), "up");
	html_add(h, "<details data-key=\"%s\"><summary>", app);
	if (up == n)
		html_add(h, n == 1 ? "%zu check passes" : "%zu checks pass", n);
	else
		html_add(h, n == 1 ? "%zu of %zu check passes" : "%zu of %zu checks pass", up, n);
	html_add(h, "</summary><ul>");
	json_array_foreach(monitors, i, m) add_check(h, m);
	html_add(h, "</ul></details>");
}
