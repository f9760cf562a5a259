/* SPDX-License-Identifier: MIT */
#include "fleet/values.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "lib/mono.h"
#include "lib/str.h"

#define VERSION 1

static const char *const forms[] = { "normal", "joining", "degraded", "drained", "withdrawn" };

const char *fleet_form_name(enum fleet_form form)
{
	return forms[form];
}

bool fleet_node_is_valid(const char *node)
{
	size_t n = strlen(node);
	for (size_t i = 0; i < n; i++)
		if (node[i] <= ' ' || node[i] > '~' || node[i] == '/')
			return false;
	return n > 0 && n < FLEET_NODE_MAX;
}

/* ---- writing ---- */

static char *dump(json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (!text)
		abort(); /* out of memory, see lib/mem.h: every text in it is ASCII */
	return text;
}

char *fleet_up_encode(const struct fleet_up *up, uint64_t serial)
{
	json_t *o = json_pack("{s:i, s:s, s:I}", "version", VERSION, "form", forms[up->form],
			      "serial", (json_int_t)serial);
	if (up->since)
		json_object_set_new(o, "since",
				    json_integer((json_int_t)(up->since / USEC_PER_SEC)));
	if (up->attributes[0])
		json_object_set_new(o, "attributes", json_string(up->attributes));
	if (up->config[0])
		json_object_set_new(o, "config", json_string(up->config));
	return dump(o);
}

char *fleet_has_encode(wall_t seen, bool announced)
{
	return dump(json_pack("{s:i, s:I, s:b}", "version", VERSION, "seen",
			      (json_int_t)(seen / USEC_PER_SEC), "announced", announced));
}

static json_t *pack_claim(const struct fleet_claim *c)
{
	return json_pack("{s:s, s:s, s:I}", "node", c->node, "session", c->session, "number",
			 (json_int_t)c->number);
}

char *fleet_leave_encode(const struct fleet_leave *l, const struct fleet_claim *writer)
{
	json_t *slots = json_array(), *line = json_array();
	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(i < l->n_slots ? slots : line, pack_claim(&l->claims[i]));
	return dump(json_pack("{s:i, s:o, s:o, s:o}", "version", VERSION, "writer",
			      pack_claim(writer), "slots", slots, "line", line));
}

static json_t *pack_slot(const struct fleet_slot *s)
{
	return json_pack("{s:s, s:s, s:I, s:s}", "node", s->node, "id", s->id, "since",
			 (json_int_t)(s->since / USEC_PER_SEC), "why", s->why);
}

char *fleet_slots_encode(const struct fleet_slots *s, const struct fleet_slot *writer,
			 uint64_t number)
{
	json_t *slots = json_array();
	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(slots, pack_slot(&s->items[i]));
	return dump(json_pack("{s:i, s:{s:s, s:s, s:I}, s:o}", "version", VERSION, "writer", "node",
			      writer->node, "id", writer->id, "number", (json_int_t)number, "slots",
			      slots));
}

/* ---- reading ---- */

/* An object of our version; release it. */
static json_t *load(const char *text, size_t len, struct err *err)
{
	json_error_t where;
	json_t *o = NULL;
	if (len > FLEET_VALUE_MAX) {
		err_set(err, -EPROTO, "is longer than %zu bytes", FLEET_VALUE_MAX);
		return NULL;
	}
	o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
	if (!o)
		err_set(err, -EPROTO, "is not JSON: %.100s", where.text);
	else if (!json_is_object(o))
		err_set(err, -EPROTO, "is not an object");
	else if (json_integer_value(json_object_get(o, "version")) == VERSION)
		return o;
	else
		err_set(err, -EPROTO, "has another version than %d", VERSION);
	json_decref(o);
	return NULL;
}

static int read_number(const json_t *o, const char *key, uint64_t max, uint64_t *ret,
		       struct err *err)
{
	const json_t *value = json_object_get(o, key);
	json_int_t n = json_integer_value(value);
	if (!json_is_integer(value) || n < 0 || (uint64_t)n > max)
		return err_set(err, -EPROTO, "has no valid '%s'", key);
	*ret = (uint64_t)n;
	return 0;
}

/* An invalid value counts as absent: no decision depends on it. */
static void read_shown(const json_t *o, const char *key, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(o, key));
	to[0] = '\0';
	if (text)
		str_printable(to, size, text, strlen(text));
}

static void read_details(const json_t *o, struct fleet_up *ret)
{
	json_int_t since = json_integer_value(json_object_get(o, "since"));
	ret->since = since > 0 && (uint64_t)since < UINT64_MAX / USEC_PER_SEC
			     ? (wall_t)since * USEC_PER_SEC
			     : 0;
	read_shown(o, "attributes", ret->attributes, sizeof(ret->attributes));
	read_shown(o, "config", ret->config, sizeof(ret->config));
}

int fleet_up_parse(const char *text, size_t len, struct fleet_up *ret, struct err *err)
{
	json_t *o = load(text, len, err);
	const char *form = json_string_value(json_object_get(o, "form"));
	size_t i = 0;
	if (!o)
		return -EPROTO;
	while (form && i < ARRAY_SIZE(forms) && !str_equal(form, forms[i]))
		i++;
	if (form && i < ARRAY_SIZE(forms)) {
		ret->form = (enum fleet_form)i;
		read_details(o, ret);
	}
	json_decref(o);
	return form && i < ARRAY_SIZE(forms)
		       ? 0
		       : err_set(err, -EPROTO,
				 "has no valid 'form': normal, joining, degraded, drained or "
				 "withdrawn");
}

static int read_bool(const json_t *o, const char *key, bool *ret, struct err *err)
{
	const json_t *v = json_object_get(o, key);
	if (v && !json_is_boolean(v))
		return err_set(err, -EPROTO, "has no valid '%s'", key);
	*ret = json_is_true(v);
	return 0;
}

int fleet_has_parse(const char *text, size_t len, struct fleet_has *ret, struct err *err)
{
	json_t *o = load(text, len, err);
	uint64_t seen = 0;
	bool announced = false;
	int r = o ? read_number(o, "seen", UINT64_MAX / USEC_PER_SEC, &seen, err) : -EPROTO;
	if (r == 0)
		r = read_bool(o, "announced", &announced, err);
	json_decref(o);
	if (r == 0)
		*ret = (struct fleet_has){ .seen = seen * USEC_PER_SEC, .announced = announced };
	return r;
}

static int read_text(const json_t *o, const char *key, char *to, size_t size, struct err *err)
{
	const char *text = json_string_value(json_object_get(o, key));
	size_t n = text ? strlen(text) : 0;
	if (n == 0 || n >= size)
		return err_set(err, -EPROTO, "has a claim or a slot without a valid '%s'", key);
	memcpy(to, text, n + 1);
	return 0;
}

static int read_claim(const json_t *o, struct fleet_claim *ret, struct err *err)
{
	int r = read_text(o, "node", ret->node, sizeof(ret->node), err);
	if (r == 0)
		r = read_text(o, "session", ret->session, sizeof(ret->session), err);
	if (r == 0)
		r = read_number(o, "number", INT64_MAX, &ret->number, err);
	return r;
}

static int read_claims(const json_t *o, const char *key, struct fleet_leave *to, struct err *err)
{
	const json_t *list = json_object_get(o, key);
	size_t n = json_array_size(list);
	if (!json_is_array(list) || n > FLEET_NODES_MAX - to->n)
		return err_set(err, -EPROTO, "has no valid '%s'", key);
	for (size_t i = 0; i < n; i++) {
		int r = read_claim(json_array_get(list, i), &to->claims[to->n], err);
		if (r < 0)
			return r;
		to->n++;
	}
	return 0;
}

int fleet_leave_parse(const char *text, size_t len, struct fleet_leave *ret, struct err *err)
{
	json_t *o = load(text, len, err);
	struct fleet_leave l = { 0 };
	if (!o)
		return -EPROTO;
	size_t room = json_array_size(json_object_get(o, "slots")) +
		      json_array_size(json_object_get(o, "line"));
	l.claims = mem_new(room + 1, sizeof(*l.claims));
	int r = read_claims(o, "slots", &l, err);
	l.n_slots = l.n;
	if (r == 0)
		r = read_claims(o, "line", &l, err);
	json_decref(o);
	if (r < 0)
		free(l.claims);
	else
		*ret = l;
	return r;
}

static int read_slot(const json_t *o, struct fleet_slot *ret, struct err *err)
{
	uint64_t since = 0;
	int r = read_text(o, "node", ret->node, sizeof(ret->node), err);
	if (r == 0 && !fleet_node_is_valid(ret->node))
		r = err_set(err, -EPROTO, "has a slot without a valid 'node'");
	if (r == 0)
		r = read_text(o, "id", ret->id, sizeof(ret->id), err);
	if (r == 0)
		r = read_number(o, "since", INT64_MAX / USEC_PER_SEC, &since, err);
	ret->since = since * USEC_PER_SEC;
	read_shown(o, "why", ret->why, sizeof(ret->why));
	str_printable(ret->id, sizeof(ret->id), ret->id, strlen(ret->id));
	return r;
}

int fleet_slots_parse(const char *text, size_t len, struct fleet_slots *ret, struct err *err)
{
	json_t *o = load(text, len, err);
	const json_t *list = json_object_get(o, "slots");
	size_t n = json_array_size(list);
	struct fleet_slots s = { .n = n };
	int r = 0;
	if (!o)
		return -EPROTO;
	if (!json_is_array(list) || n > FLEET_SLOTS_MAX)
		r = err_set(err, -EPROTO, "has no valid 'slots'");
	if (r == 0)
		s.items = mem_new(n + 1, sizeof(*s.items));
	for (size_t i = 0; r == 0 && i < n; i++)
		r = read_slot(json_array_get(list, i), &s.items[i], err);
	json_decref(o);
	if (r < 0)
		free(s.items);
	else
		*ret = s;
	return r;
}
