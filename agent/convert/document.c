/* SPDX-License-Identifier: MIT */
#include "agent/convert/document.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

#define REMARKS_MAX 10000
#define WHAT_MAX    160

/* ---- remarks ---- */

__attribute__((format(printf, 5, 0))) static void remark(struct convert *c,
							 enum convert_severity severity,
							 struct convert_at at, const char *what,
							 const char *fmt, va_list args)
{
	char text[1024];
	struct strbuf sb = strbuf_over(text, sizeof(text));
	if (severity == CONVERT_LOST)
		c->n_lost++;
	if (c->n_remarks >= REMARKS_MAX)
		return;
	if (what && strlen(what) > WHAT_MAX)
		strbuf_add(&sb, "%.*s…: ", WHAT_MAX, what);
	else if (what)
		strbuf_add(&sb, "%s: ", what);
	vsnprintf(text + sb.len, sizeof(text) - sb.len, fmt, args);
	c->remarks = mem_grow(c->remarks, &c->cap_remarks, c->n_remarks + 1, sizeof(*c->remarks));
	c->remarks[c->n_remarks++] = (struct convert_remark){ severity, at, mem_strdup(text) };
}

void convert_lost(struct convert *c, struct convert_at at, const char *what, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	remark(c, CONVERT_LOST, at, what, fmt, args);
	va_end(args);
}

void convert_note(struct convert *c, struct convert_at at, const char *what, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	remark(c, CONVERT_NOTE, at, what, fmt, args);
	va_end(args);
}

/* ---- the document ---- */

json_t *convert_inner(json_t *object, const char *key)
{
	json_t *inner = json_object_get(object, key);
	if (inner)
		return inner;
	json_object_set_new(object, key, json_object());
	return json_object_get(object, key);
}

json_t *convert_section(struct convert *c, const char *name)
{
	return convert_inner(c->document, name);
}

static json_t *parent_of(struct convert *c, const char *list)
{
	if (str_equal(list, "peers"))
		return convert_section(c, "bgp");
	return str_equal(list, "hooks") ? convert_section(c, "agent") : c->document;
}

void convert_place(struct convert *c, json_t *object, const char *key, struct convert_at at)
{
	c->origins = mem_grow(c->origins, &c->cap_origins, c->n_origins + 1, sizeof(*c->origins));
	c->origins[c->n_origins++] = (struct convert_origin){ json_incref(object), key, at };
}

json_t *convert_add(struct convert *c, const char *list, struct convert_at at)
{
	json_t *parent = parent_of(c, list), *object = json_object();
	if (!json_object_get(parent, list))
		json_object_set_new(parent, list, json_array());
	json_array_append_new(json_object_get(parent, list), object);
	convert_place(c, object, NULL, at);
	return object;
}

json_t *convert_item(struct convert *c, const char *list, size_t i)
{
	return json_array_get(json_object_get(parent_of(c, list), list), i);
}

void convert_set(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_string(text));
}

void convert_set_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

void convert_set_true(json_t *object, const char *key)
{
	json_object_set_new(object, key, json_true());
}

void convert_set_seconds(json_t *object, const char *key, uint64_t seconds)
{
	char text[32];
	snprintf(text, sizeof(text), "%llus", (unsigned long long)seconds);
	convert_set(object, key, text);
}

void convert_append(json_t *object, const char *key, const char *text)
{
	size_t i;
	json_t *item, *list = json_object_get(object, key);
	if (!list) {
		list = json_array();
		json_object_set_new(object, key, list);
	}
	json_array_foreach(list, i, item) if (str_equal(json_string_value(item), text)) return;
	json_array_append_new(list, json_string(text));
}

const char *convert_get(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

const char *convert_app_name(struct convert *c, const char *name, char buf[static 129])
{
	char plain[116];
	str_printable(plain, sizeof(plain), *name ? name : "app", strlen(*name ? name : "app"));
	for (char *slash; (slash = strchr(plain, '/'));)
		*slash = '-';
	if (!c->names)
		c->names = json_object();
	unsigned n = (unsigned)json_integer_value(json_object_get(c->names, plain));
	snprintf(buf, 129, "%s", plain);
	while (json_object_get(c->names, buf))
		snprintf(buf, 129, "%s-%u", plain, ++n);
	json_object_set_new(c->names, buf, json_integer(1));
	json_object_set_new(c->names, plain, json_integer(n > 1 ? n : 1));
	return buf;
}

void convert_done(struct convert *c)
{
	for (size_t i = 0; i < c->n_remarks; i++)
		free(c->remarks[i].text);
	free(c->remarks);
	for (size_t i = 0; i < c->n_origins; i++)
		json_decref(c->origins[i].object);
	free(c->origins);
	json_decref(c->document);
	json_decref(c->names);
	*c = (struct convert){ 0 };
}
