/* SPDX-License-Identifier: MIT */
/* Who clients of the API are, by sockets and headers: they are processes of their own, in a network
 * namespace with the server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "agent/http/admin_socket.h"
#include "agent/http/api.h"
#include "lib/array.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"

#include "own_netns.h"

#include "http_client.h"

#define PORT      8080
#define READ_PORT 8081
#define OWN       "198.51.100.1"
#define VIP       "192.0.2.53"
#define TOKEN     "a-token-of-ops-0123456789"
#define REGISTER  "GET /register?name=x&vip=192.0.2.1/32"

struct server {
	sd_event *loop;
	struct api *api;
	struct api_rules rules;
	char dir[64], token_file[80];
	struct api_grant grants[2];
	uint32_t uids[1], gids[1];
	/* The last call. */
	enum api_kind kind;
	unsigned status;
	struct principal principal;
	bool local, admin;
	char by[PRINCIPAL_NAME_MAX], who[160], text[512];
};

static void answer(const struct api_call *call, struct api_reply *ret, void *userdata)
{
	struct server *s = userdata;
	s->kind = call->kind;
	s->status = call->kind == API_ERROR ? call->status : 200;
	s->principal = call->principal;
	s->local = call->spec.local;
	s->admin = call->spec.admin;
	str_copy(s->by, sizeof(s->by), call->spec.by ? call->spec.by : "");
	str_copy(s->who, sizeof(s->who), call->who);
	str_copy(s->text, sizeof(s->text), call->err.text);
	*ret = (struct api_reply){ .status = s->status,
				   .content_type = "text/plain",
				   .body = mem_strdup("body") };
}

static bool is_vip(const struct addr *addr, void *userdata)
{
	(void)userdata;
	struct addr vip;
	addr_parse(VIP, &vip);
	return addr_equal(addr, &vip);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, 0600), 0);
}

static int setup(void **state)
{
	static struct server s;
	static const struct api_callbacks callbacks = { answer, is_vip };
	struct err err = { "" };
	s = (struct server){ .rules = { .local = ROLE_REGISTER, .remote = ROLE_READ } };
	str_copy(s.dir, sizeof(s.dir), "/tmp/vipherald-test-XXXXXX");
	assert_non_null(mkdtemp(s.dir));
	assert_int_equal(chmod(s.dir, 0755), 0);
	snprintf(s.token_file, sizeof(s.token_file), "%s/token", s.dir);
	write_file(s.token_file, TOKEN "\n");
	s.grants[0] = (struct api_grant){ .name = (char *)"ops",
					  .file = s.token_file,
					  .role = ROLE_ADMIN };
	s.grants[1] = (struct api_grant){ .name = (char *)"gone",
					  .file = (char *)"/nonexistent/token",
					  .role = ROLE_ADMIN };
	s.rules.tokens = (struct api_grants){ s.grants, 2, 2 };
	s.uids[0] = 4001;
	s.gids[0] = 4002;
	s.rules.uids = (struct api_ids){ s.uids, 1 };
	s.rules.gids = (struct api_ids){ s.gids, 1 };
	assert_true(sd_event_new(&s.loop) >= 0);
	s.api = api_new(s.loop, &s.rules, &callbacks, &s);
	assert_int_equal(api_listen(s.api, &(struct endpoint){ .port = PORT }, false, &err), 0);
	assert_int_equal(api_listen(s.api, &(struct endpoint){ .port = READ_PORT }, true, &err), 0);
	assert_int_equal(api_listen_admin(s.api, s.dir, &err), 0);
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct server *s = *state;
	api_free(s->api);
	sd_event_unref(s->loop);
	unlink(s->token_file);
	assert_int_equal(rmdir(s->dir), 0); /* no socket and no link is left */
	return 0;
}

/* A client: a process of its own */

struct asker {
	const char *from, *to; /* NULL: 127.0.0.1 */
	uint16_t port;         /* 0: PORT */
	uid_t uid;
	gid_t gid;
	bool unix_socket;
	const char *request; /* the first line, without the version */
	const char *headers; /* NULL: a Host of localhost */
};

static int connect_unix(const struct server *s)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/api.sock", s->dir);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	return connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0 ? fd : -1;
}

static int connect_tcp(const struct asker *a)
{
	const char *to = a->to ? a->to : "127.0.0.1";
	struct sockaddr_in source = { .sin_family = AF_INET };
	struct sockaddr_in target = { .sin_family = AF_INET,
				      .sin_port = htons(a->port ? a->port : PORT) };
	inet_pton(AF_INET, to, &target.sin_addr);
	inet_pton(AF_INET, a->from ? a->from : to, &source.sin_addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&source, sizeof(source)) < 0)
		return -1;
	return connect(fd, (struct sockaddr *)&target, sizeof(target)) == 0 ? fd : -1;
}

/* Exit status 1 when there is no reply. */
static void run_client(const struct server *s, const struct asker *a)
{
	char text[2048];
	if (a->gid && setgroups(1, &a->gid) < 0)
		_exit(2);
	if (a->uid && (setgid(a->uid) < 0 || setuid(a->uid) < 0))
		_exit(2);
	int fd = a->unix_socket ? connect_unix(s) : connect_tcp(a);
	int n = snprintf(text, sizeof(text), "%s HTTP/1.1\r\nConnection: close\r\n%s\r\n",
			 a->request, a->headers ? a->headers : "Host: localhost:8080\r\n");
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		_exit(3);
	_exit(read(fd, text, sizeof(text)) > 0 ? 0 : 1);
}

struct child {
	pid_t pid;
	int status;
	bool ended;
};

static bool has_ended(void *userdata)
{
	struct child *c = userdata;
	if (!c->ended && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->ended = true;
	return c->ended;
}

static int ignore_signal(sd_event_source *source, const struct signalfd_siginfo *info,
			 void *userdata)
{
	(void)source, (void)info, (void)userdata;
	return 0;
}

static void ask(struct server *s, const struct asker *asker)
{
	sd_event_source *wake = NULL;
	struct child child = { 0 };
	s->status = 0;
	assert_true(sd_event_add_signal(s->loop, &wake, SIGCHLD, ignore_signal, NULL) >= 0);
	child.pid = fork();
	if (child.pid == 0)
		run_client(s, asker);
	loop_until(s->loop, has_ended, &child);
	sd_event_source_disable_unref(wake);
	assert_int_equal(child.status, 0);
}

static void expect(struct server *s, const struct asker *asker, unsigned status, const char *name,
		   const char *says)
{
	ask(s, asker);
	if (s->status != status || strcmp(s->principal.name, name) != 0 ||
	    (says && !strstr(s->text, says)))
		fail_msg("%s, %s: %u by %s: %s", asker->request,
			 asker->headers ? asker->headers : "-", s->status, s->principal.name,
			 s->text);
}

/* Tests */

static void test_clients_on_this_host(void **state)
{
	struct server *s = *state;
	expect(s, &(struct asker){ .request = REGISTER }, 200, "local", NULL);
	assert_true(s->local);
	assert_false(s->admin);
	assert_string_equal(s->by, "local");
	expect(s, &(struct asker){ .request = REGISTER, .from = "127.0.0.9" }, 200, "local", NULL);
	expect(s, &(struct asker){ .request = REGISTER, .from = OWN, .to = OWN }, 200, "local",
	       NULL);
	expect(s, &(struct asker){ .request = REGISTER, .from = OWN }, 200, "local", NULL);
	expect(s, &(struct asker){ .request = REGISTER, .uid = 4001 }, 200, "local", NULL);
	assert_non_null(strstr(s->who, "uid 4001"));
	assert_non_null(strstr(s->who, "127.0.0.1 port "));
}

struct refusal {
	char app[32], peer[32], by[PRINCIPAL_NAME_MAX], text[512];
};

static void note_refusal(const struct log_event *event, wall_t at, enum log_level level,
			 const char *text, void *userdata)
{
	(void)at, (void)level;
	struct refusal *r = userdata;
	if (!str_equal(event->kind, "request.refused"))
		return;
	str_copy(r->app, sizeof(r->app), event->app ? event->app : "-");
	str_copy(r->peer, sizeof(r->peer), event->peer ? event->peer : "-");
	str_copy(r->by, sizeof(r->by), event->by ? event->by : "-");
	str_copy(r->text, sizeof(r->text), text);
}

/* An order for a peer is about that peer, not about an app of its address. */
static void test_the_event_of_a_refusal_names_its_subject_and_the_principal(void **state)
{
	static const struct {
		const char *request, *app, *peer, *text;
	} cases[] = {
		{ REGISTER, "x", "-", "register x by local (" },
		{ "POST /v1/apps/web/drain", "web", "-", "drain web by local (" },
		{ "POST /v1/peers/10.0.0.1/disable", "-", "10.0.0.1",
		  "disable of peer 10.0.0.1 by local (" },
		{ "DELETE /v1/peers/10.0.0.1", "-", "10.0.0.1",
		  "delete of peer 10.0.0.1 by local (" },
		{ "POST /v1/reload", "-", "-", "reload by local (" },
	};
	struct server *s = *state;
	struct refusal r;
	s->rules.local = ROLE_READ;
	log_set_sink(note_refusal, &r);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		r = (struct refusal){ 0 };
		expect(s, &(struct asker){ .request = cases[i].request }, 403, "local", NULL);
		assert_string_equal(r.app, cases[i].app);
		assert_string_equal(r.peer, cases[i].peer);
		assert_string_equal(r.by, "local");
		assert_memory_equal(r.text, cases[i].text, strlen(cases[i].text));
	}
	log_set_sink(NULL, NULL);
}

/* One of our checks, with a URL that may come from elsewhere. */
static void test_a_connection_of_ours_changes_nothing(void **state)
{
	struct server *s = *state;
	struct http_client c;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	static const char *const requests[] = { "/register?name=x&vip=192.0.2.1/32",
						"/unregister?name=x", "/register" };
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (size_t i = 0; i < 3; i++) {
		http_client_open(&c, s->loop, (struct sockaddr *)&to, NULL, sizeof(to));
		http_client_ask(&c, "GET", requests[i],
				"Authorization: Bearer " TOKEN "\r\nX: y\r\n");
		http_client_wait(&c);
		assert_int_equal(http_client_status(&c), 403);
		assert_string_equal(s->principal.name, "own check");
		assert_int_equal(s->kind, API_ERROR);
		http_client_close(&c);
	}
	http_client_open(&c, s->loop, (struct sockaddr *)&to, NULL, sizeof(to));
	http_client_ask(&c, "GET", "/readyz", "");
	http_client_wait(&c);
	assert_int_equal(http_client_status(&c), 200);
	http_client_close(&c);
}

/* A check that has timed out: its request is still read, after its socket was closed. */
static void test_a_connection_that_was_ours(void **state)
{
	struct server *s = *state;
	static const char request[] = REGISTER " HTTP/1.1\r\nHost: localhost\r\n\r\n";
	int fd = connect_tcp(&(struct asker){ 0 });
	assert_true(write(fd, request, strlen(request)) > 0);
	close(fd);
	s->status = 0;
	loop_drain(s->loop);
	assert_int_equal(s->status, 403);
	assert_string_equal(s->principal.name, "own check");
}

static void test_the_admin_socket(void **state)
{
	struct server *s = *state;
	struct asker a = { .unix_socket = true, .request = REGISTER };
	expect(s, &a, 200, "uid 0", NULL);
	assert_int_equal(s->principal.role, ROLE_ADMIN);
	assert_true(s->admin && s->local);
	assert_string_equal(s->by, "uid 0");
	a.uid = 4001;
	expect(s, &a, 200, "uid 4001", NULL);
	assert_true(s->admin);
	a.uid = 4003;
	expect(s, &a, 200, "uid 4003", NULL);
	assert_false(s->admin);
	a.gid = 4002;
	expect(s, &a, 200, "uid 4003", NULL);
	assert_true(s->admin);
	/* Host rules are for TCP. */
	a.headers = "Host: anything\r\n";
	expect(s, &a, 200, "uid 4003", NULL);
	s->rules.local = ROLE_READ;
	a.gid = 0;
	expect(s, &a, 403, "uid 4003", "agent.api.uids");
}

static void test_tokens(void **state)
{
	struct server *s = *state;
	struct asker a = { .request = REGISTER };
	a.headers = "Host: localhost\r\nAuthorization: Bearer " TOKEN "\r\n";
	expect(s, &a, 200, "token ops", NULL);
	assert_true(s->admin);
	assert_string_equal(s->by, "token ops");
	a.headers = "Host: localhost\r\nAuthorization: bearer  " TOKEN "\r\n";
	expect(s, &a, 200, "token ops", NULL);
	a.headers = "Host: localhost\r\nAuthorization: Bearer " TOKEN "0\r\n";
	expect(s, &a, 401, "local", "agent.api.tokens");
	a.headers = "Host: localhost\r\nAuthorization: Bearer \r\n";
	expect(s, &a, 401, "local", "agent.api.tokens");
	a.request = "GET /v1/peers";
	expect(s, &a, 401, "remote", "agent.api.tokens");
}

/* A tool that adds them to whatever it asks; GoCast has no use for them either. */
static void test_other_schemes(void **state)
{
	struct server *s = *state;
	struct asker a = { .request = REGISTER };
	a.headers = "Host: localhost\r\nAuthorization: Basic " TOKEN "\r\n";
	expect(s, &a, 200, "local", NULL);
	assert_false(s->admin);
	a.headers = "Host: localhost\r\nAuthorization: Bearer" TOKEN "\r\n";
	expect(s, &a, 200, "local", NULL);
	a.request = "POST /v1/reload";
	expect(s, &a, 401, "local", "Authorization is ignored, as it is not 'Bearer TOKEN'");
}

static void test_pages(void **state)
{
	struct server *s = *state;
	struct asker a = { .request = REGISTER };
	a.headers = "Host: localhost\r\nReferer: http://evil.example.org/page\r\n";
	expect(s, &a, 403, "local", "evil.example.org");
	a.headers = "Host: localhost\r\nReferer: http://localhost/page\r\n";
	expect(s, &a, 200, "local", NULL);
	a.headers = "Host: localhost\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n";
	expect(s, &a, 403, "local", "does not say which page");
	a.headers = "Host: localhost\r\nUser-Agent: curl/8.0\r\n";
	expect(s, &a, 200, "local", NULL);
}

/* Reload calls api_set_rules(). */
static void test_a_token_is_replaced(void **state)
{
	struct server *s = *state;
	struct asker a = { .request = REGISTER };
	write_file(s->token_file, "another-token-0123456789");
	api_set_rules(s->api, &s->rules, NULL);
	a.headers = "Host: localhost\r\nAuthorization: Bearer " TOKEN "\r\n";
	expect(s, &a, 401, "local", NULL);
	a.headers = "Host: localhost\r\nAuthorization: Bearer another-token-0123456789\r\n";
	expect(s, &a, 200, "token ops", NULL);
}

static void test_bad_token_files(void **state)
{
	struct server *s = *state;
	static const char *const texts[] = { "", "\n", "short", "0123456789 0123456789",
					     "0123456789012345\x01" };
	struct asker a = { .request = REGISTER };
	a.headers = "Host: localhost\r\nAuthorization: Bearer 0123456789012345\r\n";
	for (size_t i = 0; i < 5; i++) {
		write_file(s->token_file, texts[i]);
		api_set_rules(s->api, &s->rules, NULL);
		expect(s, &a, 401, "local", NULL);
	}
}

static void test_headers(void **state)
{
	struct server *s = *state;
	struct asker a = { .request = REGISTER };
	static const struct {
		const char *headers;
		unsigned status;
		const char *says;
	} rows[] = {
		{ "Host: 127.0.0.1:8080\r\n", 200, NULL },
		{ "Host: [::1]:8080\r\n", 200, NULL },
		{ "Host: " OWN "\r\n", 200, NULL },
		{ "Host: LOCALHOST:8080\r\n", 200, NULL },
		{ "Host: agent-under-test\r\n", 200, NULL },
		{ "Host: 203.0.113.9\r\n", 403, "agent.api.hosts" },
		{ "Host: rebind.example.org\r\n", 403, "agent.api.hosts" },
		{ "Host: \r\n", 403, "agent.api.hosts" },
		{ "Host: [\r\n", 403, "agent.api.hosts" },
		{ "Host: localhost\r\nHost: localhost\r\n", 400, "2 Host headers" },
		{ "X: y\r\n", 400, "0 Host headers" },
		{ "Host: localhost\r\nOrigin: http://localhost\r\n", 200, NULL },
		{ "Host: localhost\r\nOrigin: http://evil.example.org\r\n", 403, "origins" },
		{ "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n", 403, "origins" },
		{ "Host: localhost\r\nSec-Fetch-Site: none\r\n", 200, NULL },
		{ "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n", 403, "proxied" },
		{ "Host: localhost\r\nforwarded: for=192.0.2.1\r\n", 403, "proxied" },
		{ "Host: localhost\r\nVia: 1.1 x\r\n", 403, "proxied" },
	};
	assert_int_equal(sethostname("agent-under-test", 16), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		a.headers = rows[i].headers;
		expect(s, &a, rows[i].status, "local", rows[i].says);
	}
}

static void test_the_address_of_a_vip(void **state)
{
	struct server *s = *state;
	struct asker a = { .request = REGISTER, .to = VIP, .from = OWN };
	expect(s, &a, 403, "local", "agent.api.on_vips");
	a.request = "GET /v1/status";
	expect(s, &a, 403, "remote", "agent.api.on_vips");
	s->rules.on_vips = true;
	expect(s, &a, 200, "remote", NULL);
}

static void test_the_listener_for_reading(void **state)
{
	struct server *s = *state;
	struct asker a = { .request = REGISTER, .port = READ_PORT };
	expect(s, &a, 403, "local", "agent.read_addr");
	a.headers = "Host: localhost\r\nAuthorization: Bearer " TOKEN "\r\n";
	expect(s, &a, 403, "token ops", "agent.read_addr");
	a.request = "GET /v1/status";
	expect(s, &a, 200, "token ops", NULL);
}

static void test_nothing_for_this_host(void **state)
{
	struct server *s = *state;
	struct asker a = { .request = "GET /v1/status" };
	s->rules.local = ROLE_NONE;
	expect(s, &a, 403, "local", "agent.api.local");
	a.unix_socket = true;
	expect(s, &a, 200, "uid 0", NULL);
}

/* The link */

static void read_link(const struct server *s, char ret[static 64])
{
	char path[128];
	snprintf(path, sizeof(path), "%s/api.sock", s->dir);
	ssize_t n = readlink(path, ret, 63);
	ret[n > 0 ? n : 0] = 0;
}

/* Of an agent in another namespace. */
static int listen_beside(const struct server *s, const char *name, char ret_path[static 108])
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%s", s->dir, name);
	str_copy(ret_path, 108, sun.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static void test_the_link_is_of_a_living_agent(void **state)
{
	struct server *s = *state;
	char first[64], now[64], other_path[108], stale_path[108];
	struct err err = { "" };
	read_link(s, first);
	assert_true(strncmp(first, "api-", 4) == 0);
	int stale = listen_beside(s, "api-1.sock", stale_path);
	close(stale);
	int other = listen_beside(s, "api-2.sock", other_path);
	api_free(s->api);
	read_link(s, now);
	assert_string_equal(now, "api-2.sock");
	/* That of another living agent stays. */
	static const struct api_callbacks callbacks = { answer, is_vip };
	s->api = api_new(s->loop, &s->rules, &callbacks, s);
	assert_int_equal(api_listen_admin(s->api, s->dir, &err), 0);
	read_link(s, now);
	assert_string_equal(now, "api-2.sock");
	api_free(s->api);
	close(other);
	/* A dead one's is replaced. */
	s->api = api_new(s->loop, &s->rules, &callbacks, s);
	assert_int_equal(api_listen_admin(s->api, s->dir, &err), 0);
	read_link(s, now);
	assert_string_equal(now, first);
	unlink(other_path);
	unlink(stale_path);
}

static void test_a_directory_of_others_is_not_used(void **state)
{
	struct server *s = *state;
	struct err err = { "" };
	struct endpoint at;
	char dir[96];
	snprintf(dir, sizeof(dir), "%s/d", s->dir);
	assert_int_equal(admin_socket_place(dir, &at, &err), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(admin_socket_place(dir, &at, &err), -EPERM);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chown(dir, 4001, 0), 0);
	assert_int_equal(admin_socket_place(dir, &at, &err), -EPERM);
	rmdir(dir);
	assert_int_equal(symlink("/tmp", dir), 0);
	assert_int_equal(admin_socket_place(dir, &at, &err), -ENOTDIR);
	unlink(dir);
	assert_int_equal(admin_socket_place("/nonexistent/run", &at, &err), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_clients_on_this_host),
		TEST(test_the_event_of_a_refusal_names_its_subject_and_the_principal),
		TEST(test_a_connection_of_ours_changes_nothing),
		TEST(test_a_connection_that_was_ours),
		TEST(test_the_admin_socket),
		TEST(test_tokens),
		TEST(test_other_schemes),
		TEST(test_pages),
		TEST(test_a_token_is_replaced),
		TEST(test_bad_token_files),
		TEST(test_headers),
		TEST(test_the_address_of_a_vip),
		TEST(test_the_listener_for_reading),
		TEST(test_nothing_for_this_host),
		TEST(test_the_link_is_of_a_living_agent),
		TEST(test_a_directory_of_others_is_not_used),
	};
	sigset_t mask;
	own_netns_enter();
	own_netns_or_die(unshare(CLONE_NEWUTS) == 0, "unshare");
	own_netns_or_die(shell("ip addr add " OWN "/32 dev lo; ip addr add " VIP "/32 dev lo") == 0,
			 "ip addr");
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
