/* SPDX-License-Identifier: MIT */
/*
 * GoCast's file is ours already, but for what GoCast takes and we refuse
 * (docs/migrating-from-gocast.md). Its keys are carried over one by one; the older form of a single
 * peer becomes a list.
 */
#include "agent/convert/gocast.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/config/findings.h"
#include "agent/config/parse.h"
#include "agent/config/tree.h"
#include "agent/convert/prefix.h"
#include "lib/addr.h"
#include "lib/str.h"

struct reading {
	struct convert *c;
	const char *file;
};

/* How a value is carried over. */
enum kind { TEXT, TEXTS, DURATION, ORIGIN, VIP, NUMBER, FLAG, INNER };

struct key {
	const char *name;
	enum kind kind;
	const char *ours; /* NULL: the same name */
};

static const struct key agent_keys[] = {
	{ "listen_addr", TEXT, NULL },
	{ "monitor_interval", DURATION, NULL },
	{ "cleanup_timer", DURATION, NULL },
	{ "consul_addr", TEXT, NULL },
	{ "consul_query_interval", DURATION, NULL },
	{ "consul_token", TEXT, NULL },
	{ NULL, TEXT, NULL },
};
static const struct key bgp_keys[] = {
	{ "local_as", NUMBER, NULL },   { "local_ip", TEXT, NULL }, { "router_id", TEXT, NULL },
	{ "communities", TEXTS, NULL }, { "origin", ORIGIN, NULL }, { "family", NUMBER, NULL },
	{ "peers", INNER, NULL },       { "peer_ip", INNER, NULL }, { "peer_as", INNER, NULL },
	{ "remote_as", INNER, NULL },   { NULL, TEXT, NULL },
};
static const struct key peer_keys[] = {
	{ "peer_ip", TEXT, NULL },          { "peer_as", NUMBER, NULL },
	{ "remote_as", NUMBER, "peer_as" }, { "communities", TEXTS, NULL },
	{ "multi_hop", FLAG, NULL },        { NULL, TEXT, NULL },
};
static const struct key app_keys[] = {
	{ "name", TEXT, NULL },      { "vip", VIP, NULL },    { "vip_config", INNER, NULL },
	{ "monitors", TEXTS, NULL }, { "nats", TEXTS, NULL }, { NULL, TEXT, NULL },
};
static const struct key vip_keys[] = {
	{ "bgp_communities", TEXTS, NULL },
	{ NULL, TEXT, NULL },
};

static struct convert_at at_key(const struct reading *r, const struct config_node *node)
{
	return (struct convert_at){ r->file, node->key ? node->key_line : node->line };
}

/* ---- values ---- */

static void carry_texts(const struct reading *r, const struct config_node *node, json_t *to,
			const char *name)
{
	if (node->kind == CONFIG_SCALAR)
		convert_append(to, name, node->text);
	for (const struct config_node *item = node->first; item; item = item->next) {
		if (item->kind == CONFIG_SCALAR)
			convert_append(to, name, item->text);
		else
			convert_lost(r->c, (struct convert_at){ r->file, item->line }, name,
				     "expected a text");
	}
}

static void carry_duration(const struct reading *r, const struct config_node *node, json_t *to,
			   const char *name)
{
	uint64_t number;
	if (str_to_u64(node->text, UINT64_MAX, &number) == 0 && number > 0)
		convert_lost(r->c, at_key(r, node), name,
			     "%s has no unit, GoCast takes it for nanoseconds; the default is used",
			     node->text);
	else
		convert_set(to, name, node->text);
}

static void carry_origin(const struct reading *r, const struct config_node *node, json_t *to)
{
	static const char *const origins[] = { "igp", "egp", "unknown", "incomplete" };
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
		if (str_equal(node->text, origins[i])) {
			convert_set(to, "origin", node->text);
			return;
		}
	convert_note(r->c, at_key(r, node), "origin",
		     "'%s' is not an origin, GoCast takes it for igp", node->text);
	convert_set(to, "origin", "igp");
}

/* GoCast announces the network around an address that has host bits. */
static void carry_vip(const struct reading *r, const struct config_node *node, json_t *to)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix p;
	bool host_bits;
	if (!strchr(node->text, '/') || convert_prefix(node->text, &p, &host_bits) < 0) {
		convert_set(to, "vip", node->text);
		return;
	}
	if (host_bits)
		convert_note(r->c, at_key(r, node), node->text,
			     "has host bits; GoCast announces the network, not the address: write "
			     "%.*s/%d if the address is meant",
			     (int)strcspn(node->text, "/"), node->text,
			     p.addr.family == AF_INET ? 32 : 128);
	convert_set(to, "vip", prefix_format(&p, text));
}

static bool is_true(const char *text)
{
	return str_equal(text, "true") || str_equal(text, "yes") || str_equal(text, "on");
}

static void carry_scalar(const struct reading *r, const struct key *key,
			 const struct config_node *node, json_t *to)
{
	const char *name = key->ours ? key->ours : key->name;
	uint64_t number;
	if (node->kind != CONFIG_SCALAR) {
		convert_lost(r->c, at_key(r, node), key->name, "expected one value");
		return;
	}
	if (key->kind == DURATION)
		carry_duration(r, node, to, name);
	else if (key->kind == ORIGIN)
		carry_origin(r, node, to);
	else if (key->kind == VIP)
		carry_vip(r, node, to);
	else if (key->kind == FLAG)
		json_object_set_new(to, name, json_boolean(is_true(node->text)));
	else if (key->kind == NUMBER && str_to_u64(node->text, UINT32_MAX, &number) == 0)
		convert_set_number(to, name, number);
	else
		convert_set(to, name, node->text);
}

/* ---- mappings ---- */

static const struct key *find_key(const struct key *keys, const char *name)
{
	for (const struct key *k = keys; k->name; k++)
		if (str_equal(k->name, name))
			return k;
	return NULL;
}

static void unknown_key(const struct reading *r, const struct key *keys,
			const struct config_node *node)
{
	const char *names[16] = { NULL };
	for (size_t i = 0; keys[i].name; i++)
		names[i] = keys[i].name;
	const char *near = str_nearest(node->key, names);
	convert_lost(r->c, at_key(r, node), node->key,
		     "GoCast has no such key and ignores it%s%s%s", near ? "; did you mean " : "",
		     near ? near : "", near ? "?" : "");
}

static void carry(const struct reading *r, const struct key *keys, const struct config_node *from,
		  json_t *to)
{
	for (const struct config_node *node = from ? from->first : NULL; node; node = node->next) {
		const struct key *key = node->key ? find_key(keys, node->key) : NULL;
		if (!node->key || config_node_is_null(node))
			continue;
		if (key)
			convert_place(r->c, to, key->ours ? key->ours : key->name, at_key(r, node));
		if (!key)
			unknown_key(r, keys, node);
		else if (key->kind == TEXTS)
			carry_texts(r, node, to, key->name);
		else if (key->kind != INNER)
			carry_scalar(r, key, node, to);
	}
}

static void carry_peers(const struct reading *r, const struct config_node *bgp)
{
	const struct config_node *peers = config_node_get(bgp, "peers");
	const struct config_node *old = config_node_get(bgp, "peer_ip");
	const struct config_node *as = config_node_get(bgp, "peer_as");
	as = as ? as : config_node_get(bgp, "remote_as");
	for (const struct config_node *p = peers ? peers->first : NULL; p; p = p->next)
		carry(r, peer_keys, p,
		      convert_add(r->c, "peers", (struct convert_at){ r->file, p->line }));
	if (peers && (old || as))
		convert_lost(r->c, at_key(r, old ? old : as), "peer_ip, peer_as",
			     "the list of peers wins");
	const struct config_node *one = old ? old : as;
	if (peers || !one)
		return;
	json_t *peer = convert_add(r->c, "peers", at_key(r, one));
	if (old)
		carry_scalar(r, find_key(peer_keys, "peer_ip"), old, peer);
	if (as)
		carry_scalar(r, find_key(peer_keys, "peer_as"), as, peer);
	/* In this form GoCast takes an eBGP peer for a multi-hop one. */
	if (!json_equal(json_object_get(peer, "peer_as"),
			json_object_get(convert_section(r->c, "bgp"), "local_as")))
		convert_set_true(peer, "multi_hop");
}

static bool has_same(const json_t *a, const json_t *b, const char *key)
{
	return *convert_get(a, key) && str_equal(convert_get(a, key), convert_get(b, key));
}

/* GoCast leaves the second app with a VIP out. */
static bool is_duplicate(struct convert *c, const json_t *app)
{
	const json_t *other;
	for (size_t i = 0; (other = convert_item(c, "apps", i)) && other != app; i++)
		if (has_same(other, app, "vip") || has_same(other, app, "name"))
			return true;
	return false;
}

static void carry_app(const struct reading *r, const struct config_node *node)
{
	const struct convert_at at = { r->file, node->line };
	const struct config_node *attributes = config_node_get(node, "vip_config");
	json_t *app = convert_add(r->c, "apps", at);
	carry(r, app_keys, node, app);
	if (attributes && attributes->first)
		carry(r, vip_keys, attributes, convert_inner(app, "vip_config"));
	if (!is_duplicate(r->c, app))
		return;
	convert_lost(r->c, at, convert_get(app, "name"),
		     "its name or VIP is that of an app before it; GoCast leaves it out, too");
	json_t *apps = json_object_get(r->c->document, "apps");
	json_array_remove(apps, json_array_size(apps) - 1);
}

static void carry_file(const struct reading *r, const struct config_node *root)
{
	static const struct key sections[] = {
		{ "agent", INNER, NULL },
		{ "bgp", INNER, NULL },
		{ "apps", INNER, NULL },
		{ NULL, TEXT, NULL },
	};
	const struct config_node *bgp = config_node_get(root, "bgp");
	const struct config_node *apps = config_node_get(root, "apps");
	carry(r, sections, root, r->c->document);
	carry(r, agent_keys, config_node_get(root, "agent"), convert_section(r->c, "agent"));
	carry(r, bgp_keys, bgp, convert_section(r->c, "bgp"));
	carry_peers(r, bgp);
	for (const struct config_node *a = apps ? apps->first : NULL; a; a = a->next)
		carry_app(r, a);
}

/* GoCast takes the last of two equal keys, or does not start: the parser's words say so. */
static int fail(const struct convert_input *in, const struct config_findings *f, struct err *err)
{
	char line[512];
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].severity == CONFIG_ERROR) {
			config_finding_format(&f->items[i], in->name, line, sizeof(line));
			return err_set(err, -EINVAL, "%s", line);
		}
	return err_set(err, -EINVAL, "%s: not a YAML mapping", in->name);
}

int convert_gocast(struct convert *c, const struct convert_input *inputs, size_t n,
		   const struct convert_options *options, struct err *err)
{
	(void)options;
	if (n != 1)
		return err_set(err, -EINVAL, "gocast: expected one file, as GoCast has only one");
	struct config_findings findings = { 0 };
	struct config_tree *tree = NULL;
	const struct reading r = { c, inputs[0].name };
	int rc = config_parse(inputs[0].text, inputs[0].len, &tree, &findings);
	const struct config_node *root = rc == 0 ? config_tree_root(tree) : NULL;
	if (rc == 0 && findings.n_errors == 0 && root && root->kind == CONFIG_MAPPING)
		carry_file(&r, root);
	else
		rc = fail(&inputs[0], &findings, err);
	config_findings_done(&findings);
	config_tree_free(tree);
	return rc;
}
