/* SPDX-License-Identifier: MIT */
#include "agent/status/explain.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/status/view_json.h"
#include "lib/array.h"
#include "lib/str.h"

/* A list of conditions that is being written, and the first of them that does not hold. */
struct walk {
	json_t *list;
	const char *first;   /* NULL: all hold so far */
	const char *subject; /* of advice, in the place of '@': an app or a peer */
	const char *subject_kind;
};

struct condition {
	const char *name, *text, *advice;
	const json_t *since; /* NULL: not known */
	bool holds;
};

/* Advice is copied into a shell, and names of apps may come from the network. */
static bool is_plain(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._:%-", *c))
			return false;
	return *name && *name != '-';
}

static json_t *advice_of(const struct walk *w, const char *advice)
{
	char buf[512];
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	const char *at = strchr(advice, '@');
	if (!at)
		return json_string(advice);
	bool named = w->subject && is_plain(w->subject);
	strbuf_add(&text, "%.*s%s%s", (int)(at - advice), advice,
		   named ? w->subject : w->subject_kind, at + 1);
	return json_string(buf);
}

/* Conditions after the first that does not hold are not judged: they may depend on it. */
static void add(struct walk *w, const struct condition *c)
{
	bool judged = !w->first;
	bool fails = judged && !c->holds;
	json_t *o = json_pack("{s:s, s:o, s:s}", "condition", c->name, "holds",
			      judged ? json_boolean(c->holds) : json_null(), "text",
			      c->text ? c->text : "");
	json_object_set(o, "since_seconds", c->since ? (json_t *)c->since : json_null());
	json_object_set_new(o, "do", fails && c->advice ? advice_of(w, c->advice) : json_null());
	json_array_append_new(w->list, o);
	if (fails)
		w->first = c->name;
}

static json_t *first_of(const struct walk *w)
{
	return w->first ? json_string(w->first) : json_null();
}

/* ---- the app ---- */

static void add_registered(struct walk *w, const json_t *app)
{
	char text[64];
	snprintf(text, sizeof(text), "from %s", view_member(app, "source"));
	add(w, &(struct condition){ "registered", text, NULL,
				    json_object_get(app, "registered_seconds"), true });
}

static bool is_held_down(const json_t *app)
{
	return json_is_number(json_object_get(app, "held_down_until_seconds"));
}

/* As many as the quorum wants. */
static bool checks_pass(const json_t *app)
{
	const json_t *monitors = json_object_get(app, "monitors"), *m;
	const json_t *quorum = json_object_get(app, "quorum");
	json_int_t n = 0;
	size_t i;
	json_array_foreach(monitors, i, m) n += str_equal(view_member(m, "health"), "up");
	return n >= (json_is_integer(quorum) ? json_integer_value(quorum)
					     : (json_int_t)json_array_size(monitors));
}

/* An app that is down may be announced all the same: keep_last, states.down.announce. One that is
 * down because of hold_down alone fails there: its checks need no advice. */
static void add_health(struct walk *w, const json_t *app, const json_t *vip)
{
	bool is_up = str_equal(view_member(app, "health"), "up");
	bool is_announced = !str_equal(view_member(vip, "form"), "none");
	bool only_held = !is_up && is_held_down(app) && checks_pass(app);
	bool joins = is_up && str_equal(view_member(app, "state"), "joining");
	const char *advice = "look at the checks: vipherald app @";
	if (str_equal(view_member(app, "health"), "unknown"))
		advice = "wait for the first result of the checks: vipherald app @";
	add(w,
	    &(struct condition){ "health",
				 joins       ? view_member(app, "reason")
				 : is_up     ? "up"
				 : only_held ? "the checks pass again"
					     : view_member(app, "reason"),
				 advice, only_held ? NULL : json_object_get(app, "since_seconds"),
				 is_up || only_held || is_announced });
}

/* Down in another form than withdrawn (states.down, keep_last), it is announced all the same. */
static void add_hold_down(struct walk *w, const json_t *app, const json_t *vip)
{
	bool is_announced = !str_equal(view_member(vip, "form"), "none");
	char text[64] = "not held down";
	const json_t *left = json_object_get(app, "held_down_until_seconds");
	bool held = is_held_down(app);
	if (held)
		snprintf(text, sizeof(text), "held down for another %.0f s (flap damping)",
			 json_number_value(left));
	/* It begins when the app goes down. */
	add(w, &(struct condition){ "hold-down", text,
				    "wait, and find out why it flaps: vipherald history @",
				    held ? json_object_get(app, "since_seconds") : NULL,
				    !held || is_announced });
}

static void add_drain(struct walk *w, const json_t *app)
{
	const json_t *drain = json_object_get(app, "drain"), *request;
	bool of_app = false;
	size_t i;
	json_array_foreach(json_object_get(drain, "holds"), i, request) of_app =
		of_app || str_equal(view_member(request, "of"), "app");
	const char *state = view_member(app, "state");
	bool is_out = str_equal(state, "drained");
	add(w, &(struct condition){ "drain",
				    !json_is_object(drain) ? "not drained"
				    : is_out               ? "drained"
					     : "draining: announced until drain_time expires",
				    of_app ? "vipherald undrain @" : "vipherald undrain",
				    json_object_get(drain, "since_seconds"), !is_out });
}

/* ---- the host ---- */

/* "error" is also that of the rules, which come after the address, and of peers that cannot be sent
 * a route that is announced, so after both. */
static void add_address(struct walk *w, const json_t *vip, bool rules_missing)
{
	bool bound = json_is_true(json_object_get(vip, "bound"));
	bool announced = json_is_object(json_object_get(vip, "attributes"));
	const char *error = bound && (rules_missing || announced) ? "" : view_member(vip, "error");
	const char *bind = view_member(vip, "bind");
	const char *done = str_equal(bind, "none")      ? "none is needed (bind: none)"
			   : str_equal(bind, "present") ? "present (bind: present)"
							: "bound";
	add(w, &(struct condition){ "address",
				    *error  ? error
				    : bound ? done
					    : "not bound",
				    "fix the error; the agent retries automatically",
				    *error ? json_object_get(vip, "error_since_seconds") : NULL,
				    bound && !*error });
}

struct rules {
	size_t n, missing;
};

static struct rules rules_of(const json_t *app, const json_t *vip)
{
	struct rules rules = { 0 };
	const json_t *rule;
	size_t i;
	json_array_foreach(json_object_get(json_object_get(app, "nat"), "rules"), i, rule)
	{
		if (!str_equal(view_member(rule, "vip"), view_member(vip, "prefix")))
			continue;
		rules.n++;
		rules.missing += !json_is_true(json_object_get(rule, "present"));
	}
	return rules;
}

static void add_nat(struct walk *w, const json_t *app, const json_t *vip, const struct rules *rules)
{
	const char *error = view_member(json_object_get(app, "nat"), "error");
	char text[64];
	snprintf(text, sizeof(text), "%zu of %zu rule%s present", rules->n - rules->missing,
		 rules->n, rules->n == 1 ? "" : "s");
	if (rules->n > 0)
		add(w, &(struct condition){ "nat", *error ? error : text,
					    "vipherald nat shows the back end and its error",
					    rules->missing > 0
						    ? json_object_get(vip, "error_since_seconds")
						    : NULL,
					    rules->missing == 0 });
}

/* ---- the peer ---- */

/* Facts about a peer that its conditions need, besides the route there. */
struct peer_facts {
	const json_t *ages;    /* of this peer */
	const json_t *defined; /* since the route has this filter; NULL: not known */
	bool ipv6;
};

/* By the operator. */
static void add_enabled(struct walk *w, const json_t *at_peer, const json_t *ages)
{
	bool down = json_is_true(json_object_get(at_peer, "admin_down"));
	add(w, &(struct condition){ "enabled", down ? view_member(at_peer, "reason") : "",
				    "vipherald peer @ enable", json_object_get(ages, "enabled"),
				    !down });
}

static const struct {
	const char *state, *condition, *advice;
} peer_states[] = {
	{ "no-session", "session", "vipherald peer @ says why there is none" },
	{ "family-not-negotiated", "family",
	  "configure the address family for this neighbour on the router" },
	{ "no-next-hop", "next-hop",
	  "give the host an address of this family towards the router, or set next_hop; for IPv4 "
	  "over an IPv6 session configure extended next hop (RFC 8950) on the router" },
};

static void add_peer_states(struct walk *w, const json_t *at_peer, const struct peer_facts *facts)
{
	const char *state = view_member(at_peer, "state"), *reason = view_member(at_peer, "reason");
	for (size_t i = 0; i < ARRAY_SIZE(peer_states); i++) {
		const char *condition = peer_states[i].condition;
		bool hop6 = facts->ipv6 && str_equal(condition, "next-hop");
		bool holds = !str_equal(state, peer_states[i].state);
		add(w,
		    &(struct condition){
			    condition, holds ? "" : reason, peer_states[i].advice,
			    json_object_get(facts->ages, hop6 ? "next-hop6" : condition), holds });
	}
}

/* It compares names of the app with those of the peer: whichever came last. */
static const json_t *filter_since(const struct peer_facts *facts)
{
	const json_t *defined = facts->defined, *named = json_object_get(facts->ages, "named");
	if (!json_is_number(defined) || !json_is_number(named))
		return NULL;
	return json_number_value(defined) < json_number_value(named) ? defined : named;
}

static void add_filter(struct walk *w, const json_t *at_peer, const struct peer_facts *facts,
		       bool filtered)
{
	add(w, &(struct condition){ "filter", filtered ? view_member(at_peer, "reason") : "",
				    "name the peer in peers of the app, or take it out of "
				    "except_peers",
				    filter_since(facts), !filtered });
}

/* The aggregate is explained by its own prefix. */
static void add_suppressed(struct walk *w, const json_t *at_peer)
{
	add(w, &(struct condition){ "aggregate", view_member(at_peer, "reason"),
				    "as configured: vipherald routes shows the aggregate", NULL,
				    false });
}

static json_t *explain_peer(const json_t *at_peer, const struct peer_facts *facts, bool wanted)
{
	const char *peer = view_member(at_peer, "peer");
	/* A route that is not wanted has no state at a peer that would say anything of it. */
	struct walk w = { json_array(), wanted ? NULL : "vip", peer, "ADDR" };
	const char *state = view_member(at_peer, "state");
	bool is_sent = str_equal(state, "sent");
	add_enabled(&w, at_peer, facts->ages);
	bool filtered = str_equal(state, "filtered"), suppressed = str_equal(state, "suppressed");
	/* A route that is not for the peer needs no session with it: those are not judged. */
	const char *before = w.first;
	if (filtered || suppressed)
		w.first = "filter";
	add_peer_states(&w, at_peer, facts);
	if (filtered || suppressed)
		w.first = before;
	add_filter(&w, at_peer, facts, filtered);
	if (suppressed)
		add_suppressed(&w, at_peer);
	add(&w, &(struct condition){ "sent", is_sent ? view_member(at_peer, "next_hop") : state,
				     "wait: the router takes routes slowly", NULL, is_sent });
	return json_pack("{s:O, s:s, s:o, s:o}", "peer", json_object_get(at_peer, "peer"), "state",
			 state, "first", wanted ? first_of(&w) : json_null(), "conditions", w.list);
}

/* `of` is the VIP or the aggregate that they are sent. */
static json_t *explain_peers(const json_t *of, const json_t *ages, const json_t *defined,
			     bool wanted)
{
	json_t *peers = json_array();
	const json_t *at_peer;
	size_t i;
	json_array_foreach(json_object_get(of, "peers"), i, at_peer)
	{
		const struct peer_facts facts = {
			.ages = json_object_get(ages, view_member(at_peer, "peer")),
			.defined = defined,
			.ipv6 = strchr(view_member(of, "prefix"), ':') != NULL,
		};
		json_array_append_new(peers, explain_peer(at_peer, &facts, wanted));
	}
	return peers;
}

json_t *explain_vip(const json_t *app, const json_t *vip, const json_t *ages)
{
	struct walk w = { json_array(), NULL, view_member(app, "name"), "NAME" };
	const struct rules rules = rules_of(app, vip);
	add_registered(&w, app);
	add_health(&w, app, vip);
	add_hold_down(&w, app, vip);
	add_drain(&w, app);
	add_address(&w, vip, rules.missing > 0);
	add_nat(&w, app, vip, &rules);
	json_t *peers =
		explain_peers(vip, ages, json_object_get(app, "registered_seconds"), !w.first);
	return json_pack("{s:O, s:O, s:o, s:o, s:o}", "prefix", json_object_get(vip, "prefix"),
			 "announced_to", json_object_get(vip, "announced_to"), "first",
			 first_of(&w), "conditions", w.list, "peers", peers);
}

json_t *explain_app(const json_t *app, const json_t *ages)
{
	json_t *vips = json_array();
	const json_t *vip;
	size_t i;
	json_array_foreach(json_object_get(app, "vips"), i, vip)
		json_array_append_new(vips, explain_vip(app, vip, ages));
	return json_pack("{s:O, s:o}", "app", json_object_get(app, "name"), "vips", vips);
}

static long long count_of(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

json_t *explain_aggregate(const json_t *aggregate, const json_t *ages)
{
	struct walk w = { .list = json_array() };
	const json_t *counts = json_object_get(aggregate, "apps");
	char text[96];
	long long announced = count_of(counts, "announced");
	snprintf(text, sizeof(text), "%lld app%s in it %s announced, %lld up, min %lld", announced,
		 announced == 1 ? "" : "s", announced == 1 ? "is" : "are", count_of(counts, "up"),
		 count_of(aggregate, "min"));
	add(&w, &(struct condition){ "apps", text,
				     "vipherald vips shows the VIPs in it, explain why one is not "
				     "announced",
				     json_object_get(aggregate, "since_seconds"),
				     !str_equal(view_member(aggregate, "form"), "none") });
	json_t *peers = explain_peers(aggregate, ages, NULL, !w.first);
	json_t *prefix = json_object_get(aggregate, "prefix");
	return json_pack("{s:O, s:[{s:O, s:O, s:o, s:o, s:o}]}", "aggregate", prefix, "vips",
			 "prefix", prefix, "announced_to",
			 json_object_get(aggregate, "announced_to"), "first", first_of(&w),
			 "conditions", w.list, "peers", peers);
}
