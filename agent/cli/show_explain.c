/* SPDX-License-Identifier: MIT */
#include "agent/cli/json_at.h"
#include "agent/cli/show.h"
#include "lib/str.h"

static void show_condition(const struct show *s, const json_t *c, const char *peer)
{
	const json_t *holds = json_at(c, "holds");
	enum table_tone tone = json_is_true(holds)    ? TABLE_GOOD
			       : json_is_false(holds) ? TABLE_BAD
						      : TABLE_DIM;
	const char *mark = json_is_true(holds) ? "yes" : json_is_false(holds) ? "NO" : "-";
	double since = number_at(c, "since_seconds");
	char age[TABLE_AGE_MAX];
	fprintf(s->out, "  %s%-4s%s%-11s %s%s%s%s%s%s\n", table_tone_begin(&s->style, tone), mark,
		table_tone_end(&s->style, tone), text_at(c, "condition"), peer, *peer ? " " : "",
		text_at(c, "text"), since >= 0 ? " (for " : "",
		since >= 0 ? table_age(since, age) : "", since >= 0 ? ")" : "");
	if (*text_at(c, "do"))
		fprintf(s->out, "      do: %s\n", text_at(c, "do"));
}

static void show_conditions(const struct show *s, const json_t *of, const char *peer)
{
	size_t i;
	const json_t *c;
	json_array_foreach(json_at(of, "conditions"), i, c) show_condition(s, c, peer);
}

int show_explain(const struct show *s, const json_t *answer)
{
	size_t i, k;
	const json_t *vip, *peer;
	char announced[48];
	bool of_app = !json_at(answer, "aggregate");
	json_array_foreach(json_at(answer, "vips"), i, vip)
	{
		fprintf(s->out, "%s%s%s%s: announced to %s\n", i > 0 ? "\n" : "",
			text_at(vip, "prefix"), of_app ? " of " : ", an aggregate",
			text_at(answer, "app"),
			show_announced_peers(json_at(vip, "announced_to"), announced));
		show_conditions(s, vip, "");
		json_array_foreach(json_at(vip, "peers"), k, peer)
			show_conditions(s, peer, text_at(peer, "peer"));
	}
	return 0;
}
