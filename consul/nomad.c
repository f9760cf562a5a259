/* SPDX-License-Identifier: MIT */
#include "consul/nomad.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consul/answer.h"
#include "lib/array.h"
#include "lib/json_scan.h"
#include "lib/mem.h"
#include "lib/str.h"

/* ---- the agent ---- */

int nomad_self_parse(const char *json, size_t len, char ret[static CONSUL_NAME_MAX],
		     struct err *err)
{
	static const char *const path[] = { "stats", "client", "node_id" };
	struct json_slice at;
	char *id = NULL;
	size_t id_len = 0;
	int r = answer_whole(json, len, &at, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(path); i++) {
		struct json_slice inside = { 0 };
		answer_fields(at, &path[i], 1, &inside);
		at = inside;
	}
	if (r == 0 && !at.p)
		r = err_set(
			err, -EPROTO,
			"the agent has no node_id: it is not a client, services run on clients");
	if (r == 0)
		r = answer_get_text(at, "node_id", &id, &id_len, err);
	if (r == 0 && (id_len == 0 || consul_name_flaw(id, id_len)))
		r = answer_wrong(err, "node_id", "empty, too long, or contains a NUL octet");
	if (r == 0)
		str_copy(ret, CONSUL_NAME_MAX, id);
	free(id);
	return r;
}

/* ---- the names of services ---- */

void nomad_names_done(struct nomad_names *n)
{
	for (size_t i = 0; i < n->n; i++) {
		free(n->items[i].namespace);
		free(n->items[i].name);
	}
	free(n->items);
	*n = (struct nomad_names){ 0 };
}

/* A name that is none for us cannot be asked for; it is left out. */
static int add_name(struct json_slice value, const char *namespace, const char *match_tag,
		    struct nomad_names *names, struct err *err)
{
	static const char *const fields[] = { "ServiceName", "Tags" };
	struct json_slice found[ARRAY_SIZE(fields)] = { { 0 } };
	struct consul_service service = { 0 };
	size_t len = 0;
	answer_fields(value, fields, ARRAY_SIZE(fields), found);
	int r = answer_get_text(found[0], "ServiceName", &service.name, &len, err);
	if (r == 0)
		r = consul_tags_read(found[1], match_tag, &service, err);
	if (r == 0 && service.tags && !consul_name_flaw(service.name, len) && len > 0) {
		if (names->n >= NOMAD_NAMES_MAX)
			r = err_set(err, -EPROTO, "more than %d services with the match tag",
				    NOMAD_NAMES_MAX);
		names->items =
			mem_grow(names->items, &names->cap, names->n + 1, sizeof(*names->items));
		names->items[names->n++] =
			(struct nomad_name){ mem_strdup(namespace), mem_strdup(service.name) };
	}
	consul_service_done(&service);
	return r;
}

static int read_names(struct json_slice list, const char *namespace, const char *match_tag,
		      struct nomad_names *names, struct err *err)
{
	if (answer_is_null(list))
		return 0;
	if (*list.p != '[')
		return answer_wrong(err, "Services", "not a list");
	struct json_scan scan = json_scan_over(list.p, list.len);
	int r = 0;
	json_scan_enter(&scan);
	while (r == 0 && json_scan_element(&scan)) {
		struct json_slice value = json_scan_value(&scan);
		r = scan.failed ? 0 : add_name(value, namespace, match_tag, names, err);
	}
	return r == 0 && scan.failed ? answer_wrong(err, "Services", "broken JSON") : r;
}

static int read_namespace(struct json_slice value, const char *match_tag, struct nomad_names *names,
			  struct err *err)
{
	static const char *const fields[] = { "Namespace", "Services" };
	struct json_slice found[ARRAY_SIZE(fields)] = { { 0 } };
	char *namespace = NULL;
	size_t len = 0;
	answer_fields(value, fields, ARRAY_SIZE(fields), found);
	int r = answer_get_text(found[0], "Namespace", &namespace, &len, err);
	if (r == 0 && consul_name_flaw(namespace, len))
		r = answer_wrong(err, "Namespace", "too long, or contains a NUL octet");
	if (r == 0)
		r = read_names(found[1], namespace, match_tag, names, err);
	free(namespace);
	return r;
}

/* The elements of the answer, each by `read`. */
static int open_list(const char *json, size_t len, struct json_scan *ret, struct err *err)
{
	struct json_slice root;
	int r = answer_whole(json, len, &root, err);
	if (r < 0)
		return r;
	if (*root.p != '[')
		return answer_wrong(err, "the answer", "not a list");
	*ret = json_scan_over(root.p, root.len);
	json_scan_enter(ret);
	return 0;
}

int nomad_names_parse(const char *json, size_t len, const char *match_tag, struct nomad_names *ret,
		      struct err *err)
{
	struct nomad_names names = { 0 };
	struct json_scan scan;
	int r = open_list(json, len, &scan, err);
	while (r == 0 && json_scan_element(&scan)) {
		struct json_slice value = json_scan_value(&scan);
		r = scan.failed ? 0 : read_namespace(value, match_tag, &names, err);
	}
	if (r == 0 && scan.failed)
		r = answer_wrong(err, "the answer", "broken JSON");
	if (r < 0)
		nomad_names_done(&names);
	else
		*ret = names;
	return r;
}

/* ---- the registrations of a service ---- */

enum { REG_ID, REG_NAME, REG_NODE, REG_TAGS, REG_FIELDS };
static const char *const reg_fields[REG_FIELDS] = { "ID", "ServiceName", "NodeID", "Tags" };

static int read_registration(const struct json_slice *fields, const char *match_tag,
			     struct consul_service *ret, const char **ret_flaw, struct err *err)
{
	size_t id_len = 0, name_len = 0;
	int r = answer_get_text(fields[REG_ID], "ID", &ret->id, &id_len, err);
	if (r == 0)
		r = answer_get_text(fields[REG_NAME], "ServiceName", &ret->name, &name_len, err);
	if (r == 0)
		r = consul_tags_read(fields[REG_TAGS], match_tag, ret, err);
	if (r == 0)
		*ret_flaw = strlen(ret->id) != id_len ? "its ID contains a NUL octet"
						      : consul_name_flaw(ret->name, name_len);
	return r;
}

static int add_registration(struct json_slice value, const char *node, const char *match_tag,
			    struct consul_services *to, size_t *cap, struct err *err)
{
	struct json_slice fields[REG_FIELDS] = { { 0 } };
	struct consul_service service = { 0 };
	const char *flaw = NULL;
	char *on = NULL;
	size_t len = 0;
	answer_fields(value, reg_fields, REG_FIELDS, fields);
	int r = answer_get_text(fields[REG_NODE], "NodeID", &on, &len, err);
	bool here = r == 0 && strlen(on) == len && str_equal(on, node);
	free(on);
	if (r < 0 || !here)
		return r;
	r = read_registration(fields, match_tag, &service, &flaw, err);
	if (r < 0 || flaw) {
		if (flaw)
			consul_skip(&to->skipped, fields[REG_NAME], "%s", flaw);
		consul_service_done(&service);
		return r;
	}
	to->items = mem_grow(to->items, cap, to->n + 1, sizeof(to->items[0]));
	to->items[to->n++] = service;
	return 0;
}

int nomad_service_parse(const char *json, size_t len, const char *node, const char *match_tag,
			struct consul_services *to, size_t *cap, struct err *err)
{
	struct json_scan scan;
	int r = open_list(json, len, &scan, err);
	while (r == 0 && json_scan_element(&scan)) {
		struct json_slice value = json_scan_value(&scan);
		r = scan.failed ? 0 : add_registration(value, node, match_tag, to, cap, err);
	}
	return r == 0 && scan.failed ? answer_wrong(err, "the answer", "broken JSON") : r;
}
