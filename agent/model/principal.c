/* SPDX-License-Identifier: MIT */
#include "agent/model/principal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/str.h"

#define UID     "uid "
#define TOKEN   "token "
#define SUBJECT "certificate "

static const char *const role_names[] = {
	[ROLE_NONE] = "none",
	[ROLE_READ] = "read",
	[ROLE_REGISTER] = "register",
	[ROLE_ADMIN] = "admin",
};

const char *role_name(enum role role)
{
	return role_names[role];
}

int role_parse(const char *text, enum role *ret, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(role_names); i++)
		if (str_equal(text, role_names[i])) {
			*ret = (enum role)i;
			return 0;
		}
	return err_set(err, -EINVAL, "unknown role '%.80s', expected none, read, register or admin",
		       text);
}

bool principal_label_is_valid(const char *text)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._@";
	size_t len = strlen(text);
	return len > 0 && len < PRINCIPAL_LABEL_MAX && strspn(text, characters) == len;
}

static void grants_done(struct api_grants *grants)
{
	for (size_t i = 0; i < grants->n; i++) {
		vip_limits_done(&grants->items[i].vips);
		free(grants->items[i].name);
		free(grants->items[i].file);
	}
	free(grants->items);
}

static void names_done(struct api_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->items[i]);
	free(names->items);
}

void api_rules_done(struct api_rules *rules)
{
	grants_done(&rules->tokens);
	grants_done(&rules->certificates);
	names_done(&rules->hosts);
	names_done(&rules->origins);
	free(rules->uids.items);
	free(rules->gids.items);
	*rules = (struct api_rules){ 0 };
}

static const struct api_grant *find_grant(const struct api_grants *grants, const char *name)
{
	for (size_t i = 0; i < grants->n; i++)
		if (str_equal(grants->items[i].name, name))
			return &grants->items[i];
	return NULL;
}

static bool has_id(const struct api_ids *ids, uint32_t id)
{
	for (size_t i = 0; i < ids->n; i++)
		if (ids->items[i] == id)
			return true;
	return false;
}

static bool uid_is_admin(const struct api_rules *rules, uint32_t uid, uint32_t agent_uid)
{
	return uid == 0 || uid == agent_uid || has_id(&rules->uids, uid);
}

static bool group_is_admin(const struct api_rules *rules, const struct api_client *client)
{
	for (size_t i = 0; i < client->n_gids; i++)
		if (has_id(&rules->gids, client->gids[i]))
			return true;
	return false;
}

const char *principal_unproved(bool this_host)
{
	return this_host ? "local" : "remote";
}

static void set(struct principal *p, enum principal_kind kind, enum role role, const char *prefix,
		const char *label)
{
	p->kind = kind;
	p->role = role;
	snprintf(p->name, sizeof(p->name), "%s%.*s", prefix, PRINCIPAL_LABEL_MAX - 1, label);
}

/* A certificate that has no role of its own has that of where it comes from. */
static enum role certificate_role(const struct api_rules *rules, const struct api_client *client)
{
	const struct api_grant *grant = find_grant(&rules->certificates, client->label);
	if (grant)
		return grant->role;
	return client->this_host ? rules->local : rules->remote;
}

void principal_of(const struct api_rules *rules, const struct api_client *client,
		  struct principal *ret)
{
	const struct api_grant *token =
		client->token ? find_grant(&rules->tokens, client->label) : NULL;
	char uid[16];
	if (client->own_check)
		return set(ret, PRINCIPAL_OWN_CHECK,
			   rules->local < ROLE_READ ? rules->local : ROLE_READ, "own check", "");
	if (token)
		return set(ret, PRINCIPAL_TOKEN, token->role, TOKEN, token->name);
	if (client->certificate)
		return set(ret, PRINCIPAL_CERTIFICATE, certificate_role(rules, client), SUBJECT,
			   client->label);
	if (client->unix_socket) {
		bool admin = uid_is_admin(rules, client->uid, client->agent_uid) ||
			     group_is_admin(rules, client);
		snprintf(uid, sizeof(uid), "%u", (unsigned)client->uid);
		return set(ret, PRINCIPAL_UID, admin ? ROLE_ADMIN : rules->local, UID, uid);
	}
	set(ret, client->this_host ? PRINCIPAL_LOCAL : PRINCIPAL_REMOTE,
	    client->this_host ? rules->local : rules->remote, principal_unproved(client->this_host),
	    "");
}

const struct vip_limits *principal_vips(const struct api_rules *rules, const char *name)
{
	const struct api_grant *grant = NULL;
	if (name && str_starts(name, TOKEN))
		grant = find_grant(&rules->tokens, name + strlen(TOKEN));
	else if (name && str_starts(name, SUBJECT))
		grant = find_grant(&rules->certificates, name + strlen(SUBJECT));
	return grant && vip_limits_any(&grant->vips) ? &grant->vips : NULL;
}

const char *principal_vips_key(const char *name)
{
	return str_starts(name, SUBJECT) ? "agent.api.certificates[].vips of its principal"
					 : "agent.api.tokens[].vips of its principal";
}

bool principal_is_proved(const struct principal *p)
{
	return p->kind == PRINCIPAL_TOKEN || p->kind == PRINCIPAL_CERTIFICATE ||
	       p->kind == PRINCIPAL_UID;
}

static bool is_admin(const struct api_grants *grants, const char *name)
{
	const struct api_grant *grant = find_grant(grants, name);
	return grant && grant->role == ROLE_ADMIN;
}

bool principal_name_is_admin(const struct api_rules *rules, const char *name, uint32_t agent_uid)
{
	uint64_t uid = 0;
	if (str_starts(name, TOKEN))
		return is_admin(&rules->tokens, name + sizeof(TOKEN) - 1);
	if (str_starts(name, SUBJECT))
		return is_admin(&rules->certificates, name + sizeof(SUBJECT) - 1);
	if (!str_starts(name, UID) || str_to_u64(name + sizeof(UID) - 1, UINT32_MAX, &uid) < 0)
		return false;
	return rules->gids.n > 0 || uid_is_admin(rules, (uint32_t)uid, agent_uid);
}
