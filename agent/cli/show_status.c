/* SPDX-License-Identifier: MIT */
#include "agent/cli/json_at.h"
#include "agent/cli/show.h"
#include "lib/str.h"

static void show_alarms(const struct show *s, const json_t *alarms)
{
	size_t i;
	const json_t *alarm;
	char age[TABLE_AGE_MAX];
	json_array_foreach(alarms, i, alarm)
	{
		double since = number_at(alarm, "since_seconds");
		fprintf(s->out, "%sALARM%s %s: %s%s%s%s\n", table_tone_begin(&s->style, TABLE_BAD),
			table_tone_end(&s->style, TABLE_BAD), text_at(alarm, "alarm"),
			text_at(alarm, "text"), since < 0 ? "" : " (for ",
			since < 0 ? "" : table_age(since, age), since < 0 ? "" : ")");
	}
	if (json_array_size(alarms) > 0)
		fputc('\n', s->out);
}

static void add_count(struct strbuf *text, const json_t *answer, const char *path, const char *name)
{
	long long n = count_at(answer, path);
	if (n > 0)
		strbuf_add(text, "%s%lld %s", text->len > 0 ? ", " : "", n, name);
}

static void show_counts(const struct show *s, const json_t *a)
{
	char buf[256] = "";
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	add_count(&text, a, "apps.up", "up");
	add_count(&text, a, "apps.down", "down");
	add_count(&text, a, "apps.unknown", "unknown");
	add_count(&text, a, "apps.draining", "draining");
	add_count(&text, a, "apps.drained", "drained");
	add_count(&text, a, "apps.kept", "kept");
	add_count(&text, a, "apps.joining", "joining");
	show_line(s, "Apps", "%s", text.len > 0 ? buf : "none");
	char suppressed[48] = "", disabled[48] = "";
	if (count_at(a, "vips.suppressed") > 0)
		snprintf(suppressed, sizeof(suppressed), ", %lld suppressed",
			 count_at(a, "vips.suppressed"));
	show_line(s, "VIPs", "%lld of %lld announced%s, %lld bound, %lld in trouble",
		  count_at(a, "vips.announced"), count_at(a, "vips.total"), suppressed,
		  count_at(a, "vips.bound"), count_at(a, "vips.troubled"));
	if (count_at(a, "peers.disabled") > 0)
		snprintf(disabled, sizeof(disabled), ", %lld disabled",
			 count_at(a, "peers.disabled"));
	show_line(s, "Peers", "%lld of %lld established%s", count_at(a, "peers.established"),
		  count_at(a, "peers.total"), disabled);
}

int show_status(const struct show *s, const json_t *a)
{
	char age[TABLE_AGE_MAX];
	show_alarms(s, json_at(a, "alarms"));
	show_line(s, "vipherald", "%s, %s for %s", text_at(a, "version"), text_at(a, "phase"),
		  table_age(number_at(a, "started_seconds"), age));
	if (json_is_object(json_at(a, "configuration")))
		show_line(s, "Configuration", "%s of %s", text_at(a, "configuration.path"),
			  text_at(a, "configuration.modified"));
	show_counts(s, a);
	if (json_is_object(json_at(a, "drain")))
		show_line(s, "Drain", "of the agent, for %s",
			  table_age(number_at(a, "drain.since_seconds"), age));
	if (json_is_object(json_at(a, "state_file")))
		show_line(s, "State file", "%s%s%s", text_at(a, "state_file.path"),
			  true_at(a, "state_file.stored") ? "" : ": not written: ",
			  text_at(a, "state_file.error"));
	return 0;
}
