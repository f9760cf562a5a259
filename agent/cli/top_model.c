/* SPDX-License-Identifier: MIT */
#include "agent/cli/top_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/json_at.h"
#include "agent/cli/show.h"
#include "lib/mem.h"
#include "lib/str.h"

static const struct {
	const char *target, *list, *name; /* list of objects in the answer, and what names one */
} views[N_TOP_VIEWS] = {
	[TOP_STATUS] = { "/v1/status", NULL, NULL },
	[TOP_PEERS] = { "/v1/peers", "peers", "address" },
	[TOP_APPS] = { "/v1/apps", "apps", "name" },
	[TOP_EVENTS] = { "/v1/events?limit=100", "events", NULL },
};

/* The agent takes a limit of 1000. */
#define LINES_MAX 1000

const char *top_view_target(enum top_view view, const struct top_order *order,
			    char buf[static TOP_TARGET_MAX])
{
	static const char *const sorts[N_TOP_SORTS] = {
		[TOP_BY_STATE] = "state", [TOP_BY_CHANGE] = "change", [TOP_BY_NAME] = "name"
	};
	size_t lines = order->lines < 1 ? 1 : order->lines > LINES_MAX ? LINES_MAX : order->lines;
	if (view == TOP_APPS)
		snprintf(buf, TOP_TARGET_MAX, "%s?sort=%s&limit=%zu", views[view].target,
			 sorts[order->sort], lines);
	else
		snprintf(buf, TOP_TARGET_MAX, "%s", views[view].target);
	return buf;
}

static void forget(struct top_answer *a)
{
	json_decref(a->last);
	json_decref(a->before);
	*a = (struct top_answer){ 0 };
}

void top_model_done(struct top_model *m)
{
	for (size_t i = 0; i < N_TOP_VIEWS; i++)
		forget(&m->views[i]);
}

/* ---- answers ---- */

/* Counters begin again with each agent. */
static bool is_another_agent(const struct top_model *m, enum top_view view, const json_t *answer)
{
	const json_t *last = m->views[view].last;
	return view == TOP_STATUS && last &&
	       !str_equal(text_at(last, "started"), text_at(answer, "started"));
}

void top_model_answer(struct top_model *m, enum top_view view, json_t *answer, mono_t now)
{
	struct top_answer *a = &m->views[view];
	if (!json_is_object(answer)) {
		json_decref(answer);
		top_model_failed(m, "the agent's answer is not JSON");
		return;
	}
	if (is_another_agent(m, view, answer))
		top_model_done(m);
	json_decref(a->before);
	a->before = a->last;
	a->before_at = a->last_at;
	a->last = answer;
	a->last_at = now;
	m->trouble.text[0] = 0;
}

void top_model_failed(struct top_model *m, const char *text)
{
	err_set(&m->trouble, -ECONNREFUSED, "%s", text);
}

bool top_model_key(struct top_model *m, int key)
{
	bool helped = m->help;
	m->help = false;
	switch (key) {
	case 'q':
	case 'Q':
		return false;
	case 's':
		m->sort = (m->sort + 1) % N_TOP_SORTS;
		break;
	case 'p':
		m->paused = !m->paused;
		break;
	case '?':
	case 'h':
		m->help = !helped;
		break;
	default:
		break;
	}
	return true;
}

/* ---- order ---- */

const char *top_sort_name(enum top_sort sort)
{
	static const char *const names[N_TOP_SORTS] = {
		[TOP_BY_STATE] = "state", [TOP_BY_CHANGE] = "last change", [TOP_BY_NAME] = "name"
	};
	return names[sort];
}

struct row {
	const json_t *object;
	const char *name;
	double since;
	int rank; /* the worst first */
};

static int rank_of(const char *state)
{
	static const int ranks[] = { [TABLE_BAD] = 0,
				     [TABLE_WARNING] = 1,
				     [TABLE_PLAIN] = 2,
				     [TABLE_DIM] = 3,
				     [TABLE_GOOD] = 4 };
	return ranks[show_tone(state)];
}

static int by_name(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	return strverscmp(x->name, y->name);
}

static int by_change(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->since < y->since || x->since > y->since)
		return x->since < y->since ? -1 : 1;
	return by_name(a, b);
}

static int by_state(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	return x->rank != y->rank ? x->rank - y->rank : by_name(a, b);
}

size_t top_model_total(const struct top_model *m, enum top_view view)
{
	const json_t *last = m->views[view].last;
	long long total = count_at(last, "total");
	size_t n = json_array_size(json_at(last, views[view].list));
	return total > 0 && (size_t)total > n ? (size_t)total : n;
}

void top_model_sorted(const struct top_model *m, enum top_view view, const json_t ***ret,
		      size_t *ret_n)
{
	static int (*const orders[N_TOP_SORTS])(const void *, const void *) = {
		[TOP_BY_STATE] = by_state,
		[TOP_BY_CHANGE] = by_change,
		[TOP_BY_NAME] = by_name,
	};
	const json_t *list = json_at(m->views[view].last, views[view].list), *object;
	size_t i, n = json_array_size(list);
	struct row *rows = mem_new(n + 1, sizeof(*rows));
	const json_t **objects = mem_new(n + 1, sizeof(*objects));
	json_array_foreach(list, i, object) rows[i] =
		(struct row){ object, text_at(object, views[view].name),
			      number_at(object, "since_seconds"),
			      rank_of(text_at(object, "state")) };
	qsort(rows, n, sizeof(*rows), orders[m->sort]);
	for (i = 0; i < n; i++)
		objects[i] = rows[i].object;
	free(rows);
	*ret = objects;
	*ret_n = n;
}

/* ---- rates ---- */

static const char *format_rate(const struct top_answer *a, double grown, char *buf)
{
	double seconds = (double)usec_sub(a->last_at, a->before_at) / (double)USEC_PER_SEC;
	if (!a->before || seconds <= 0 || grown < 0)
		return "-";
	double rate = grown / seconds;
	snprintf(buf, TOP_RATE_MAX, rate < 99.95 ? "%.1f" : "%.0f", rate);
	return buf;
}

const char *top_model_rate(const struct top_model *m, const char *path,
			   char buf[static TOP_RATE_MAX])
{
	const struct top_answer *a = &m->views[TOP_STATUS];
	return format_rate(a, number_at(a->last, path) - number_at(a->before, path), buf);
}

static const json_t *peer_of_before(const struct top_answer *a, const json_t *peer)
{
	size_t i;
	const json_t *other;
	json_array_foreach(json_at(a->before, "peers"), i,
			   other) if (str_equal(text_at(other, "address"),
						text_at(peer, "address"))) return other;
	return NULL;
}

/* -1: not known. A peer that was not there before, or whose counters began again, counts from 0. */
static double grown(const struct top_answer *a, const json_t *peer, const char *path)
{
	double now = number_at(peer, path), before = number_at(peer_of_before(a, peer), path);
	return before < 0 || before > now ? now : now - before;
}

const char *top_model_peer_rate(const struct top_model *m, const json_t *peer, const char *path,
				char buf[static TOP_RATE_MAX])
{
	const struct top_answer *a = &m->views[TOP_PEERS];
	size_t i;
	const json_t *each;
	double sum = 0;
	if (peer)
		return format_rate(a, grown(a, peer, path), buf);
	json_array_foreach(json_at(a->last, "peers"), i, each)
	{
		double more = grown(a, each, path);
		sum += more > 0 ? more : 0;
	}
	return format_rate(a, sum, buf);
}
