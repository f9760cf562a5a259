/* SPDX-License-Identifier: MIT */
/* The HTTP server on a loop, with answers that the tests give, in a network namespace of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "agent/http/api.h"
#include "agent/http/slots.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

#include "own_netns.h"

#include "http_client.h"

#define PORT 8080

struct server {
	sd_event *loop;
	struct api *api;
	struct endpoint at;
	char dir[64];
	/* The answer to the next request. */
	enum api_defer defer;
	uint64_t number;
	struct stream *stream;
	/* The last request. */
	size_t asked;
	enum api_kind kind;
	unsigned status;
	char name[64];
};

static void answer(const struct api_call *call, struct api_reply *ret, void *userdata)
{
	struct server *s = userdata;
	s->asked++;
	s->kind = call->kind;
	s->status = call->status;
	str_copy(s->name, sizeof(s->name), call->name ? call->name : "");
	*ret = (struct api_reply){
		.status = call->kind == API_ERROR ? call->status : 200,
		.content_type = "text/plain",
		.allow = call->allow,
		.defer = s->defer,
		.number = s->number,
		.stream = s->stream,
	};
	s->stream = NULL;
	if (s->defer == API_DEFER_STORED)
		ret->body_unstored = mem_strdup("unstored");
	if (!ret->stream && s->defer != API_DEFER_RETRY)
		ret->body = mem_strdup("body");
}

static bool is_vip(const struct addr *addr, void *userdata)
{
	(void)addr, (void)userdata;
	return false;
}

static const struct api_rules rules = { .local = ROLE_READ, .remote = ROLE_READ };
static const struct api_callbacks callbacks = { answer, is_vip };

static int start(struct server *s)
{
	struct err err = { "" };
	s->api = api_new(s->loop, &rules, &callbacks, s);
	int rc = api_listen(s->api, &s->at, false, &err);
	if (rc < 0)
		print_message("%s\n", err.text);
	return rc;
}

static int setup(void **state)
{
	static struct server s;
	s = (struct server){ .at = { .addr = addr_v4(INADDR_LOOPBACK), .port = PORT } };
	str_copy(s.dir, sizeof(s.dir), "/tmp/vipherald-test-XXXXXX");
	assert_non_null(mkdtemp(s.dir));
	assert_true(sd_event_new(&s.loop) >= 0);
	assert_int_equal(start(&s), 0);
	*state = &s;
	return 0;
}

static int teardown(void **state)
{
	struct server *s = *state;
	api_free(s->api);
	sd_event_unref(s->loop);
	rmdir(s->dir);
	return 0;
}

static struct sockaddr_in ipv4(const char *text, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	assert_int_equal(inet_pton(AF_INET, text, &sin.sin_addr), 1);
	return sin;
}

static void connect_from(struct http_client *c, struct server *s, const char *from, const char *to)
{
	const struct sockaddr_in source = ipv4(from, 0), target = ipv4(to, PORT);
	http_client_open(c, s->loop, (const struct sockaddr *)&target,
			 (const struct sockaddr *)&source, sizeof(target));
}

static void connect_to(struct http_client *c, struct server *s)
{
	connect_from(c, s, "127.0.0.1", "127.0.0.1");
}

/* One request and its reply; returns the status. */
static int ask(struct server *s, struct http_client *c, const char *method, const char *url,
	       const char *headers)
{
	connect_to(c, s);
	http_client_ask(c, method, url, headers);
	http_client_wait(c);
	return http_client_status(c);
}

static void test_a_request_is_answered(void **state)
{
	struct server *s = *state;
	struct http_client c;
	assert_int_equal(ask(s, &c, "GET", "/v1/apps/a%20b", ""), 200);
	assert_string_equal(http_client_body(&c), "body");
	assert_non_null(strstr(c.text, "Content-Type: text/plain\r\n"));
	assert_int_equal(s->kind, API_APP);
	assert_string_equal(s->name, "a b");
	http_client_close(&c);
}

static void test_head_has_no_body(void **state)
{
	struct server *s = *state;
	struct http_client c;
	assert_int_equal(ask(s, &c, "HEAD", "/v1/peers", ""), 200);
	assert_string_equal(http_client_body(&c), "");
	assert_non_null(strstr(c.text, "Content-Length: 4\r\n"));
	http_client_close(&c);
}

static void test_405_says_which_methods_are_allowed(void **state)
{
	struct server *s = *state;
	struct http_client c;
	assert_int_equal(ask(s, &c, "DELETE", "/v1/peers", ""), 405);
	assert_int_equal(s->kind, API_ERROR);
	assert_non_null(strstr(c.text, "Allow: GET, HEAD\r\n"));
	http_client_close(&c);
}

static void test_two_requests_share_a_connection(void **state)
{
	struct server *s = *state;
	struct http_client c;
	static const char two[] = "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"
				  "GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	connect_to(&c, s);
	http_client_send(&c, two, strlen(two));
	http_client_wait(&c);
	assert_int_equal(s->asked, 2);
	http_client_close(&c);
}

static uint64_t n_refused(const struct server *s, enum api_cause cause)
{
	return api_counts(s->api)->refused[cause];
}

/* Limits */

static char *repeated(const char *before, const char *text, size_t n)
{
	size_t len = strlen(before), one = strlen(text);
	char *all = malloc(len + n * one + 1);
	memcpy(all, before, len + 1);
	for (size_t i = 0; i < n; i++)
		memcpy(all + len + i * one, text, one + 1);
	return all;
}

static void expect_refusal(struct server *s, char *url, int status, const char *says)
{
	struct http_client c;
	assert_int_equal(ask(s, &c, "GET", url, ""), status);
	if (!strstr(http_client_body(&c), says))
		fail_msg("'%s' does not say '%s'", http_client_body(&c), says);
	assert_int_equal(s->asked, 0);
	http_client_close(&c);
	free(url);
}

static void test_a_long_url_is_refused(void **state)
{
	expect_refusal(*state, repeated("/ping?x=", "y", 32768), 414, "longer than 32768 bytes");
}

static void test_many_parameters_are_refused(void **state)
{
	expect_refusal(*state, repeated("/ping?x", "&x", 256), 400, "more than 256 parameters");
	expect_refusal(*state, repeated("/ping?", "&", 8000), 400, "more than 256 parameters");
}

/* The library decodes it to a text that ends there. */
static void test_nul_is_refused(void **state)
{
	static const char *const urls[] = { "/ping%00", "/v1/apps/a%00b", "/ping?a%00=b",
					    "/ping?a=b%00", "/ping?%%00" };
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++)
		expect_refusal(*state, repeated("", urls[i], 1), 400, "%00 in the URL");
}

static void test_as_many_parameters_as_allowed(void **state)
{
	struct server *s = *state;
	struct http_client c;
	char *url = repeated("/ping?x", "&x", 255);
	assert_int_equal(ask(s, &c, "GET", url, ""), 200);
	http_client_close(&c);
	free(url);
}

static void test_long_headers_are_refused(void **state)
{
	struct server *s = *state;
	struct http_client c;
	char *header = repeated("X: ", "y", 70000);
	char *line = repeated(header, "\r\n", 1);
	assert_int_equal(ask(s, &c, "GET", "/ping", line), 431);
	assert_int_equal(s->asked, 0);
	http_client_close(&c);
	free(line);
	free(header);
}

static void test_a_body_is_dropped(void **state)
{
	struct server *s = *state;
	struct http_client c;
	char *body = repeated("Content-Length: 65536\r\n\r\n", "y", 65536);
	connect_to(&c, s);
	char *text = repeated("POST /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", body, 1);
	http_client_send(&c, text, strlen(text));
	http_client_wait(&c);
	assert_int_equal(http_client_status(&c), 200);
	http_client_close(&c);
	free(text);
	free(body);
}

static void test_a_long_body_is_refused(void **state)
{
	struct server *s = *state;
	struct http_client c;
	assert_int_equal(ask(s, &c, "POST", "/ping", "Content-Length: 65537\r\n"), 413);
	assert_int_equal(s->asked, 0);
	http_client_close(&c);
}

/* Without a Content-Length it is known when the limit is passed. */
static void test_a_long_chunked_body_is_refused(void **state)
{
	struct server *s = *state;
	struct http_client c;
	char *chunks =
		repeated("POST /ping HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
			 "400\r\n", 1);
	char *chunk = repeated("", "y", 1024);
	char *one = repeated(chunk, "\r\n400\r\n", 1);
	char *all = repeated(chunks, one, 65);
	connect_to(&c, s);
	http_client_send(&c, all, strlen(all));
	http_client_wait(&c);
	assert_int_equal(http_client_status(&c), 413);
	assert_non_null(strstr(http_client_body(&c), "body longer than 65536 bytes"));
	assert_int_equal(s->asked, 0);
	assert_int_equal(n_refused(s, API_INVALID), 1);
	http_client_close(&c);
	free(all);
	free(one);
	free(chunk);
	free(chunks);
}

/* Deferred replies */

struct pair {
	struct server *s;
	size_t asked;
};

static bool was_asked(void *userdata)
{
	const struct pair *p = userdata;
	return p->s->asked >= p->asked;
}

static void until_asked(struct server *s, size_t asked)
{
	struct pair p = { s, asked };
	loop_until(s->loop, was_asked, &p);
}

static void ask_deferred(struct server *s, struct http_client *c, enum api_defer defer,
			 uint64_t number)
{
	s->defer = defer;
	s->number = number;
	connect_to(c, s);
	http_client_ask(c, "GET", "/info", "");
	until_asked(s, s->asked + 1);
	loop_drain(s->loop);
	assert_int_equal(c->len, 0);
}

static void test_a_change_is_answered_when_it_is_stored(void **state)
{
	struct server *s = *state;
	struct http_client first, second;
	ask_deferred(s, &first, API_DEFER_STORED, 1);
	ask_deferred(s, &second, API_DEFER_STORED, 2);
	api_send_stored(s->api, 1, true);
	http_client_wait(&first);
	assert_string_equal(http_client_body(&first), "body");
	assert_int_equal(second.len, 0);
	api_send_stored(s->api, 2, false);
	http_client_wait(&second);
	assert_string_equal(http_client_body(&second), "unstored");
	assert_int_equal(s->asked, 2);
	http_client_close(&first);
	http_client_close(&second);
}

static void test_a_request_is_retried(void **state)
{
	struct server *s = *state;
	struct http_client c;
	ask_deferred(s, &c, API_DEFER_RETRY, 0);
	/* It is not a change that could be stored. */
	api_send_stored(s->api, 9, true);
	loop_drain(s->loop);
	assert_int_equal(s->asked, 1);
	/* The second answer may be deferred, too. */
	s->defer = API_DEFER_STORED;
	s->number = 3;
	api_retry(s->api);
	until_asked(s, 2);
	loop_drain(s->loop);
	assert_int_equal(c.len, 0);
	api_send_stored(s->api, 3, true);
	http_client_wait(&c);
	assert_string_equal(http_client_body(&c), "body");
	http_client_close(&c);
}

static void test_a_client_that_goes_away_is_forgotten(void **state)
{
	struct server *s = *state;
	struct http_client c;
	ask_deferred(s, &c, API_DEFER_STORED, 1);
	http_client_close(&c);
	loop_drain(s->loop);
	api_send_stored(s->api, 1, true);
	loop_drain(s->loop);
	s->defer = API_SEND_NOW;
	assert_int_equal(ask(s, &c, "GET", "/ping", ""), 200);
	http_client_close(&c);
}

static void test_deferred_replies_are_sent_at_the_end(void **state)
{
	struct server *s = *state;
	struct http_client stored, retry;
	ask_deferred(s, &stored, API_DEFER_STORED, 1);
	ask_deferred(s, &retry, API_DEFER_RETRY, 0);
	api_free(s->api);
	s->api = NULL;
	http_client_wait(&stored);
	http_client_wait(&retry);
	assert_string_equal(http_client_body(&stored), "unstored");
	assert_int_equal(http_client_status(&retry), 503);
	assert_int_equal(s->asked, 2);
	http_client_close(&stored);
	http_client_close(&retry);
}

static void test_no_api_is_fine(void **state)
{
	(void)state;
	api_send_stored(NULL, 1, true);
	api_retry(NULL);
	api_free(NULL);
}

/* Streams */

struct numbers {
	size_t next, n;
	bool *freed;
};

static json_t *next_number(void *userdata)
{
	struct numbers *numbers = userdata;
	return numbers->next < numbers->n ? json_integer((json_int_t)numbers->next++) : NULL;
}

static void free_numbers(void *userdata)
{
	struct numbers *numbers = userdata;
	*numbers->freed = true;
	free(numbers);
}

static struct stream *numbers_up_to(size_t n, bool *freed)
{
	static const struct stream_ops ops = { next_number, free_numbers };
	struct numbers *numbers = mem_new(1, sizeof(*numbers));
	*numbers = (struct numbers){ .n = n, .freed = freed };
	return stream_new(NULL, "numbers", &ops, numbers);
}

static void test_a_list_is_streamed(void **state)
{
	struct server *s = *state;
	struct http_client c;
	bool freed = false;
	s->stream = numbers_up_to(20000, &freed);
	assert_int_equal(ask(s, &c, "GET", "/v1/apps", ""), 200);
	assert_non_null(strstr(c.text, "\n0,\r\n") ? c.text : strstr(c.text, "\n0,\n"));
	assert_non_null(strstr(c.text, "\n19999\n]}\n"));
	assert_true(freed);
	http_client_close(&c);
}

/* It reads no more than the socket's buffers hold, and leaves. */
static void test_a_reader_that_leaves_ends_the_stream(void **state)
{
	struct server *s = *state;
	struct http_client c;
	bool freed = false;
	connect_to(&c, s);
	s->stream = numbers_up_to(SIZE_MAX, &freed);
	http_client_ask(&c, "GET", "/v1/apps", "");
	c.reads = false;
	http_client_set_events(&c);
	until_asked(s, 1);
	loop_drain(s->loop);
	assert_false(freed);
	http_client_close(&c);
	loop_until(s->loop, loop_until_true, &freed);
}

/* Connections */

static void open_many(struct http_client *c, size_t n, struct server *s, const char *from)
{
	for (size_t i = 0; i < n; i++) {
		connect_from(&c[i], s, from, "127.0.0.1");
		loop_drain(s->loop);
	}
}

static void close_many(struct http_client *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		http_client_close(&c[i]);
}

static void expect_answer(struct http_client *c, int status)
{
	http_client_wait(c);
	assert_int_equal(http_client_status(c), status);
	http_client_close(c);
}

static void test_a_new_connection_pushes_out_the_laziest_of_its_address(void **state)
{
	struct server *s = *state;
	static struct http_client c[SLOTS_PER_OWN];
	struct http_client other, late;
	connect_from(&other, s, "127.0.0.2", "127.0.0.1");
	open_many(c, ARRAY_SIZE(c), s, "127.0.0.1");
	connect_to(&late, s);
	http_client_ask(&late, "GET", "/ping", "");
	expect_answer(&late, 200);
	http_client_wait(&c[0]);
	assert_int_equal(c[0].len, 0);
	assert_false(c[1].closed || other.closed);
	assert_int_equal(n_refused(s, API_PUSHED_OUT), 1);
	assert_int_equal(api_counts(s->api)->connections, ARRAY_SIZE(c));
	http_client_close(&other);
	close_many(c, ARRAY_SIZE(c));
}

/* Each new one is served at once, however many clients hold one without a request. */
static void test_slow_clients_do_not_starve_others(void **state)
{
	struct server *s = *state;
	static const char part[] = "GET /register?name=a HTTP/1.1\r\nHost: x\r\nX: ";
	static struct http_client c[2 * SLOTS_PER_OWN];
	struct http_client late;
	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		connect_from(&c[i], s, i % 2 ? "127.0.0.1" : "127.0.0.2", "127.0.0.1");
		http_client_send(&c[i], part, strlen(part));
		loop_drain(s->loop);
		if (i < SLOTS_MAX - 1)
			continue;
		connect_from(&late, s, "127.0.0.3", "127.0.0.1");
		http_client_ask(&late, "GET", "/ping", "");
		expect_answer(&late, 200);
	}
	assert_int_equal(s->asked, ARRAY_SIZE(c) - SLOTS_MAX + 1);
	close_many(c, ARRAY_SIZE(c));
}

static void ask_all(struct server *s, struct http_client *c, size_t n)
{
	s->defer = API_DEFER_STORED;
	s->number = 1;
	for (size_t i = 0; i < n; i++)
		http_client_ask(&c[i], "GET", "/ping", "");
	until_asked(s, s->asked + n);
	s->defer = API_SEND_NOW;
}

static void test_more_than_an_address_may_have_is_refused(void **state)
{
	struct server *s = *state;
	static struct http_client c[SLOTS_PER_OWN];
	struct http_client late;
	open_many(c, ARRAY_SIZE(c), s, "127.0.0.1");
	ask_all(s, c, ARRAY_SIZE(c));
	connect_to(&late, s);
	http_client_wait(&late);
	assert_int_equal(http_client_status(&late), 503);
	assert_string_equal(http_client_body(&late),
			    "too many connections from this address or user\n");
	http_client_close(&late);
	assert_int_equal(n_refused(s, API_TOO_MANY), 1);
	connect_from(&late, s, "127.0.0.2", "127.0.0.1");
	http_client_ask(&late, "GET", "/ping", "");
	expect_answer(&late, 200);
	api_send_stored(s->api, 1, true);
	for (size_t i = 0; i < ARRAY_SIZE(c); i++)
		expect_answer(&c[i], 200);
}

/* All are being answered: it stays in the backlog. */
static void test_a_connection_in_the_backlog_gets_the_next_place(void **state)
{
	struct server *s = *state;
	static struct http_client c[SLOTS_MAX];
	struct http_client late;
	open_many(c, SLOTS_MAX / 2, s, "127.0.0.1");
	open_many(c + SLOTS_MAX / 2, SLOTS_MAX / 2, s, "127.0.0.2");
	ask_all(s, c, SLOTS_MAX);
	connect_from(&late, s, "127.0.0.3", "127.0.0.1");
	http_client_ask(&late, "GET", "/ping", "");
	loop_drain(s->loop);
	assert_int_equal(late.len, 0);
	api_send_stored(s->api, 1, true);
	expect_answer(&late, 200);
	for (size_t i = 0; i < SLOTS_MAX; i++)
		expect_answer(&c[i], 200);
	assert_int_equal(api_counts(s->api)->connections, 0);
}

/* The second request of a kept-alive connection may be as slow as the first. */
static void test_a_kept_alive_connection_is_lazy_again(void **state)
{
	struct server *s = *state;
	static const char ping[] = "GET /ping HTTP/1.1\r\nHost: x\r\n\r\n";
	static struct http_client c[SLOTS_PER_OWN];
	struct http_client late;
	open_many(c, ARRAY_SIZE(c), s, "127.0.0.1");
	http_client_send(&c[0], ping, strlen(ping));
	until_asked(s, 1);
	loop_drain(s->loop);
	connect_to(&late, s);
	http_client_ask(&late, "GET", "/ping", "");
	expect_answer(&late, 200);
	http_client_wait(&c[1]);
	assert_false(c[0].closed);
	close_many(c, ARRAY_SIZE(c));
}

static void test_a_port_that_is_taken(void **state)
{
	struct server *s = *state;
	struct err err = { "" };
	assert_int_equal(api_listen(s->api, &s->at, false, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, "cannot listen on 127.0.0.1:8080"));
	assert_non_null(strstr(err.text, "agent.listen_addr"));
}

/* The unix socket */

static void use_unix(struct server *s)
{
	api_free(s->api);
	s->api = NULL;
	snprintf(s->at.unix_path, sizeof(s->at.unix_path), "%s/api", s->dir);
}

static void test_unix_socket(void **state)
{
	struct server *s = *state;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct http_client c;
	struct stat st;
	use_unix(s);
	assert_int_equal(start(s), 0);
	str_copy(sun.sun_path, sizeof(sun.sun_path), s->at.unix_path);
	assert_int_equal(stat(sun.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	http_client_open(&c, s->loop, (struct sockaddr *)&sun, NULL, sizeof(sun));
	http_client_ask(&c, "GET", "/ping", "");
	http_client_wait(&c);
	assert_int_equal(http_client_status(&c), 200);
	http_client_close(&c);
	/* A second server finds it in use, and leaves it alone. */
	struct err err = { "" };
	assert_int_equal(api_listen(s->api, &s->at, false, &err), -EADDRINUSE);
	assert_int_equal(stat(sun.sun_path, &st), 0);
	api_free(s->api);
	s->api = NULL;
	assert_int_equal(stat(sun.sun_path, &st), -1);
}

static void test_a_stale_unix_socket_is_replaced(void **state)
{
	struct server *s = *state;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	use_unix(s);
	str_copy(sun.sun_path, sizeof(sun.sun_path), s->at.unix_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
	assert_int_equal(start(s), 0);
}

static void test_a_file_in_the_way_stays(void **state)
{
	struct server *s = *state;
	struct stat st;
	use_unix(s);
	FILE *file = fopen(s->at.unix_path, "we");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(start(s), -EEXIST);
	assert_int_equal(stat(s->at.unix_path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(unlink(s->at.unix_path), 0);
}

/* Another process may have put its own socket there meanwhile. */
static void test_a_socket_of_another_process_is_not_removed(void **state)
{
	struct server *s = *state;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct stat st;
	use_unix(s);
	assert_int_equal(start(s), 0);
	str_copy(sun.sun_path, sizeof(sun.sun_path), s->at.unix_path);
	assert_int_equal(unlink(sun.sun_path), 0);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	api_free(s->api);
	s->api = NULL;
	assert_int_equal(stat(sun.sun_path, &st), 0);
	close(fd);
	unlink(sun.sun_path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_request_is_answered),
		TEST(test_head_has_no_body),
		TEST(test_405_says_which_methods_are_allowed),
		TEST(test_two_requests_share_a_connection),
		TEST(test_a_long_url_is_refused),
		TEST(test_many_parameters_are_refused),
		TEST(test_nul_is_refused),
		TEST(test_as_many_parameters_as_allowed),
		TEST(test_long_headers_are_refused),
		TEST(test_a_body_is_dropped),
		TEST(test_a_long_body_is_refused),
		TEST(test_a_long_chunked_body_is_refused),
		TEST(test_a_change_is_answered_when_it_is_stored),
		TEST(test_a_request_is_retried),
		TEST(test_a_client_that_goes_away_is_forgotten),
		TEST(test_deferred_replies_are_sent_at_the_end),
		TEST(test_no_api_is_fine),
		TEST(test_a_list_is_streamed),
		TEST(test_a_reader_that_leaves_ends_the_stream),
		TEST(test_a_new_connection_pushes_out_the_laziest_of_its_address),
		TEST(test_slow_clients_do_not_starve_others),
		TEST(test_more_than_an_address_may_have_is_refused),
		TEST(test_a_connection_in_the_backlog_gets_the_next_place),
		TEST(test_a_kept_alive_connection_is_lazy_again),
		TEST(test_a_port_that_is_taken),
		TEST(test_unix_socket),
		TEST(test_a_stale_unix_socket_is_replaced),
		TEST(test_a_file_in_the_way_stays),
		TEST(test_a_socket_of_another_process_is_not_removed),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
