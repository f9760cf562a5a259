/* SPDX-License-Identifier: MIT */
/* The page, as GET / is answered. */
#include "tests/unit/answer_bed.h"

#include "agent/fleet/fleet_agent.h"
#include "agent/fleet/fleet_app.h"
#include "agent/page/apps.h"
#include "agent/page/file.h"
#include "agent/status/event_ring.h"
#include "lib/log_event.h"

#define BROWSER "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

static void get(struct agent *a, const char *path, const struct api_arg *args, size_t n,
		const char *accept)
{
	const struct api_request request = { .method = "GET",
					     .path = path,
					     .args = args,
					     .n_args = n,
					     .accept = accept,
					     .accept_encoding = "gzip" };
	struct api_call call;
	drop_reply(a);
	request_parse(&request, &call);
	answer_call(&a->in, false, &call, &a->reply);
	api_call_done(&call);
	a->status = a->reply.status;
	a->text = text_of(&a->reply);
}

static void add_event(struct event_ring *ring, const char *text)
{
	const struct event e = { .at = 1, .about = { .kind = "app.down" }, .text = text };
	event_ring_add(ring, &e);
}

static void get_page(struct agent *a, const char *q, const char *show, const char *from)
{
	struct event_ring *ring = event_ring_new(4, 1);
	const struct api_arg args[] = { { "q", q, strlen(q) },
					{ "show", show, strlen(show) },
					{ "from", from, strlen(from) } };
	add_event(ring, "the first <one>");
	add_event(ring, "the second");
	a->in.events = ring;
	get(a, "/", args, 3, BROWSER);
	event_ring_free(ring);
	a->in.events = NULL;
}

static void expect_says(const struct agent *a, const char *text)
{
	if (!strstr(a->text, text))
		fail_msg("no %s in %s", text, a->text);
}

static void expect_not(const struct agent *a, const char *text)
{
	if (strstr(a->text, text))
		fail_msg("%s in %s", text, a->text);
}

static size_t rows(const struct agent *a)
{
	size_t n = 0;
	for (const char *p = a->text; (p = strstr(p, "<tbody data-key=")); p++)
		n++;
	return n;
}

static void register_apps(struct agent *a, unsigned from, unsigned to)
{
	char url[128];
	for (unsigned i = from; i < to; i++) {
		snprintf(url, sizeof(url), "/register?name=app%03u&vip=198.51.%u.%u/32%s", i,
			 100 + i / 200, 1 + i % 200, i == 7 ? "&monitor=port:tcp:1" : "");
		expect(a, url, 200, "registered");
	}
}

static void test_only_for_those_that_prefer_it(void **state)
{
	struct agent *a = *state;
	static const char *const others[] = { NULL, "*/*", "application/json" };
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		get(a, "/", NULL, 0, others[i]);
		assert_int_equal(a->status, 404);
		expect_says(a, "{\"error\":\"'/' not found\",\"endpoints\":[\"/register\"");
		assert_false(a->reply.for_browsers);
	}
	get_page(a, "", "all", "0");
	assert_int_equal(a->status, 200);
	assert_string_equal(a->reply.content_type, "text/html; charset=utf-8");
	assert_true(a->reply.for_browsers);
}

static void test_all_of_it(void **state)
{
	struct agent *a = *state;
	get_page(a, "", "all", "0");
	expect_says(a, "<!DOCTYPE html>");
	expect_says(a, "</html>");
	expect_not(a, "{{");
	expect_says(a, "<tr data-key=\"127.0.0.9\">");
	expect_says(a, "<code>192.0.2.1/32</code>");
	expect_says(a, "<td data-peer=\"127.0.0.9\" title=\"no session");
	expect_says(a, "the first &lt;one&gt;");
	assert_true(strstr(a->text, "the second") < strstr(a->text, "the first"));
	expect_says(a, "1 to 1 of 1 app.");
	expect_not(a, "secret");
}

static void test_search(void **state)
{
	struct agent *a = *state;
	register_apps(a, 0, 10);
	static const struct {
		const char *q, *show;
		size_t n;
	} cases[] = {
		{ "", "all", 11 },       { "APP", "all", 10 },
		{ "app003", "all", 1 },  { "198.51.100.4", "all", 1 },
		{ "198.51", "all", 10 }, { "nowhere", "all", 0 },
		{ "", "down", 1 },       { "", "unknown", 0 },
		{ "", "up", 10 },        { "", "trouble", 11 },
		{ "app", "up", 9 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		get_page(a, cases[i].q, cases[i].show, "0");
		if (rows(a) != cases[i].n)
			fail_msg("%s %s: %zu", cases[i].q, cases[i].show, rows(a));
	}
	/* Apps that are not up come first. */
	get_page(a, "", "all", "0");
	assert_true(strstr(a->text, "data-key=\"app007\"") <
		    strstr(a->text, "data-key=\"app000\""));
}

static void test_many(void **state)
{
	struct agent *a = *state;
	register_apps(a, 0, 249);
	get_page(a, "", "all", "0");
	assert_int_equal(rows(a), PAGE_APPS);
	expect_says(a, "1 to 50 of 250 apps.");
	expect_says(a, "<a href=\"?q=&amp;show=all&amp;from=50\">Next</a>");
	expect_not(a, "Previous");
	get_page(a, "", "all", "200");
	assert_int_equal(rows(a), 50);
	expect_says(a, "201 to 250 of 250 apps.");
	expect_says(a, "from=150\">Previous</a>");
	expect_not(a, "Next");
	get_page(a, "", "all", "5000");
	assert_int_equal(rows(a), 0);
	expect_says(a, "None of 250 apps.");
}

/* An app that goes while its page is being read. */
/* The second walk looks at the route of each app, too, and a search at its VIPs. */
static void test_reads_of_a_turn(void **state)
{
	struct agent *a = *state;
	static const struct page_query of_all = { .text = "", .from = 1000 };
	static const struct page_query of_a_vip = { .text = "203.0.113.1" };
	struct html h = { 0 };
	struct page_apps all = { 0 }, found = { 0 };
	register_apps(a, 0, 300);
	assert_true(page_apps_add(&all, &a->in, &of_all, &h));
	assert_false(all.rests);
	assert_true(page_apps_add(&all, &a->in, &of_all, &h));
	assert_true(all.rests);
	assert_true(page_apps_add(&found, &a->in, &of_a_vip, &h));
	assert_true(found.rests);
	page_apps_done(&all);
	page_apps_done(&found);
	free(h.text);
}

static void test_cut_short(void **state)
{
	struct agent *a = *state;
	struct page_apps apps = { 0 };
	const struct page_query query = { .text = "app" };
	struct html h = { 0 };
	register_apps(a, 0, 100);
	assert_true(page_apps_add(&apps, &a->in, &query, &h));
	free(h.text);
	expect(a, "/unregister?name=app099", 200, "unregistered");
	h = (struct html){ 0 };
	page_apps_add(&apps, &a->in, &query, &h);
	free(h.text);
	page_apps_done(&apps);
}

static void get_with(struct agent *a, const char *name, const char *value)
{
	struct event_ring *ring = event_ring_new(300, 1);
	const struct api_arg arg = { name, value, strlen(value) };
	char text[32];
	for (int i = 0; i < 250; i++) {
		snprintf(text, sizeof(text), i % 2 ? "odd number %d." : "even number %d.", i);
		add_event(ring, text);
	}
	a->in.events = ring;
	get(a, "/", &arg, 1, BROWSER);
	event_ring_free(ring);
	a->in.events = NULL;
}

static void test_why(void **state)
{
	struct agent *a = *state;
	get_with(a, "why", "192.0.2.1");
	expect_says(a, "<h2>Why 192.0.2.1/32</h2>");
	expect_says(a, "Of app config. ");
	expect_says(a, "Peer 127.0.0.9");
	expect_says(a, "<span class=\"bad\">no</span>");
	expect_says(a, "<input type=\"hidden\" name=\"why\" value=\"192.0.2.1\">");
	expect_says(a, "from=0&amp;why=192.0.2.1%2F32#why\"><code>192.0.2.1/32</code></a>");
	get_with(a, "why", "192.0.2.9/32<b>");
	expect_says(a, "<h2>Why 192.0.2.9/32&lt;b&gt;</h2>");
	expect_says(a, "There is no VIP and no aggregate of this prefix.");
	get_with(a, "events", "");
	expect_not(a, "<h2>Why");
	expect_not(a, "type=\"hidden\"");
}

/* By what is known, in bounds. */
static void test_fleet(void **state)
{
	static const struct consul_config no_consul;
	struct agent *a = *state;
	struct fleet_spec spec = { .engine = FLEET_CONSUL,
				   .prefix = (char *)"f",
				   .node = (char *)"web1",
				   .window = 600 * USEC_PER_SEC };
	const struct fleet_agent_env env = {
		.loop = a->loop, .registry = a->registry, .spec = &spec, .consul = &no_consul
	};
	fleet_spec_add(&spec, NULL)->min_up = (struct fleet_min_up){ true, 50 };
	struct fleet_agent *fleet = fleet_agent_new(&env);
	a->in.fleet = fleet;
	expect(a, "/register?name=known&vip=198.51.7.1/32", 200, "registered");
	get_page(a, "", "all", "0");
	expect_says(a, "0 waiting to leave, 0 joining</p>");
	expect_not(a, "must stay");
	const struct fleet_app *f = fleet_agent_find(a->in.fleet, "known");
	f->seen[0] = (struct fleet_seen){ .tally = { .up = 3, .min_up = 2, .waiting = 4 },
					  .at = loop_now(a->loop) };
	get_page(a, "", "all", "0");
	expect_says(a,
		    "<span class=\"good\">enough</span></td><th scope=\"row\">"
		    "198.51.7.1/32</th><td>3 announced, 2 must stay, 4 waiting to leave <small>");
	f->seen[0].tally = (struct fleet_tally){
		.up = 2, .min_up = 2, .joining = 1, .rolling = 2, .roller = "web<2>"
	};
	get_page(a, "", "all", "0");
	expect_says(a, "<span class=\"odd\">none to spare</span>");
	expect_says(a, "2 must stay, 1 joining, rolling work on web&lt;2&gt; and 1 more <small>");
	f->seen[0].tally.up = 1;
	get_page(a, "", "all", "0");
	expect_says(a, "<span class=\"bad\">too few</span>");
	fleet_agent_free(fleet);
	a->in.fleet = NULL;
	free(spec.vips);
}

/* The last hundred that have it. */
static void test_events(void **state)
{
	struct agent *a = *state;
	get_with(a, "events", "ODD");
	expect_says(a, "odd number 249.");
	expect_says(a, "odd number 51.");
	expect_not(a, "odd number 49.");
	expect_not(a, "even number");
	expect_says(a, "name=\"events\" form=\"filter\" value=\"ODD\"");
	expect_says(a, "from=0&amp;events=ODD&amp;why=192.0.2.1%2F32");
	get_with(a, "events", "app.down");
	expect_says(a, "odd number 249.");
	get_with(a, "events", "nothing like it");
	expect_says(a, "No event.");
}

static void test_refusals(void **state)
{
	struct agent *a = *state;
	const struct api_arg arg = { "from", "x", 1 };
	get(a, "/", &arg, 1, BROWSER);
	assert_int_equal(a->status, 400);
	expect_says(a, "from: 'x' is not a number");
	get(a, "/page/nothing", NULL, 0, BROWSER);
	assert_int_equal(a->status, 404);
	get(a, "/page/" PAGE_TEMPLATE, NULL, 0, BROWSER);
	assert_int_equal(a->status, 404);
}

static void test_files(void **state)
{
	struct agent *a = *state;
	struct api_request request = { .method = "GET", .path = "/page/script.js" };
	const struct page_file *file = page_file_find("script.js");
	static const struct {
		const char *encoding;
		bool packed, has_it;
		unsigned status;
	} cases[] = {
		{ NULL, false, false, 200 },       { "gzip", true, false, 200 },
		{ "gzip;q=0", false, false, 200 }, { "gzip", true, true, 304 },
		{ "identity", false, true, 304 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct api_call call;
		const struct page_octets *want = cases[i].packed ? &file->packed : &file->plain;
		request.accept_encoding = cases[i].encoding;
		request.if_none_match = cases[i].has_it ? want->etag : "\"other\"";
		drop_reply(a);
		request_parse(&request, &call);
		answer_call(&a->in, false, &call, &a->reply);
		assert_int_equal(a->reply.status, cases[i].status);
		assert_ptr_equal(a->reply.octets, want);
		assert_int_equal(a->reply.packed, cases[i].packed);
		assert_string_equal(a->reply.content_type, "text/javascript; charset=utf-8");
		api_call_done(&call);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_only_for_those_that_prefer_it),
		TEST(test_all_of_it),
		TEST(test_search),
		TEST(test_many),
		TEST(test_reads_of_a_turn),
		TEST(test_cut_short),
		TEST(test_why),
		TEST(test_fleet),
		TEST(test_events),
		TEST(test_refusals),
		TEST(test_files),
	};
	log_setup(LOG_ERROR, LOG_TEXT);
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
