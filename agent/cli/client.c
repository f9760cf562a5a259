/* SPDX-License-Identifier: MIT */
#include "agent/cli/client.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/config/config.h"
#include "agent/http/admin_socket.h"
#include "lib/mem.h"
#include "lib/str.h"

#define DEFAULT_PORT 8080
/* As it is installed. */
#define CONFIG_FILE "/etc/vipherald/config.yaml"
/* Of connecting, sending and each read. */
#define PATIENCE_S      10
#define LONG_PATIENCE_S 120
#define READ_SIZE       65536
#define HEAD_MAX        65536

/* ---- where ---- */

/* Also one that the client may not use, which it is told then; not one that a killed agent left. */
static bool is_served(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct stat st;
	if (stat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	str_copy(sun.sun_path, sizeof(sun.sun_path), path);
	bool served = fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0 ||
		      errno != ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	return served;
}

static void use_path(struct client *c, const char *path)
{
	c->at = (struct endpoint){ 0 };
	str_copy(c->at.unix_path, sizeof(c->at.unix_path), path);
}

bool client_find_own(struct client *c)
{
	struct err err;
	char buf[108];
	const char *directory = admin_socket_directory(buf);
	c->at = (struct endpoint){ 0 };
	return admin_socket_path(directory, &c->at, &err) == 0 && is_served(c->at.unix_path);
}

static bool find_any(struct client *c)
{
	char buf[108];
	const char *directory = admin_socket_directory(buf);
	c->at = (struct endpoint){ 0 };
	snprintf(c->at.unix_path, sizeof(c->at.unix_path), "%.90s/" ADMIN_LINK_NAME, directory);
	return is_served(c->at.unix_path);
}

/* One that listens on all addresses is asked on loopback. */
static struct addr reachable(struct addr addr)
{
	if (addr.family == AF_INET6 && addr_is_unspecified(&addr))
		return addr_from_bytes(AF_INET6, &in6addr_loopback);
	if (!addr_is_set(&addr) || addr_is_unspecified(&addr))
		return addr_v4(INADDR_LOOPBACK);
	return addr;
}

/* There is no admin socket, or it is not where this process sees it. */
static void use_listen_addr(struct client *c)
{
	struct config *config = NULL;
	struct config_findings findings = { 0 };
	c->at = (struct endpoint){ .port = DEFAULT_PORT };
	if (config_load(CONFIG_FILE, &config, &findings) == 0)
		c->at = config->agent.listen_addr;
	if (!c->at.unix_path[0])
		c->at.addr = reachable(c->at.addr);
	config_findings_done(&findings);
	config_free(config);
}

static const char *given(const char *option, const char *variable)
{
	const char *env = getenv(variable);
	return option ? option : env && *env ? env : NULL;
}

static int find_tls(const char *api, const struct client_tls *tls, struct client *ret,
		    struct err *err)
{
	int rc = client_tls_parse(api, &ret->tls, err);
	str_copy(ret->where, sizeof(ret->where), ret->tls.url);
	ret->tls.cacert = given(tls->cacert, "VIPHERALD_CACERT");
	ret->tls.cert = given(tls->cert, "VIPHERALD_CERT");
	ret->tls.key = given(tls->key, "VIPHERALD_KEY");
	return rc;
}

int client_find(const char *api, const struct client_tls *tls, struct client *ret, struct err *err)
{
	int rc = 0;
	*ret = (struct client){ 0 };
	api = given(api, "VIPHERALD_API");
	if (api && str_starts(api, "https://"))
		return find_tls(api, tls, ret, err);
	if (tls->cacert || tls->cert || tls->key)
		return err_set(err, -EINVAL,
			       "--cacert, --cert and --key are for an agent with TLS, expected "
			       "--api https://HOST:PORT");
	if (api && api[0] == '/')
		use_path(ret, api);
	else if (api)
		rc = endpoint_parse(api, DEFAULT_PORT, &ret->at, err);
	else if (!client_find_own(ret) && !find_any(ret))
		use_listen_addr(ret);
	if (rc < 0)
		return rc;
	endpoint_format(&ret->at, ret->where);
	return 0;
}

struct client client_patient(const struct client *c)
{
	struct client patient = *c;
	patient.patience_s = patient.tls.patience_s = LONG_PATIENCE_S;
	return patient;
}

socklen_t client_address_of(const struct endpoint *at, struct sockaddr_storage *ret)
{
	const struct addr addr = reachable(at->addr);
	if (at->unix_path[0]) {
		struct sockaddr_un *sun = (struct sockaddr_un *)ret;
		*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
		str_copy(sun->sun_path, sizeof(sun->sun_path), at->unix_path);
		return sizeof(*sun);
	}
	return addr_to_sockaddr(&addr, at->port, 0, ret);
}

/* ---- a request ---- */

static int connect_to(const struct client *c, unsigned patience_s, int *ret_fd)
{
	const struct timeval connecting = { .tv_sec = PATIENCE_S },
			     patience = { .tv_sec = patience_s };
	struct sockaddr_storage ss;
	socklen_t len = client_address_of(&c->at, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &connecting, sizeof(connecting));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&ss, len) < 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

static int send_all(int fd, const char *text, size_t left)
{
	while (left > 0) {
		ssize_t n = send(fd, text, left, MSG_NOSIGNAL);
		if (n < 0)
			return -errno;
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

/* After `*ret_len` octets in *ret, which may be NULL. */
static int receive_all(int fd, char **ret, size_t *ret_len)
{
	char *text = *ret;
	size_t len = *ret_len, cap = len;
	ssize_t n;
	do {
		text = mem_grow(text, &cap, len + READ_SIZE + 1, 1);
		n = recv(fd, text + len, READ_SIZE, 0);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && len < CLIENT_BODY_MAX);
	int rc = n < 0 ? -errno : n > 0 ? -EMSGSIZE : 0;
	text[len] = 0;
	*ret = text;
	*ret_len = len;
	return rc;
}

/* `text` becomes the body. False: not HTTP. */
static bool split(char *text, size_t len, struct client_reply *ret)
{
	const char *end = strstr(text, "\r\n\r\n");
	if (!end || sscanf(text, "HTTP/1.%*1u %3u", &ret->status) != 1)
		return false;
	size_t head = (size_t)(end - text) + 4;
	memmove(text, text + head, len - head + 1);
	ret->body = text;
	ret->len = len - head;
	return true;
}

static int unreachable(const struct client *c, int rc, struct err *err)
{
	const char *advice = "is it running? --api or VIPHERALD_API names another";
	if (rc == -EACCES)
		advice = "the socket is for root and the agent's user, use sudo";
	if (rc == -EAGAIN || rc == -EINPROGRESS)
		rc = -ETIMEDOUT;
	return err_set(err, -ECONNREFUSED, "cannot reach the agent at %s: %s (%s)", c->where,
		       strerror(-rc), advice);
}

static int not_http(const struct client *c, struct err *err)
{
	return err_set(err, -ECONNREFUSED,
		       "the answer of %s is not HTTP: the agent speaks TLS, --api https://…, or "
		       "another program is listening there",
		       c->where);
}

int client_request(const struct client *c, const char *method, const char *target,
		   struct client_reply *ret, struct err *err)
{
	return client_send(c, method, target, "", 0, ret, err);
}

/* HTTP/1.0: the reply is not chunked and ends with the connection. */
static char *head_of(const char *method, const char *target, size_t len)
{
	char *head = NULL;
	if (asprintf(&head, "%s %s HTTP/1.0\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n",
		     method, target, len) < 0)
		abort(); /* out of memory, see lib/mem.h */
	return head;
}

int client_send(const struct client *c, const char *method, const char *target, const char *body,
		size_t body_len, struct client_reply *ret, struct err *err)
{
	char *text = NULL;
	size_t len = 0;
	int fd = -1;
	*ret = (struct client_reply){ 0 };
	if (c->tls.url[0])
		return client_tls_send(&c->tls, method, target, body, body_len, ret, err);
	int rc = connect_to(c, c->patience_s ? c->patience_s : PATIENCE_S, &fd);
	if (rc < 0)
		return unreachable(c, rc, err);
	char *head = head_of(method, target, body_len);
	rc = send_all(fd, head, strlen(head));
	if (rc == 0)
		rc = send_all(fd, body, body_len);
	if (rc == 0)
		rc = receive_all(fd, &text, &len);
	close(fd);
	free(head);
	if (rc == 0 && split(text, len, ret))
		return 0;
	free(text);
	if (rc < 0)
		return unreachable(c, rc, err);
	return not_http(c, err);
}

/* Up to the end of the headers, and what comes with it. */
static int receive_head(int fd, char **ret, size_t *ret_len)
{
	size_t cap = 0;
	ssize_t n;
	do {
		*ret = mem_grow(*ret, &cap, *ret_len + READ_SIZE + 1, 1);
		n = recv(fd, *ret + *ret_len, READ_SIZE, 0);
		*ret_len += n > 0 ? (size_t)n : 0;
		(*ret)[*ret_len] = 0;
	} while (n > 0 && *ret_len < HEAD_MAX && !strstr(*ret, "\r\n\r\n"));
	return n < 0 ? -errno : 0;
}

static int pass_on(int fd, client_octets_cb *octets, void *userdata)
{
	char buf[4096];
	ssize_t n;
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		octets(buf, (size_t)n, userdata);
	return n < 0 ? -errno : 0;
}

/* *text is freed, or the body of the reply. -EBADMSG: not HTTP. */
static int receive_stream(int fd, char **text, client_octets_cb *octets, void *userdata,
			  struct client_reply *ret)
{
	size_t len = 0;
	int rc = receive_head(fd, text, &len);
	bool is_stream = rc == 0 && *text && str_starts(*text, "HTTP/1.") &&
			 str_starts(*text + strlen("HTTP/1.x"), " 200");
	if (rc == 0 && !is_stream)
		rc = receive_all(fd, text, &len);
	if (rc == 0 && !split(*text, len, ret))
		rc = -EBADMSG;
	if (rc == 0 && is_stream) {
		octets(ret->body, ret->len, userdata);
		rc = pass_on(fd, octets, userdata);
	}
	return rc;
}

int client_stream(const struct client *c, const char *target, client_octets_cb *octets,
		  void *userdata, struct client_reply *ret, struct err *err)
{
	char *text = NULL;
	int fd = -1;
	*ret = (struct client_reply){ 0 };
	if (c->tls.url[0])
		return client_tls_stream(&c->tls, target, octets, userdata, ret, err);
	int rc = connect_to(c, CLIENT_STREAM_PATIENCE_S, &fd);
	if (rc < 0)
		return unreachable(c, rc, err);
	char *head = head_of("GET", target, 0);
	rc = send_all(fd, head, strlen(head));
	if (rc == 0)
		rc = receive_stream(fd, &text, octets, userdata, ret);
	close(fd);
	free(head);
	if (rc == 0)
		return 0;
	free(text);
	*ret = (struct client_reply){ 0 };
	return rc == -EBADMSG ? not_http(c, err) : unreachable(c, rc, err);
}

void client_reply_done(struct client_reply *reply)
{
	free(reply->body);
	*reply = (struct client_reply){ 0 };
}

void client_reply_print(const struct client_reply *reply)
{
	fwrite(reply->body, 1, reply->len, stdout);
	if (reply->len == 0 || reply->body[reply->len - 1] != '\n')
		fputc('\n', stdout);
}

static int add_encoded(struct strbuf *text, const char *plain, const char *value)
{
	static const char hex[] = "0123456789ABCDEF";
	for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
		if (text->len + 4 >= text->size)
			return -ENAMETOOLONG;
		if (isalnum(*p) || strchr(plain, *p))
			strbuf_add(text, "%c", *p);
		else
			strbuf_add(text, "%%%c%c", hex[*p >> 4], hex[*p & 15]);
	}
	return 0;
}

int client_add_segment(char *target, size_t size, const char *segment)
{
	size_t len = strlen(target);
	struct strbuf text = strbuf_over(target + len, size - len);
	return add_encoded(&text, "-._~", segment);
}

int client_add_parameter(char *target, size_t size, const char *name, const char *value)
{
	size_t len = strlen(target);
	struct strbuf text = strbuf_over(target + len, size - len);
	strbuf_add(&text, "%c%s=", strchr(target, '?') ? '&' : '?', name);
	return add_encoded(&text, "-._~:/[],", value);
}
