/* SPDX-License-Identifier: MIT */
#include "fleet/txn.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/mem.h"
#include "lib/str.h"

static bool is_write(enum fleet_txn kind)
{
	return kind != FLEET_TXN_FIND && kind != FLEET_TXN_READ && kind != FLEET_TXN_SLOTS;
}

static bool is_report(enum fleet_txn kind)
{
	return kind == FLEET_TXN_REPORT || kind == FLEET_TXN_REFRESH;
}

static bool is_drop(enum fleet_txn kind)
{
	return kind == FLEET_TXN_DROP || kind == FLEET_TXN_FORGET;
}

/* ---- keys ---- */

/* PREFIX/VIP/ and what follows, cut to nothing else than it is: all parts are bounded. */
static const char *key_of(const struct fleet_keys *k, size_t vip, const char *part,
			  const char *node, char buf[static FLEET_KEY_MAX])
{
	char text[PREFIX_TEXT_MAX];
	snprintf(buf, FLEET_KEY_MAX, "%.127s/%s/%s%.63s", k->prefix,
		 prefix_format(&k->vips[vip], text), part, node);
	return buf;
}

/* ---- the body ---- */

static json_t *add_op(json_t *ops, const char *verb, const char *key)
{
	json_t *kv = json_pack("{s:s, s:s}", "Verb", verb, "Key", key);
	json_array_append_new(ops, json_pack("{s:o}", "KV", kv));
	return kv;
}

/* Frees `value`. */
static void set_value(json_t *op, char *value)
{
	char *text = base64_encode(value, strlen(value));
	json_object_set_new(op, "Value", json_string(text));
	free(text);
	free(value);
}

static void add_check(json_t *ops, const char *key, uint64_t index)
{
	json_t *op = add_op(ops, index ? "check-index" : "check-not-exists", key);
	if (index)
		json_object_set_new(op, "Index", json_integer((json_int_t)index));
}

static void add_up(json_t *ops, const struct fleet_keys *k, size_t vip, const struct fleet_write *w)
{
	char key[FLEET_KEY_MAX];
	key_of(k, vip, "up/", k->node, key);
	add_check(ops, key, w->own[vip]);
	json_t *op = add_op(ops, "lock", key);
	struct fleet_up up = { .since = 0 };
	if (w->details)
		up = w->details[vip];
	up.form = w->form;
	set_value(op, fleet_up_encode(&up, w->serial));
	json_object_set_new(op, "Session", json_string(w->session));
}

static void add_has(json_t *ops, const struct fleet_keys *k, size_t vip,
		    const struct fleet_write *w)
{
	char key[FLEET_KEY_MAX];
	set_value(add_op(ops, "set", key_of(k, vip, "has/", k->node, key)),
		  fleet_has_encode(w->seen, w->announced));
}

static void add_line(json_t *ops, const struct fleet_keys *k, size_t vip, const char *part,
		     const struct fleet_write *w)
{
	char key[FLEET_KEY_MAX];
	struct fleet_claim writer = { .number = w->serial };
	str_copy(writer.node, sizeof(writer.node), k->node);
	str_copy(writer.session, sizeof(writer.session), w->session);
	json_t *op = add_op(ops, "cas", key_of(k, vip, part, "", key));
	json_object_set_new(op, "Index", json_integer((json_int_t)w->leaves[vip].index));
	set_value(op, fleet_leave_encode(&w->leaves[vip], &writer));
}

static void add_drop(json_t *ops, const struct fleet_keys *k, size_t vip,
		     const struct fleet_write *w)
{
	char key[FLEET_KEY_MAX];
	key_of(k, vip, "up/", k->node, key);
	add_check(ops, key, w->own[vip]);
	add_op(ops, "delete", key);
	add_op(ops, "delete", key_of(k, vip, "has/", k->node, key));
}

static void add_roll(json_t *ops, const struct fleet_keys *k, size_t vip,
		     const struct fleet_write *w)
{
	char key[FLEET_KEY_MAX];
	json_t *op = add_op(ops, "cas", key_of(k, vip, ".roll", "", key));
	json_object_set_new(op, "Index", json_integer((json_int_t)w->rolls[vip].index));
	set_value(op, fleet_slots_encode(&w->rolls[vip], w->roller, w->serial));
}

static void add_find(json_t *ops, const struct fleet_keys *k, size_t vip)
{
	char key[FLEET_KEY_MAX];
	add_op(ops, "get-tree", key_of(k, vip, "up/", k->node, key));
	add_op(ops, "get-tree", key_of(k, vip, "has/", k->node, key));
}

static void add_writes(json_t *ops, enum fleet_txn kind, const struct fleet_keys *k,
		       const struct fleet_write *w)
{
	for (size_t i = 0; i < k->n_vips; i++) {
		if (kind == FLEET_TXN_ROLL) {
			add_roll(ops, k, i, w);
			continue;
		}
		if (is_drop(kind))
			add_drop(ops, k, i, w);
		else
			add_up(ops, k, i, w);
		if (is_report(kind))
			add_has(ops, k, i, w);
		else if (kind != FLEET_TXN_DROP)
			add_line(ops, k, i, kind == FLEET_TXN_JOIN ? ".join" : ".leave", w);
	}
}

static bool reads_all(enum fleet_txn kind)
{
	return kind == FLEET_TXN_READ || kind == FLEET_TXN_REFRESH || kind == FLEET_TXN_CLAIM ||
	       kind == FLEET_TXN_JOIN || kind == FLEET_TXN_ROLL;
}

char *fleet_txn_make(enum fleet_txn kind, const struct fleet_keys *k,
		     const struct fleet_write *write)
{
	char key[FLEET_KEY_MAX];
	json_t *ops = json_array();
	if (is_write(kind))
		add_writes(ops, kind, k, write);
	for (size_t i = 0; i < k->n_vips; i++)
		if (kind == FLEET_TXN_FIND)
			add_find(ops, k, i);
		else if (kind == FLEET_TXN_SLOTS)
			add_op(ops, "get-tree", key_of(k, i, ".roll", "", key));
		else if (reads_all(kind))
			add_op(ops, "get-tree", key_of(k, i, "", "", key));
	char *text = json_dumps(ops, JSON_COMPACT);
	json_decref(ops);
	if (!text)
		abort(); /* out of memory, see lib/mem.h: prefix and node are ASCII */
	return text;
}

/* ---- the answer ---- */

struct reader {
	const struct fleet_keys *keys;
	struct fleet_answer answer;
	struct {
		size_t up, has;
	} caps[FLEET_VIPS_MAX];
	struct err *err;
};

/* One key of the answer. */
struct entry {
	const char *key, *rest; /* rest: behind PREFIX/VIP/ */
	size_t vip;
	const char *session; /* "" when no session holds it */
	uint64_t index;
	uint8_t *value; /* owned */
	size_t len;
};

static int wrong(const struct reader *r, const struct entry *e, const char *what)
{
	err_set(r->err, -EPROTO, "key '%.200s' %s", e->key, what);
	return -EPROTO;
}

static int find_vip(const struct reader *r, struct entry *e)
{
	char start[FLEET_KEY_MAX];
	for (size_t i = 0; i < r->keys->n_vips; i++) {
		key_of(r->keys, i, "", "", start);
		if (!str_starts(e->key, start))
			continue;
		e->vip = i;
		e->rest = e->key + strlen(start);
		return 0;
	}
	return wrong(r, e, "was not asked for");
}

static int read_entry(const struct reader *r, const json_t *result, struct entry *ret)
{
	const json_t *kv = json_object_get(result, "KV");
	const json_t *session = json_object_get(kv, "Session");
	json_int_t index = json_integer_value(json_object_get(kv, "ModifyIndex"));
	*ret = (struct entry){ .key = json_string_value(json_object_get(kv, "Key")) };
	if (!ret->key || index <= 0 || (session && !json_is_string(session))) {
		err_set(r->err, -EPROTO, "a result without key, index or session");
		return -EPROTO;
	}
	ret->index = (uint64_t)index;
	ret->session = session ? json_string_value(session) : "";
	if (strlen(ret->session) >= FLEET_SESSION_MAX)
		return wrong(r, ret, "has a session of more than 39 characters");
	return find_vip(r, ret);
}

static int read_value(const struct reader *r, const json_t *result, struct entry *e)
{
	const json_t *value = json_object_get(json_object_get(result, "KV"), "Value");
	const char *text = json_string_value(value);
	if (!text || strlen(text) > 2 * FLEET_VALUE_MAX ||
	    base64_decode(text, &e->value, &e->len) < 0)
		return wrong(r, e, "has no value");
	return 0;
}

/* "up/NODE" and "has/NODE": the node; NULL: it is another key. */
static const char *node_of(const struct entry *e, const char *part)
{
	return str_starts(e->rest, part) ? e->rest + strlen(part) : NULL;
}

static int add_up_of(struct reader *r, const struct entry *e, const char *node)
{
	struct fleet_view *v = &r->answer.views[e->vip];
	struct fleet_up value = { .since = 0 };
	if (str_equal(node, r->keys->node))
		r->answer.own[e->vip] = e->index;
	if (!e->session[0]) /* written by hand, or restored: no agent stands for it */
		return 0;
	if (fleet_up_parse((const char *)e->value, e->len, &value, r->err) < 0)
		return err_prefix(r->err, -EPROTO, "key '%.200s' ", e->key);
	if (v->n_up == FLEET_NODES_MAX ||
	    (v->n_up > 0 && strcmp(v->up[v->n_up - 1].node, node) >= 0))
		return wrong(r, e, "is one too many, or not in order");
	v->up = mem_grow(v->up, &r->caps[e->vip].up, v->n_up + 1, sizeof(*v->up));
	struct fleet_up *up = &v->up[v->n_up++];
	*up = value;
	str_copy(up->node, sizeof(up->node), node);
	str_copy(up->session, sizeof(up->session), e->session);
	return 0;
}

static int add_has_of(struct reader *r, const struct entry *e, const char *node)
{
	struct fleet_view *v = &r->answer.views[e->vip];
	struct fleet_has value;
	if (fleet_has_parse((const char *)e->value, e->len, &value, r->err) < 0)
		return err_prefix(r->err, -EPROTO, "key '%.200s' ", e->key);
	if (v->n_has == FLEET_NODES_MAX ||
	    (v->n_has > 0 && strcmp(v->has[v->n_has - 1].node, node) >= 0))
		return wrong(r, e, "is one too many, or not in order");
	v->has = mem_grow(v->has, &r->caps[e->vip].has, v->n_has + 1, sizeof(*v->has));
	struct fleet_has *has = &v->has[v->n_has++];
	*has = value;
	str_copy(has->node, sizeof(has->node), node);
	return 0;
}

static int add_line_of(struct reader *r, const struct entry *e, struct fleet_leave *l)
{
	if (l->index)
		return wrong(r, e, "is a duplicate");
	if (fleet_leave_parse((const char *)e->value, e->len, l, r->err) < 0)
		return err_prefix(r->err, -EPROTO, "key '%.200s' ", e->key);
	l->index = e->index;
	return 0;
}

static int add_roll_of(struct reader *r, const struct entry *e)
{
	struct fleet_slots *s = &r->answer.views[e->vip].roll;
	if (s->index)
		return wrong(r, e, "is a duplicate");
	if (fleet_slots_parse((const char *)e->value, e->len, s, r->err) < 0)
		return err_prefix(r->err, -EPROTO, "key '%.200s' ", e->key);
	s->index = e->index;
	return 0;
}

/* Keys of other kinds are not ours. */
static int add_entry(struct reader *r, const struct entry *e)
{
	const char *up = node_of(e, "up/"), *has = node_of(e, "has/");
	struct fleet_view *v = &r->answer.views[e->vip];
	if (str_equal(e->rest, ".leave"))
		return add_line_of(r, e, &v->leave);
	if (str_equal(e->rest, ".join"))
		return add_line_of(r, e, &v->join);
	if (str_equal(e->rest, ".roll"))
		return add_roll_of(r, e);
	if (!up && !has)
		return 0;
	if (!fleet_node_is_valid(up ? up : has))
		return wrong(r, e, "has an invalid name of a node");
	return up ? add_up_of(r, e, up) : add_has_of(r, e, has);
}

/* Of a write, and of FIND: the index counts, where it is the own `up` key. */
static void note_own(struct reader *r, const struct entry *e)
{
	const char *up = node_of(e, "up/");
	if (up && str_equal(up, r->keys->node))
		r->answer.own[e->vip] = e->index;
}

/* Of FIND. A value that is wrong says nothing: the report replaces it. */
static void note_has(struct reader *r, const json_t *result, struct entry *e)
{
	const char *node = node_of(e, "has/");
	struct fleet_has has = { .seen = 0 };
	struct err ignored;
	const struct reader quiet = { .keys = r->keys, .err = &ignored };
	if (!node || !str_equal(node, r->keys->node))
		return;
	if (read_value(&quiet, result, e) == 0 &&
	    fleet_has_parse((const char *)e->value, e->len, &has, &ignored) == 0 && has.announced &&
	    has.seen > r->answer.announced)
		r->answer.announced = has.seen;
	free(e->value);
}

static int add_result(struct reader *r, enum fleet_txn kind, const json_t *result, bool is_tree)
{
	struct entry e;
	int rc = read_entry(r, result, &e);
	if (rc < 0)
		return rc;
	if (!is_tree) {
		note_own(r, &e);
		if (kind == FLEET_TXN_FIND)
			note_has(r, result, &e);
		return 0;
	}
	rc = read_value(r, result, &e);
	if (rc == 0)
		rc = add_entry(r, &e);
	free(e.value);
	return rc;
}

/* check-not-exists has no result, and neither has delete. */
static size_t count_writes(enum fleet_txn kind, const struct fleet_keys *k, const uint64_t *own)
{
	size_t n = 0, others = is_drop(kind) ? kind == FLEET_TXN_FORGET : 2;
	if (kind == FLEET_TXN_ROLL)
		return k->n_vips;
	for (size_t i = 0; is_write(kind) && i < k->n_vips; i++)
		n += (own[i] ? 1 : 0) + others;
	return n;
}

static void drop_views(struct fleet_answer *a)
{
	for (size_t i = 0; i < FLEET_VIPS_MAX; i++) {
		free(a->views[i].up);
		free(a->views[i].has);
		free(a->views[i].leave.claims);
		free(a->views[i].roll.items);
		free(a->views[i].join.claims);
		a->views[i] = (struct fleet_view){ 0 };
	}
}

/* Another agent's malformed value does not undo this one's report. */
static int tear(struct reader *r)
{
	drop_views(&r->answer);
	r->answer.is_torn = true;
	*r->err = (struct err){ "" };
	return 0;
}

static int add_results(struct reader *r, enum fleet_txn kind, const uint64_t *own,
		       const json_t *results)
{
	size_t n = json_array_size(results), n_writes = count_writes(kind, r->keys, own);
	bool exact = kind == FLEET_TXN_REPORT || is_drop(kind);
	if (!json_is_array(results) || n < n_writes || (exact && n > n_writes))
		return err_set(r->err, -EPROTO, "%zu transaction result%s, expected %s%zu", n,
			       n == 1 ? "" : "s", exact ? "" : "at least ", n_writes);
	for (size_t i = 0; i < n; i++) {
		int rc = add_result(r, kind, json_array_get(results, i),
				    i >= n_writes && kind != FLEET_TXN_FIND);
		if (rc < 0)
			return kind == FLEET_TXN_REFRESH && i >= n_writes ? tear(r) : rc;
	}
	return 0;
}

int fleet_txn_parse(enum fleet_txn kind, const struct fleet_keys *k, const uint64_t *own,
		    const char *json, size_t len, struct fleet_answer *ret, struct err *err)
{
	struct reader r = { .keys = k, .err = err };
	json_error_t where;
	json_t *o = json_loadb(json, len, 0, &where);
	if (!o)
		return err_set(err, -EPROTO, "the answer is not JSON: %.100s", where.text);
	int rc = add_results(&r, kind, own, json_object_get(o, "Results"));
	json_decref(o);
	if (rc < 0)
		fleet_answer_done(&r.answer);
	else
		*ret = r.answer;
	return rc;
}

void fleet_txn_refusal(const char *json, size_t len, struct err *ret)
{
	char text[200];
	json_t *o = json_loadb(json, len, 0, NULL);
	const json_t *first = json_array_get(json_object_get(o, "Errors"), 0);
	const char *what = json_string_value(json_object_get(first, "What"));
	what = what ? what : "no reason given";
	err_set(ret, -EBUSY, "Consul refuses the transaction: %s",
		str_printable(text, sizeof(text), what, strlen(what)));
	json_decref(o);
}

void fleet_answer_done(struct fleet_answer *a)
{
	drop_views(a);
	*a = (struct fleet_answer){ 0 };
}
