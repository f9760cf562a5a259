/* SPDX-License-Identifier: MIT */
#include "agent/http/gate.h"

#include <limits.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/http/credentials.h"
#include "agent/http/tls.h"
#include "agent/http/tokens.h"
#include "agent/model/rights.h"
#include "lib/array.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/fib.h"

struct gate {
	const struct api_rules *rules;
	struct tokens *tokens;
	gate_vip_cb *is_vip;
	void *userdata;
	struct refusals *refusals;
};

/* Headers */

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name,
				 const char *value)
{
	(void)kind;
	request_facts_add(cls, name, value ? value : "");
	return MHD_YES;
}

static bool is_own_name(const char *name)
{
	char own[HOST_NAME_MAX + 1] = "";
	gethostname(own, sizeof(own) - 1);
	return strcasecmp(name, "localhost") == 0 || (own[0] && strcasecmp(name, own) == 0);
}

static bool is_own_address(const struct addr *addr, const struct addr *here)
{
	struct err err;
	bool local = false;
	return addr_equal(addr, here) || addr_is_loopback(addr) ||
	       (fib_is_local(addr, &local, &err) == 0 && local);
}

/* "NAME", "ADDRESS" or "[ADDRESS]", with or without ":PORT". */
static bool is_own_host(const char *host, const struct addr *here)
{
	char name[256];
	struct addr addr;
	bool bracketed = host[0] == '[';
	size_t len = strcspn(host + bracketed, bracketed ? "]" : ":");
	if (len == 0 || len >= sizeof(name))
		return false;
	memcpy(name, host + bracketed, len);
	name[len] = 0;
	return addr_parse(name, &addr) == 0 ? is_own_address(&addr, here) : is_own_name(name);
}

/* A token takes precedence. */
static void read_headers(struct gate *g, struct MHD_Connection *conn, struct api_client *client,
			 struct request_facts *facts)
{
	MHD_get_connection_values(conn, MHD_HEADER_KIND, on_header, facts);
	const char *authorization =
		MHD_lookup_connection_value(conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
	if (!authorization)
		return;
	if (!tokens_is_bearer(authorization)) {
		facts->unknown_scheme = true;
		return;
	}
	const char *label = tokens_find(g->tokens, authorization);
	client->token = label;
	client->label = label ? label : client->label;
	facts->bad_token = !label;
}

/* The texts are in the caller's buffers. */
static void read_certificate(const struct gate_door *door, struct MHD_Connection *conn,
			     char label[static PRINCIPAL_LABEL_MAX], struct err *why,
			     struct api_client *client, struct request_facts *facts)
{
	int rc = door->tls ? tls_find_client(door->tls, conn, label, why) : 0;
	client->certificate = rc > 0;
	client->label = rc > 0 ? label : NULL;
	facts->bad_certificate = rc < 0 ? why->text : NULL;
}

static const char *action_name(enum api_kind kind)
{
	static const char *const names[] = {
		[API_REGISTER] = "register",
		[API_DEFINE] = "register",
		[API_UNDEFINE] = "unregister",
		[API_UNREGISTER] = "unregister",
		[API_DRAIN] = "drain",
		[API_UNDRAIN] = "undrain",
		[API_CHECK] = "check",
		[API_RELOAD] = "reload",
		[API_CONFIRM] = "confirm",
		[API_LOG] = "log",
		[API_PEER_ADD] = "add of peer",
		[API_PEER_DELETE] = "delete of peer",
		[API_PEER_ENABLE] = "enable of peer",
		[API_PEER_DISABLE] = "disable of peer",
		[API_PEER_RESET] = "reset of peer",
		[API_PEER_REFRESH] = "refresh of peer",
	};
	const char *name = (size_t)kind < ARRAY_SIZE(names) ? names[kind] : NULL;
	return name ? name : "a change";
}

static void log_refusal(struct gate *g, const struct api_call *call, enum api_kind kind)
{
	bool of_peer = api_is_about_peer(kind);
	const char *name = call->name ? call->name : call->spec.name;
	const struct log_requester asked = api_call_requester(call);
	const struct log_event about = { .app = of_peer ? NULL : name,
					 .peer = of_peer ? name : NULL,
					 .by = asked.by,
					 .from = asked.from };
	const char *subject = call->change && name ? name : "";
	refusals_log(g->refusals, api_cause_of(call->status), LOG_WARNING, &about,
		     "%s%s%s by %s: refused: %s", call->change ? action_name(kind) : "a request",
		     *subject ? " " : "", subject, call->who, call->err.text);
}

/* The decision */

static void keep_principal(struct api_call *call, const struct credentials *who)
{
	const struct principal *p = &call->principal;
	if (call->kind != API_REGISTER && call->kind != API_DEFINE)
		return;
	call->spec.local = who->unix_socket || who->this_host;
	call->spec.admin = p->role == ROLE_ADMIN && principal_is_proved(p);
	call->spec.by = mem_strdup(p->name);
}

/* Whose the connection is does not matter to a request that anyone may make. */
static bool is_for_anyone(const struct api_rules *rules, const struct api_call *call)
{
	return call->needs <= ROLE_READ && rules->local >= ROLE_READ && rules->remote >= ROLE_READ;
}

void gate_check(struct gate *g, const struct gate_door *door, struct MHD_Connection *conn,
		bool http_1_0, struct api_call *call)
{
	struct credentials who;
	struct err err = { "" }, why = { "" };
	char label[PRINCIPAL_LABEL_MAX];
	enum api_kind kind = call->kind;
	struct api_client client = { .agent_uid = geteuid() };
	struct request_facts facts = { .needs = call->needs,
				       .change = call->change,
				       .read_only = door->read_only };
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
	bool ask = !is_for_anyone(g->rules, call) || log_enabled("api", LOG_DEBUG);
	credentials_find(info ? info->connect_fd : -1, ask, &who);
	credentials_to_client(&who, &client);
	read_certificate(door, conn, label, &why, &client, &facts);
	read_headers(g, conn, &client, &facts);
	facts.unix_socket = who.unix_socket;
	facts.http_1_0 = http_1_0;
	facts.host_is_ours = call->change && facts.host && is_own_host(facts.host, &who.here);
	facts.to_vip = !who.unix_socket && addr_is_set(&who.here) &&
		       !addr_equal(&who.here, &door->listen) && g->is_vip(&who.here, g->userdata);
	principal_of(g->rules, &client, &call->principal);
	credentials_describe(&who, &call->principal, call->who, sizeof(call->who));
	if (addr_is_set(&who.addr))
		addr_format(&who.addr, call->from);
	unsigned status = rights_check(g->rules, &call->principal, &facts, &err);
	if (status == 0) {
		keep_principal(call, &who);
		return;
	}
	api_call_refuse(call, status, &err);
	if (facts.change || facts.bad_certificate)
		log_refusal(g, call, kind);
}

/* Life */

struct gate *gate_new(const struct api_rules *rules, struct refusals *refusals, gate_vip_cb *is_vip,
		      void *userdata)
{
	struct gate *g = mem_new(1, sizeof(*g));
	g->refusals = refusals;
	g->is_vip = is_vip;
	g->userdata = userdata;
	gate_set_rules(g, rules, NULL);
	return g;
}

static void log_token(size_t i, const struct err *err, void *userdata)
{
	const struct api_grant *grant = &((const struct api_grants *)userdata)->items[i];
	log_error("api", "token %s: %s: %s; it is not accepted", grant->name, grant->file,
		  err->text);
}

void gate_set_rules(struct gate *g, const struct api_rules *rules, struct tokens *tokens)
{
	tokens_free(g->tokens);
	g->rules = rules;
	g->tokens = tokens ? tokens : tokens_new(&rules->tokens, log_token, (void *)&rules->tokens);
}

void gate_free(struct gate *g)
{
	if (!g)
		return;
	tokens_free(g->tokens);
	free(g);
}
