/* SPDX-License-Identifier: MIT */
#include "agent/convert/exabgp_native.h"

#include <stdlib.h>
#include <string.h>

#include "agent/convert/exabgp_routes.h"
#include "agent/convert/prefix.h"
#include "agent/convert/shell.h"
#include "agent/model/app_spec.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

#define PREFIXES_MAX 1024

static const char *value(const struct exabgp_healthcheck *h, const char *name)
{
	return exabgp_healthcheck_value(h, name);
}

static bool has(const struct exabgp_healthcheck *h, const char *name)
{
	return json_object_get(h->values, name) != NULL;
}

/* Whether it adds addresses to lo, at its start or while the service is up. */
static bool sets_up_addresses(const struct exabgp_healthcheck *h)
{
	return !has(h, "no-ip-setup") || has(h, "dynamic-ip-setup");
}

struct app {
	const struct exabgp_healthcheck *h;
	json_t *object;
	const char *local_as; /* of the first peer */
};

static void lost(const struct exabgp_healthcheck *h, const char *what, const char *why)
{
	convert_lost(h->c, h->run->at, what, "%s", why);
}

static void set_number(const struct app *a, json_t *object, const char *key, const char *option,
		       uint64_t otherwise, uint64_t more)
{
	uint64_t number = otherwise;
	const char *text = value(a->h, option);
	if (text && str_to_u64(text, UINT32_MAX, &number) < 0)
		lost(a->h, text, "not a number");
	convert_set_number(object, key, number + more);
}

/* "0.5" seconds as "500ms"; ExaBGP's are numbers with a fraction. */
static void set_span(const struct app *a, json_t *monitor, const char *key, const char *option,
		     double otherwise)
{
	char text[32], *end;
	const char *given = value(a->h, option);
	double seconds = given ? strtod(given, &end) : otherwise;
	if (given && (*end || end == given || !(seconds >= 0) || seconds > 86400)) {
		lost(a->h, given, "not a number of seconds");
		seconds = otherwise;
	}
	if (seconds <= 0)
		return;
	uint64_t ms = (uint64_t)(seconds * 1000 + 0.5);
	snprintf(text, sizeof(text), ms % 1000 ? "%llums" : "%llus",
		 (unsigned long long)(ms % 1000 ? ms : ms / 1000));
	convert_set(monitor, key, text);
}

static void set_monitor(const struct app *a)
{
	const char *command = value(a->h, "command");
	if (!command)
		return;
	json_t *monitor = json_object(), *list = json_array();
	convert_set(monitor, "exec", command);
	set_span(a, monitor, "interval", "interval", 5);
	set_span(a, monitor, "fast_interval", "fast-interval", 1);
	set_span(a, monitor, "timeout", "timeout", 5);
	set_number(a, monitor, "rise", "rise", 3, 0);
	set_number(a, monitor, "fall", "fall", 3, 0);
	json_array_append_new(list, monitor);
	json_object_set_new(a->object, "monitors", list);
}

typedef bool format_fn(const char *word, char buf[static 64]);

static bool format_community(const char *word, char buf[static 64])
{
	return exabgp_community(word, buf);
}

static bool format_as_is(const char *word, char buf[static 64])
{
	return str_copy(buf, 64, word) == 0;
}

/* Of a list with blanks in between. */
static void add_words(const struct app *a, json_t *object, const char *key, const char *option,
		      format_fn *format)
{
	char text[64];
	const char *given = value(a->h, option);
	char *copy = mem_strdup(given ? given : "");
	for (char *save, *word = strtok_r(copy, " \t,[]", &save); word;
	     word = strtok_r(NULL, " \t,[]", &save)) {
		if (format(word, text))
			convert_append(object, key, text);
		else
			lost(a->h, word, "not a community");
	}
	free(copy);
}

/* The path of a state: the own AS several times. */
static void set_path(const struct app *a, json_t *object, const char *state)
{
	char option[32];
	unsigned n = 0;
	bool other = false;
	snprintf(option, sizeof(option), "%s-as-path", state);
	const char *given = value(a->h, option) ? value(a->h, option) : value(a->h, "as-path");
	char *copy = mem_strdup(given ? given : "");
	for (char *save, *word = strtok_r(copy, " \t,[]", &save); word;
	     word = strtok_r(NULL, " \t,[]", &save)) {
		other |= !str_equal(word, a->local_as);
		n++;
	}
	free(copy);
	if (other)
		lost(a->h, given,
		     "a path with other AS numbers than local-as cannot be sent by "
		     "an app; without --native the program runs as it is");
	else if (n > 1)
		convert_set_number(object, "prepend", n - 1);
}

static json_t *state(const struct app *a, const char *name)
{
	return convert_inner(convert_inner(a->object, "states"), name);
}

static void set_communities(const struct app *a)
{
	json_t *common = convert_inner(a->object, "vip_config");
	bool differ = has(a->h, "disabled-community");
	json_t *up = differ ? state(a, "up") : common;
	add_words(a, up, differ ? "communities" : "bgp_communities", "community", format_community);
	add_words(a, common, "bgp_ext_communities", "extended-community", exabgp_ext_community);
	add_words(a, common, "bgp_large_communities", "large-community", format_as_is);
	if (has(a->h, "local-preference"))
		set_number(a, common, "local_pref", "local-preference", 100, 0);
	if (json_object_size(common) == 0)
		json_object_del(a->object, "vip_config");
}

static void set_down(const struct app *a, uint64_t more)
{
	json_t *down = state(a, "down");
	convert_set_true(down, "announce");
	set_number(a, down, "med", "down-metric", 1000, more);
	set_path(a, down, "down");
	if (has(a->h, "disabled-community"))
		add_words(a, down, "communities", "disabled-community", format_community);
}

static void set_disabled(const struct app *a, uint64_t more)
{
	convert_set(a->object, "disable_file", value(a->h, "disable"));
	json_t *drain = state(a, "drain");
	if (has(a->h, "withdraw-on-down")) {
		json_object_set_new(drain, "announce", json_false());
		return;
	}
	set_number(a, drain, "med", "disabled-metric", 500, more);
	set_number(a, drain, "local_pref", "local-preference", 100, 0);
	set_path(a, drain, "disabled");
	if (has(a->h, "disabled-community"))
		add_words(a, drain, "communities", "disabled-community", format_community);
}

static void set_states(const struct app *a, uint64_t more)
{
	json_t *up = state(a, "up");
	set_number(a, up, "med", "up-metric", 100, more);
	set_path(a, up, "up");
	if (!has(a->h, "withdraw-on-down"))
		set_down(a, more);
	if (has(a->h, "disable"))
		set_disabled(a, more);
}

static json_t *add_app(const struct exabgp_healthcheck *h, const char *local_as, uint64_t more)
{
	char name[129];
	const char *given = value(h, "name");
	const struct app a = { h, convert_add(h->c, "apps", h->run->at), local_as };
	const json_t *neighbors = json_object_get(h->values, "neighbor");
	convert_set(a.object, "name",
		    convert_app_name(h->c, given && *given ? given : h->program, name));
	json_object_set_new(a.object, "vip", json_array());
	if (!sets_up_addresses(h))
		convert_set(a.object, "bind", "none");
	set_monitor(&a);
	set_communities(&a);
	set_states(&a, more);
	for (size_t i = 0; i < json_array_size(neighbors); i++)
		convert_append(a.object, "peers", json_string_value(json_array_get(neighbors, i)));
	return a.object;
}

/* ---- the addresses ---- */

/* Those of a network one by one, with --deaggregate-networks. */
static void add_prefix(const struct exabgp_healthcheck *h, const char *text, json_t *list)
{
	struct prefix p;
	char buf[PREFIX_TEXT_MAX];
	bool host_bits;
	if (convert_prefix(text, &p, &host_bits) < 0) {
		lost(h, text, "not an address or network");
		return;
	}
	unsigned bits = (unsigned)(8 * addr_size(p.addr.family)) - p.len;
	if (!has(h, "deaggregate-networks")) {
		json_array_append_new(list, json_string(prefix_format(&p, buf)));
		return;
	}
	if (bits > 10 || json_array_size(list) + (1U << bits) > PREFIXES_MAX) {
		lost(h, text, "more than 1024 addresses");
		return;
	}
	p.len = (uint8_t)(p.len + bits);
	size_t last = addr_size(p.addr.family) - 1;
	for (unsigned i = 0; i < 1U << bits; i++) {
		struct prefix one = p;
		one.addr.bytes[last] |= (uint8_t)(i & 0xff);
		one.addr.bytes[last - 1] |= (uint8_t)(i >> 8);
		json_array_append_new(list, json_string(prefix_format(&one, buf)));
	}
}

/* The first one is that of --start-ip, those before it follow at the end. */
static json_t *rotated(const struct exabgp_healthcheck *h, json_t *list)
{
	uint64_t start = 0;
	const char *text = value(h, "start-ip");
	size_t n = json_array_size(list);
	if (text && str_to_u64(text, UINT32_MAX, &start) < 0)
		lost(h, text, "not a number");
	json_t *result = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append(result, json_array_get(list, (i + start) % n));
	json_decref(list);
	return result;
}

static json_t *prefixes(const struct exabgp_healthcheck *h)
{
	size_t i;
	json_t *text, *list = json_array();
	json_array_foreach((json_t *)exabgp_healthcheck_prefixes(h), i, text)
		add_prefix(h, json_string_value(text), list);
	return rotated(h, list);
}

static void set_increase(json_t *app, uint64_t increase)
{
	if (increase > 0 && json_array_size(json_object_get(app, "vip")) > 1)
		convert_set_number(convert_inner(app, "vip_config"), "increase", increase);
}

/* As many to an app as it may have. */
static void add_apps(const struct exabgp_healthcheck *h, const char *local_as)
{
	size_t i;
	json_t *text, *list = prefixes(h), *app = NULL;
	uint64_t increase = 1;
	if (value(h, "increase") && str_to_u64(value(h, "increase"), UINT16_MAX, &increase) < 0)
		lost(h, value(h, "increase"), "not a number");
	json_array_foreach(list, i, text)
	{
		if (i % APP_VIPS_MAX == 0) {
			set_increase(app, increase);
			app = add_app(h, local_as, i * increase);
		}
		json_array_append(json_object_get(app, "vip"), text);
	}
	set_increase(app, increase);
	json_decref(list);
}

/* ---- commands on changes ---- */

/* A change of state as ExaBGP calls it, and the event that it is here. */
struct change {
	const char *option, *event, *state;
	const char *health; /* of the app, with that event; NULL: whatever it is */
};

static void add_hooks(const struct exabgp_healthcheck *h, const struct change *change,
		      const char *app)
{
	size_t i;
	json_t *command;
	json_array_foreach(json_object_get(h->values, change->option), i, command)
	{
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);
		if (!out)
			abort(); /* as lib/mem.h, which says why */
		fputs("test \"$VIPHERALD_EVENT_APP\" = ", out);
		shell_print_word(app, out);
		if (change->health)
			fprintf(out, " && test \"$VIPHERALD_EVENT_HEALTH\" = %s", change->health);
		fprintf(out, " || exit 0; export STATE=%s; %s", change->state,
			json_string_value(command));
		fclose(out);
		json_t *hook = convert_add(h->c, "hooks", h->run->at);
		convert_append(hook, "on", change->event);
		convert_set(hook, "exec", text);
		free(text);
	}
}

static void carry_hooks(const struct exabgp_healthcheck *h, const char *app)
{
	static const struct change changes[] = {
		{ "up-execute", "app.up", "UP", NULL },
		{ "execute", "app.up", "UP", NULL },
		{ "down-execute", "app.down", "DOWN", NULL },
		{ "execute", "app.down", "DOWN", NULL },
		{ "disabled-execute", "drain.on", "DISABLED", NULL },
		{ "execute", "drain.on", "DISABLED", NULL },
		{ "up-execute", "drain.off", "UP", "up" },
		{ "execute", "drain.off", "UP", "up" },
		{ "down-execute", "drain.off", "DOWN", "down" },
		{ "execute", "drain.off", "DOWN", "down" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		add_hooks(h, &changes[i], app);
}

/* ---- remarks ---- */

static bool is_more_than_one(const struct exabgp_healthcheck *h, const char *option)
{
	uint64_t number = 3; /* ExaBGP's default */
	const char *text = value(h, option);
	if (text)
		(void)str_to_u64(text, UINT32_MAX, &number);
	return number > 1;
}

/* --execute is run at each step of its state machine. */
static void remark_execute(const struct exabgp_healthcheck *h)
{
	char what[64];
	struct strbuf sb = strbuf_over(what, sizeof(what));
	strbuf_add(&sb, "--execute with STATE");
	size_t none = sb.len;
	if (is_more_than_one(h, "rise"))
		strbuf_add(&sb, " RISING");
	if (is_more_than_one(h, "fall"))
		strbuf_add(&sb, " FALLING");
	if (has(h, "disable"))
		strbuf_add(&sb, " INIT");
	if (sb.len > none)
		lost(h, what,
		     "that is not an event here, the command is run with UP, DOWN and DISABLED");
}

static void remark_hooks(const struct exabgp_healthcheck *h)
{
	if (has(h, "execute"))
		remark_execute(h);
	if (has(h, "disable") &&
	    (has(h, "execute") || has(h, "up-execute") || has(h, "down-execute")))
		convert_note(h->c, h->run->at, "--disable",
			     "a drained app is checked as ever: commands are run with UP and DOWN "
			     "then, too");
}

static void remark_addresses(const struct exabgp_healthcheck *h)
{
	const struct convert_at at = h->run->at;
	convert_note(h->c, at, "--ip",
		     "the agent adds the addresses to lo; where the distribution does that, "
		     "write bind: present");
	if (value(h, "label"))
		lost(h, "--label", "addresses are added without a label");
	if (has(h, "label-exact-match"))
		lost(h, "--label-exact-match",
		     "addresses are known as the agent's by their protocol number, not by a label");
	if (has(h, "dynamic-ip-setup"))
		lost(h, "--dynamic-ip-setup",
		     "an address stays on lo while it is announced, and for agent.cleanup_timer "
		     "after that: 1ms removes it at once");
	if (has(h, "sudo"))
		convert_note(h->c, at, "--sudo", "the agent adds addresses itself, without sudo");
}

static void remark(const struct exabgp_healthcheck *h)
{
	const struct convert_at at = h->run->at;
	remark_hooks(h);
	if (has(h, "disable") && !has(h, "withdraw-on-down"))
		convert_note(h->c, at, "--disable",
			     "a drained app also has GRACEFUL_SHUTDOWN, and is withdrawn after "
			     "agent.drain_time");
	if (sets_up_addresses(h))
		remark_addresses(h);
	if (has(h, "user") || has(h, "group"))
		convert_lost(h->c, at, "--user, --group",
			     "the user of all commands is agent.exec.user");
	if (has(h, "path-id"))
		lost(h, "--path-id", "ADD-PATH is not sent");
	if (value(h, "next-hop"))
		lost(h, "--next-hop", "the next hop is that of the peer: local_ip, next_hop");
	if (value(h, "interval") && strtod(value(h, "interval"), NULL) <= 0)
		lost(h, "--interval 0", "a check is repeated, every agent.monitor_interval here");
}

static const char *local_as_of(struct convert *c, char buf[static 24])
{
	const json_t *as = json_object_get(convert_item(c, "peers", 0), "local_as");
	if (!json_is_integer(as))
		return "";
	snprintf(buf, 24, "%lld", (long long)json_integer_value(as));
	return buf;
}

bool exabgp_native_carry(const struct exabgp_healthcheck *h)
{
	char as[24];
	size_t first = 0;
	if (!exabgp_healthcheck_prefixes(h)) {
		lost(h, h->program,
		     "announces the addresses that it finds on lo, which this file "
		     "does not say: name them by --ip; it stays a program");
		return false;
	}
	while (convert_item(h->c, "apps", first))
		first++;
	add_apps(h, local_as_of(h->c, as));
	remark(h);
	const json_t *app = convert_item(h->c, "apps", first);
	if (app)
		carry_hooks(h, convert_get(app, "name"));
	return true;
}
