/* SPDX-License-Identifier: MIT */
#include "agent/cli/verb.h"

#include <errno.h>
#include <string.h>

#include "agent/config/schema_bgp.h"
#include "agent/convert/run.h"
#include "lib/array.h"
#include "lib/log_level.h"
#include "lib/str.h"

#define WATCH_DEFAULT (2 * USEC_PER_SEC)
/* The column in the list of verbs. */
#define SUMMARY_AT 28

const struct verb_option verb_key_option = { "KEY", "VALUE",
					     "of add: any key of bgp.peers, as --hold-time 30s" };

static const char *const peer_orders[] = { "enable", "disable", "reset", "refresh",
					   "add",    "delete",  NULL };

static const char *const fleet_orders[] = { "status", "drain", "release", NULL };

static const struct verb verbs[N_VERBS] = {
	[VERB_STATUS] = { "status", NULL, "", 0, 0, "The agent at a glance, alarms first",
			  "vipherald status --watch", .watches = true },
	[VERB_APPS] = { "apps", NULL, "", 0, 0, "All apps, a line each",
			"vipherald apps --state down",
			.options = { { "state", "STATE", "only apps in this state" },
				     { "names", NULL, "names only" } },
			.watches = true },
	[VERB_APP] = { "app", NULL, "NAME", 1, 1, "An app with its VIPs and checks",
		       "vipherald app dns", .watches = true, .names = "apps" },
	[VERB_VIPS] = { "vips", NULL, "", 0, 0, "All VIPs, and which peers have them",
			"vipherald vips", .watches = true },
	[VERB_EXPLAIN] = { "explain", NULL, "NAME|VIP", 1, 1,
			   "Why an app or VIP is announced or not, condition by condition",
			   "vipherald explain dns", .watches = true, .names = "apps" },
	[VERB_WHAT_IF] = { "what-if", NULL, "", 0, 0,
			   "What would change if monitors failed, peers were down, Consul were "
			   "away, or by another configuration; nothing is changed",
			   "vipherald what-if --fail dns --peer-down 10.0.0.1",
			   .options = { { "fail", "APP|KIND",
					  "all monitors of an app, or all of a kind (port, http, "
					  "…) fail; may be repeated" },
					{ "peer-down", "ADDR",
					  "the session with a peer is down; may be repeated" },
					{ "consul-away", NULL,
					  "Consul is unreachable, whatever fails besides" },
					{ "config", "FILE",
					  "after a reload with this file, whatever fails then" },
					{ "fleet", NULL,
					  "with the agents that are left of each VIP, and what "
					  "the guard would answer" } },
			   .exits = "0 all that is announced stays so, 1 a VIP or an aggregate "
				    "would be announced to no peer any more (--fleet: a guarded "
				    "VIP by fewer agents than min_up), 2 usage, or no such app, "
				    "kind or peer, 3 agent not reachable" },
	[VERB_PEERS] = { "peers", "neighbor", "", 0, 0, "All BGP sessions, a line each",
			 "vipherald peers --watch=1s",
			 .options = { { "names", NULL, "addresses only" } }, .watches = true },
	[VERB_PEER] = { "peer", NULL, "ADDR [enable|disable|reset|refresh|add|delete]", 1, 2,
			"A BGP session in full, or an order for it",
			"vipherald peer 10.0.0.1 disable --text maintenance",
			.options = { { "text", "TEXT",
				       "of disable and reset: for the operator of the other side" },
				     { "soft", NULL,
				       "of reset: all routes again, the session goes on" },
				     { "hard", NULL,
				       "of reset: a router with graceful restart drops the "
				       "routes" },
				     { "as", "AS", "of add: its AS number, peer_as" },
				     { "port", "PORT", "where peers have the same address" } },
			.watches = true, .names = "peers", .orders = peer_orders,
			.keys = &config_peer_section },
	[VERB_ROUTES] = { "routes", "adj-out", "", 0, 0, "Routes sent to each peer",
			  "vipherald routes --peer 10.0.0.1",
			  .options = { { "peer", "ADDR", "only of this peer" } }, .watches = true },
	[VERB_NAT] = { "nat", NULL, "", 0, 0, "NAT rules, wanted and present", "vipherald nat",
		       .watches = true },
	[VERB_CONSUL] = { "consul", NULL, "", 0, 0, "Consul, and what its services became",
			  "vipherald consul", .watches = true },
	[VERB_NOMAD] = { "nomad", NULL, "", 0, 0, "Nomad, and what its services became",
			 "vipherald nomad", .watches = true },
	[VERB_FLEET] = { "fleet", NULL, "status [VIP] | drain ... -- COMMAND | release NODE", 1,
			 VERB_WORDS_MAX,
			 "Who announces which VIP; a command with apps drained, on a few hosts of "
			 "the fleet at a time",
			 "vipherald fleet drain --app dns -- apt upgrade",
			 .options = { { "app", "NAME",
					"of drain and release: may be repeated, as --vip" },
				      { "vip", "PREFIX", "the app that has it" },
				      { "slots", "COUNT",
					"-n, of drain: hosts at a time, default 1" },
				      { "wait-traffic", "PPS",
					"of drain: until fewer packets a second come, 10pps" },
				      { "timeout", "DURATION",
					"of drain: how long to wait, default unlimited" },
				      { "reason", "TEXT",
					"of drain: shown wherever the drain is" } },
			 .exits = "0 done, 1 refused, not found, or Consul does not answer, 2 "
				  "usage, 3 agent not reachable; of drain that of the command, 124 "
				  "--timeout expired, 125 the command was not run or its result "
				  "not reported, 126 it cannot be run, 127 it is not found",
			 .has_rest = true, .kinds = fleet_orders },
	[VERB_EVENTS] = { "events", NULL, "", 0, 0, "Recent events",
			  "vipherald events --follow --kind app",
			  .options = { { "follow", NULL,
					 "and what happens from now on; with --json an event a "
					 "line" },
				       { "kind", "KIND", "app, app.down, session, route …" },
				       { "name", "NAME", "of this app, VIP or peer" },
				       { "limit", "COUNT", "how many of the past, default 20" } } },
	[VERB_HISTORY] = { "history", NULL, "NAME", 1, 1, "Events of an app, VIP or peer",
			   "vipherald history 192.0.2.53", .names = "apps",
			   .options = { { "limit", "COUNT", "the last ones only" } } },
	[VERB_REGISTER] = { "register", NULL, "NAME", 1, 1,
			    "Register an app, or with NAME alone one of the file that was "
			    "unregistered",
			    "vipherald register dns --vip 192.0.2.53/32 --monitor port:udp:53",
			    .options = { { "vip", "PREFIX", "a VIP; may be repeated" },
					 { "monitor", "MONITOR", "a check; may be repeated" },
					 { "quorum", "N", "checks that must pass: all, any, N" },
					 { "nat", "PROTO:LISTEN:DEST", "may be repeated" },
					 { "communities", "LIST", "separated by commas" },
					 { "peers", "LIST", "to these only; by commas" },
					 { "except-peers", "LIST", "not to these; by commas" },
					 { "ttl", "DURATION", "a lease that is to be renewed" },
					 { "bind", "WORD", "address, route, present or none" } } },
	[VERB_DEFINE] = { "define", NULL, "NAME FILE|-", 2, 2,
			  "Register an app by a JSON object with the keys that it has in the "
			  "configuration",
			  "vipherald define dns dns.json", .names = "apps" },
	[VERB_UNREGISTER] = { "unregister", NULL, "NAME", 1, 1, "Remove an app",
			      "vipherald unregister dns", .names = "apps" },
	[VERB_DRAIN] = { "drain", NULL, "[NAME]", 0, 1,
			 "Drain an app, or all of them, before work on it",
			 "vipherald drain dns --reason upgrade --for 1h --wait",
			 .options = { { "reason", "TEXT", "shown wherever the drain is" },
				      { "for", "DURATION", "end the drain after this time" },
				      { "wait", NULL, "return when the routes are withdrawn" } },
			 .names = "apps" },
	[VERB_UNDRAIN] = { "undrain", NULL, "[NAME]", 0, 1, "End a drain",
			   "vipherald undrain dns --wait",
			   .options = { { "wait", NULL, "return when the app is announced" } },
			   .names = "apps" },
	[VERB_CHECK_NOW] = { "check-now", NULL, "NAME", 1, 1,
			     "Check an app now, and show what each of its monitors finds",
			     "vipherald check-now dns --timeout 10s",
			     .options = { { "timeout", "DURATION",
					    "how long to wait, default 30s" } },
			     .exits =
				     "0 all monitors pass, 1 one does not, refused or not found, 2 "
				     "usage, 3 agent not reachable",
			     .names = "apps" },
	[VERB_RELOAD] = { "reload", NULL, "", 0, 0,
			  "Read the configuration again and apply what differs",
			  "vipherald reload --confirm 5m",
			  .options = { { "confirm", "DURATION",
					 "return to the present one unless confirmed by then" } } },
	[VERB_CONFIRM] = { "confirm", NULL, "", 0, 0,
			   "Keep the configuration that reload --confirm put on trial",
			   "vipherald confirm", .watches = false },
	[VERB_DIFF] = { "diff", NULL, "[OLD] NEW", 1, 2,
			"Effects of a configuration change, compared with the running agent, or "
			"with another file",
			"vipherald diff /etc/vipherald/config.yaml",
			.exits = "0 no change, 1 changes, 2 errors, 3 agent not reachable" },
	[VERB_CONFIG] = { "config", NULL, "show", 1, 1,
			  "The configuration in effect as YAML, what is included in it, secrets "
			  "hidden",
			  "vipherald config show --defaults",
			  .options = { { "defaults", NULL, "keys that have their default, too" },
				       { "include-api", NULL,
					 "peers that were added over the API, too" } } },
	[VERB_TOP] = { "top", NULL, "", 0, 0,
		       "Sessions, apps, rates and events on the terminal, kept up to date",
		       "vipherald top --interval 1s",
		       .options = { { "interval", "DURATION", "between two updates, default 2s" } },
		       .on_screen = true },
	[VERB_LOG] = { "log", NULL, "LEVEL [MODULE]", 1, 2,
		       "Log more or less, until the next reload", "vipherald log debug bgp",
		       .kinds = log_level_names },
	[VERB_CONVERT] = { "convert", NULL, "TOOL FILE...", 1, VERB_WORDS_MAX,
			   "The configuration of another tool as ours, to stdout; - is stdin",
			   "vipherald convert gocast /etc/gocast/config.yaml > config.yaml",
			   .exits = "0 all of it, 1 some lines could not be carried over, 2 usage, "
				    "or a file that is not of that tool",
			   .options = { { "native", NULL,
					  "of exabgp: its health checks as apps with monitors" },
					{ "allow", "PREFIX",
					  "of exabgp: what programs may announce; may be "
					  "repeated" } },
			   .offline = true, .has_rest = true, .kinds = convert_tools },
	[VERB_COMPLETIONS] = { "completions", NULL, "bash|zsh|fish", 1, 1,
			       "Completions for a shell, to be sourced by it",
			       "vipherald completions bash "
			       "> /etc/bash_completion.d/vipherald",
			       .watches = false },
};

/* Of every verb. */
static const struct verb_option common[] = {
	{ "json", NULL, "the API's JSON" },
	{ "watch", "[DURATION]", "repeatedly, default every 2s" },
	{ "color", "WHEN", "auto, always or never; NO_COLOR is respected" },
	{ "api", "ADDR",
	  "unix:/PATH, ADDRESS:PORT or https://HOST:PORT of the agent (VIPHERALD_API)" },
	{ "cacert", "FILE", "with https: the authority of its certificate (VIPHERALD_CACERT)" },
	{ "cert", "FILE", "with https: the certificate to present (VIPHERALD_CERT)" },
	{ "key", "FILE", "with https: the key of that certificate (VIPHERALD_KEY)" },
	{ "help", NULL, "this text" },
	{ NULL, NULL, NULL },
};
#define N_COMMON (ARRAY_SIZE(common) - 1)

const struct verb *verb_at(enum verb_id id)
{
	return id < N_VERBS ? &verbs[id] : NULL;
}

const struct verb_option *verb_common_options(void)
{
	return common;
}

const struct verb *verb_find(const char *word)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (str_equal(word, verbs[i].name) ||
		    (verbs[i].alias && str_equal(word, verbs[i].alias)))
			return &verbs[i];
	return NULL;
}

/* ---- the command line ---- */

static bool is_named(const struct verb_option *option, const char *text, size_t len)
{
	return strlen(option->name) == len && strncmp(option->name, text, len) == 0;
}

bool verb_accepts(const struct verb *verb, const struct verb_option *option)
{
	if (verb->offline)
		return str_equal(option->name, "help");
	if (str_equal(option->name, "watch"))
		return verb->watches;
	return !(verb->on_screen && str_equal(option->name, "json"));
}

static const struct verb_option *find_option(const struct verb *verb, const char *text, size_t len)
{
	for (const struct verb_option *o = verb->options; o->name; o++)
		if (is_named(o, text, len))
			return o;
	for (size_t i = 0; i < N_COMMON; i++)
		if (is_named(&common[i], text, len) && verb_accepts(verb, &common[i]))
			return &common[i];
	return NULL;
}

static int unknown_option(const struct verb *verb, const char *arg, struct err *err)
{
	const char *names[VERB_OPTIONS_MAX + N_COMMON + 1] = { NULL };
	char word[32];
	size_t n = 0, len = strcspn(arg + strspn(arg, "-"), "=");
	for (const struct verb_option *o = verb->options; o->name; o++)
		names[n++] = o->name;
	for (size_t i = 0; i < N_COMMON; i++)
		if (find_option(verb, common[i].name, strlen(common[i].name)))
			names[n++] = common[i].name;
	snprintf(word, sizeof(word), "%.*s", (int)(len < 31 ? len : 31), arg + strspn(arg, "-"));
	const char *near = len > 2 ? str_nearest(word, names) : NULL;
	return err_set(err, -EINVAL, "%s: unknown option %s%s%s%s", verb->name, arg,
		       near ? ", did you mean --" : "", near ? near : "", near ? "?" : "");
}

static int set_color(struct verb_call *call, const char *value, struct err *err)
{
	static const char *const names[] = { "auto", "always", "never" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_equal(value, names[i])) {
			call->color = (enum verb_color)i;
			return 0;
		}
	return err_set(err, -EINVAL, "--color: '%s' is not auto, always or never", value);
}

static int set_watch(struct verb_call *call, const char *value, struct err *err)
{
	struct err why;
	call->watch = WATCH_DEFAULT;
	if (value && (duration_parse(value, &call->watch, &why) < 0 || call->watch == 0))
		return err_set(err, -EINVAL, "--watch: '%s' is not a duration like 1s", value);
	return 0;
}

static int set_common(struct verb_call *call, const struct verb_option *option, const char *value,
		      struct err *err)
{
	if (str_equal(option->name, "json"))
		call->json = true;
	else if (str_equal(option->name, "help"))
		call->help = true;
	else if (str_equal(option->name, "api"))
		call->api = value;
	else if (str_equal(option->name, "cacert"))
		call->cacert = value;
	else if (str_equal(option->name, "cert"))
		call->cert = value;
	else if (str_equal(option->name, "key"))
		call->key = value;
	else if (str_equal(option->name, "watch"))
		return set_watch(call, value, err);
	else
		return set_color(call, value, err);
	return 0;
}

static bool is_common(const struct verb_option *option)
{
	return option >= common && option < common + N_COMMON;
}

/* Ranges that differ from option to option are the agent's to know. */
static int check_value(const struct verb *verb, const struct verb_option *option, const char *value,
		       struct err *err)
{
	struct err why;
	span_t span;
	uint64_t count;
	const char *kind = option->value ? option->value : "";
	if (str_equal(kind, "DURATION") && (duration_parse(value, &span, &why) < 0 || span == 0))
		return err_set(err, -EINVAL, "%s: --%s: '%.40s' is not a duration like 30s",
			       verb->name, option->name, value);
	if (str_equal(kind, "COUNT") && str_to_u64(value, UINT32_MAX, &count) < 0)
		return err_set(err, -EINVAL, "%s: --%s: '%.40s' is not a number", verb->name,
			       option->name, value);
	return 0;
}

static int set_option(struct verb_call *call, const struct verb_option *option, const char *value,
		      struct err *err)
{
	if (is_common(option))
		return set_common(call, option, value, err);
	if (check_value(call->verb, option, value, err) < 0)
		return -EINVAL;
	if (call->n_values >= VERB_VALUES_MAX)
		return err_set(err, -EINVAL, "--%s: more than %d options", option->name,
			       VERB_VALUES_MAX);
	call->values[call->n_values].name = option->name;
	call->values[call->n_values++].value = value;
	return 0;
}

/* "--hold-time 30s"; 1: there is no such key. */
static int parse_key(struct verb_call *call, const char *name, size_t len, int argc,
		     char *const argv[], int *at, struct err *err)
{
	char key[32];
	size_t offset;
	if (!call->verb->keys || len >= sizeof(key))
		return 1;
	memcpy(key, name, len);
	key[len] = 0;
	for (char *dash; (dash = strchr(key, '-'));)
		*dash = '_';
	const struct config_key *k = config_section_find(call->verb->keys, key, &offset);
	if (!k)
		return 1;
	if (!name[len] && *at + 1 >= argc)
		return err_set(err, -EINVAL, "%s: --%.*s requires a value", call->verb->name,
			       (int)len, name);
	const char *value = name[len] ? name + len + 1 : argv[++*at];
	return set_option(call, &(struct verb_option){ .name = k->name }, value, err);
}

/* -h and -n are the short ones. */
static const struct verb_option *find_short(const struct verb *verb, const char *name, size_t len)
{
	if (len == 1 && *name == 'h')
		return find_option(verb, "help", 4);
	if (len == 1 && *name == 'n')
		return find_option(verb, "slots", 5);
	return find_option(verb, name, len);
}

static int parse_option(struct verb_call *call, int argc, char *const argv[], int *at,
			struct err *err)
{
	const char *arg = argv[*at], *name = arg + strspn(arg, "-");
	size_t len = strcspn(name, "=");
	const char *value = name[len] ? name + len + 1 : NULL;
	const struct verb_option *option = find_short(call->verb, name, len);
	int rc = option ? 0 : parse_key(call, name, len, argc, argv, at, err);
	if (!option)
		return rc > 0 ? unknown_option(call->verb, arg, err) : rc;
	if (!option->value && value)
		return err_set(err, -EINVAL, "%s: --%s takes no value", call->verb->name,
			       option->name);
	if (option->value && option->value[0] != '[' && !value) {
		if (*at + 1 >= argc)
			return err_set(err, -EINVAL, "%s: --%s requires a value: %s",
				       call->verb->name, option->name, option->value);
		value = argv[++*at];
	}
	return set_option(call, option, value, err);
}

static int check_word(const struct verb *verb, const char *const *allowed, const char *word,
		      struct err *err)
{
	char text[160];
	struct strbuf sb = strbuf_over(text, sizeof(text));
	for (const char *const *o = allowed; *o; o++) {
		if (str_equal(*o, word))
			return 0;
		strbuf_add(&sb, "%s%s", o == allowed ? "" : o[1] ? ", " : " or ", *o);
	}
	return err_set(err, -EINVAL, "%s: '%.40s' is not %s", verb->name, word, text);
}

static int parse_word(struct verb_call *call, const char *word, struct err *err)
{
	const struct verb *verb = call->verb;
	if (call->n_words >= verb->max_words)
		return err_set(err, -EINVAL, "%s: unexpected argument '%s'", verb->name, word);
	if (!*word)
		return err_set(err, -EINVAL, "%s: an empty argument, expected %s", verb->name,
			       verb->args);
	call->words[call->n_words++] = word;
	if (call->n_words == 1 && verb->kinds)
		return check_word(verb, verb->kinds, word, err);
	return call->n_words == 2 && verb->orders ? check_word(verb, verb->orders, word, err) : 0;
}

int verb_parse(const struct verb *verb, int argc, char *const argv[], struct verb_call *ret,
	       struct err *err)
{
	int rc = 0;
	*ret = (struct verb_call){ .verb = verb, .id = (enum verb_id)(verb - verbs) };
	int at = 0;
	for (; rc == 0 && at < argc && !(verb->has_rest && str_equal(argv[at], "--")); at++)
		rc = argv[at][0] == '-' && argv[at][1] ? parse_option(ret, argc, argv, &at, err)
						       : parse_word(ret, argv[at], err);
	ret->rest = ret->n_words;
	for (at++; rc == 0 && at < argc; at++)
		rc = parse_word(ret, argv[at], err);
	if (rc == 0 && !ret->help && ret->n_words < verb->min_words)
		return err_set(err, -EINVAL, "%s: expected %s", verb->name, verb->args);
	return rc;
}

bool verb_has(const struct verb_call *call, const char *option)
{
	for (size_t i = 0; i < call->n_values; i++)
		if (str_equal(call->values[i].name, option))
			return true;
	return false;
}

const char *verb_value(const struct verb_call *call, const char *option)
{
	const char *value = NULL;
	for (size_t i = 0; i < call->n_values; i++)
		if (str_equal(call->values[i].name, option))
			value = call->values[i].value;
	return value;
}

/* ---- texts ---- */

static void print_option(const struct verb_option *o, FILE *out)
{
	char left[48];
	const char *value = o->value ? o->value : "";
	snprintf(left, sizeof(left), "--%s%s%s", o->name, *value && *value != '[' ? " " : "",
		 value);
	if (*value == '[')
		snprintf(left, sizeof(left), "--%s[=%s", o->name, value + 1);
	fprintf(out, "  %-26s %s\n", left, o->help);
}

void verb_help(const struct verb *verb, FILE *out)
{
	fprintf(out, "usage: vipherald %s%s%s [options]\n\n%s.\n\n", verb->name,
		*verb->args ? " " : "", verb->args, verb->summary);
	for (const struct verb_option *o = verb->options; o->name; o++)
		print_option(o, out);
	if (verb->keys)
		print_option(&verb_key_option, out);
	for (size_t i = 0; i < N_COMMON; i++)
		if (find_option(verb, common[i].name, strlen(common[i].name)))
			print_option(&common[i], out);
	fprintf(out, "\nExample: %s\n", verb->example);
	fprintf(out, "Exit status: %s.\n",
		verb->exits ? verb->exits
			    : "0 done, 1 refused or not found, 2 usage, 3 agent not reachable");
	if (verb->alias)
		fprintf(out, "Also called %s.\n", verb->alias);
}

void verb_list(FILE *out)
{
	for (size_t i = 0; i < N_VERBS; i++) {
		int used = fprintf(out, "  %s%s%s", verbs[i].name, *verbs[i].args ? " " : "",
				   verbs[i].args);
		fprintf(out, "%*s %s\n", used < SUMMARY_AT ? SUMMARY_AT - used : 0, "",
			verbs[i].summary);
	}
}
