/* SPDX-License-Identifier: MIT */
#include "agent/http/endpoints.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/define.h"
#include "agent/config/parse.h"
#include "agent/model/peer_orders.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

/* Stand for the name of an app, the address of a peer and the name of a file in a path; of one
 * length. */
#define NAME      "NAME"
#define ADDR      "ADDR"
#define FILE_NAME "FILE"

enum methods {
	ANY_METHOD,
	READS,   /* GET and HEAD */
	CHANGES, /* POST, PUT and DELETE: no link and no image of a web page makes one */
	POST,
	GOCAST,     /* those, and GET: for scripts made for GoCast */
	READS_POST, /* a GET with a body */
	READS_POST_DELETE,
	APP, /* GET and HEAD; PUT and DELETE change it */
};

static const struct endpoint_row {
	const char *path;
	enum api_kind kind;
	enum role needs;
	enum methods methods;
} endpoints[] = {
	{ "/register", API_REGISTER, ROLE_REGISTER, GOCAST },
	{ "/unregister", API_UNREGISTER, ROLE_REGISTER, GOCAST },
	{ "/info", API_INFO, ROLE_READ, ANY_METHOD },
	{ "/ping", API_PING, ROLE_READ, ANY_METHOD },
	{ "/v1/status", API_STATUS, ROLE_READ, READS },
	{ "/v1/drain", API_DRAIN, ROLE_REGISTER, CHANGES },
	{ "/v1/undrain", API_UNDRAIN, ROLE_REGISTER, CHANGES },
	{ "/v1/apps", API_APPS, ROLE_READ, READS },
	/* The longer ones first: a name may have any character in it. */
	{ "/v1/apps/" NAME "/drain", API_DRAIN, ROLE_REGISTER, CHANGES },
	{ "/v1/apps/" NAME "/undrain", API_UNDRAIN, ROLE_REGISTER, CHANGES },
	{ "/v1/apps/" NAME "/check", API_CHECK, ROLE_REGISTER, POST },
	{ "/v1/apps/" NAME, API_APP, ROLE_READ, APP },
	{ "/v1/peers", API_PEERS, ROLE_READ, READS },
	{ "/v1/peers/" ADDR "/enable", API_PEER_ENABLE, ROLE_ADMIN, POST },
	{ "/v1/peers/" ADDR "/disable", API_PEER_DISABLE, ROLE_ADMIN, POST },
	{ "/v1/peers/" ADDR "/reset", API_PEER_RESET, ROLE_ADMIN, POST },
	{ "/v1/peers/" ADDR "/refresh", API_PEER_REFRESH, ROLE_ADMIN, POST },
	{ "/v1/peers/" ADDR, API_PEER, ROLE_READ, READS_POST_DELETE },
	{ "/v1/routes", API_ROUTES, ROLE_READ, READS },
	{ "/v1/nat", API_NAT, ROLE_READ, READS },
	{ "/v1/consul", API_CONSUL, ROLE_READ, READS },
	{ "/v1/nomad", API_NOMAD, ROLE_READ, READS },
	{ "/v1/fleet", API_FLEET, ROLE_READ, READS },
	{ "/v1/fleet/vips", API_FLEET_VIPS, ROLE_READ, READS },
	{ "/v1/fleet/roll", API_ROLL, ROLE_READ, READS },
	{ "/v1/fleet/roll/begin", API_ROLL_BEGIN, ROLE_REGISTER, POST },
	{ "/v1/fleet/roll/finish", API_ROLL_FINISH, ROLE_REGISTER, POST },
	{ "/v1/fleet/release", API_FLEET_RELEASE, ROLE_REGISTER, POST },
	{ "/v1/capabilities", API_CAPABILITIES, ROLE_READ, READS },
	{ "/v1/explain", API_EXPLAIN, ROLE_READ, READS },
	{ "/v1/what-if", API_WHAT_IF, ROLE_READ, READS_POST },
	{ "/v1/events", API_EVENTS, ROLE_READ, READS },
	{ "/v1/log", API_LOG, ROLE_ADMIN, CHANGES },
	{ "/v1/reload", API_RELOAD, ROLE_ADMIN, POST },
	{ "/v1/confirm", API_CONFIRM, ROLE_ADMIN, POST },
	{ "/v1/diff", API_DIFF, ROLE_ADMIN, POST },
	{ "/v1/config", API_CONFIG, ROLE_ADMIN, READS },
	{ "/metrics", API_METRICS, ROLE_READ, READS },
	{ "/healthz", API_HEALTHZ, ROLE_READ, READS },
	{ "/readyz", API_READYZ, ROLE_READ, READS },
	{ "/", API_PAGE, ROLE_READ, READS },
	{ "/page/" FILE_NAME, API_PAGE_FILE, ROLE_READ, READS },
};

const char *request_endpoint(size_t i)
{
	return i < ARRAY_SIZE(endpoints) ? endpoints[i].path : NULL;
}

static bool is_read(const char *method)
{
	return str_equal(method, "GET") || str_equal(method, "HEAD");
}

static bool is_change(const char *method)
{
	return str_equal(method, "POST") || str_equal(method, "PUT") || str_equal(method, "DELETE");
}

const char *endpoint_other_methods(const struct endpoint_row *endpoint, const char *method)
{
	switch (endpoint->methods) {
	case ANY_METHOD:
		break;
	case READS:
		return is_read(method) ? NULL : "GET, HEAD";
	case CHANGES:
		return is_change(method) ? NULL : "POST, PUT, DELETE";
	case POST:
		return str_equal(method, "POST") ? NULL : "POST";
	case APP:
		return is_read(method) || (is_change(method) && !str_equal(method, "POST"))
			       ? NULL
			       : "GET, HEAD, PUT, DELETE";
	case GOCAST:
		return is_change(method) || str_equal(method, "GET") ? NULL
								     : "GET, POST, PUT, DELETE";
	case READS_POST:
		return is_read(method) || str_equal(method, "POST") ? NULL : "GET, HEAD, POST";
	case READS_POST_DELETE:
		if (is_read(method) || str_equal(method, "POST") || str_equal(method, "DELETE"))
			return NULL;
		return "GET, HEAD, POST, DELETE";
	}
	return NULL;
}

static const char *find_place(const char *pattern)
{
	const char *place = strstr(pattern, NAME);
	place = place ? place : strstr(pattern, ADDR);
	return place ? place : strstr(pattern, FILE_NAME);
}

/* The name, when the path is PREFIX NAME SUFFIX; NULL: it is not. Free it. */
static char *match_name(const char *path, const char *pattern)
{
	const char *place = find_place(pattern);
	size_t before = place ? (size_t)(place - pattern) : 0, n = strlen(path);
	const char *suffix = place ? place + strlen(NAME) : NULL;
	if (!suffix || n <= before + strlen(suffix) || strncmp(path, pattern, before) != 0 ||
	    !str_equal(path + n - strlen(suffix), suffix))
		return NULL;
	char *name = mem_strdup(path + before);
	name[n - before - strlen(suffix)] = 0;
	return name;
}

const struct endpoint_row *endpoint_find(const char *path, char **ret_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
		if (find_place(endpoints[i].path))
			*ret_name = match_name(path, endpoints[i].path);
		if (*ret_name || str_equal(endpoints[i].path, path))
			return &endpoints[i];
	}
	return NULL;
}

size_t endpoint_index(const struct endpoint_row *endpoint)
{
	return endpoint ? (size_t)(endpoint - endpoints) : ARRAY_SIZE(endpoints);
}

enum api_kind endpoint_kind(const struct endpoint_row *endpoint)
{
	return endpoint->kind;
}

size_t request_body_max(const char *method, const char *path)
{
	char *name = NULL;
	const struct endpoint_row *endpoint = endpoint_find(path, &name);
	free(name);
	if (!endpoint)
		return 0;
	if (endpoint->kind == API_APP && str_equal(method, "PUT"))
		return CONFIG_DEFINITION_MAX;
	if (endpoint->kind == API_PEER && str_equal(method, "POST"))
		return PEER_DEFINITION_MAX;
	bool file = endpoint->kind == API_DIFF ||
		    (endpoint->kind == API_WHAT_IF && str_equal(method, "POST"));
	return file ? CONFIG_FILE_MAX : 0;
}

void endpoint_set_kind(const struct endpoint_row *endpoint, const char *method,
		       struct api_call *ret)
{
	ret->kind = endpoint->kind;
	ret->needs = endpoint->needs;
	if (endpoint->methods == APP && !is_read(method)) {
		ret->kind = str_equal(method, "PUT") ? API_DEFINE : API_UNDEFINE;
		ret->needs = ROLE_REGISTER;
	}
	if (endpoint->methods == READS_POST_DELETE && !is_read(method)) {
		ret->kind = str_equal(method, "POST") ? API_PEER_ADD : API_PEER_DELETE;
		ret->needs = ROLE_ADMIN;
	}
	if (endpoint->methods == READS_POST && !is_read(method)) {
		ret->what_if.config = true;
		ret->needs = ROLE_ADMIN;
	}
	ret->change = ret->needs > ROLE_READ;
}
