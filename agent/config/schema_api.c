/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_api.h"

#include <errno.h>

#include "agent/config/config.h"
#include "agent/config/types.h"
#include "agent/config/types_api.h"
#include "agent/config/types_bgp.h"
#include "lib/mem.h"

#define GRANT(member) .offset = offsetof(struct api_grant, member)
#define FIELD(member) .offset = offsetof(struct config_agent, member)

#define LIMIT(member) .offset = offsetof(struct vip_limits, member)

static const struct config_key vips_keys[] = {
	{ .name = "allow",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_prefixes,
	  LIMIT(allow),
	  .default_words = "`agent.vips.allow`",
	  .doc = "Prefixes that its VIPs have to be in, in place of `agent.vips.allow`." },
	{ .name = "max",
	  .type = &config_type_count,
	  LIMIT(max),
	  .min = 1,
	  .max = 65535,
	  .default_words = "`agent.api.max_vips`",
	  .doc = "Maximum number of its VIPs." },
	{ .name = "min_length",
	  .type = &config_type_lengths,
	  LIMIT(min_length),
	  .default_words = "`agent.vips.min_length`",
	  .doc = "Shortest prefix lengths of its IPv4 and IPv6 VIPs." },
	{ .name = "communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_communities,
	  LIMIT(communities),
	  .default_words = "`agent.vips.communities`",
	  .doc = "Communities that its routes may be given." },
	{ 0 },
};

const struct config_section config_api_vips_section = {
	.path = "agent.api.tokens[].vips",
	.doc = "VIPs and communities of one token or certificate. `agent.vips` "
	       "applies as well: of both, the stricter counts. Only `allow` is in place of its "
	       "counterpart there.",
	.keys = vips_keys,
};

static int adopt_vips(void *item, void *target, struct err *err)
{
	struct api_grant *grant = target;
	if (vip_limits_any(&grant->vips))
		return err_set(err, -EINVAL,
			       "expected prefixes, or one mapping in place of the list");
	grant->vips = *(struct vip_limits *)item;
	*(struct vip_limits *)item = (struct vip_limits){ 0 };
	return 0;
}

static void done_vips(void *item)
{
	vip_limits_done(item);
}

static const struct config_item item_vips = { sizeof(struct vip_limits), adopt_vips, done_vips };

/* Of tokens and certificates alike. */
#define RIGHTS_KEYS                                                                                \
	{ .name = "role",                                                                          \
	  .type = &config_type_role,                                                               \
	  GRANT(role),                                                                             \
	  .default_text = "register",                                                              \
	  .doc = "Requests that it may make." },                                                   \
	{                                                                                          \
		.name = "vips", .shape = CONFIG_VALUES, .type = &config_type_prefixes,             \
		GRANT(vips.allow), .section = &config_api_vips_section, .item = &item_vips,        \
		.default_words = "those of `agent.vips`",                                          \
		.doc = "Prefixes in which the VIPs that it registers lie, in place of "            \
		       "`agent.vips.allow`; or a mapping, see below."                              \
	}

static const struct config_key token_keys[] = {
	{ .name = "name",
	  .type = &config_type_grant_name,
	  GRANT(name),
	  .flags = CONFIG_REQUIRED,
	  .doc = "Its name in the log and in the state file." },
	{ .name = "file",
	  .type = &config_type_path,
	  GRANT(file),
	  .flags = CONFIG_REQUIRED,
	  .doc = "File with the token, 16 to 512 printable characters in one line, that only the "
		 "agent can read." },
	RIGHTS_KEYS,
	{ 0 },
};

const struct config_section config_api_tokens_section = {
	.path = "agent.api.tokens[]",
	.doc = "Tokens that clients present as `Authorization: Bearer TOKEN`.",
	.keys = token_keys,
};

static void *add_grant(void *target)
{
	struct api_grants *grants = target;
	grants->items =
		mem_grow(grants->items, &grants->cap, grants->n + 1, sizeof(*grants->items));
	grants->items[grants->n].role = ROLE_REGISTER;
	return &grants->items[grants->n++];
}

static const struct config_key certificate_keys[] = {
	{ .name = "name",
	  .type = &config_type_grant_name,
	  GRANT(name),
	  .flags = CONFIG_REQUIRED,
	  .doc = "The first DNS name of the certificate's subjectAltName; of one without, its CN. "
		 "Letter by letter." },
	RIGHTS_KEYS,
	{ 0 },
};

const struct config_section config_api_certificates_section = {
	.path = "agent.api.certificates[]",
	.doc = "Client certificates with rights of their own. Others that "
	       "`agent.api.tls.client_ca` has signed have those of `local` or `remote`.",
	.keys = certificate_keys,
};

static const struct config_key tls_keys[] = {
	{ .name = "cert",
	  .type = &config_type_credential_file,
	  FIELD(tls.cert),
	  .flags = CONFIG_REQUIRED | CONFIG_ON_OFF_RESTARTS,
	  .doc = "PEM file with the certificate, and the chain of its issuers behind it." },
	{ .name = "key",
	  .type = &config_type_credential_file,
	  FIELD(tls.key),
	  .flags = CONFIG_REQUIRED | CONFIG_ON_OFF_RESTARTS,
	  .doc = "PEM file with its private key, not encrypted, that only the agent can read." },
	{ .name = "client_ca",
	  .type = &config_type_credential_file,
	  FIELD(tls.client_ca),
	  .default_words = "none: no client is asked for a certificate",
	  .doc = "PEM file with the authorities that sign certificates of clients. One that is "
		 "presented has to be valid; none has to be." },
	{ 0 },
};

const struct config_section config_api_tls_section = {
	.path = "agent.api.tls",
	.doc = "TLS, 1.2 or later, on `listen_addr` and `read_addr` where they are TCP. The files "
	       "are read again at each reload; open connections go on.",
	.keys = tls_keys,
};

static const struct config_key api_keys[] = {
	{ .name = "local",
	  .type = &config_type_role,
	  FIELD(api.local),
	  .default_text = "register",
	  .doc = "Requests that clients on this host may make, over TCP and over unix sockets: "
		 "nothing; `read`; `register`, which is unregister, drain and undrain too; "
		 "`admin`." },
	{ .name = "remote",
	  .type = &config_type_role,
	  FIELD(api.remote),
	  .default_text = "read",
	  .doc = "Requests that clients on other hosts may make without a token." },
	{ .name = "uids",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_ids,
	  FIELD(api.uids),
	  .default_words = "none",
	  .doc = "Users, by number, that are `admin` over a unix socket, as root and the agent's "
		 "own user always are." },
	{ .name = "gids",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_ids,
	  FIELD(api.gids),
	  .default_words = "none",
	  .doc = "Groups, by number, whose members are `admin` over a unix socket." },
	{ .name = "tokens",
	  .shape = CONFIG_SECTIONS,
	  .section = &config_api_tokens_section,
	  .type = &config_type_grants,
	  FIELD(api.tokens),
	  .add = add_grant,
	  .doc = "Tokens, see below." },
	{ .name = "tls",
	  .shape = CONFIG_SECTION,
	  .section = &config_api_tls_section,
	  .doc = "TLS, see below." },
	{ .name = "certificates",
	  .shape = CONFIG_SECTIONS,
	  .section = &config_api_certificates_section,
	  .type = &config_type_grants,
	  FIELD(api.certificates),
	  .add = add_grant,
	  .doc = "Client certificates, see below." },
	{ .name = "hosts",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_hosts,
	  FIELD(api.hosts),
	  .default_words = "none",
	  .doc = "Names that requests over TCP which change something may have in `Host`, beside "
		 "the host's own name, its addresses and `localhost`." },
	{ .name = "origins",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_origins,
	  FIELD(api.origins),
	  .default_words = "none",
	  .doc = "Web pages, by `Origin`, whose scripts may change something." },
	{ .name = "proxied",
	  .type = &config_type_bool,
	  FIELD(api.proxied),
	  .default_text = "false",
	  .doc = "Accept changes that come through a proxy (`Forwarded`, `X-Forwarded-For`, "
		 "`Via`). They are the proxy's: one on this host is `local`." },
	{ .name = "on_vips",
	  .type = &config_type_bool,
	  FIELD(api.on_vips),
	  .default_text = "false",
	  .doc = "Answer requests to the address of a VIP. Clients of the service can reach "
		 "the API then." },
	{ .name = "max_apps",
	  .type = &config_type_count,
	  FIELD(api.budget.apps),
	  .default_text = "1024",
	  .min = 1,
	  .max = 65535,
	  .doc = "Maximum number of apps that one principal has registered over HTTP. Principals "
		 "are a token, a user of a unix socket, all other clients of this host, all of "
		 "other hosts." },
	{ .name = "max_vips",
	  .type = &config_type_count,
	  FIELD(api.budget.vips),
	  .default_text = "2048",
	  .min = 1,
	  .max = 65535,
	  .doc = "Maximum number of VIPs of these apps. See also `agent.vips.max`." },
	{ .name = "max_kilobytes",
	  .type = &config_type_count,
	  FIELD(api.budget.kilobytes),
	  .default_text = "4096",
	  .min = 1,
	  .max = 65535,
	  .doc = "Maximum size of their definitions, in kB." },
	{ .name = "max_changes",
	  .type = &config_type_count,
	  FIELD(api.budget.changes),
	  .default_text = "600",
	  .min = 1,
	  .max = 60000,
	  .doc = "How many apps one principal may register or change a minute, once it has done so "
		 "with twice `max_apps` in a row. Renewed leases do not count." },
	{ 0 },
};

const struct config_section config_api_section = {
	.path = "agent.api",
	.doc = "Access control of the API, see [security.md](security.md).",
	.keys = api_keys,
};
