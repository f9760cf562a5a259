/* SPDX-License-Identifier: MIT */
#include "consul/payload.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consul/answer.h"
#include "lib/array.h"
#include "lib/json_scan.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/utf8.h"

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

/* ---- skipped items ---- */

void consul_skipped_done(struct consul_skipped *s)
{
	for (size_t i = 0; i < CONSUL_SKIPPED_MAX; i++)
		free(s->texts[i]);
	*s = (struct consul_skipped){ 0 };
}

bool consul_skipped_equal(const struct consul_skipped *a, const struct consul_skipped *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n && i < CONSUL_SKIPPED_MAX; i++)
		if (!str_equal(a->texts[i], b->texts[i]))
			return false;
	return true;
}

void consul_skip(struct consul_skipped *s, struct json_slice name, const char *fmt, ...)
{
	char shown[64], text[256];
	struct strbuf b = strbuf_over(text, sizeof(text));
	va_list args;
	if (s->n++ >= CONSUL_SKIPPED_MAX)
		return;
	str_printable(shown, sizeof(shown), name.p + 1, name.len - 2);
	strbuf_add(&b, "service '%s%s': ", shown, name.len - 2 >= sizeof(shown) ? "…" : "");
	va_start(args, fmt);
	vsnprintf(text + b.len, sizeof(text) - b.len, fmt, args);
	va_end(args);
	s->texts[s->n - 1] = mem_strdup(text);
}

const char *consul_name_flaw(const char *name, size_t len)
{
	if (strlen(name) != len)
		return "its name contains a NUL octet";
	return len >= CONSUL_NAME_MAX ? "its name is longer than 511 octets" : NULL;
}

/* ---- the catalog ---- */

void consul_service_done(struct consul_service *s)
{
	for (size_t i = 0; i < s->n_tags; i++)
		free(s->tags[i]);
	free(s->tags);
	free(s->id);
	free(s->name);
	free(s->proxied);
	free(s->flaw);
}

void consul_services_done(struct consul_services *c)
{
	for (size_t i = 0; i < c->n; i++)
		consul_service_done(&c->items[i]);
	free(c->items);
	consul_skipped_done(&c->skipped);
	*c = (struct consul_services){ 0 };
}

static bool has_tag(const json_t *tags, const char *wanted)
{
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const json_t *tag = json_array_get(tags, i);
		if (json_string_length(tag) == strlen(wanted) &&
		    str_equal(json_string_value(tag), wanted))
			return true;
	}
	return false;
}

static int check_tags(const json_t *tags, struct err *err)
{
	if (!json_is_array(tags))
		return answer_wrong(err, "Tags", "not a list");
	for (size_t i = 0; i < json_array_size(tags); i++)
		if (!json_is_string(json_array_get(tags, i)))
			return answer_wrong(err, "Tags", "not a list of texts");
	return 0;
}

/* Cut at its NUL octet, a tag could say something else. */
static void note_flaw(struct consul_service *s, const char *tag, size_t len)
{
	char shown[64], text[128];
	if (s->flaw || strlen(tag) == len)
		return;
	utf8_escape(shown, sizeof(shown), tag, len);
	snprintf(text, sizeof(text), "tag '%s' contains a NUL octet", shown);
	s->flaw = mem_strdup(text);
}

static void copy_tags(struct consul_service *s, const json_t *tags)
{
	s->n_tags = json_array_size(tags);
	s->tags = mem_new(s->n_tags, sizeof(s->tags[0]));
	for (size_t i = 0; i < s->n_tags; i++) {
		const json_t *tag = json_array_get(tags, i);
		s->tags[i] = mem_strdup(json_string_value(tag));
		note_flaw(s, json_string_value(tag), json_string_length(tag));
	}
}

int consul_tags_read(struct json_slice value, const char *match_tag, struct consul_service *ret,
		     struct err *err)
{
	if (answer_is_null(value))
		return 0;
	json_t *tags = answer_load(value);
	int r = tags ? check_tags(tags, err) : answer_wrong(err, "Tags", "broken JSON");
	if (r == 0 && has_tag(tags, match_tag))
		copy_tags(ret, tags);
	json_decref(tags);
	return r;
}

/* A gateway is a service of its own; only a connect-proxy stands for another. */
static char *proxied_by(struct json_slice kind, struct json_slice proxy)
{
	static const char is_proxy[] = "\"connect-proxy\"";
	static const char *const fields[] = { "DestinationServiceName" };
	struct json_slice destination = { 0 };
	size_t len = 0;
	if (kind.len != strlen(is_proxy) || memcmp(kind.p, is_proxy, kind.len) != 0)
		return NULL;
	answer_fields(proxy, fields, ARRAY_SIZE(fields), &destination);
	char *name = answer_text(destination, &len);
	if (name && strlen(name) == len)
		return name;
	free(name);
	return mem_strdup("");
}

enum { SERVICE_ID, SERVICE_NAME, SERVICE_TAGS, SERVICE_KIND, SERVICE_PROXY, SERVICE_FIELDS };
static const char *const service_fields[SERVICE_FIELDS] = { "ID", "Service", "Tags", "Kind",
							    "Proxy" };

/* An ID may be of any length: it is only compared, and lives as long as the answer counts. */
static const char *service_flaw(const struct consul_service *s, size_t id_len, size_t name_len)
{
	return strlen(s->id) != id_len ? "its ID contains a NUL octet"
				       : consul_name_flaw(s->name, name_len);
}

/* *ret_flaw: why it is skipped. */
static int read_service(const struct json_slice *fields, const char *match_tag,
			struct consul_service *ret, const char **ret_flaw, struct err *err)
{
	size_t id_len = 0, name_len = 0;
	int r = answer_get_text(fields[SERVICE_ID], "ID", &ret->id, &id_len, err);
	if (r == 0)
		r = answer_get_text(fields[SERVICE_NAME], "Service", &ret->name, &name_len, err);
	if (r == 0)
		r = consul_tags_read(fields[SERVICE_TAGS], match_tag, ret, err);
	if (r < 0)
		return r;
	ret->proxied = proxied_by(fields[SERVICE_KIND], fields[SERVICE_PROXY]);
	*ret_flaw = service_flaw(ret, id_len, name_len);
	return 0;
}

static int compare_services(const void *a, const void *b)
{
	const struct consul_service *x = a, *y = b;
	int c = strcmp(x->name, y->name);
	return c ? c : strcmp(x->id, y->id);
}

void consul_services_sort(struct consul_services *c)
{
	qsort(c->items, c->n, sizeof(c->items[0]), compare_services);
}

static int add_service(struct json_slice key, struct json_slice value, const char *match_tag,
		       struct consul_services *c, size_t *cap, struct err *err)
{
	struct json_slice fields[SERVICE_FIELDS] = { { 0 } };
	struct consul_service service = { 0 };
	const char *flaw = NULL;
	answer_fields(value, service_fields, SERVICE_FIELDS, fields);
	int r = read_service(fields, match_tag, &service, &flaw, err);
	if (r < 0 || flaw)
		consul_service_done(&service);
	if (flaw)
		consul_skip(&c->skipped, key, "%s", flaw);
	if (r < 0) {
		char shown[96];
		str_printable(shown, sizeof(shown), key.p + 1, key.len - 2);
		return err_prefix(err, r, "service '%s': ", shown);
	}
	if (flaw)
		return 0;
	c->items = mem_grow(c->items, cap, c->n + 1, sizeof(c->items[0]));
	c->items[c->n++] = service;
	return 0;
}

static int read_services(struct json_slice services, const char *match_tag,
			 struct consul_services *c, struct err *err)
{
	struct json_scan scan = json_scan_over(services.p, services.len);
	struct json_slice key;
	size_t cap = 0;
	if (answer_is_null(services))
		return 0;
	if (*services.p != '{')
		return answer_wrong(err, "Services", "not an object");
	json_scan_enter(&scan);
	while (json_scan_member(&scan, &key)) {
		struct json_slice value = json_scan_value(&scan);
		int r = scan.failed ? 0 : add_service(key, value, match_tag, c, &cap, err);
		if (r < 0)
			return r;
	}
	if (scan.failed)
		return answer_wrong(err, "Services", "broken JSON");
	if (c->n > 0)
		consul_services_sort(c);
	return 0;
}

/* Nodes that an outside program registered have no ID. */
static int read_node_id(struct json_slice id, struct consul_services *c, struct err *err)
{
	char *text = NULL;
	size_t len = 0;
	if (!id.p)
		return 0;
	int r = answer_get_text(id, "ID", &text, &len, err);
	if (r == 0 && (strlen(text) != len || str_copy(c->node_id, sizeof(c->node_id), text) < 0))
		r = answer_wrong(err, "ID", "too long, or contains a NUL octet");
	free(text);
	return r;
}

static int read_node(struct json_slice node, struct consul_services *c, struct err *err)
{
	static const char *const names[] = { "ID", "CreateIndex" };
	struct json_slice fields[ARRAY_SIZE(names)];
	if (!node.p || *node.p != '{')
		return answer_wrong(err, "Node", node.p ? "not an object" : "missing");
	if (answer_fields(node, names, ARRAY_SIZE(names), fields) < 0)
		return answer_wrong(err, "Node", "broken JSON");
	int r = read_node_id(fields[0], c, err);
	if (r < 0)
		return r;
	json_t *index = fields[1].p ? answer_load(fields[1]) : NULL;
	if (json_is_integer(index) && json_integer_value(index) > 0)
		c->create_index = (uint64_t)json_integer_value(index);
	json_decref(index);
	c->present = true;
	return 0;
}

static int read_answer(struct json_slice root, const char *match_tag, struct consul_services *c,
		       struct err *err)
{
	static const char *const names[] = { "Node", "Services" };
	struct json_slice fields[ARRAY_SIZE(names)];
	if (answer_is_null(root))
		return 0;
	if (*root.p != '{')
		return answer_wrong(err, "the answer", "neither an object nor null");
	if (answer_fields(root, names, ARRAY_SIZE(names), fields) < 0)
		return answer_wrong(err, "the answer", "broken JSON");
	int r = read_node(fields[0], c, err);
	return r < 0 ? r : read_services(fields[1], match_tag, c, err);
}

int consul_services_parse(const char *json, size_t len, const char *match_tag,
			  struct consul_services *ret, struct err *err)
{
	struct consul_services c = { 0 };
	struct json_slice root;
	int r = answer_whole(json, len, &root, err);
	if (r == 0)
		r = read_answer(root, match_tag, &c, err);
	if (r < 0)
		consul_services_done(&c);
	else
		*ret = c;
	return r;
}

/* ---- checks ---- */

static void check_done(struct consul_check *c)
{
	free(c->id);
	free(c->service);
	free(c->output);
}

void consul_checks_done(struct consul_checks *c)
{
	for (size_t i = 0; i < c->n; i++)
		check_done(&c->items[i]);
	free(c->items);
	consul_skipped_done(&c->skipped);
	*c = (struct consul_checks){ 0 };
}

/* Free it. A check with an output has run, whatever is in it. */
static char *first_line(struct json_slice output)
{
	char line[CONSUL_OUTPUT_MAX];
	size_t len = 0, from = 0, n = 0;
	char *text = answer_text(output, &len);
	while (from < len && strchr(" \t\r\n", text[from]) && text[from])
		from++;
	while (from + n < len && text[from + n] != '\r' && text[from + n] != '\n')
		n++;
	str_printable(line, sizeof(line), text ? text + from : "", n);
	free(text);
	if (!text && output.p && *output.p == '"')
		str_copy(line, sizeof(line), "(unreadable)");
	return mem_strdup(line);
}

/* An unknown status is not passing. */
static enum consul_status status_of(const char *text)
{
	if (str_equal(text, "passing"))
		return CONSUL_PASSING;
	return str_equal(text, "warning") ? CONSUL_WARNING : CONSUL_CRITICAL;
}

enum { CHECK_ID, CHECK_SERVICE, CHECK_STATUS, CHECK_OUTPUT, CHECK_FIELDS };
static const char *const check_fields[CHECK_FIELDS] = { "CheckID", "ServiceName", "Status",
							"Output" };

/* A check whose service is not said could be any service's, and without its failing check that one
 * would pass: then the whole answer is refused. */
static int read_check(const struct json_slice *fields, struct consul_check *ret,
		      const char **ret_flaw, struct err *err)
{
	char *id = NULL, *status = NULL, shown[CONSUL_OUTPUT_MAX];
	size_t id_len = 0, service_len = 0, status_len = 0;
	int r = answer_get_text(fields[CHECK_ID], "CheckID", &id, &id_len, err);
	if (r == 0)
		r = answer_get_text(fields[CHECK_SERVICE], "ServiceName", &ret->service,
				    &service_len, err);
	if (r == 0)
		r = answer_get_text(fields[CHECK_STATUS], "Status", &status, &status_len, err);
	if (r == 0) {
		ret->id = mem_strdup(str_printable(shown, sizeof(shown), id, id_len));
		ret->output = first_line(fields[CHECK_OUTPUT]);
		ret->status = status_of(status);
		*ret_flaw = consul_name_flaw(ret->service, service_len);
	}
	free(id);
	free(status);
	return r;
}

static int compare_checks(const void *a, const void *b)
{
	const struct consul_check *x = a, *y = b;
	int c = strcmp(x->service, y->service);
	return c ? c : strcmp(x->id, y->id);
}

static int add_check(struct json_slice value, struct consul_checks *c, size_t *cap, struct err *err)
{
	struct json_slice fields[CHECK_FIELDS] = { { 0 } };
	struct consul_check check = { 0 };
	const char *flaw = NULL;
	answer_fields(value, check_fields, CHECK_FIELDS, fields);
	int r = read_check(fields, &check, &flaw, err);
	if (flaw)
		consul_skip(&c->skipped, fields[CHECK_SERVICE], "check '%s': %s", check.id, flaw);
	if (r < 0 || flaw) {
		check_done(&check);
		return r;
	}
	c->items = mem_grow(c->items, cap, c->n + 1, sizeof(c->items[0]));
	c->items[c->n++] = check;
	return 0;
}

static int read_checks(struct json_slice list, struct consul_checks *c, struct err *err)
{
	struct json_scan scan = json_scan_over(list.p, list.len);
	size_t cap = 0, n = 0;
	if (answer_is_null(list))
		return 0;
	if (*list.p != '[')
		return answer_wrong(err, "the answer", "neither a list nor null");
	json_scan_enter(&scan);
	while (json_scan_element(&scan)) {
		struct json_slice value = json_scan_value(&scan);
		int r = scan.failed ? 0 : add_check(value, c, &cap, err);
		n++;
		if (r < 0)
			return err_prefix(err, r, "check %zu: ", n);
	}
	if (scan.failed)
		return answer_wrong(err, "the answer", "broken JSON");
	if (c->n > 0)
		qsort(c->items, c->n, sizeof(c->items[0]), compare_checks);
	return 0;
}

int consul_checks_parse(const char *json, size_t len, struct consul_checks *ret, struct err *err)
{
	struct consul_checks c = { 0 };
	struct json_slice root;
	int r = answer_whole(json, len, &root, err);
	if (r == 0)
		r = read_checks(root, &c, err);
	if (r < 0)
		consul_checks_done(&c);
	else
		*ret = c;
	return r;
}

/* ---- the agent ---- */

static int read_node_name(struct json_slice root, char **ret, struct err *err)
{
	static const char *const config[] = { "Config" }, *const name[] = { "NodeName" };
	struct json_slice inside = { 0 }, value = { 0 };
	size_t len = 0;
	answer_fields(root, config, 1, &inside);
	answer_fields(inside, name, 1, &value);
	int r = answer_get_text(value, "NodeName", ret, &len, err);
	if (r == 0 && (len == 0 || consul_name_flaw(*ret, len)))
		r = answer_wrong(err, "NodeName", "empty, too long, or contains a NUL octet");
	return r;
}

int consul_self_parse(const char *json, size_t len, char ret[static CONSUL_NAME_MAX],
		      struct err *err)
{
	char *name = NULL;
	struct json_slice root;
	int r = answer_whole(json, len, &root, err);
	if (r == 0)
		r = read_node_name(root, &name, err);
	if (r == 0)
		str_copy(ret, CONSUL_NAME_MAX, name);
	free(name);
	return r;
}
