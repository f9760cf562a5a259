/* SPDX-License-Identifier: MIT */
/*
 * Who sends a request to the API, and the role that `agent.api` gives it.
 *
 *	a check of the agent itself   "own check", read at most
 *	a token                       "token NAME"
 *	a client certificate          "certificate NAME"
 *	a unix socket                 "uid N"
 *	TCP, from this host           "local"
 *	TCP, from elsewhere           "remote"
 *
 * The first that applies counts. Pure.
 */
#ifndef AGENT_MODEL_PRINCIPAL_H
#define AGENT_MODEL_PRINCIPAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/vip_policy.h"
#include "lib/err.h"

/* Each includes those before it. */
enum role {
	ROLE_NONE,
	ROLE_READ,     /* requests that change nothing */
	ROLE_REGISTER, /* register and unregister, drain and undrain */
	ROLE_ADMIN,
};
const char *role_name(enum role role); /* "none", "read", "register", "admin" */
/* -EINVAL with a text that names the roles. */
int role_parse(const char *text, enum role *ret, struct err *err);

#define PRINCIPAL_LABEL_MAX 64 /* the name of a token or of a certificate, with its NUL */
#define PRINCIPAL_NAME_MAX  (PRINCIPAL_LABEL_MAX + 16)

/* Such a name is part of that of a principal, in the log and in the state file: up to 63 letters,
 * digits, '-', '.', '_' and '@'. */
bool principal_label_is_valid(const char *text);

enum principal_kind {
	PRINCIPAL_OWN_CHECK,
	PRINCIPAL_TOKEN,
	PRINCIPAL_CERTIFICATE,
	PRINCIPAL_UID,
	PRINCIPAL_LOCAL,
	PRINCIPAL_REMOTE,
};

/* The name is what registrations keep, and what a VIP list of its own is found by: it means the
 * same after a reload. */
struct principal {
	enum principal_kind kind;
	enum role role;
	char name[PRINCIPAL_NAME_MAX];
};

/* An entry of agent.api.tokens or of agent.api.certificates. */
struct api_grant {
	char *name;
	char *file; /* of a token */
	enum role role;
	struct vip_limits vips; /* beside agent.vips */
};

struct api_grants {
	struct api_grant *items;
	size_t n, cap;
};

struct api_ids {
	uint32_t *items;
	size_t n;
};

struct api_names {
	char **items;
	size_t n;
};

/* Limits of one principal's registrations over HTTP. */
struct api_budget {
	uint16_t apps, vips;
	uint16_t kilobytes; /* of the texts of its definitions */
	uint16_t changes;   /* of apps, a minute */
};

/* `agent.api`, as configured. */
struct api_rules {
	enum role local, remote;
	struct api_ids uids, gids; /* admin over a unix socket, beside root and the agent's uid */
	struct api_grants tokens, certificates;
	struct api_names hosts;   /* accepted in Host */
	struct api_names origins; /* accepted in Origin */
	bool proxied;             /* changes through a proxy are accepted */
	bool on_vips;             /* requests to the address of a VIP are accepted */
	struct api_budget budget;
};
void api_rules_done(struct api_rules *rules);

/* The facts about a connection. */
struct api_client {
	bool unix_socket;
	uint32_t uid; /* of a unix socket: the peer's, and its groups */
	const uint32_t *gids;
	size_t n_gids;
	bool own_check;     /* the other end is a socket of the agent itself */
	bool this_host;     /* TCP: the other end is a socket of another process here */
	const char *label;  /* of `token` or `certificate` */
	bool token;         /* one of agent.api.tokens was presented */
	bool certificate;   /* verified against agent.api.tls.client_ca */
	uint32_t agent_uid; /* the agent's own */
};
void principal_of(const struct api_rules *rules, const struct api_client *client,
		  struct principal *ret);

/* "local" or "remote": the name of a client that proves nothing. */
const char *principal_unproved(bool this_host);

/* The limits of the principal with that name, kept with a registration; NULL: it has none. */
const struct vip_limits *principal_vips(const struct api_rules *rules, const char *name);
/* The key that holds them, for messages. */
const char *principal_vips_key(const char *name);

/* Is its identity proved, by credentials, token or certificate? */
bool principal_is_proved(const struct principal *p);
/* Would a principal of that name, kept with a registration, be a proved admin today? Members of
 * `gids` are not known by their uid: those stay admin while there are any. */
bool principal_name_is_admin(const struct api_rules *rules, const char *name, uint32_t agent_uid);

#endif
