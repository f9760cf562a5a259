/* SPDX-License-Identifier: MIT */
#include "agent/model/rights.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/array.h"
#include "lib/str.h"

void request_facts_add(struct request_facts *facts, const char *name, const char *value)
{
	static const char *const proxies[] = { "Forwarded", "X-Forwarded-For", "X-Forwarded-Host",
					       "X-Real-IP", "Via" };
	if (strcasecmp(name, "Host") == 0) {
		facts->n_hosts++;
		facts->host = value;
	} else if (strcasecmp(name, "Origin") == 0) {
		facts->n_origins++;
		facts->origin = value;
	} else if (strcasecmp(name, "Sec-Fetch-Site") == 0) {
		facts->n_sites++;
		facts->fetch_site = value;
	} else if (strcasecmp(name, "Referer") == 0) {
		facts->referer = value;
	} else if (strcasecmp(name, "User-Agent") == 0) {
		facts->browser = strncasecmp(value, "Mozilla/", strlen("Mozilla/")) == 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(proxies); i++)
		if (strcasecmp(name, proxies[i]) == 0)
			facts->proxy = proxies[i];
}

static unsigned refuse(struct err *err, unsigned status, const char *why, const char *text,
		       const char *remedy)
{
	err_set(err, -EACCES, "%s%.100s%s", why, text, remedy);
	return status;
}

static bool has_name(const struct api_names *names, const char *name, size_t len)
{
	for (size_t i = 0; i < names->n; i++)
		if (strlen(names->items[i]) == len && strncasecmp(names->items[i], name, len) == 0)
			return true;
	return false;
}

/* The length of the host in "host:port" or "[v6]:port". */
static size_t host_len(const char *host)
{
	return host[0] == '[' ? strcspn(host, "]") + (strchr(host, ']') != NULL)
			      : strcspn(host, ":");
}

static bool host_is_allowed(const struct api_rules *rules, const struct request_facts *request)
{
	const char *host = request->host;
	if (!host)
		return request->http_1_0;
	size_t len = host_len(host);
	bool bracketed = host[0] == '[' && host[len - 1] == ']';
	return request->host_is_ours ||
	       has_name(&rules->hosts, host + bracketed, bracketed ? len - 2 : len);
}

/* "http://HOST" or "https://HOST" with the HOST of the request, in the first `len` bytes. */
static bool is_same_origin(const struct request_facts *request, const char *origin, size_t len)
{
	const char *place = memmem(origin, len, "://", 3);
	size_t scheme = place ? (size_t)(place + 3 - origin) : 0;
	return place && request->host && strlen(request->host) == len - scheme &&
	       strncasecmp(place + 3, request->host, len - scheme) == 0;
}

static bool is_known_origin(const struct api_rules *rules, const struct request_facts *request,
			    const char *origin, size_t len)
{
	return is_same_origin(request, origin, len) || has_name(&rules->origins, origin, len);
}

/* By Sec-Fetch-Site; true when there is none. */
static bool is_own_site(const struct request_facts *request)
{
	const char *site = request->fetch_site;
	return !site || str_equal(site, "same-origin") || str_equal(site, "none");
}

/* Of "http://HOST/path". */
static size_t origin_len(const char *url)
{
	const char *place = strstr(url, "://");
	return place ? (size_t)(place + 3 - url) + strcspn(place + 3, "/?#") : strlen(url);
}

/* Browsers send Origin with some requests only, and Sec-Fetch-Site to loopback addresses and over
 * TLS only: an image of a page, at another address of this host, has Referer at most. */
static bool is_foreign_page(const struct api_rules *rules, const struct request_facts *request)
{
	const char *origin = request->origin, *referer = request->referer;
	/* A page that is listed is of another site; our own cannot be. */
	if (origin && has_name(&rules->origins, origin, strlen(origin)))
		return false;
	if (origin && !is_same_origin(request, origin, strlen(origin)))
		return true;
	if (origin || request->fetch_site)
		return !is_own_site(request);
	return referer && !is_known_origin(rules, request, referer, origin_len(referer));
}

static const char *page_of(const struct request_facts *request)
{
	const char *origin = request->origin;
	if (origin && (is_own_site(request) || !is_same_origin(request, origin, strlen(origin))))
		return origin;
	return request->fetch_site ? request->fetch_site : request->referer;
}

/* A page can have its browser leave Referer out. Credentials that a browser adds to any request, a
 * client certificate included, prove nothing about who wants it; it never adds a token. */
static bool is_mute_browser(const struct principal *p, const struct request_facts *request)
{
	return request->browser && !page_of(request) && p->kind != PRINCIPAL_TOKEN &&
	       p->kind != PRINCIPAL_UID;
}

/* The key that gives this principal more. */
static const char *key_of(const struct principal *p)
{
	switch (p->kind) {
	case PRINCIPAL_OWN_CHECK:
		break;
	case PRINCIPAL_TOKEN:
		return "; its role is in agent.api.tokens";
	case PRINCIPAL_CERTIFICATE:
		return "; its role is in agent.api.certificates";
	case PRINCIPAL_UID:
		return "; agent.api.uids and agent.api.gids make users of the unix socket admin, "
		       "agent.api.local is for the others";
	case PRINCIPAL_LOCAL:
		return "; agent.api.local says what clients on this host may do, a token of "
		       "agent.api.tokens or the admin socket gives more";
	case PRINCIPAL_REMOTE:
		return "; agent.api.remote says what clients on other hosts may do, a token of "
		       "agent.api.tokens gives more";
	}
	return "";
}

static unsigned check_role(const struct principal *p, const struct request_facts *request,
			   struct err *err)
{
	if (p->role >= request->needs)
		return 0;
	err_set(err, -EACCES, "this requires the role '%s', and %s has '%s'%s%s",
		role_name(request->needs), p->name, role_name(p->role), key_of(p),
		request->unknown_scheme ? "; Authorization is ignored, as it is not 'Bearer TOKEN'"
					: "");
	return request->unknown_scheme ? 401 : 403;
}

/* Where a change comes from, in the words of the request itself. */
static unsigned check_provenance(const struct api_rules *rules, const struct principal *principal,
				 const struct request_facts *request, struct err *err)
{
	/* No browser sends two, and which of them counts would be the sender's choice. */
	if (request->n_origins > 1 || request->n_sites > 1)
		return refuse(err, 400, "Invalid request: duplicate header ",
			      request->n_origins > 1 ? "Origin" : "Sec-Fetch-Site", "");
	if (is_foreign_page(rules, request))
		return refuse(err, 403,
			      "a web page of another origin may change nothing: ", page_of(request),
			      "; agent.api.origins lists those that may");
	if (is_mute_browser(principal, request))
		return refuse(err, 403, "a browser that does not say which page sent it", "",
			      " (Origin, Sec-Fetch-Site or Referer) may change nothing: use curl "
			      "or the command vipherald, or present a token");
	if (request->proxy && !rules->proxied)
		return refuse(err, 403, "a change through a proxy: the header ", request->proxy,
			      "; agent.api.proxied accepts it");
	if (!request->unix_socket && !host_is_allowed(rules, request))
		return refuse(err, 403,
			      "the name in Host is not known: ", request->host ? request->host : "",
			      "; agent.api.hosts lists the names of this API");
	return 0;
}

/* RFC 9112 3.2: exactly one, and none only before HTTP/1.1. */
static unsigned check_host(const struct request_facts *request, struct err *err)
{
	if (request->n_hosts > 1 || (request->n_hosts == 0 && !request->http_1_0)) {
		err_set(err, -EINVAL, "Invalid request: %u Host headers, expected one",
			request->n_hosts);
		return 400;
	}
	return 0;
}

unsigned rights_check(const struct api_rules *rules, const struct principal *principal,
		      const struct request_facts *request, struct err *err)
{
	unsigned status = check_host(request, err);
	if (status)
		return status;
	if (request->bad_certificate)
		return refuse(err, 401,
			      "the client certificate is not accepted: ", request->bad_certificate,
			      "");
	if (request->bad_token)
		return refuse(err, 401, "the token is not one of agent.api.tokens", "", "");
	if (request->to_vip && !rules->on_vips)
		return refuse(err, 403, "a VIP is not an address of the API", "",
			      "; agent.api.on_vips makes it one");
	if (request->change && principal->kind == PRINCIPAL_OWN_CHECK)
		return refuse(err, 403, "a check of the agent itself may change nothing", "", "");
	if (request->change && request->read_only)
		return refuse(err, 403, "agent.read_addr is for reading only", "", "");
	status = check_role(principal, request, err);
	if (status || !request->change)
		return status;
	return check_provenance(rules, principal, request, err);
}

/* The line of the start */

struct describer {
	struct strbuf sb;
	bool any;
};

static void describe_one(struct describer *d, const char *what, const char *name)
{
	strbuf_add(&d->sb, "%s%s%s", d->any ? ", " : "", what, name);
	d->any = true;
}

static void describe_role(struct describer *d, const struct api_rules *rules, enum role role)
{
	d->any = false;
	strbuf_add(&d->sb, "%s%s: ", d->sb.len > 0 ? "; " : "", role_name(role));
	if (role == ROLE_ADMIN)
		describe_one(d, "root and the agent's user on a unix socket", "");
	if (role == ROLE_ADMIN && rules->uids.n + rules->gids.n > 0)
		describe_one(d, "agent.api.uids and gids", "");
	for (size_t i = 0; i < rules->tokens.n; i++)
		if (rules->tokens.items[i].role == role)
			describe_one(d, "token ", rules->tokens.items[i].name);
	for (size_t i = 0; i < rules->certificates.n; i++)
		if (rules->certificates.items[i].role == role)
			describe_one(d, "certificate ", rules->certificates.items[i].name);
	if (rules->local == role)
		describe_one(d, "this host", "");
	if (rules->remote == role)
		describe_one(d, "other hosts", "");
	if (!d->any)
		strbuf_add(&d->sb, "-");
}

const char *rights_describe(const struct api_rules *rules, char buf[static RIGHTS_TEXT_MAX])
{
	struct describer d = { .sb = strbuf_over(buf, RIGHTS_TEXT_MAX) };
	for (enum role role = ROLE_ADMIN; role > ROLE_NONE; role--)
		describe_role(&d, rules, role);
	return buf;
}
