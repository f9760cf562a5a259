/* SPDX-License-Identifier: MIT */
#include "agent/cli/json_at.h"
#include "agent/cli/show.h"
#include "lib/str.h"

/* Among the VIPs, as it is announced as they are. */
static void add_aggregate(struct table *t, const json_t *aggregate)
{
	const json_t *apps = json_at(aggregate, "apps");
	char age[TABLE_AGE_MAX], announced[32];
	table_add(t, text_at(aggregate, "prefix"));
	table_add(t, "(aggregate)");
	table_add(t, "-");
	table_add(t, text_at(aggregate, "form"));
	table_add_toned(t, true_at(aggregate, "announced") ? TABLE_GOOD : TABLE_WARNING,
			show_announced(json_at(aggregate, "announced_to"), announced));
	table_add(t, table_age(number_at(aggregate, "since_seconds"), age));
	table_add(t, "");
	table_format(t, "%lld of its apps announced, min %lld", count_at(apps, "announced"),
		     count_at(aggregate, "min"));
}

int show_vips(const struct show *s, const json_t *answer)
{
	struct table *t = table_new("VIP|APP|BOUND|FORM|PEERS|FOR|PPS|REASON");
	size_t i;
	const json_t *vip;
	char age[TABLE_AGE_MAX], announced[32];
	json_array_foreach(json_at(answer, "aggregates"), i, vip) add_aggregate(t, vip);
	json_array_foreach(json_at(answer, "routes"), i, vip)
	{
		const char *error = text_at(vip, "error");
		bool counted = json_is_number(json_at(vip, "traffic.packets_per_second"));
		table_add(t, text_at(vip, "prefix"));
		table_add(t, text_at(vip, "app"));
		table_add(t, true_at(vip, "bound") ? "yes" : "no");
		table_add(t, text_at(vip, "form"));
		table_add_toned(t, true_at(vip, "announced") ? TABLE_GOOD : TABLE_WARNING,
				show_announced(json_at(vip, "announced_to"), announced));
		table_add(t, table_age(number_at(vip, "since_seconds"), age));
		if (counted)
			table_format(t, "%.0f", number_at(vip, "traffic.packets_per_second"));
		else
			table_add(t, "");
		table_add_toned(t, *error ? TABLE_BAD : TABLE_PLAIN,
				*error ? error : text_at(vip, "reason"));
	}
	table_print(t, &s->style, s->out);
	table_free(t);
	return 0;
}

static void list(const json_t *array, struct strbuf *text)
{
	size_t i;
	const json_t *item;
	json_array_foreach(array, i, item)
		strbuf_add(text, "%s%s", text->len > 0 ? " " : "", json_string_value(item));
}

static void list_attributes(const json_t *a, struct strbuf *text)
{
	long long med = count_at(a, "med"), local_pref = count_at(a, "local_pref"),
		  prepend = count_at(a, "prepend");
	if (med >= 0)
		strbuf_add(text, "med %lld", med);
	if (local_pref >= 0)
		strbuf_add(text, "%slocal-pref %lld", text->len > 0 ? " " : "", local_pref);
	if (prepend > 0)
		strbuf_add(text, "%sprepend %lld", text->len > 0 ? " " : "", prepend);
	double weight = number_at(a, "weight");
	if (weight > 0)
		strbuf_add(text, "%sweight %.9g", text->len > 0 ? " " : "", weight);
	list(json_at(a, "communities"), text);
	list(json_at(a, "ext_communities"), text);
	list(json_at(a, "large_communities"), text);
}

static void add_route(struct table *t, const json_t *vip, const json_t *at_peer)
{
	char buf[512] = "";
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	const char *state = text_at(at_peer, "state"), *reason = text_at(at_peer, "reason");
	list_attributes(at_peer, &text);
	table_add(t, text_at(vip, "prefix"));
	table_add(t, text_at(at_peer, "peer"));
	table_add_toned(t, show_tone(state), state);
	table_add(t, text_at(at_peer, "next_hop"));
	table_add(t, str_equal(state, "sent") || !*reason ? buf : reason);
}

static void add_routes(struct table *t, const json_t *list, const char *peer)
{
	size_t i, k;
	const json_t *route, *at_peer;
	json_array_foreach(list, i, route)
		json_array_foreach(json_at(route, "peers"), k,
				   at_peer) if (!peer || str_equal(peer, text_at(at_peer, "peer")))
			add_route(t, route, at_peer);
}

int show_routes(const struct show *s, const json_t *answer)
{
	const char *peer = verb_value(s->call, "peer");
	struct table *t = table_new("PREFIX|PEER|STATE|NEXT HOP|ATTRIBUTES");
	add_routes(t, json_at(answer, "aggregates"), peer);
	add_routes(t, json_at(answer, "routes"), peer);
	table_print(t, &s->style, s->out);
	table_free(t);
	return 0;
}

/* Below the lines in front of it; without a row nothing is printed. */
static int end_table(const struct show *s, struct table *t, bool has_rows)
{
	if (has_rows) {
		fputc('\n', s->out);
		table_print(t, &s->style, s->out);
	}
	table_free(t);
	return 0;
}

int show_nat(const struct show *s, const json_t *a)
{
	struct table *t = table_new("VIP|PROTOCOL|LISTEN|TO|PRESENT");
	size_t i;
	const json_t *rule;
	show_line(s, "Back end", "%s%s%s", text_at(a, "backend"), *text_at(a, "why") ? ": " : "",
		  text_at(a, "why"));
	show_line(s, "Error", "%s", text_at(a, "error"));
	show_line(s, "Rules", "%lld of %lld present, %lld put back", count_at(a, "rules_present"),
		  count_at(a, "rules_wanted"), count_at(a, "put_back"));
	json_array_foreach(json_at(a, "rules"), i, rule)
	{
		bool present = true_at(rule, "present");
		table_add(t, text_at(rule, "vip"));
		table_add(t, text_at(rule, "protocol"));
		table_format(t, "%lld", count_at(rule, "listen"));
		table_add(t, text_at(rule, "to"));
		table_add_toned(t, present ? TABLE_GOOD : TABLE_BAD, present ? "yes" : "no");
	}
	return end_table(s, t, i > 0);
}

int show_consul(const struct show *s, const json_t *a)
{
	struct table *t = table_new("SERVICE|STATE|FOR|PROBLEM");
	const char *name = s->call->id == VERB_NOMAD ? "Nomad" : "Consul";
	size_t i;
	const json_t *found;
	char age[TABLE_AGE_MAX];
	if (!true_at(a, "enabled"))
		show_line(s, name, "not used: %s", text_at(a, "reason"));
	else
		show_line(s, name, "%s, node %s, %s for %s", text_at(a, "address"),
			  text_at(a, "node"), text_at(a, "state"),
			  table_age(number_at(a, "since_seconds"), age));
	show_line(s, "Last error", "%s", text_at(a, "last_error"));
	json_array_foreach(json_at(a, "found"), i, found)
	{
		const char *state = text_at(found, "state");
		table_add(t, text_at(found, "service"));
		table_add_toned(t, show_tone(state), state);
		table_add(t, table_age(number_at(found, "since_seconds"), age));
		table_add(t, text_at(found, "problem"));
	}
	return end_table(s, t, i > 0);
}
