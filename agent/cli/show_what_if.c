/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "agent/cli/json_at.h"
#include "agent/cli/show.h"
#include "lib/str.h"

static const char *plural(long long n)
{
	return n == 1 ? "" : "s";
}

static void show_app_change(const struct show *s, const json_t *app)
{
	char age[TABLE_AGE_MAX];
	long long checks = count_at(app, "checks");
	double notice = number_at(app, "noticed_seconds"),
	       held = number_at(app, "held_down_seconds"),
	       gone = number_at(app, "unregistered_seconds");
	const char *before = text_at(app, "state.before"), *after = text_at(app, "state.after");
	const char *definition = text_at(app, "definition");
	if (!*before || !*after)
		fprintf(s->out, "app %s: %s%s%s", text_at(app, "app"), definition,
			*after ? ", " : "",
			str_equal(after, "unknown") ? "not checked yet" : after);
	else if (str_equal(before, after)) /* it is drained */
		fprintf(s->out, "app %s: %s, health %s -> %s", text_at(app, "app"), after,
			text_at(app, "health.before"), text_at(app, "health.after"));
	else
		fprintf(s->out, "app %s: %s -> %s", text_at(app, "app"), before, after);
	if (checks > 0 && notice > 0)
		fprintf(s->out, ", after %lld failed check%s, within %s", checks, plural(checks),
			table_age(notice, age));
	else if (checks > 0)
		fprintf(s->out, ", at once");
	if (true_at(app, "guarded"))
		fprintf(s->out, ", kept by the fleet guard");
	if (held > 0)
		fprintf(s->out, ", held down for %s", table_age(held, age));
	if (gone >= 0)
		fprintf(s->out, ", unregistered after %s", table_age(gone, age));
	fputc('\n', s->out);
}

static void show_value(FILE *out, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	fputs(text ? text : "null", out);
	free(text);
}

static bool is_missing(const json_t *value)
{
	return !value || json_is_null(value);
}

/* "med: 10 -> 100"; a value that is missing is null. False: they are the same. */
static bool show_attribute(const struct show *s, const char *separator, const char *key,
			   const json_t *before, const json_t *after)
{
	if ((is_missing(before) && is_missing(after)) || json_equal(before, after))
		return false;
	fprintf(s->out, "%s %s: ", separator, key);
	show_value(s->out, before);
	fputs(" -> ", s->out);
	show_value(s->out, after);
	return true;
}

/* Those that differ; which of both has them. */
static void show_attributes(const struct show *s, const json_t *route)
{
	const json_t *before = json_at(route, "before"), *after = json_at(route, "after");
	const char *key, *separator = "";
	const json_t *value;
	json_object_foreach((json_t *)after, key, value)
	{
		if (show_attribute(s, separator, key, json_object_get(before, key), value))
			separator = ",";
	}
	json_object_foreach((json_t *)before, key, value)
	{
		if (!json_object_get(after, key) && show_attribute(s, separator, key, value, NULL))
			separator = ",";
	}
}

static const char *when_text(const char *when)
{
	return str_equal(when, "checks")    ? ", when its checks pass"
	       : str_equal(when, "session") ? ", when the session is up"
					    : "";
}

static void show_routes_of(const struct show *s, const json_t *object)
{
	size_t i;
	const json_t *route;
	json_array_foreach(json_at(object, "routes"), i, route)
	{
		const char *change = text_at(route, "change");
		fprintf(s->out, "    %s: %s", text_at(route, "peer"), change);
		if (str_equal(change, "changed"))
			show_attributes(s, route);
		fprintf(s->out, "%s\n", when_text(text_at(route, "when")));
	}
}

/* The line of a VIP or an aggregate. */
static void show_route_change(const struct show *s, const json_t *object)
{
	const char *begin = "", *end = "";
	if (true_at(object, "lost")) {
		begin = table_tone_begin(&s->style, TABLE_BAD);
		end = table_tone_end(&s->style, TABLE_BAD);
	}
	fprintf(s->out, ": %s -> %s, announced to %lld -> %s%lld peer%s%s\n",
		text_at(object, "form.before"), text_at(object, "form.after"),
		count_at(object, "announced_to.before"), begin,
		count_at(object, "announced_to.after"),
		plural(count_at(object, "announced_to.after")), end);
}

/* "address", and the mappings that go or come with it. False: there is neither. */
static bool show_bound(const struct show *s, const char *address, const json_t *nats)
{
	size_t i;
	const json_t *nat;
	if (!*address && json_array_size(nats) == 0)
		return false;
	fprintf(s->out, "    %s", address);
	json_array_foreach(nats, i, nat)
		fprintf(s->out, "%sNAT %s", *address || i > 0 ? ", " : "", json_string_value(nat));
	return true;
}

static void show_vip_change(const struct show *s, const json_t *vip)
{
	char age[TABLE_AGE_MAX];
	const char *address = text_at(vip, "address");
	double after = number_at(vip, "address_seconds");
	fprintf(s->out, "vip %s of %s", text_at(vip, "prefix"), text_at(vip, "app"));
	show_route_change(s, vip);
	show_routes_of(s, vip);
	if (str_equal(address, "moved"))
		fprintf(s->out, "    %s -> %s\n", text_at(vip, "bind.before"),
			text_at(vip, "bind.after"));
	if (show_bound(s, str_equal(address, "removed") ? "address" : "",
		       json_at(vip, "nat_removed")))
		fprintf(s->out, " removed%s%s\n", after > 0 ? ", after " : "",
			after > 0 ? table_age(after, age) : "");
	if (show_bound(s, str_equal(address, "added") ? "address" : "", json_at(vip, "nat_added")))
		fprintf(s->out, " added%s\n", when_text(text_at(vip, "when")));
}

static void show_peer_changes(const struct show *s, const json_t *peers)
{
	size_t i;
	const json_t *peer;
	json_array_foreach(peers, i, peer)
	{
		const char *change = text_at(peer, "change");
		fprintf(s->out, "peer %s: %s\n", text_at(peer, "peer"),
			str_equal(change, "reset") ? "session reset, expected to re-establish"
						   : change);
	}
}

static void show_consul_away(const struct show *s, const json_t *consul)
{
	char age[TABLE_AGE_MAX];
	long long apps = count_at(consul, "apps_stay"), stay = count_at(consul, "monitors_stay"),
		  fail = count_at(consul, "monitors_fail");
	double limit = number_at(consul, "max_stale_seconds");
	if (is_missing(consul))
		return;
	fprintf(s->out,
		"Consul is away: %lld app%s of its services would stay, %lld consul monitor%s "
		"would "
		"keep %s last result",
		apps, plural(apps), stay, plural(stay), stay == 1 ? "its" : "their");
	if (fail > 0)
		fprintf(s->out, ", %lld would fail", fail);
	if (fail > 0 && limit > 0)
		fprintf(s->out, ", by consul_max_stale after %s", table_age(limit, age));
	if (true_at(consul, "publishing_stops"))
		fprintf(s->out, "; states of apps would not be published");
	fputc('\n', s->out);
}

static const char *answer_text(const char *guard)
{
	if (str_equal(guard, "lets-go"))
		return ", the guard lets this one go";
	if (str_equal(guard, "waits"))
		return ", the guard keeps this one in line";
	return *guard ? ", the guard keeps this one" : "";
}

static void show_left(const struct show *s, const json_t *vip)
{
	char joiners[48] = "";
	long long up = count_at(vip, "up"), joining = count_at(vip, "joining");
	const char *begin = "", *end = "";
	if (true_at(vip, "below")) {
		begin = table_tone_begin(&s->style, TABLE_BAD);
		end = table_tone_end(&s->style, TABLE_BAD);
	}
	if (joining > 0)
		snprintf(joiners, sizeof(joiners), ", %lld of them joining", joining);
	fprintf(s->out,
		"fleet %s: announced by %lld agent%s%s, %s%lld left%s of %lld that must stay%s; if "
		"all "
		"did the same: %lld\n",
		text_at(vip, "prefix"), up, plural(up), joiners, begin, count_at(vip, "left"), end,
		count_at(vip, "min_up"), answer_text(text_at(vip, "guard")),
		count_at(vip, "left_of_all"));
}

static void show_all_left(const struct show *s, const json_t *fleet)
{
	size_t i;
	const json_t *vip;
	long long below = count_at(fleet, "below");
	json_array_foreach(json_at(fleet, "vips"), i, vip) show_left(s, vip);
	if (below > 0)
		fprintf(s->out, "%lld VIP%s would be announced by fewer agents than min_up\n",
			below, plural(below));
}

void show_what_if(const struct show *s, const json_t *answer)
{
	const json_t *apps = json_at(answer, "apps"), *vips = json_at(answer, "vips"),
		     *aggregates = json_at(answer, "aggregates"), *peers = json_at(answer, "peers");
	size_t i;
	const json_t *item;
	long long lost = count_at(answer, "lost");
	show_consul_away(s, json_at(answer, "consul"));
	show_peer_changes(s, peers);
	json_array_foreach(apps, i, item) show_app_change(s, item);
	json_array_foreach(vips, i, item) show_vip_change(s, item);
	json_array_foreach(aggregates, i, item)
	{
		fprintf(s->out, "aggregate %s", text_at(item, "prefix"));
		show_route_change(s, item);
		show_routes_of(s, item);
	}
	if (json_array_size(apps) + json_array_size(vips) + json_array_size(aggregates) +
		    json_array_size(peers) ==
	    0)
		fprintf(s->out, "nothing would change\n");
	else if (lost > 0)
		fprintf(s->out, "%lld of them would be announced to no peer any more\n", lost);
	show_all_left(s, json_at(answer, "fleet"));
}
