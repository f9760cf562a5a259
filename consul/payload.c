/* SPDX-License-Identifier: MIT */
#include "consul/payload.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

const char *consul_status_name(enum consul_status s)
{
	switch (s) {
	case CONSUL_PASSING:
		return "passing";
	case CONSUL_WARNING:
		return "warning";
	case CONSUL_CRITICAL:
		return "critical";
	}
	return "critical";
}

/* ---- pieces ---- */

static int load(const char *json, size_t len, json_t **ret, struct err *err)
{
	json_error_t error;
	char text[128];
	/* JSON_DECODE_ANY: `null` is an answer that Consul gives. */
	*ret = json_loadb(json, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	if (*ret)
		return 0;
	str_printable(text, sizeof(text), error.text, strlen(error.text));
	return err_set(err, -EPROTO, "broken JSON in line %d: %s", error.line, text);
}

static int wrong(struct err *err, const char *where, const char *what)
{
	return err_set(err, -EPROTO, "'%s' is %s", where, what);
}

/* A text of the object, at most CONSUL_NAME_MAX - 1 bytes; a view. */
static int get_text(const json_t *object, const char *key, const char **ret, struct err *err)
{
	const json_t *value = json_object_get(object, key);
	if (!json_is_string(value))
		return wrong(err, key, value ? "not a text" : "missing");
	if (json_string_length(value) >= CONSUL_NAME_MAX)
		return wrong(err, key, "too long");
	*ret = json_string_value(value);
	return 0;
}

/* ---- the catalog ---- */

static void service_done(struct consul_service *s)
{
	for (size_t i = 0; i < s->n_tags; i++)
		free(s->tags[i]);
	free(s->tags);
	free(s->id);
	free(s->name);
	free(s->proxied);
}

void consul_services_done(struct consul_services *c)
{
	for (size_t i = 0; i < c->n; i++)
		service_done(&c->items[i]);
	free(c->items);
	*c = (struct consul_services){ 0 };
}

static bool has_tag(const json_t *tags, const char *wanted)
{
	for (size_t i = 0; i < json_array_size(tags); i++)
		if (str_equal(json_string_value(json_array_get(tags, i)), wanted))
			return true;
	return false;
}

static int check_tags(const json_t *tags, struct err *err)
{
	if (!tags || json_is_null(tags))
		return 0;
	if (!json_is_array(tags))
		return wrong(err, "Tags", "not a list");
	for (size_t i = 0; i < json_array_size(tags); i++)
		if (!json_is_string(json_array_get(tags, i)))
			return wrong(err, "Tags", "not a list of texts");
	return 0;
}

static void copy_tags(struct consul_service *s, const json_t *tags)
{
	s->n_tags = json_array_size(tags);
	s->tags = mem_new(s->n_tags, sizeof(s->tags[0]));
	for (size_t i = 0; i < s->n_tags; i++)
		s->tags[i] = mem_strdup(json_string_value(json_array_get(tags, i)));
}

/* A gateway is a service of its own; only a connect-proxy stands for another. */
static char *proxied_by(const json_t *object)
{
	const json_t *proxy = json_object_get(object, "Proxy");
	const char *kind = json_string_value(json_object_get(object, "Kind"));
	const char *name = json_string_value(json_object_get(proxy, "DestinationServiceName"));
	return kind && str_equal(kind, "connect-proxy") ? mem_strdup(name ? name : "") : NULL;
}

static int read_service(const json_t *object, const char *match_tag, struct consul_service *ret,
			struct err *err)
{
	const char *id = NULL, *name = NULL;
	const json_t *tags = json_object_get(object, "Tags");
	int r = get_text(object, "ID", &id, err);
	if (r == 0)
		r = get_text(object, "Service", &name, err);
	if (r == 0)
		r = check_tags(tags, err);
	if (r < 0)
		return r;
	ret->id = mem_strdup(id);
	ret->name = mem_strdup(name);
	ret->proxied = proxied_by(object);
	if (has_tag(tags, match_tag))
		copy_tags(ret, tags);
	return 0;
}

static int compare_services(const void *a, const void *b)
{
	const struct consul_service *x = a, *y = b;
	int c = strcmp(x->name, y->name);
	return c ? c : strcmp(x->id, y->id);
}

static int read_services(json_t *services, const char *match_tag, struct consul_services *c,
			 struct err *err)
{
	const char *key;
	json_t *value;
	if (!services || json_is_null(services))
		return 0;
	if (!json_is_object(services))
		return wrong(err, "Services", "not an object");
	c->items = mem_new(json_object_size(services), sizeof(c->items[0]));
	json_object_foreach(services, key, value)
	{
		int r = read_service(value, match_tag, &c->items[c->n], err);
		if (r < 0) {
			char shown[96];
			str_printable(shown, sizeof(shown), key, strlen(key));
			return err_prefix(err, r, "service '%s': ", shown);
		}
		c->n++;
	}
	if (c->n > 0)
		qsort(c->items, c->n, sizeof(c->items[0]), compare_services);
	return 0;
}

static int read_node(const json_t *node, struct consul_services *c, struct err *err)
{
	const char *id = NULL;
	const json_t *index = json_object_get(node, "CreateIndex");
	if (!json_is_object(node))
		return wrong(err, "Node", node ? "not an object" : "missing");
	/* Nodes that an outside program registered have no ID. */
	if (json_object_get(node, "ID") && get_text(node, "ID", &id, err) < 0)
		return -EPROTO;
	if (id && str_copy(c->node_id, sizeof(c->node_id), id) < 0)
		return wrong(err, "ID", "too long");
	if (json_is_integer(index) && json_integer_value(index) > 0)
		c->create_index = (uint64_t)json_integer_value(index);
	c->present = true;
	return 0;
}

int consul_services_parse(const char *json, size_t len, const char *match_tag,
			  struct consul_services *ret, struct err *err)
{
	struct consul_services c = { 0 };
	json_t *root;
	int r = load(json, len, &root, err);
	if (r < 0)
		return r;
	if (!json_is_null(root)) {
		r = json_is_object(root) ? read_node(json_object_get(root, "Node"), &c, err)
					 : wrong(err, "the answer", "neither an object nor null");
		if (r == 0)
			r = read_services(json_object_get(root, "Services"), match_tag, &c, err);
	}
	json_decref(root);
	if (r < 0)
		consul_services_done(&c);
	else
		*ret = c;
	return r;
}

/* ---- checks ---- */

void consul_checks_done(struct consul_checks *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->items[i].id);
		free(c->items[i].service);
		free(c->items[i].output);
	}
	free(c->items);
	*c = (struct consul_checks){ 0 };
}

static char *first_line(const json_t *output)
{
	char line[CONSUL_OUTPUT_MAX];
	const char *text = json_is_string(output) ? json_string_value(output) : "";
	text += strspn(text, " \t\r\n");
	str_printable(line, sizeof(line), text, strcspn(text, "\r\n"));
	return mem_strdup(line);
}

/* An unknown status is not passing. */
static enum consul_status status_of(const char *text)
{
	if (str_equal(text, "passing"))
		return CONSUL_PASSING;
	return str_equal(text, "warning") ? CONSUL_WARNING : CONSUL_CRITICAL;
}

static int read_check(const json_t *object, struct consul_check *ret, struct err *err)
{
	const char *id = NULL, *service = NULL, *status = NULL;
	int r = get_text(object, "CheckID", &id, err);
	if (r == 0)
		r = get_text(object, "ServiceName", &service, err);
	if (r == 0)
		r = get_text(object, "Status", &status, err);
	if (r < 0)
		return r;
	*ret = (struct consul_check){
		.id = mem_strdup(id),
		.service = mem_strdup(service),
		.output = first_line(json_object_get(object, "Output")),
		.status = status_of(status),
	};
	return 0;
}

static int compare_checks(const void *a, const void *b)
{
	const struct consul_check *x = a, *y = b;
	int c = strcmp(x->service, y->service);
	return c ? c : strcmp(x->id, y->id);
}

static int read_checks(const json_t *list, struct consul_checks *c, struct err *err)
{
	if (!json_is_array(list))
		return json_is_null(list) ? 0 : wrong(err, "the answer", "neither a list nor null");
	c->items = mem_new(json_array_size(list), sizeof(c->items[0]));
	for (size_t i = 0; i < json_array_size(list); i++) {
		int r = read_check(json_array_get(list, i), &c->items[i], err);
		if (r < 0)
			return err_prefix(err, r, "check %zu: ", i + 1);
		c->n++;
	}
	if (c->n > 0)
		qsort(c->items, c->n, sizeof(c->items[0]), compare_checks);
	return 0;
}

int consul_checks_parse(const char *json, size_t len, struct consul_checks *ret, struct err *err)
{
	struct consul_checks c = { 0 };
	json_t *root;
	int r = load(json, len, &root, err);
	if (r < 0)
		return r;
	r = read_checks(root, &c, err);
	json_decref(root);
	if (r < 0)
		consul_checks_done(&c);
	else
		*ret = c;
	return r;
}

/* ---- the agent ---- */

int consul_self_parse(const char *json, size_t len, char ret[static CONSUL_NAME_MAX],
		      struct err *err)
{
	const char *name = "";
	json_t *root;
	int r = load(json, len, &root, err);
	if (r < 0)
		return r;
	r = get_text(json_object_get(root, "Config"), "NodeName", &name, err);
	if (r == 0 && !name[0])
		r = wrong(err, "NodeName", "empty");
	if (r == 0)
		str_copy(ret, CONSUL_NAME_MAX, name);
	json_decref(root);
	return r;
}
