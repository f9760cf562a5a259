/* SPDX-License-Identifier: MIT */
/* Parts of the page; test_page_answer has the whole of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/page/checks.h"
#include "agent/page/facts.h"
#include "agent/page/file.h"
#include "agent/page/html.h"
#include "agent/page/marks.h"
#include "agent/page/query.h"
#include "agent/page/sessions.h"
#include "lib/array.h"
#include "monitors/recent.h"

/* ---- html ---- */

static void test_escaping(void **state)
{
	(void)state;
	static const struct {
		const char *text, *html;
	} cases[] = {
		{ "", "" },
		{ "web", "web" },
		{ "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;" },
		{ "\" onload='x'", "&quot; onload=&#39;x&#39;" },
		{ "a&lt;b", "a&amp;lt;b" },
		{ "50% %s %zu", "50% %s %zu" },
		{ "ä€", "ä€" },
		{ "a\xe2\x80\xae<b", "a\\u202e&lt;b" }, /* a direction control */
		{ "a\x01\nb\xff", "a\\x01\\x0ab\\xff" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct html h = { 0 };
		html_add(&h, "<p title=\"%s\">%zu%%</p>", cases[i].text, (size_t)7);
		char want[256];
		snprintf(want, sizeof(want), "<p title=\"%s\">7%%</p>", cases[i].html);
		assert_string_equal(h.text, want);
		free(h.text);
	}
}

static void test_nothing(void **state)
{
	(void)state;
	struct html h = { 0 };
	html_add(&h, "%s", "");
	assert_null(h.text);
}

static void test_in_a_query(void **state)
{
	(void)state;
	struct html h = { 0 };
	html_add_query(&h, "a b&c=\"<ä");
	assert_string_equal(h.text, "a%20b%26c%3D%22%3C%C3%A4");
	free(h.text);
}

static void test_ages(void **state)
{
	(void)state;
	static const struct {
		double seconds;
		const char *text;
	} cases[] = {
		{ -1, "0us" },      { 0.000042, "42us" }, { 0.0023, "2.3ms" },
		{ 0.0123, "12ms" }, { 59.9, "59s" },      { 61, "1m01s" },
		{ 7261, "2h01m" },  { 90061, "1d01h" },   { 1e9, "11574d01h" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char buf[HTML_AGE_MAX];
		assert_string_equal(html_age(cases[i].seconds, buf), cases[i].text);
	}
}

/* ---- query ---- */

static void test_query(void **state)
{
	(void)state;
	struct page_query q = { 0 };
	struct err err;
	char longest[PAGE_TEXT_MAX + 1];
	assert_string_equal(page_query_show(&q), "all");
	assert_int_equal(page_query_set(&q, "q", "192.0.2", &err), 0);
	assert_int_equal(page_query_set(&q, "show", "down", &err), 0);
	assert_int_equal(page_query_set(&q, "from", "200", &err), 0);
	assert_string_equal(q.text, "192.0.2");
	assert_string_equal(page_query_show(&q), "down");
	assert_int_equal(q.from, 200);
	memset(longest, 'a', PAGE_TEXT_MAX);
	longest[PAGE_TEXT_MAX] = 0;
	static const char *const bad[][2] = { { "show", "<b>" },
					      { "from", "-1" },
					      { "from", "1000001" },
					      { "from", "" },
					      { "size", "1" } };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(page_query_set(&q, bad[i][0], bad[i][1], &err), -EINVAL);
		assert_non_null(strstr(err.text, bad[i][0]));
	}
	assert_int_equal(page_query_set(&q, "q", longest, &err), -EINVAL);
	assert_string_equal(q.text, "192.0.2");
}

/* ---- what comes from outside ---- */

#define STATUS                                                                                     \
	"{'version':'%', 'phase':'%', 'started':'%', 'started_seconds':1, "                        \
	"'apps':{'up':1,'down':2}, "                                                               \
	"'vips':{'announced':1,'total':2}, 'peers':{'established':1,'total':1}, "                  \
	"'drain':{'since':'%','since_seconds':1,'holds':[{'reason':'%'}]}, "                       \
	"'alarms':[{'alarm':'%','text':'%','count':2,'since':'%','since_seconds':1}]}"
#define PEER                                                                                       \
	"{'address':'%','state':'%','description':'%','peer_as':1,'since':'%','since_seconds':1,"  \
	"'hint':'%','last_error':'%','path_error':'%','routes':{'sent':1,'pending':2},"            \
	"'bfd':{'state':'%','last_down':'%'},'last_notification':{'direction':'%','code':6,"       \
	"'subcode':2,'text':'%','count':2,'last':'%','last_seconds':3}}"
#define MONITORS                                                                                   \
	"[{'monitor':'%','health':'%','said':'%','last_check':'%','last_check_seconds':1,"         \
	"'took_seconds':0.002,'recent':[{'result':'%','took_seconds':0.001}]}]"

static const char hostile[] = "\"><script>alert(1)</script><b onclick='x'>&amp;\n";

/* Every '%' in the text is the same value. */
static json_t *filled(const json_t *o, const char *with)
{
	json_t *copy = json_deep_copy(o), *value;
	const char *key;
	size_t i;
	if (json_is_string(o)) {
		json_decref(copy);
		return json_string(with);
	}
	if (json_is_object(copy))
		json_object_foreach(copy, key, value)
			json_object_set_new(copy, key, filled(value, with));
	if (json_is_array(copy))
		json_array_foreach(copy, i, value) json_array_set_new(copy, i, filled(value, with));
	return copy;
}

static json_t *parse(const char *text, const char *with)
{
	char copy[2048];
	size_t n = strlen(text);
	assert_true(n < sizeof(copy));
	memcpy(copy, text, n + 1);
	for (char *p = copy; (p = strchr(p, '\'')); p++)
		*p = '"';
	json_t *o = json_loads(copy, 0, NULL), *all = filled(o, with);
	assert_non_null(o);
	json_decref(o);
	return all;
}

static void render(struct html *h, const char *with)
{
	json_t *status = parse(STATUS, with), *peer = parse(PEER, with),
	       *monitors = parse(MONITORS, with);
	facts_add_title(h, status, with);
	facts_add(h, status);
	facts_add_alarms(h, status);
	sessions_add(h, peer);
	checks_add(h, with, monitors);
	json_decref(status);
	json_decref(peer);
	json_decref(monitors);
}

static size_t count(const char *text, char c)
{
	size_t n = 0;
	while ((text = strchr(text, c))) {
		n++;
		text++;
	}
	return n;
}

/* Whatever a text says, the markup is that of any other text. */
static void test_no_text_becomes_markup(void **state)
{
	(void)state;
	struct html plain = { 0 }, h = { 0 };
	render(&plain, "x");
	render(&h, hostile);
	assert_null(strstr(h.text, "<script"));
	assert_null(strstr(h.text, "<b"));
	for (const char *c = "<>\"'"; *c; c++)
		assert_int_equal(count(h.text, *c), count(plain.text, *c));
	assert_non_null(strstr(h.text, "&quot;&gt;&lt;script&gt;"));
	free(plain.text);
	free(h.text);
}

/* ---- parts ---- */

static void expect(struct html *h, const char *const *says)
{
	for (size_t i = 0; says[i]; i++)
		if (!strstr(h->text, says[i]))
			fail_msg("no %s in %s", says[i], h->text);
	free(h->text);
	*h = (struct html){ 0 };
}

#define EXPECT(h, ...) expect(h, (const char *const[]){ __VA_ARGS__, NULL })

static void test_facts(void **state)
{
	(void)state;
	struct html h = { 0 };
	json_t *o = parse(STATUS, "x");
	facts_add_title(&h, o, "dns1");
	EXPECT(&h, "1 alarm, 2 apps down, dns1");
	facts_add(&h, o);
	EXPECT(&h, "<span class=\"good\">1 up</span>", "<span class=\"bad\">2 down</span>",
	       "<span class=\"odd\">1 of 2 announced</span>",
	       "<span class=\"good\">1 of 1 established</span>", "The agent is drained for");
	facts_add_alarms(&h, o);
	EXPECT(&h, "the first of 2");
	json_object_clear(o);
	facts_add_title(&h, o, "dns1");
	EXPECT(&h, "dns1");
	facts_add(&h, o);
	EXPECT(&h, "<span class=\"none\">0 up</span>",
	       "<span class=\"none\">0 of 0 announced</span>");
	facts_add_alarms(&h, o);
	EXPECT(&h, "<span class=\"good\">No alarm</span>");
	json_decref(o);
}

/* A VIP that an aggregate stands for is not missing. */
static void test_suppressed_vips(void **state)
{
	(void)state;
	struct html h = { 0 };
	json_t *o =
		json_pack("{s:{s:i, s:i, s:i}, s:{s:i, s:i}}", "vips", "announced", 1, "suppressed",
			  2, "total", 3, "aggregates", "announced", 1, "total", 1);
	facts_add(&h, o);
	EXPECT(&h, "<span class=\"good\">1 of 3 announced, 2 suppressed</span>",
	       "<dt>Aggregates</dt><dd><span class=\"good\">1 of 1 announced</span>");
	json_object_set_new(json_object_get(o, "vips"), "total", json_integer(4));
	json_object_set_new(json_object_get(o, "aggregates"), "announced", json_integer(0));
	facts_add(&h, o);
	EXPECT(&h, "<span class=\"odd\">1 of 4 announced, 2 suppressed</span>",
	       "<dt>Aggregates</dt><dd><span class=\"bad\">0 of 1 announced</span>");
	json_decref(o);
}

static void test_sessions(void **state)
{
	(void)state;
	struct html h = { 0 };
	json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "state", "active", "hint", "", "last_error",
			      "connection refused", "address", "10.0.0.1");
	sessions_add(&h, o);
	EXPECT(&h, "<span class=\"bad\">active</span>", "connection refused",
	       "<span class=\"none\">off</span>", "data-key=\"10.0.0.1\"");
	json_object_set_new(o, "hint", json_string("check the password"));
	sessions_add(&h, o);
	EXPECT(&h, "<td>check the password</td>");
	json_object_set_new(o, "admin_down", json_true());
	sessions_add(&h, o);
	EXPECT(&h, "<span class=\"odd\">disabled</span>");
	json_object_set_new(o, "admin_down", json_false());
	json_object_set_new(o, "state", json_string("established"));
	json_object_set_new(o, "hint", json_string(""));
	sessions_add(&h, o);
	EXPECT(&h, "<span class=\"good\">established</span>", "<td></td></tr>");
	json_decref(o);
}

static void test_checks(void **state)
{
	(void)state;
	struct html h = { 0 };
	json_t *o = json_loads("[{\"monitor\":\"port:tcp:53\",\"health\":\"up\",\"recent\":["
			       "{\"result\":\"pass\",\"took_seconds\":0.004},"
			       "{\"result\":\"fail\",\"took_seconds\":0.008}]},"
			       "{\"monitor\":\"exec:x\",\"health\":\"down\"}]",
			       0, NULL);
	checks_add(&h, "web", o);
	EXPECT(&h, "1 of 2 checks pass", "class=\"good\" d=\"M2 16v-9\"",
	       "class=\"bad\" d=\"M6 16v-16\"", "up to 8.0ms");
	json_array_remove(o, 1);
	checks_add(&h, "web", o);
	EXPECT(&h, "<summary>1 check passes</summary>");
	json_array_clear(o);
	checks_add(&h, "web", o);
	assert_null(h.text);
	json_decref(o);
}

static void test_marks(void **state)
{
	(void)state;
	assert_string_equal(mark_of_app("up", false), MARK_GOOD);
	assert_string_equal(mark_of_app("up", true), MARK_ODD);
	assert_string_equal(mark_of_app("down", true), MARK_BAD);
	assert_string_equal(mark_of_app("drained", true), MARK_ODD);
	assert_string_equal(mark_of_route("sent"), MARK_GOOD);
	assert_string_equal(mark_of_route("pending"), MARK_ODD);
	assert_string_equal(mark_of_route("not-announced"), MARK_NONE);
	assert_string_equal(mark_of_route("filtered"), MARK_NONE);
	assert_string_equal(mark_of_route("suppressed"), MARK_NONE);
	assert_string_equal(mark_of_route("no-next-hop"), MARK_BAD);
}

static void test_files(void **state)
{
	(void)state;
	size_t total = 0;
	for (const struct page_file *f = page_files; f->name; f++) {
		total += f->plain.len;
		assert_true(f->packed.len > 18 && f->packed.data[0] == 0x1f &&
			    f->packed.data[1] == 0x8b);
		assert_string_not_equal(f->plain.etag, f->packed.etag);
		assert_ptr_equal(page_file_find(f->name), f);
	}
	assert_true(total < (size_t)100 * 1024);
	assert_non_null(page_file_find(PAGE_TEMPLATE));
	assert_null(page_file_find("../page.c"));
}

static void test_recent_checks(void **state)
{
	(void)state;
	struct recent_checks r = { 0 };
	span_t took;
	for (uint32_t i = 0; i < RECENT_CHECKS + 3; i++)
		recent_checks_add(&r, i % 2 ? HEALTH_UP : HEALTH_DOWN, i);
	assert_int_equal(r.n, RECENT_CHECKS);
	assert_int_equal(recent_checks_at(&r, 0, &took), HEALTH_UP);
	assert_int_equal(took, 3);
	recent_checks_at(&r, RECENT_CHECKS - 1, &took);
	assert_int_equal(took, RECENT_CHECKS + 2);
	recent_checks_add(&r, HEALTH_UNKNOWN, USEC_NEVER);
	assert_int_equal(recent_checks_at(&r, RECENT_CHECKS - 1, &took), HEALTH_UNKNOWN);
	assert_int_equal(took, 3600 * USEC_PER_SEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_in_a_query),
		cmocka_unit_test(test_ages),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_no_text_becomes_markup),
		cmocka_unit_test(test_suppressed_vips),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_recent_checks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
