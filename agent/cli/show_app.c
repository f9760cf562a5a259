/* SPDX-License-Identifier: MIT */
#include "agent/cli/json_at.h"
#include "agent/cli/show.h"

static void show_drain(const struct show *s, const json_t *drain)
{
	char age[TABLE_AGE_MAX];
	size_t i;
	const json_t *request;
	double left = number_at(drain, "withdraw_seconds");
	if (!json_is_object(drain))
		return;
	show_line(s, "Drain", "for %s, %s%s", table_age(number_at(drain, "since_seconds"), age),
		  left < 0 ? "withdrawn" : "withdrawn in ",
		  left < 0 ? "" : table_age(left, (char[TABLE_AGE_MAX]){ 0 }));
	json_array_foreach(json_at(drain, "holds"), i, request)
		show_line(s, "", "requested by %s of the %s%s%s", text_at(request, "by"),
			  text_at(request, "of"), *text_at(request, "reason") ? ": " : "",
			  text_at(request, "reason"));
}

static void show_joining(const struct show *s, const json_t *joining)
{
	char age[TABLE_AGE_MAX];
	if (!json_is_object(joining))
		return;
	show_line(s, "Joining", "for %s: %s", table_age(number_at(joining, "since_seconds"), age),
		  text_at(joining, "reason"));
}

static void show_vip_table(const struct show *s, const json_t *app)
{
	struct table *t = table_new("VIP|BOUND|FORM|PEERS|TROUBLE");
	size_t i;
	const json_t *vip;
	char announced[32];
	json_array_foreach(json_at(app, "vips"), i, vip)
	{
		const char *error = text_at(vip, "error");
		table_add(t, text_at(vip, "prefix"));
		table_add(t, true_at(vip, "bound") ? "yes" : "no");
		table_add(t, text_at(vip, "form"));
		table_add(t, show_announced(json_at(vip, "announced_to"), announced));
		table_add_toned(t, TABLE_BAD, *error ? error : text_at(vip, "reason"));
	}
	fputc('\n', s->out);
	table_print(t, &s->style, s->out);
	table_free(t);
}

static void show_checks(const struct show *s, const json_t *app)
{
	struct table *t = table_new("CHECK|HEALTH|FOR|LAST|TOOK|FAILED|SAID");
	size_t i;
	const json_t *m;
	char age[TABLE_AGE_MAX];
	json_array_foreach(json_at(app, "monitors"), i, m)
	{
		const char *health = text_at(m, "health");
		table_add(t, text_at(m, "monitor"));
		table_add_toned(t, show_tone(health), health);
		table_add(t, table_age(number_at(m, "since_seconds"), age));
		table_add(t, table_age(number_at(m, "last_check_seconds"), age));
		table_add(t, table_age(number_at(m, "took_seconds"), age));
		table_format(t, "%lld of %lld", count_at(m, "failures"), count_at(m, "checks"));
		table_add(t, text_at(m, "said"));
	}
	if (i > 0) {
		fputc('\n', s->out);
		table_print(t, &s->style, s->out);
	}
	table_free(t);
}

int show_app(const struct show *s, const json_t *app)
{
	char age[TABLE_AGE_MAX], announced[48];
	const char *state = text_at(app, "state");
	show_line(s, "App", "%s, from %s", text_at(app, "name"), text_at(app, "source"));
	show_line(s, "State", "%s%s%s for %s", table_tone_begin(&s->style, show_tone(state)), state,
		  table_tone_end(&s->style, show_tone(state)),
		  table_age(number_at(app, "since_seconds"), age));
	show_line(s, "Reason", "%s", text_at(app, "reason"));
	show_line(s, "Announced to", "%s",
		  show_announced_peers(json_at(app, "announced_to"), announced));
	show_line(s, "Lost", "%s", text_at(app, "announcement_errors"));
	show_drain(s, json_at(app, "drain"));
	show_joining(s, json_at(app, "joining"));
	if (json_is_object(json_at(app, "lease")))
		show_line(s, "Lease", "expires in %s",
			  table_age(number_at(app, "lease.expires_seconds"), age));
	if (number_at(app, "held_down_until_seconds") >= 0)
		show_line(s, "Held down", "for another %s (flap damping)",
			  table_age(number_at(app, "held_down_until_seconds"), age));
	show_line(s, "Transitions", "%lld up, %lld down", count_at(app, "went_up"),
		  count_at(app, "went_down"));
	show_vip_table(s, app);
	show_checks(s, app);
	return 0;
}
