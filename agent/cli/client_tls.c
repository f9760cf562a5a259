/* SPDX-License-Identifier: MIT */
#include "agent/cli/client_tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "net/curl.h"

#define SCHEME       "https://"
#define DEFAULT_PORT 8080
#define PATIENCE_S   10

/* ---- where ---- */

/* The length of "NAME", "ADDRESS" or "[ADDRESS]" in front. */
static size_t host_len(const char *host)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-._";
	size_t len = host[0] == '[' ? strspn(host + 1, "0123456789abcdefABCDEF:.") + 1
				    : strspn(host, letters);
	if (host[0] == '[')
		return host[len] == ']' ? len + 1 : 0;
	return len;
}

int client_tls_parse(const char *api, struct client_tls *ret, struct err *err)
{
	uint64_t port = DEFAULT_PORT;
	char digits[6] = "";
	const char *host = api + strlen(SCHEME);
	size_t len = host_len(host), n = 0;
	const char *end = host + len;
	if (*end == ':') {
		n = strspn(end + 1, "0123456789");
		snprintf(digits, sizeof(digits), "%.*s", (int)n, end + 1);
		end += n + 1;
	}
	if (len == 0 || (*end && !str_equal(end, "/")) || n >= sizeof(digits) ||
	    (n > 0 && (str_to_u64(digits, UINT16_MAX, &port) < 0 || port == 0)) ||
	    len + strlen(SCHEME) + sizeof(digits) + 1 > sizeof(ret->url))
		return err_set(err, -EINVAL,
			       "'%.80s' is not an address, expected one like "
			       "https://agent.example.net:8080, without path",
			       api);
	snprintf(ret->url, sizeof(ret->url), SCHEME "%.*s:%u", (int)len, host, (unsigned)port);
	return 0;
}

/* ---- a request ---- */

struct transfer {
	const struct curl_api *curl;
	CURL *easy;
	struct curl_slist *headers;
	char *text;
	size_t len, cap;
	client_octets_cb *octets; /* NULL: the body is kept */
	void *userdata;
	char error[CURL_ERROR_SIZE];
};

static unsigned status_of(const struct transfer *t)
{
	long status = 0;
	t->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	return (unsigned)status;
}

static size_t on_body(char *data, size_t size, size_t n, void *userdata)
{
	struct transfer *t = userdata;
	if (t->octets && status_of(t) == 200) {
		t->octets(data, size * n, t->userdata);
		return size * n;
	}
	if (t->len + size * n > CLIENT_BODY_MAX)
		return 0;
	t->text = mem_grow(t->text, &t->cap, t->len + size * n + 1, 1);
	memcpy(t->text + t->len, data, size * n);
	t->len += size * n;
	return size * n;
}

static void set_tls(const struct transfer *t, const struct client_tls *c)
{
	const struct curl_api *curl = t->curl;
	if (c->cacert)
		curl->easy_setopt(t->easy, CURLOPT_CAINFO, c->cacert);
	if (c->cert)
		curl->easy_setopt(t->easy, CURLOPT_SSLCERT, c->cert);
	if (c->key)
		curl->easy_setopt(t->easy, CURLOPT_SSLKEY, c->key);
	curl->easy_setopt(t->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl->easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, (long)!c->unverified);
	curl->easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, c->unverified ? 0L : 2L);
}

static void set_request(struct transfer *t, const char *url, const char *method, const char *body,
			size_t len)
{
	const struct curl_api *curl = t->curl;
	curl->easy_setopt(t->easy, CURLOPT_URL, url);
	curl->easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, method);
	curl->easy_setopt(t->easy, CURLOPT_PROXY, "");
	curl->easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
	curl->easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl->easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	if (str_equal(method, "GET"))
		return;
	t->headers = curl->slist_append(NULL, "Expect:");
	curl->easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	curl->easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
	curl->easy_setopt(t->easy, CURLOPT_POSTFIELDS, body);
}

/* Of connecting, and of each wait for octets. */
static void set_patience(const struct transfer *t, const struct client_tls *c)
{
	long seconds = c->patience_s ? (long)c->patience_s : PATIENCE_S;
	t->curl->easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, seconds);
	t->curl->easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	t->curl->easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, seconds);
}

static int finish(const struct transfer *t, const struct client_tls *c, CURLcode rc,
		  struct client_reply *ret, struct err *err)
{
	if (rc != CURLE_OK)
		return err_set(err, -ECONNREFUSED, "cannot reach the agent at %s: %s%s", c->url,
			       t->error[0] ? t->error : t->curl->easy_strerror(rc),
			       rc == CURLE_PEER_FAILED_VERIFICATION
				       ? " (--cacert names the authority of its certificate)"
				       : "");
	ret->status = status_of(t);
	return 0;
}

/* The rest of `t` is set. */
static int perform(struct transfer *t, const struct client_tls *c, const char *method,
		   const char *target, const char *body, size_t len, struct client_reply *ret,
		   struct err *err)
{
	char *url = NULL;
	int rc = curl_load(&t->curl, err);
	if (rc < 0)
		return rc;
	t->easy = t->curl->easy_init();
	if (!t->easy || asprintf(&url, "%s%s", c->url, target) < 0)
		abort(); /* out of memory, see lib/mem.h */
	set_request(t, url, method, body, len);
	set_tls(t, c);
	set_patience(t, c);
	rc = finish(t, c, t->curl->easy_perform(t->easy), ret, err);
	t->curl->slist_free_all(t->headers);
	t->curl->easy_cleanup(t->easy);
	free(url);
	if (rc < 0) {
		free(t->text);
		return rc;
	}
	ret->body = t->text ? t->text : mem_new(1, 1);
	ret->body[t->len] = 0;
	ret->len = t->len;
	return 0;
}

int client_tls_send(const struct client_tls *c, const char *method, const char *target,
		    const char *body, size_t len, struct client_reply *ret, struct err *err)
{
	struct transfer t = { 0 };
	return perform(&t, c, method, target, body, len, ret, err);
}

int client_tls_stream(const struct client_tls *c, const char *target, client_octets_cb *octets,
		      void *userdata, struct client_reply *ret, struct err *err)
{
	struct client_tls patient = *c;
	struct transfer t = { .octets = octets, .userdata = userdata };
	patient.patience_s = CLIENT_STREAM_PATIENCE_S;
	return perform(&t, &patient, "GET", target, "", 0, ret, err);
}
