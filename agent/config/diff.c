/* SPDX-License-Identifier: MIT */
#include "agent/config/diff.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config/app_hash.h"
#include "agent/config/draft.h"
#include "agent/config/schema.h"
#include "agent/config/schema_agent.h"
#include "agent/config/schema_apps.h"
#include "agent/config/schema_bgp.h"
#include "agent/config/schema_fleet.h"
#include "agent/config/schema_programs.h"
#include "lib/mem.h"
#include "lib/redact.h"
#include "lib/str.h"

#define KEY_MAX 128

/* ---- keys ---- */

static char *formatted(const struct config_key *key, const void *target)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		abort(); /* out of memory, as lib/mem.h */
	key->type->format(key, target, out);
	fclose(out);
	return text;
}

static void hide(char **text)
{
	if (!**text)
		return;
	free(*text);
	*text = mem_strdup(CONFIG_HIDDEN);
}

static void diff_key(const struct config_key *key, const void *a, const void *b, const char *path,
		     struct config_change *change)
{
	char *before = formatted(key, a), *after = formatted(key, b);
	if (str_equal(before, after)) {
		free(before);
		free(after);
		return;
	}
	bool on_off = !*before || !*after;
	enum config_effect effect =
		key->flags & CONFIG_ON_OFF_RESTARTS && on_off ? CONFIG_NEEDS_RESTART : key->effect;
	if (key->flags & CONFIG_SECRET) {
		hide(&before);
		hide(&after);
	}
	redact(before);
	redact(after);
	change->keys = mem_grow(change->keys, &change->cap_keys, change->n_keys + 1,
				sizeof(*change->keys));
	change->keys[change->n_keys++] = (struct config_key_change){
		.key = mem_strdup(path), .before = before, .after = after, .effect = effect
	};
	if (effect > change->effect)
		change->effect = effect;
}

/* Lists of mappings are objects of their own, and so are the sessions that `bgp` has the defaults
 * of. `add` may fill in what is not set, hence no const. */
static void diff_section(const struct config_section *s, void *a, void *b, const char *prefix,
			 struct config_change *change)
{
	char path[KEY_MAX];
	for (const struct config_key *k = config_section_keys(s); k->name; k++) {
		struct strbuf sb = strbuf_over(path, sizeof(path));
		strbuf_add(&sb, "%s%s", prefix, k->name);
		if (k->shape == CONFIG_SECTION && k->type)
			diff_key(k, a, b, path, change);
		if (k->shape == CONFIG_SECTION) {
			strbuf_add(&sb, ".");
			diff_section(k->section, config_section_target(k, a),
				     config_section_target(k, b), path, change);
		} else if (k->shape != CONFIG_SECTIONS || k->type) {
			diff_key(k, a, b, path, change);
		}
	}
	if (s->shared && s != &config_bgp_section)
		diff_section(s->shared, (char *)a + s->shared_offset, (char *)b + s->shared_offset,
			     prefix, change);
}

/* ---- objects ---- */

static struct config_change *append(struct config_diff *d, enum config_object object,
				    enum config_change_kind kind, const char *name)
{
	d->items = mem_grow(d->items, &d->cap, d->n + 1, sizeof(*d->items));
	struct config_change *c = &d->items[d->n++];
	c->object = object;
	c->kind = kind;
	c->name = name ? mem_strdup(name) : NULL;
	if (kind != CONFIG_CHANGED)
		c->effect = object == CONFIG_PEER ? CONFIG_RESETS : CONFIG_SENDS_UPDATE;
	return c;
}

void config_diff_add_app(struct config_diff *d, const char *name)
{
	append(d, CONFIG_APP, CONFIG_ADDED, name);
}

static void change_done(struct config_change *c)
{
	for (size_t i = 0; i < c->n_keys; i++) {
		free(c->keys[i].key);
		free(c->keys[i].before);
		free(c->keys[i].after);
	}
	free(c->keys);
	free(c->name);
	*c = (struct config_change){ 0 };
}

static void diff_object(struct config_diff *d, enum config_object object, const char *name,
			const struct config_section *s, const void *a, const void *b)
{
	struct config_change *c = append(d, object, CONFIG_CHANGED, name);
	diff_section(s, (void *)a, (void *)b, "", c);
	if (c->n_keys > 0)
		return;
	change_done(c);
	d->n--;
}

/* As the schema of `bgp` has it. */
static struct config_draft_bgp bgp_of(const struct config *c)
{
	return (struct config_draft_bgp){ .bgp = c->bgp,
					  .gateway_family = c->gateway_family,
					  .aggregates = c->aggregates };
}

static void diff_bgp(struct config_diff *d, const struct config *before, const struct config *after)
{
	struct config_draft_bgp a = bgp_of(before), b = bgp_of(after);
	diff_object(d, CONFIG_BGP, NULL, &config_bgp_section, &a, &b);
}

/* ---- peers: a peer is its address and port ---- */

#define PEER_NAME_MAX (BGP_PEER_NAME_MAX + 16)

static const char *peer_name(const struct bgp_peer_config *p, char buf[static PEER_NAME_MAX])
{
	char text[BGP_PEER_NAME_MAX];
	struct strbuf sb = strbuf_over(buf, PEER_NAME_MAX);
	strbuf_add(&sb, "%s",
		   addr_is_set(&p->addr) || p->unnumbered ? bgp_peer_name(p, text)
							  : "default gateway");
	if (p->port != BGP_PORT)
		strbuf_add(&sb, " port %u", p->port);
	return buf;
}

static int compare_peers(const void *a, const void *b)
{
	const struct bgp_peer_config *x = *(const struct bgp_peer_config *const *)a;
	const struct bgp_peer_config *y = *(const struct bgp_peer_config *const *)b;
	int c = addr_cmp(&x->addr, &y->addr);
	if (c == 0)
		c = strncmp(x->ifname, y->ifname, IF_NAMESIZE);
	return c ? c : (int)x->port - (int)y->port;
}

static const struct bgp_peer_config **sorted_peers(const struct config *c)
{
	const struct bgp_peer_config **sorted = mem_new(c->bgp.n_peers + 1, sizeof(*sorted));
	for (size_t i = 0; i < c->bgp.n_peers; i++)
		sorted[i] = &c->bgp.peers[i];
	qsort(sorted, c->bgp.n_peers, sizeof(*sorted), compare_peers);
	return sorted;
}

static const struct bgp_peer_config *find_peer(const struct bgp_peer_config *const *sorted,
					       size_t n, const struct bgp_peer_config *like)
{
	const struct bgp_peer_config *const *found =
		bsearch(&like, sorted, n, sizeof(*sorted), compare_peers);
	return found ? *found : NULL;
}

static void diff_peers(struct config_diff *d, const struct config *before,
		       const struct config *after)
{
	char name[PEER_NAME_MAX];
	const struct bgp_peer_config **old = sorted_peers(before), **new = sorted_peers(after);
	for (size_t i = 0; i < before->bgp.n_peers; i++)
		if (!find_peer(new, after->bgp.n_peers, &before->bgp.peers[i]))
			append(d, CONFIG_PEER, CONFIG_REMOVED,
			       peer_name(&before->bgp.peers[i], name));
	for (size_t i = 0; i < after->bgp.n_peers; i++) {
		const struct bgp_peer_config *b = &after->bgp.peers[i];
		const struct bgp_peer_config *a = find_peer(old, before->bgp.n_peers, b);
		if (a)
			diff_object(d, CONFIG_PEER, peer_name(b, name), &config_peer_section, a, b);
		else
			append(d, CONFIG_PEER, CONFIG_ADDED, peer_name(b, name));
	}
	free(old);
	free(new);
}

/* ---- processes ---- */

static void diff_programs(struct config_diff *d, const struct config *before,
			  const struct config *after)
{
	const struct program_list *old = &before->programs, *new = &after->programs;
	for (size_t i = 0; i < old->n; i++)
		if (!program_list_find(new, old->items[i].name))
			append(d, CONFIG_PROGRAM, CONFIG_REMOVED, old->items[i].name);
	for (size_t i = 0; i < new->n; i++) {
		const struct program_spec *b = &new->items[i];
		const struct program_spec *a = program_list_find(old, b->name);
		if (a)
			diff_object(d, CONFIG_PROGRAM, b->name, &config_programs_section, a, b);
		else
			append(d, CONFIG_PROGRAM, CONFIG_ADDED, b->name);
	}
}

/* ---- apps ---- */

static bool joins(const struct app_spec *a, const struct app_spec *b)
{
	char before[SHA256_TEXT_MAX], after[SHA256_TEXT_MAX];
	return announce_specs_announces(b->announce, ANNOUNCE_JOIN) &&
	       !str_equal(config_app_hash(a, before), config_app_hash(b, after));
}

/* Of the change that was added last. */
static void note_join(struct config_diff *d)
{
	struct config_change *c = &d->items[d->n - 1];
	c->joins = true;
	if (c->effect < CONFIG_SENDS_UPDATE)
		c->effect = CONFIG_SENDS_UPDATE;
}

static void diff_app(struct config_diff *d, const struct app_spec *a, const struct app_spec *b)
{
	struct app_spec before, after;
	if (app_spec_equal(a, b))
		return;
	app_spec_copy(&before, a);
	app_spec_copy(&after, b);
	diff_object(d, CONFIG_APP, b->name, &config_app_section, &before, &after);
	if (joins(a, b))
		note_join(d);
	app_spec_done(&before);
	app_spec_done(&after);
}

/* Most files differ in little, so that the next app is that of before. */
static const struct app_spec *find_before(struct config_differ *d, const char *name)
{
	const struct config *before = d->before;
	if (d->expected < before->n_apps && str_equal(before->apps[d->expected].name, name))
		return &before->apps[d->expected];
	app_index_make(&d->index, before);
	return app_index_find(&d->index, name);
}

static void diff_next_app(struct config_differ *d)
{
	const struct app_spec *spec = &d->after->apps[d->next];
	const struct app_spec *same = find_before(d, spec->name);
	if (!same) {
		append(d->ret, CONFIG_APP, CONFIG_ADDED, spec->name);
		if (announce_specs_announces(spec->announce, ANNOUNCE_JOIN))
			note_join(d->ret);
		return;
	}
	size_t at = (size_t)(same - d->before->apps);
	diff_app(d->ret, same, spec);
	d->matched[at] = true;
	d->expected = at + 1;
}

/* ---- the whole ---- */

void config_differ_begin(struct config_differ *d, const struct config *before,
			 const struct config *after, struct config_diff *ret)
{
	*ret = (struct config_diff){ 0 };
	*d = (struct config_differ){ .before = before,
				     .after = after,
				     .ret = ret,
				     .matched = mem_new(before->n_apps + 1, sizeof(*d->matched)) };
	diff_object(ret, CONFIG_AGENT, NULL, &config_agent_section, &before->agent, &after->agent);
	diff_bgp(ret, before, after);
	diff_object(ret, CONFIG_NAT, NULL, &config_nat_section, &before->nat, &after->nat);
	diff_object(ret, CONFIG_FLEET, NULL, &config_fleet_section, &before->fleet, &after->fleet);
	diff_peers(ret, before, after);
	diff_programs(ret, before, after);
}

bool config_differ_step(struct config_differ *d, size_t n)
{
	for (; n > 0 && d->next < d->after->n_apps; n--, d->next++)
		diff_next_app(d);
	if (d->next < d->after->n_apps)
		return true;
	for (size_t i = 0; i < d->before->n_apps; i++)
		if (!d->matched[i])
			append(d->ret, CONFIG_APP, CONFIG_REMOVED, d->before->apps[i].name);
	return false;
}

void config_differ_done(struct config_differ *d)
{
	app_index_done(&d->index);
	free(d->matched);
	*d = (struct config_differ){ 0 };
}

void config_diff(const struct config *before, const struct config *after, struct config_diff *ret)
{
	struct config_differ d;
	config_differ_begin(&d, before, after, ret);
	while (config_differ_step(&d, SIZE_MAX))
		;
	config_differ_done(&d);
}

void config_diff_done(struct config_diff *d)
{
	for (size_t i = 0; i < d->n; i++)
		change_done(&d->items[i]);
	free(d->items);
	*d = (struct config_diff){ 0 };
}

enum config_effect config_diff_effect(const struct config_diff *d)
{
	enum config_effect largest = CONFIG_APPLIES;
	for (size_t i = 0; i < d->n; i++)
		if (d->items[i].effect > largest)
			largest = d->items[i].effect;
	return largest;
}

bool config_diff_has_key(const struct config_diff *d, enum config_object object, const char *prefix)
{
	for (size_t i = 0; i < d->n; i++)
		for (size_t j = 0; d->items[i].object == object && j < d->items[i].n_keys; j++)
			if (str_starts(d->items[i].keys[j].key, prefix))
				return true;
	return false;
}

size_t config_diff_count(const struct config_diff *d, enum config_object object,
			 enum config_change_kind kind)
{
	size_t n = 0;
	for (size_t i = 0; i < d->n; i++)
		n += d->items[i].object == object && d->items[i].kind == kind;
	return n;
}
