/* SPDX-License-Identifier: MIT */
#include "agent/config/types_api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/format.h"
#include "agent/config/types.h"
#include "agent/model/community.h"
#include "agent/model/principal.h"
#include "lib/mem.h"
#include "lib/str.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static int set_role(const struct config_key *key, const char *text, void *target, struct err *err)
{
	return role_parse(text, config_field(key, target), err);
}

static int add_id(const struct config_key *key, const char *text, void *target, struct err *err)
{
	struct api_ids *ids = config_field(key, target);
	uint64_t id = 0;
	if (str_to_u64(text, UINT32_MAX - 1, &id) < 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is not a number, expected one like 1000: names are not "
			       "resolved, 'getent' prints their numbers",
			       text);
	ids->items = mem_grow_by_one(ids->items, ids->n, sizeof(*ids->items));
	ids->items[ids->n++] = (uint32_t)id;
	return 0;
}

static void add_name(struct api_names *names, const char *text)
{
	names->items = mem_grow_by_one(names->items, names->n, sizeof(*names->items));
	names->items[names->n++] = mem_strdup(text);
}

static int add_host(const struct config_key *key, const char *text, void *target, struct err *err)
{
	if (!text[0] || strspn(text, LETTERS "-._:") != strlen(text))
		return err_set(err, -EINVAL,
			       "'%.80s' is not a host, expected a name or an address, without port",
			       text);
	add_name(config_field(key, target), text);
	return 0;
}

static int add_origin(const struct config_key *key, const char *text, void *target, struct err *err)
{
	const char *host = strstr(text, "://");
	if ((!str_starts(text, "http://") && !str_starts(text, "https://")) || !host[3] ||
	    strchr(host + 3, '/'))
		return err_set(err, -EINVAL,
			       "'%.80s' is not an origin, expected one like "
			       "https://noc.example.net:8443, without path",
			       text);
	add_name(config_field(key, target), text);
	return 0;
}

static int set_credential_file(const struct config_key *key, const char *text, void *target,
			       struct err *err)
{
	return (str_starts(text, "%d/") ? &config_type_text : &config_type_path)
		->set(key, text, target, err);
}

static int set_grant_name(const struct config_key *key, const char *text, void *target,
			  struct err *err)
{
	char **field = config_field(key, target);
	if (!principal_label_is_valid(text))
		return err_set(err, -EINVAL,
			       "'%.80s' is not a name, expected up to %d letters, digits, '-', "
			       "'.', '_' and '@'",
			       text, PRINCIPAL_LABEL_MAX - 1);
	free(*field);
	*field = mem_strdup(text);
	return 0;
}

/* As text, see agent/config/key.h */

static void format_role(const struct config_key *key, const void *target, FILE *out)
{
	fputs(role_name(*(const enum role *)config_value(key, target)), out);
}

static void format_ids(const struct config_key *key, const void *target, FILE *out)
{
	const struct api_ids *ids = config_value(key, target);
	for (size_t i = 0; i < ids->n; i++)
		fprintf(out, "%s%u", i > 0 ? ", " : "", (unsigned)ids->items[i]);
}

static void format_names(const struct config_key *key, const void *target, FILE *out)
{
	const struct api_names *names = config_value(key, target);
	for (size_t i = 0; i < names->n; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", names->items[i]);
}

/* " vips 192.0.2.0/24 max 3 min_length 24/48 communities 64500:1"; nothing when there are none. */
static void format_limits(const struct vip_limits *v, FILE *out)
{
	char text[PREFIX_TEXT_MAX], community[COMMUNITY_TEXT_MAX];
	for (size_t i = 0; i < v->allow.n; i++)
		fprintf(out, " %s%s", i == 0 ? "vips " : "",
			prefix_format(&v->allow.items[i], text));
	if (v->max > 0)
		fprintf(out, " max %u", v->max);
	if (v->min_length.v4 > 0)
		fprintf(out, " min_length %u/%u", v->min_length.v4, v->min_length.v6);
	for (size_t i = 0; i < v->communities.n; i++)
		fprintf(out, " %s%s", i == 0 ? "communities " : "",
			community_format(v->communities.values[i], community));
}

static void format_grants(const struct config_key *key, const void *target, FILE *out)
{
	const struct api_grants *grants = config_value(key, target);
	for (size_t i = 0; i < grants->n; i++) {
		const struct api_grant *g = &grants->items[i];
		fprintf(out, "%s%s %s %s", i > 0 ? ", " : "", g->name ? g->name : "",
			role_name(g->role), g->file ? g->file : "");
		format_limits(&g->vips, out);
	}
}

const struct config_type config_type_credential_file = { "file name, absolute or `%d/NAME`",
							 set_credential_file, config_format_text };
const struct config_type config_type_role = { "`none`, `read`, `register`, `admin`", set_role,
					      format_role };
const struct config_type config_type_ids = { "numbers", add_id, format_ids };
const struct config_type config_type_hosts = { "names or addresses", add_host, format_names };
const struct config_type config_type_origins = { "origins", add_origin, format_names };
const struct config_type config_type_grant_name = { "string", set_grant_name, config_format_text };
const struct config_type config_type_grants = { "list of mappings", NULL, format_grants };
