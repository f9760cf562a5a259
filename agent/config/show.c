/* SPDX-License-Identifier: MIT */
#include "agent/config/show.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/config/draft.h"
#include "agent/config/format.h"
#include "agent/config/schema.h"
#include "agent/config/schema_agent.h"
#include "agent/config/schema_aggregates.h"
#include "agent/config/schema_api.h"
#include "agent/config/schema_apps.h"
#include "agent/config/schema_bgp.h"
#include "agent/config/schema_fleet.h"
#include "agent/config/schema_hooks.h"
#include "agent/config/schema_monitors.h"
#include "agent/config/schema_programs.h"
#include "agent/model/hook.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/redact.h"
#include "lib/str.h"

/* One stream for the texts of all keys. */
struct shower {
	unsigned flags;
	FILE *out;
	char *text;
	size_t len;
};

/* ---- values ---- */

static json_t *text_json(const char *text, unsigned flags)
{
	bool clean = flags & CONFIG_SHOW_ALL || !redact_is_needed(text);
	json_t *value = clean ? json_string(text) : NULL;
	if (value)
		return value;
	size_t size = strlen(text) + 1;
	char *printable = mem_new(size, 1);
	str_printable(printable, size, text, size - 1);
	if (!clean)
		redact(printable);
	value = json_string(printable);
	free(printable);
	return value;
}

/* Of keys that take numbers; their words begin with a letter. */
static bool is_number(const char *text)
{
	return text[0] >= '0' && text[0] <= '9';
}

/* A key that takes numbers or booleans; it may take words besides. */
static bool is_one_of(const struct config_key *key, config_format_fn *const formats[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (key->type->format == formats[i])
			return true;
	return false;
}

static json_t *value_json(const struct config_key *key, const char *text, unsigned flags)
{
	static config_format_fn *const booleans[] = { config_format_bool, config_format_bfd_hops,
						      config_format_listen,
						      config_format_app_selection };
	static config_format_fn *const numbers[] = {
		config_format_count,      config_format_as,        config_format_peer_as,
		config_format_family,     config_format_ttl,       config_format_number,
		config_format_app_quorum, config_format_app_number
	};
	bool is_true = str_equal(text, "true");
	if ((is_true || str_equal(text, "false")) && is_one_of(key, booleans, ARRAY_SIZE(booleans)))
		return json_boolean(is_true);
	if (is_number(text) && is_one_of(key, numbers, ARRAY_SIZE(numbers)))
		return json_integer(strtoll(text, NULL, 10));
	return text_json(text, flags);
}

/* As config_type.format() writes them. */
static json_t *values_json(const struct config_key *key, char *text, unsigned flags)
{
	json_t *array = json_array();
	for (char *next; text; text = next) {
		next = strstr(text, ", ");
		if (next) {
			*next = 0;
			next += 2;
		}
		json_array_append_new(array, value_json(key, text, flags));
	}
	return array;
}

/* Valid until the next one. */
static const char *format_key(struct shower *s, const struct config_key *key, const void *target)
{
	rewind(s->out);
	key->type->format(key, target, s->out);
	fputc(0, s->out);
	fflush(s->out);
	return s->text;
}

static bool is_wanted(struct shower *s, const struct config_key *key, const char *text,
		      const void *blank)
{
	bool same = str_equal(format_key(s, key, blank), text);
	return !same || (s->flags & CONFIG_SHOW_DEFAULTS && key->default_text && *text);
}

/* NULL: it has its default. */
static json_t *show_value(struct shower *s, const struct config_key *key, const void *target,
			  const void *blank)
{
	json_t *value = NULL;
	const char *now = format_key(s, key, target);
	if (!*now && !key->default_text)
		return NULL;
	char *text = mem_strdup(now);
	if (!is_wanted(s, key, text, blank))
		value = NULL;
	else if (key->flags & CONFIG_SECRET && !(s->flags & CONFIG_SHOW_ALL))
		value = json_string(CONFIG_HIDDEN);
	else if (key->shape == CONFIG_VALUES)
		value = values_json(key, text, s->flags);
	else
		value = value_json(key, text, s->flags);
	free(text);
	return value;
}

/* ---- monitors ---- */

static void add_span(json_t *o, const char *key, span_t span)
{
	char text[DURATION_TEXT_MAX];
	if (span)
		json_object_set_new(o, key, json_string(duration_format(span, text)));
}

static void add_count(json_t *o, const char *key, unsigned count)
{
	if (count)
		json_object_set_new(o, key, json_integer(count));
}

static void add_options(json_t *o, const struct monitor_spec *m, unsigned flags)
{
	for (size_t i = 0; i < m->kind->n_options; i++) {
		const struct monitor_option *option = &m->kind->options[i];
		const char *value = monitor_spec_option(m, i);
		if (!value)
			continue;
		if (option->is_sent && flags & CONFIG_SHOW_TO_READERS)
			value = CONFIG_HIDDEN;
		json_object_set_new(o, option->name, text_json(value, flags));
	}
}

/* A URL names its kind itself, and {consul: true} has no argument. */
static const char *argument_of(const struct monitor_spec *m)
{
	const char *argument = monitor_spec_argument(m);
	if (!argument)
		return "true";
	return str_starts(argument, "//") ? m->text : argument;
}

static json_t *show_monitor(const struct monitor_spec *m, unsigned flags)
{
	json_t *o = json_object();
	add_span(o, "interval", m->timing.interval);
	add_span(o, "fast_interval", m->timing.fast_interval);
	add_span(o, "timeout", m->timing.timeout);
	add_count(o, "rise", m->timing.rise);
	add_count(o, "fall", m->timing.fall);
	if (m->evidence)
		json_object_set_new(o, "evidence",
				    json_string(m->evidence == EVIDENCE_HARD ? "hard" : "soft"));
	if (m->scope)
		json_object_set_new(o, "scope",
				    json_string(m->scope == SCOPE_SHARED ? "shared" : "local"));
	add_options(o, m, flags);
	if (json_object_size(o) == 0) {
		json_decref(o);
		return text_json(m->text, flags);
	}
	json_t *whole = json_pack("{s:o}", m->kind->name, text_json(argument_of(m), flags));
	json_object_update(whole, o);
	json_decref(o);
	return whole;
}

static json_t *show_monitors(const struct app_spec *spec, unsigned flags)
{
	json_t *array = json_array();
	for (size_t i = 0; i < spec->n_monitors; i++)
		json_array_append_new(array, show_monitor(&spec->monitors[i], flags));
	if (spec->n_monitors > 0)
		return array;
	json_decref(array);
	return NULL;
}

/* ---- sections ---- */

/* `add` of a key fills in what is not set, hence no const; nothing is changed that is shown. */
static json_t *show_section(struct shower *s, const struct config_section *section, void *target,
			    void *blank);

/* A list of mappings that is a value of its section. */
struct mappings {
	char *items;
	size_t n;
};

_Static_assert(offsetof(struct mappings, n) == offsetof(struct api_grants, n) &&
		       offsetof(struct mappings, n) == offsetof(struct hook_list, n) &&
		       offsetof(struct mappings, n) == offsetof(struct aggregate_list, n),
	       "lists of mappings begin alike");

static size_t size_of_item(const struct config_section *section)
{
	if (section == &config_hooks_section)
		return sizeof(struct hook);
	if (section == &config_aggregates_section)
		return sizeof(struct aggregate_spec);
	if (section == &config_api_tokens_section || section == &config_api_certificates_section)
		return sizeof(struct api_grant);
	abort(); /* never: test_config_diff shows every list */
}

static json_t *show_mappings(struct shower *s, const struct config_key *key, const void *target)
{
	const struct mappings *list = config_value(key, target);
	size_t size = size_of_item(key->section);
	void *blank = mem_new(1, size);
	json_t *array = json_array();
	config_section_defaults(key->section, blank);
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array,
				      show_section(s, key->section, list->items + i * size, blank));
	free(blank);
	if (list->n > 0)
		return array;
	json_decref(array);
	return NULL;
}

/* One that is on, and has nothing else to say, is true. */
static json_t *show_mapping(struct shower *s, const struct config_key *key, void *target,
			    void *blank)
{
	json_t *on = key->type ? show_value(s, key, target, blank) : NULL;
	bool off = key->type && !json_is_true(on);
	json_t *o = off ? NULL
			: show_section(s, key->section, config_section_target(key, target),
				       config_section_target(key, blank));
	if (off || (on && json_object_size(o) == 0)) {
		json_decref(o);
		return on;
	}
	json_decref(on);
	if (json_object_size(o) > 0)
		return o;
	json_decref(o);
	return NULL;
}

/* A list where nothing else is said. */
static json_t *show_limits(struct shower *s, const struct config_key *key, void *target,
			   void *blank)
{
	struct api_grant *grant = target, *none = blank;
	struct vip_limits rest = grant->vips;
	rest.allow = (struct prefix_list){ 0 };
	if (!vip_limits_any(&rest))
		return show_value(s, key, target, blank);
	return show_section(s, key->section, &grant->vips, &none->vips);
}

/* NULL: there is nothing to say. Peers and apps are left to the caller. */
static json_t *show_key(struct shower *s, const struct config_key *key, void *target, void *blank)
{
	switch (key->shape) {
	case CONFIG_SECTION:
		if (key->section == &config_states_section &&
		    !((const struct app_spec *)target)->announce)
			return NULL;
		return show_mapping(s, key, target, blank);
	case CONFIG_SECTIONS:
		return key->type ? show_mappings(s, key, target) : NULL;
	case CONFIG_VALUES:
		if (key->section == &config_api_vips_section)
			return show_limits(s, key, target, blank);
		if (key->item)
			return show_monitors(target, s->flags);
		break;
	case CONFIG_VALUE:
		break;
	}
	return show_value(s, key, target, blank);
}

static void add_section(struct shower *s, json_t *o, const struct config_section *section,
			void *target, void *blank)
{
	for (const struct config_key *k = config_section_keys(section); k->name; k++) {
		json_t *value = show_key(s, k, target, blank);
		if (value)
			json_object_set_new(o, k->name, value);
	}
	/* Defaults for all peers under `bgp` are shown in the peers. */
	if (section->shared && section != &config_bgp_section)
		add_section(s, o, section->shared, (char *)target + section->shared_offset,
			    (char *)blank + section->shared_offset);
}

static json_t *show_section(struct shower *s, const struct config_section *section, void *target,
			    void *blank)
{
	json_t *o = json_object();
	add_section(s, o, section, target, blank);
	return o;
}

static json_t *show(const struct config_section *section, const void *target, void *blank,
		    unsigned flags)
{
	struct shower s = { .flags = flags };
	s.out = open_memstream(&s.text, &s.len);
	if (!s.out)
		abort(); /* out of memory, as lib/mem.h */
	json_t *o = show_section(&s, section, (void *)target, blank);
	fclose(s.out);
	free(s.text);
	return o;
}

/* ---- the parts ---- */

json_t *config_show_app(const struct app_spec *spec, unsigned flags)
{
	struct app_spec blank = { 0 };
	config_section_defaults(&config_app_section, &blank);
	json_t *o = show(&config_app_section, spec, &blank, flags);
	app_spec_done(&blank);
	return o;
}

json_t *config_show_peer(const struct bgp_peer_config *p, unsigned flags)
{
	struct bgp_peer_config blank = { 0 };
	config_section_defaults(&config_peer_section, &blank);
	json_t *o = show(&config_peer_section, p, &blank, flags);
	if (p->password_file) /* it was read from there */
		json_object_del(o, "password");
	config_peer_done(&blank);
	return o;
}

/* That of `bgp`, if it is IPv6 and a peer is IPv4, where it would be an error. NULL: each may have
 * its own. */
static const struct addr *shared_local_ip(const struct bgp_config *bgp)
{
	for (size_t i = 0; i < bgp->n_peers; i++) {
		const struct bgp_peer_config *p = &bgp->peers[i];
		if (p->local_ip.family == AF_INET6 && p->addr.family == AF_INET)
			return &p->local_ip;
	}
	return NULL;
}

static json_t *show_bgp(const struct config *c, unsigned flags)
{
	char text[ADDR_TEXT_MAX];
	struct config_draft_bgp bgp = { .bgp = c->bgp,
					.gateway_family = c->gateway_family,
					.aggregates = c->aggregates };
	struct config_draft_bgp blank = { 0 };
	const struct addr *local_ip = shared_local_ip(&c->bgp);
	config_section_defaults(&config_bgp_section, &blank);
	json_t *o = show(&config_bgp_section, &bgp, &blank, flags), *peers = json_array();
	size_t n = flags & CONFIG_SHOW_API_PEERS ? c->bgp.n_peers : c->n_file_peers;
	for (size_t i = 0; i < n; i++) {
		json_t *peer = config_show_peer(&c->bgp.peers[i], flags);
		if (local_ip && addr_equal(&c->bgp.peers[i].local_ip, local_ip))
			json_object_del(peer, "local_ip");
		json_array_append_new(peers, peer);
	}
	if (local_ip)
		json_object_set_new(o, "local_ip", json_string(addr_format(local_ip, text)));
	json_object_set_new(o, "peers", peers);
	config_peer_done(&blank.session);
	return o;
}

/* Any text may be in these, so that the values of the keys cannot be told apart. */
static json_t *texts_json(char *const *texts, unsigned flags)
{
	json_t *array = json_array();
	for (; texts && *texts; texts++)
		json_array_append_new(array, text_json(*texts, flags));
	return array;
}

static json_t *show_program(const struct program_spec *p, unsigned flags)
{
	struct program_spec blank = { 0 };
	config_section_defaults(&config_programs_section, &blank);
	json_t *o = show(&config_programs_section, p, &blank, flags);
	if (p->run && p->is_line)
		json_object_set_new(o, "run", text_json(p->run[0], flags));
	else if (p->run)
		json_object_set_new(o, "run", texts_json(p->run, flags));
	if (p->env)
		json_object_set_new(o, "env", texts_json(p->env, flags));
	program_spec_done(&blank);
	return o;
}

static json_t *show_programs(const struct program_list *list, unsigned flags)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array, show_program(&list->items[i], flags));
	return array;
}

static json_t *show_fleet_vips(const struct fleet_spec *s)
{
	char vip[PREFIX_TEXT_MAX], min_up[FLEET_MIN_UP_TEXT_MAX];
	json_t *o = json_object();
	for (size_t i = 0; i < s->n; i++) {
		const struct fleet_spec_vip *v = &s->vips[i];
		const char *name = v->vip.addr.family ? prefix_format(&v->vip, vip) : "default";
		json_t *value = v->min_up.is_share
					? json_string(fleet_min_up_format(&v->min_up, min_up))
					: json_integer(v->min_up.value);
		json_t *rule = json_pack("{s:o}", "min_up", value);
		if (v->max_joining != FLEET_MAX_JOINING)
			json_object_set_new(rule, "max_joining", json_integer(v->max_joining));
		json_object_set_new(o, name, rule);
	}
	return o;
}

static json_t *show_fleet(const struct fleet_spec *s, unsigned flags)
{
	struct fleet_spec blank = { 0 };
	config_section_defaults(&config_fleet_section, &blank);
	json_t *o = show(&config_fleet_section, s, &blank, flags);
	json_object_set_new(o, "vips", show_fleet_vips(s));
	fleet_spec_done(&blank);
	return o;
}

json_t *config_show(const struct config *c, unsigned flags)
{
	struct config_draft blank = { 0 };
	config_section_defaults(&config_schema, &blank);
	json_t *o = json_object(), *bgp = show_bgp(c, flags);
	json_t *of_agent = show(&config_agent_section, &c->agent, &blank.agent, flags);
	json_t *of_nat = show(&config_nat_section, &c->nat, &blank.nat, flags);
	if (json_object_size(of_agent) > 0)
		json_object_set(o, "agent", of_agent);
	json_object_set_new(o, "bgp", bgp);
	if (json_object_size(of_nat) > 0)
		json_object_set(o, "nat", of_nat);
	if (c->fleet.engine)
		json_object_set_new(o, "fleet", show_fleet(&c->fleet, flags));
	if (c->programs.n > 0)
		json_object_set_new(o, "processes", show_programs(&c->programs, flags));
	json_decref(of_agent);
	json_decref(of_nat);
	config_draft_done(&blank);
	return o;
}
