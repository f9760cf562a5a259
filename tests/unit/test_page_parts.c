/* SPDX-License-Identifier: MIT */
/* Parts of the page, octet for octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/page/checks.h"
#include "agent/page/facts.h"
#include "agent/page/html.h"
#include "agent/page/links.h"
#include "agent/page/marks.h"
#include "agent/page/query.h"
#include "agent/page/sessions.h"
#include "lib/array.h"
#include "lib/str.h"

struct part_case {
	const char *json; /* with ' for " */
	const char *html;
};

static json_t *parse(const char *text)
{
	char copy[1024];
	assert_int_equal(str_copy(copy, sizeof(copy), text), 0);
	for (char *p = copy; (p = strchr(p, '\'')); p++)
		*p = '"';
	json_t *o = json_loads(copy, 0, NULL);
	if (!o)
		fail_msg("not JSON: %s", copy);
	return o;
}

static void run(const struct part_case *cases, size_t n,
		void (*add)(struct html *h, const json_t *o))
{
	for (size_t i = 0; i < n; i++) {
		struct html h = { 0 };
		json_t *o = parse(cases[i].json);
		add(&h, o);
		assert_string_equal(h.text ? h.text : "", cases[i].html);
		json_decref(o);
		free(h.text);
	}
}

/* ---- facts ---- */

static void add_title(struct html *h, const json_t *o)
{
	facts_add_title(h, o, "dns1");
}

static void the_title_says_what_is_wrong(void **state)
{
	static const struct part_case cases[] = {
		{ "{}", "dns1" },
		{ "{'alarms':[1]}", "1 alarm, dns1" },
		{ "{'alarms':[1,2],'apps':{'down':1}}", "2 alarms, 1 app down, dns1" },
		{ "{'apps':{'down':2}}", "2 apps down, dns1" },
	};
	(void)state;
	run(cases, ARRAY_SIZE(cases), add_title);
}

#define APPS_OF(text) "<dl><div><dt>Apps</dt><dd>" text "</dd></div>"
#define APP(state, class, n)                                                                       \
	"<a href=\"?show=" state "\"><span class=\"" class "\">" n " " state "</span></a> "
#define RATIO(head, class, text)                                                                   \
	"<div><dt>" head "</dt><dd><span class=\"" class "\">" text "</span></dd></div>"
#define NO_VIPS     RATIO("VIPs", "none", "0 of 0 announced")
#define NO_SESSIONS RATIO("Sessions", "none", "0 of 0 established") "</dl>"
#define STARTING    "<p><span class=\"odd\"></span> for , vipherald <span id=\"version\"></span></p>"

static void facts_of_an_agent(void **state)
{
	static const struct part_case cases[] = {
		{ "{}", STARTING APPS_OF(APP("up", "none", "0")) NO_VIPS NO_SESSIONS },
		{ "{'phase':'running','version':'1.2','started':'D','started_seconds':61}",
		  "<p><span class=\"good\">running</span> for <time datetime=\"D\" "
		  "title=\"D\">1m01s</time>, vipherald <span id=\"version\">1.2</span></p>" APPS_OF(
			  APP("up", "none", "0")) NO_VIPS NO_SESSIONS },
		{ "{'drain':{'since':'D','since_seconds':2,'holds':[{'reason':'a'},{'reason':'b'}]}"
		  "}",
		  STARTING "<p><span class=\"odd\">drained</span> The agent is drained for <time "
			   "datetime=\"D\" title=\"D\">2s</time>: a</p>" APPS_OF(
				   APP("up", "none", "0")) NO_VIPS NO_SESSIONS },
		{ "{'apps':{'up':1,'down':2,'unknown':3}}",
		  STARTING APPS_OF(APP("up", "good", "1") APP("down", "bad", "2")
					   APP("unknown", "odd", "3")) NO_VIPS NO_SESSIONS },
		{ "{'apps':{'up':1,'kept':2}}",
		  STARTING APPS_OF(APP("up", "good", "1") "<small>of these</small> " APP(
			  "kept", "odd", "2")) NO_VIPS NO_SESSIONS },
		{ "{'apps':{'unknown':1,'draining':2},'aggregates':{'announced':1,'total':1}}",
		  STARTING APPS_OF(APP("up", "none", "0") APP(
			  "unknown", "odd", "1") "<small>of these</small> " APP("draining", "odd",
										"2"))
			  NO_VIPS RATIO("Aggregates", "good", "1 of 1 announced") NO_SESSIONS },
		{ "{'apps':{'kept':1,'draining':2,'drained':3,'joining':4}}",
		  STARTING APPS_OF(APP("up", "none", "0") "<small>of these</small> " APP(
			  "kept", "odd", "1") APP("draining", "odd", "2") APP("drained", "odd", "3")
					   APP("joining", "odd", "4")) NO_VIPS NO_SESSIONS },
		{ "{'vips':{'announced':1,'total':2},'peers':{'established':2,'total':2}}",
		  STARTING APPS_OF(APP("up", "none", "0")) RATIO("VIPs", "odd", "1 of 2 announced")
			  RATIO("Sessions", "good", "2 of 2 established") "</dl>" },
		{ "{'vips':{'announced':0,'suppressed':1,'total':2},"
		  "'aggregates':{'announced':1,'total':2},'peers':{'total':1}}",
		  STARTING APPS_OF(APP("up", "none", "0"))
			  RATIO("VIPs", "odd", "0 of 2 announced, 1 suppressed")
				  RATIO("Aggregates", "odd", "1 of 2 announced")
					  RATIO("Sessions", "bad", "0 of 1 established") "</dl>" },
	};
	(void)state;
	run(cases, ARRAY_SIZE(cases), facts_add);
}

static void alarms_of_an_agent(void **state)
{
	static const struct part_case cases[] = {
		{ "{}", "<li data-key=\"none\"><span class=\"good\">No alarm</span></li>" },
		{ "{'alarms':[{'alarm':'a','text':'b','since':'D','since_seconds':3},"
		  "{'alarm':'c','text':'d','count':1},{'alarm':'e','text':'f','count':2}]}",
		  "<li data-key=\"ab\"><span class=\"bad\">a</span> b <time datetime=\"D\" "
		  "title=\"D\">3s</time></li>"
		  "<li data-key=\"cd\"><span class=\"bad\">c</span> d </li>"
		  "<li data-key=\"ef\"><span class=\"bad\">e</span> f <small>the first of "
		  "2</small> </li>" },
	};
	(void)state;
	run(cases, ARRAY_SIZE(cases), facts_add_alarms);
}

/* ---- sessions ---- */

#define ROW(state, as, since, routes, bfd, last, remark)                                           \
	"<tr data-key=\"10.0.0.1\"><td>" state "</td><th scope=\"row\">10.0.0.1<small>AS " as      \
	"</small></th><td>" since "</td><td>" routes "</td><td>" bfd "</td><td>" last              \
	"</td><td>" remark "</td></tr>\n"
#define MARK(class, word) "<span class=\"" class "\">" word "</span>"
#define OFF               MARK("none", "off")

static void a_row_for_each_session(void **state)
{
	static const struct part_case cases[] = {
		{ "{'address':'10.0.0.1','state':'idle','peer_as':65001,'description':'r1',"
		  "'since':'D','since_seconds':4,'routes':{'sent':1,'pending':1}}",
		  ROW(MARK("bad", "idle"), "65001 r1", "<time datetime=\"D\" title=\"D\">4s</time>",
		      "1 sent, 1 pending", OFF, "", "") },
		{ "{'address':'10.0.0.1','state':'established','admin_down':true,"
		  "'routes':{'sent':2,'pending':0}}",
		  ROW(MARK("odd", "disabled"), "0 ", "", "2 sent", OFF, "", "") },
		{ "{'address':'10.0.0.1','state':'established','hint':'h','last_error':'l',"
		  "'path_error':'p','bfd':{'state':'up','last_down':'d'}}",
		  ROW(MARK("good", "established"), "0 ", "", "0 sent",
		      MARK("good", "up") " <small>d</small>", "", "h") },
		{ "{'address':'10.0.0.1','state':'active','hint':'h','last_error':'l',"
		  "'path_error':'p','bfd':{'state':'admin-down','last_down':'d','error':'e'}}",
		  ROW(MARK("bad", "active"), "0 ", "", "0 sent",
		      MARK("odd", "admin-down") " <small>e</small>", "", "p") },
		{ "{'address':'10.0.0.1','state':'active','hint':'h','last_error':'l',"
		  "'bfd':{'state':'down'}}",
		  ROW(MARK("bad", "active"), "0 ", "", "0 sent",
		      MARK("bad", "down") " <small></small>", "", "h") },
		{ "{'address':'10.0.0.1','state':'active','last_error':'l','last_notification':"
		  "{'direction':'sent','code':6,'subcode':2,'text':'t','count':1,'last':'D',"
		  "'last_seconds':5}}",
		  ROW(MARK("bad", "active"), "0 ", "", "0 sent", OFF,
		      "sent 6/2 t <small><time datetime=\"D\" title=\"D\">5s</time> ago</small>",
		      "l") },
		{ "{'address':'10.0.0.1','state':'active','last_notification':"
		  "{'direction':'received','code':4,'subcode':0,'text':'t','count':2,'last':'D',"
		  "'last_seconds':5}}",
		  ROW(MARK("bad", "active"), "0 ", "", "0 sent", OFF,
		      "received 4/0 t <small>2 times, last <time datetime=\"D\" "
		      "title=\"D\">5s</time> ago</small>",
		      "") },
	};
	(void)state;
	run(cases, ARRAY_SIZE(cases), sessions_add);
}

/* ---- checks ---- */

static void add_checks(struct html *h, const json_t *o)
{
	checks_add(h, "web", o);
}

#define DETAILS(summary, items)                                                                    \
	"<details data-key=\"web\"><summary>" summary "</summary><ul>" items "</ul></details>"
#define CHECK(mark, text, picture) "<li>" mark " <code>m</code> " text "</small> " picture "</li>"
#define PICTURE(width, took, good, bad)                                                            \
	"<svg viewBox=\"0 0 " width " 16\" width=\"" width "\" height=\"16\" role=\"img\" "        \
	"aria-label=\"the last checks took up to " took "\"><path class=\"good\" d=\"" good        \
	"\"/><path class=\"bad\" d=\"" bad "\"/></svg>"

static void checks_with_their_pictures(void **state)
{
	static const struct part_case cases[] = {
		{ "[]", "" },
		{ "[{'monitor':'m','health':'up','said':'s'}]",
		  DETAILS("1 check passes", CHECK(MARK("good", "up"), "s <small>", "")) },
		{ "[{'monitor':'m','health':'down','said':'s','last_check':'D',"
		  "'last_check_seconds':7,'took_seconds':0.02}]",
		  DETAILS("0 of 1 check passes", CHECK(MARK("bad", "down"),
						       "s <small>took 20ms, <time datetime=\"D\" "
						       "title=\"D\">7s</time> ago",
						       "")) },
		{ "[{'monitor':'m','health':'up'},{'monitor':'m','health':'up'}]",
		  DETAILS("2 checks pass", CHECK(MARK("good", "up"), " <small>", "")
						   CHECK(MARK("good", "up"), " <small>", "")) },
		{ "[{'monitor':'m','health':'up'},{'monitor':'m','health':'unknown'}]",
		  DETAILS("1 of 2 checks pass", CHECK(MARK("good", "up"), " <small>", "") CHECK(
							MARK("odd", "unknown"), " <small>", "")) },
		{ "[{'monitor':'m','health':'up','recent':[{'result':'pass','took_seconds':0}]}]",
		  DETAILS("1 check passes", CHECK(MARK("good", "up"), " <small>",
						  PICTURE("4", "0us", "M2 16v-2", ""))) },
		{ "[{'monitor':'m','health':'up','recent':[{'result':'fail','took_seconds':0.5}]}]",
		  DETAILS("1 check passes", CHECK(MARK("good", "up"), " <small>",
						  PICTURE("4", "500ms", "", "M2 16v-16"))) },
		{ "[{'monitor':'m','health':'up','recent':["
		  "{'result':'pass','took_seconds':2},{'result':'fail','took_seconds':4},"
		  "{'result':'pass','took_seconds':0.5},{'result':'unknown','took_seconds':1}]}]",
		  DETAILS("1 check passes",
			  CHECK(MARK("good", "up"), " <small>",
				PICTURE("16", "4s", "M2 16v-9M10 16v-3", "M6 16v-16M14 16v-5"))) },
	};
	(void)state;
	run(cases, ARRAY_SIZE(cases), add_checks);
}

/* ---- links and marks ---- */

static void links_repeat_the_query(void **state)
{
	static const struct {
		struct page_query query;
		size_t from;
		const char *why, *html;
	} cases[] = {
		{ { .from = 5 }, 0, "", "<a href=\"?q=&amp;show=all&amp;from=0\">" },
		{ { .text = "a&b", .show = "down" },
		  100,
		  "",
		  "<a href=\"?q=a%26b&amp;show=down&amp;from=100\">" },
		{ { .events = "e f" },
		  1,
		  "",
		  "<a href=\"?q=&amp;show=all&amp;from=1&amp;events=e%20f\">" },
		{ { .why = "x" },
		  0,
		  "192.0.2.0/24",
		  "<a href=\"?q=&amp;show=all&amp;from=0&amp;why=192.0.2.0%2F24#why\">" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct html h = { 0 };
		page_query_add_link(&h, &cases[i].query, cases[i].from, cases[i].why);
		assert_string_equal(h.text, cases[i].html);
		free(h.text);
	}
}

static void marks_by_health_and_session(void **state)
{
	(void)state;
	assert_string_equal(mark_of_health("up"), MARK_GOOD);
	assert_string_equal(mark_of_health("down"), MARK_BAD);
	assert_string_equal(mark_of_health("unknown"), MARK_ODD);
	assert_string_equal(mark_of_session("established", true), MARK_ODD);
	assert_string_equal(mark_of_session("established", false), MARK_GOOD);
	assert_string_equal(mark_of_session("idle", false), MARK_BAD);
}

/* ---- query ---- */

static void parameters_of_the_page(void **state)
{
	static const char *const shows[] = { "all",         "trouble",  "up",      "down",
					     "unknown",     "draining", "drained", "kept",
					     "last-resort", "joining" };
	static const struct {
		const char *name, *value, *says;
	} bad[] = {
		{ "show", "x", "show: 'x' is not all, trouble or a state of apps, such as down" },
		{ "from", "1000001", "from: '1000001' is not a number up to 1000000" },
		{ "x", "1", "unknown parameter 'x', expected q, show, from, why or events" },
	};
	char text[PAGE_TEXT_MAX + 1] = "";
	struct page_query q = { 0 };
	struct err err;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shows); i++) {
		assert_string_equal(page_shows[i], shows[i]);
		assert_int_equal(page_query_set(&q, "show", shows[i], &err), 0);
		assert_string_equal(page_query_show(&q), shows[i]);
	}
	assert_null(page_shows[ARRAY_SIZE(shows)]);
	assert_int_equal(page_query_set(&q, "from", "1000000", &err), 0);
	assert_int_equal(q.from, 1000000);
	memset(text, 'x', PAGE_TEXT_MAX - 1);
	assert_int_equal(page_query_set(&q, "q", text, &err), 0);
	assert_string_equal(q.text, text);
	assert_int_equal(page_query_set(&q, "why", "w", &err), 0);
	assert_int_equal(page_query_set(&q, "events", "e", &err), 0);
	assert_string_equal(q.why, "w");
	assert_string_equal(q.events, "e");
	text[PAGE_TEXT_MAX - 1] = 'x';
	assert_int_equal(page_query_set(&q, "events", text, &err), -EINVAL);
	assert_string_equal(err.text, "events: longer than 127 octets");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(page_query_set(&q, bad[i].name, bad[i].value, &err), -EINVAL);
		assert_string_equal(err.text, bad[i].says);
	}
}

/* ---- html ---- */

static void ages_at_their_bounds(void **state)
{
	static const struct {
		double seconds;
		const char *text;
	} cases[] = {
		{ 0, "0us" },          { 0.000999, "999us" }, { 0.001, "1.0ms" },
		{ 0.00999, "10.0ms" }, { 0.01, "10ms" },      { 0.999, "999ms" },
		{ 1, "1s" },           { 59.99, "59s" },      { 60, "1m00s" },
		{ 3599, "59m59s" },    { 3600, "1h00m" },     { 3661, "1h01m" },
		{ 86399, "23h59m" },   { 86400, "1d00h" },    { 176399, "2d00h" },
		{ 176400, "2d01h" },   { 259199, "2d23h" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char buf[HTML_AGE_MAX];
		assert_string_equal(html_age(cases[i].seconds, buf), cases[i].text);
	}
}

static void a_text_that_grows(void **state)
{
	struct html h = { 0 };
	(void)state;
	for (size_t i = 0; i < 500; i++) {
		html_add(&h, "%zu%%%s;", i % 10, i % 2 ? "&" : "\xff'");
		assert_int_equal(strlen(h.text), h.len);
	}
	assert_int_equal(h.len, (size_t)500 * 3 + 250 * (strlen("&amp;") + strlen("\\xff&#39;")));
	assert_memory_equal(h.text, "0%\\xff&#39;;1%&amp;;2%", 21);
	free(h.text);
}

static void letters_and_signs_of_a_query(void **state)
{
	struct html h = { 0 };
	(void)state;
	html_add_query(&h, "AZaz09-._~@[`{/:\x7f");
	assert_string_equal(h.text, "AZaz09-._~%40%5B%60%7B%2F%3A%7F");
	free(h.text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_title_says_what_is_wrong),
		cmocka_unit_test(facts_of_an_agent),
		cmocka_unit_test(alarms_of_an_agent),
		cmocka_unit_test(a_row_for_each_session),
		cmocka_unit_test(checks_with_their_pictures),
		cmocka_unit_test(links_repeat_the_query),
		cmocka_unit_test(marks_by_health_and_session),
		cmocka_unit_test(parameters_of_the_page),
		cmocka_unit_test(ages_at_their_bounds),
		cmocka_unit_test(a_text_that_grows),
		cmocka_unit_test(letters_and_signs_of_a_query),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
