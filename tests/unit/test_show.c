/* SPDX-License-Identifier: MIT */
/* Answers of the API as the verbs print them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/show.h"
#include "lib/array.h"
#include "tests/unit/show_bed.h"

static const char *const none[] = { NULL };

/* ---- apps ---- */

static const char apps[] =
	"{\"apps\": [{\"name\": \"dns\", \"state\": \"up\", \"since_seconds\": 307, "
	"\"announced\": true, \"announced_to\": {\"sent\": 2, \"peers\": 3}, \"source\": "
	"\"config\", \"vips\": [{\"prefix\": \"192.0.2.1/32\"}, {\"prefix\": \"192.0.2.2/32\"}, "
	"{\"prefix\": \"192.0.2.3/32\"}], \"reason\": \"all checks pass\"}, {\"name\": \"web\", "
	"\"state\": \"down\", \"since_seconds\": 0.85, \"announced\": false, \"source\": "
	"\"http\", \"vips\": [{\"prefix\": \"::1/128\"}, {\"prefix\": \"::2/128\"}], "
	"\"reason\": \"\"}]}";

static void test_apps(void **state)
{
	(void)state;
	expect(VERB_APPS, none, apps,
	       "APP  STATE  FOR    PEERS   SOURCE  VIPS                                    REASON\n"
	       "dns  up     5m07s  2 of 3  config  192.0.2.1/32 192.0.2.2/32 192.0.2.3/32  all "
	       "checks pass\n"
	       "web  down   850ms  -       http    ::1/128 ::2/128                         -\n");
	expect(VERB_APPS, WORDS("--state=down"), apps,
	       "APP  STATE  FOR    PEERS  SOURCE  VIPS             REASON\n"
	       "web  down   850ms  -      http    ::1/128 ::2/128  -\n");
	expect(VERB_APPS, WORDS("--names"), apps, "dns\nweb\n");
	expect(VERB_APPS, WORDS("--names", "--state", "up"), apps, "dns\n");
	expect(VERB_APPS, WORDS("--names"), "{\"apps\": []}", "");
	expect(VERB_APPS, WORDS("--names"),
	       "{\"total\": 2, \"apps\": [{\"x\": [{}], \"name\": \"a \\u00fc\\\"\"}, {}], "
	       "\"more\": {}}",
	       "a ü\"\n\n");
	expect_in_color(VERB_APPS, none, apps,
			WORDS(GOOD "up" NORMAL, BAD "down" NORMAL, "2 of 3", WARN "-" NORMAL));
}

/* Cut anywhere; and without any of its octets at the end it is not a list of apps. */
static void test_apps_in_parts(void **state)
{
	static const char answer[] =
		"{\"total\": 2, \"apps\": [\n{\"name\": \"a\", \"vips\": []},\n"
		"{\"name\": \"b]}\\\"\"}\n], \"more\": [1, {}]}\n";
	char names[] = "--names", *const argv[] = { names, NULL };
	struct verb_call call;
	struct err err;
	(void)state;
	assert_int_equal(verb_parse(verb_at(VERB_APPS), 1, argv, &call, &err), 0);
	for (size_t part = 1; part < sizeof(answer); part++) {
		char *text = NULL;
		size_t size = 0;
		const struct show s = { .call = &call, .out = open_memstream(&text, &size) };
		assert_int_equal(show_apps_by(&s, answer, strlen(answer), part), 0);
		fclose(s.out);
		assert_string_equal(text, "a\nb]}\"\n");
		free(text);
	}
	const struct show s = { .call = &call, .out = fopen("/dev/null", "w") };
	for (size_t len = 0; len < strlen(answer) - 1; len++)
		assert_int_equal(show_apps_by(&s, answer, len, 5), -EINVAL);
	static const char *const others[] = {
		"{\"apps\": {}}",      "{\"apps\": [1]}",    "{}", "[]", "no",
		"{\"apps\": [{}]} {}", "{\"apps\": [{} {}]}"
	};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(show_apps_by(&s, others[i], strlen(others[i]), 3), -EINVAL);
	fclose(s.out);
}

/* An app of 1 MiB that comes in small parts, between two others, is walked a few times and not with
 * each part. */
static void test_a_huge_app_in_small_parts(void **state)
{
	enum { PART = 64, REASON = 1 << 20 };
	static const char before[] = "{\"apps\": [{\"name\": \"a\"}, {\"name\": \"b\", "
				     "\"reason\": \"",
			  after[] = "\"}, {\"name\": \"c\"}]}";
	char names[] = "--names", *const argv[] = { names, NULL };
	char *text = NULL, *answer = NULL;
	size_t size = 0, len = 0;
	struct verb_call call;
	struct err err;
	(void)state;
	FILE *made = open_memstream(&answer, &len);
	fprintf(made, "%s%*s%s", before, REASON, "x", after);
	fclose(made);
	assert_int_equal(verb_parse(verb_at(VERB_APPS), 1, argv, &call, &err), 0);
	const struct show s = { .call = &call, .out = open_memstream(&text, &size) };
	struct app_list *list = show_apps_begin(&s);
	for (size_t at = 0; at < len; at += PART)
		show_apps_octets(answer + at, len - at < PART ? len - at : PART, list);
	assert_in_range(show_apps_walked(list), REASON / 2, 4 * len);
	assert_int_equal(show_apps_end(list), 0);
	fclose(s.out);
	assert_string_equal(text, "a\nb\nc\n");
	free(text);
	free(answer);
}

/* A single one that is left would take no less room as "+1". */
static void test_a_count_stands_for_two_vips_or_more(void **state)
{
	char answer[256];
	(void)state;
	snprintf(answer, sizeof(answer),
		 "{\"apps\": [{\"name\": \"a\", \"vips\": "
		 "[{\"prefix\": \"1\"}, {\"prefix\": \"2\"}, "
		 "{\"prefix\": \"3\"}, {\"prefix\": \"4\"}]}]}");
	char *text = shown_in(VERB_APPS, none, answer, (struct table_style){ 0 }, 0);
	assert_non_null(strstr(text, " 1 2 +2 "));
	free(text);
}

static void test_app(void **state)
{
	(void)state;
	expect(VERB_APP, WORDS("dns"),
	       "{\"name\": \"dns\", \"source\": \"consul\", \"state\": \"draining\", "
	       "\"since_seconds\": 60, \"reason\": \"a drain\", \"announced_to\": {\"sent\": 0, "
	       "\"peers\": 1}, \"announcement_errors\": \"no next hop\", \"drain\": "
	       "{\"since_seconds\": 60, \"withdraw_seconds\": 5, \"holds\": [{\"by\": \"root\", "
	       "\"of\": \"app\", \"reason\": \"work\"}, {\"by\": \"ops\", \"of\": \"agent\"}]}, "
	       "\"lease\": {\"expires_seconds\": 30}, \"held_down_until_seconds\": 0, "
	       "\"went_up\": 4, \"went_down\": 3, \"vips\": [{\"prefix\": \"::1/128\", "
	       "\"bound\": true, \"form\": \"down\", \"announced_to\": {\"sent\": 1, \"peers\": "
	       "1}, \"error\": \"no permission\", \"reason\": \"x\"}, {\"prefix\": \"::2/128\", "
	       "\"bound\": false, \"reason\": \"kept\"}], \"monitors\": [{\"monitor\": "
	       "\"port:udp:53\", \"health\": \"up\", \"since_seconds\": 1, "
	       "\"last_check_seconds\": 2, \"took_seconds\": 0.003, \"failures\": 1, \"checks\": "
	       "9, \"said\": \"open\"}]}",
	       "App             dns, from consul\n"
	       "State           draining for 1m00s\n"
	       "Reason          a drain\n"
	       "Announced to    0 of 1 peer\n"
	       "Lost            no next hop\n"
	       "Drain           for 1m00s, withdrawn in 5s\n"
	       "                requested by root of the app: work\n"
	       "                requested by ops of the agent\n"
	       "Lease           expires in 30s\n"
	       "Held down       for another 0ms (flap damping)\n"
	       "Transitions     4 up, 3 down\n"
	       "\n"
	       "VIP      BOUND  FORM  PEERS   TROUBLE\n"
	       "::1/128  yes    down  1 of 1  no permission\n"
	       "::2/128  no     -     -       kept\n"
	       "\n"
	       "CHECK        HEALTH  FOR  LAST  TOOK  FAILED  SAID\n"
	       "port:udp:53  up      1s   2s    3ms   1 of 9  open\n");
}

static void test_app_without_what_it_need_not_have(void **state)
{
	(void)state;
	expect(VERB_APP, WORDS("dns"),
	       "{\"name\": \"dns\", \"source\": \"http\", \"state\": \"drained\", "
	       "\"since_seconds\": 1, \"drain\": {\"since_seconds\": 2}, \"lease\": null, "
	       "\"went_up\": 0, \"went_down\": 0, \"vips\": [], \"monitors\": []}",
	       "App             dns, from http\n"
	       "State           drained for 1s\n"
	       "Announced to    - peers\n"
	       "Drain           for 2s, withdrawn\n"
	       "Transitions     0 up, 0 down\n"
	       "\n"
	       "VIP  BOUND  FORM  PEERS  TROUBLE\n");
	char *text =
		shown_in(VERB_APP, WORDS("dns"), "{\"drain\": null}", (struct table_style){ 0 }, 0);
	assert_null(strstr(text, "Drain"));
	free(text);
	expect_in_color(VERB_APP, WORDS("dns"),
			"{\"state\": \"up\", \"vips\": [{\"error\": \"no\"}], \"monitors\": "
			"[{\"health\": \"down\"}]}",
			WORDS(DIM "State           " NORMAL GOOD "up" NORMAL, BAD "no" NORMAL,
			      BAD "down" NORMAL));
}

/* ---- VIPs and routes ---- */

static const char routes[] =
	"{\"routes\": [{\"prefix\": \"192.0.2.1/32\", \"app\": \"dns\", \"bound\": true, "
	"\"form\": \"up\", \"announced\": true, \"announced_to\": {\"sent\": 1, \"peers\": 2}, "
	"\"since_seconds\": 3600, \"traffic\": {\"packets_per_second\": 1204.6}, \"peers\": "
	"[{\"peer\": \"10.0.0.1\", \"state\": \"sent\", \"next_hop\": \"10.0.0.9\", \"reason\": "
	"\"x\", \"med\": 0, \"local_pref\": 0, \"prepend\": 2, \"communities\": [\"1:2\", "
	"\"1:3\"], "
	"\"ext_communities\": [\"rt:1:2\"], \"large_communities\": [\"1:2:3\"]}, {\"peer\": "
	"\"10.0.0.2\", \"state\": "
	"\"no-session\", \"reason\": \"idle\"}]}, {\"prefix\": \"::1/128\", \"app\": \"web\", "
	"\"bound\": false, \"announced\": false, \"traffic\": {\"packets_per_second\": null}, "
	"\"error\": \"lo is down\", \"reason\": \"y\", "
	"\"peers\": [{\"peer\": \"10.0.0.1\", \"state\": \"pending\", \"local_pref\": 7, "
	"\"prepend\": 0, \"reason\": \"\"}]}]}";

static void test_vips(void **state)
{
	(void)state;
	expect(VERB_VIPS, none, routes,
	       "VIP           APP  BOUND  FORM  PEERS   FOR    PPS   REASON\n"
	       "192.0.2.1/32  dns  yes    up    1 of 2  1h00m  1205  -\n"
	       "::1/128       web  no     -     -       -      -     lo is down\n");
	expect_in_color(VERB_VIPS, none, routes,
			WORDS(GOOD "1 of 2" NORMAL, WARN "-" NORMAL, BAD "lo is down" NORMAL));
}

static void test_routes(void **state)
{
	(void)state;
	expect(VERB_ROUTES, none, routes,
	       "PREFIX        PEER      STATE       NEXT HOP  ATTRIBUTES\n"
	       "192.0.2.1/32  10.0.0.1  sent        10.0.0.9  "
	       "med 0 local-pref 0 prepend 2 1:2 1:3 rt:1:2 1:2:3\n"
	       "192.0.2.1/32  10.0.0.2  no-session  -         idle\n"
	       "::1/128       10.0.0.1  pending     -         local-pref 7\n");
	expect(VERB_ROUTES, WORDS("--peer=10.0.0.2"), routes,
	       "PREFIX        PEER      STATE       NEXT HOP  ATTRIBUTES\n"
	       "192.0.2.1/32  10.0.0.2  no-session  -         idle\n");
	expect_in_color(VERB_ROUTES, none, routes,
			WORDS(GOOD "sent" NORMAL, BAD "no-session" NORMAL, WARN "pending" NORMAL));
}

static const char summarized[] =
	"{\"aggregates\": [{\"prefix\": \"192.0.2.0/24\", \"min\": 2, \"apps\": {\"announced\": 3, "
	"\"up\": 2}, \"form\": \"up\", \"announced\": true, \"announced_to\": {\"sent\": 1, "
	"\"peers\": 1}, \"since_seconds\": 60, \"peers\": [{\"peer\": \"10.0.0.1\", \"state\": "
	"\"sent\", \"next_hop\": \"10.0.0.9\", \"weight\": 125000000}]}], "
	"\"routes\": [{\"prefix\": \"192.0.2.1/32\", \"app\": \"dns\", \"bound\": true, \"form\": "
	"\"up\", \"announced\": true, \"announced_to\": {\"sent\": 1, \"peers\": 1}, "
	"\"since_seconds\": 60, \"peers\": [{\"peer\": \"10.0.0.1\", \"state\": \"suppressed\", "
	"\"reason\": \"an aggregate stands for it\"}]}]}";

static void test_aggregates(void **state)
{
	(void)state;
	expect(VERB_VIPS, none, summarized,
	       "VIP           APP          BOUND  FORM  PEERS   FOR    PPS  REASON\n"
	       "192.0.2.0/24  (aggregate)  -      up    1 of 1  1m00s  -    "
	       "3 of its apps announced, min 2\n"
	       "192.0.2.1/32  dns          yes    up    1 of 1  1m00s  -    -\n");
	expect(VERB_ROUTES, none, summarized,
	       "PREFIX        PEER      STATE       NEXT HOP  ATTRIBUTES\n"
	       "192.0.2.0/24  10.0.0.1  sent        10.0.0.9  weight 125000000\n"
	       "192.0.2.1/32  10.0.0.1  suppressed  -         an aggregate stands for it\n");
	expect(VERB_EXPLAIN, WORDS("192.0.2.0/24"),
	       "{\"aggregate\": \"192.0.2.0/24\", \"vips\": [{\"prefix\": \"192.0.2.0/24\", "
	       "\"announced_to\": {\"sent\": 0, \"peers\": 1}, \"conditions\": [{\"condition\": "
	       "\"apps\", \"holds\": false, \"text\": \"1 app in it is announced\"}]}]}",
	       "192.0.2.0/24, an aggregate: announced to 0 of 1 peer\n"
	       "  NO  apps        1 app in it is announced\n");
}

static void test_explain(void **state)
{
	(void)state;
	expect(VERB_EXPLAIN, WORDS("dns"),
	       "{\"app\": \"dns\", \"vips\": [{\"prefix\": \"::1/128\", \"announced_to\": "
	       "{\"sent\": 0, \"peers\": 1}, \"conditions\": [{\"condition\": \"health\", "
	       "\"holds\": true, \"text\": \"up\", \"since_seconds\": 0}, {\"condition\": "
	       "\"bound\", \"holds\": false, \"text\": \"not on lo\", \"do\": \"wait\"}], "
	       "\"peers\": [{\"peer\": \"10.0.0.1\", \"conditions\": [{\"condition\": "
	       "\"session\", \"holds\": null, \"text\": \"not asked\"}]}]}, {\"prefix\": "
	       "\"::2/128\"}]}",
	       "::1/128 of dns: announced to 0 of 1 peer\n"
	       "  yes health      up (for 0ms)\n"
	       "  NO  bound       not on lo\n"
	       "      do: wait\n"
	       "  -   session     10.0.0.1 not asked\n"
	       "\n"
	       "::2/128 of dns: announced to - peers\n");
	expect_in_color(VERB_EXPLAIN, WORDS("dns"),
			"{\"vips\": [{\"conditions\": [{\"holds\": true}, {\"holds\": false}, "
			"{\"holds\": null}]}]}",
			WORDS(GOOD "yes ", BAD "NO  ", DIM "-   "));
}

/* ---- peers ---- */

static const char peers[] =
	"{\"peers\": [{\"address\": \"10.0.0.1\", \"peer_as\": 65000, \"type\": \"ebgp\", "
	"\"source\": \"config\", "
	"\"state\": \"established\", \"since_seconds\": 60, \"routes\": {\"sent\": 2, "
	"\"pending\": 1, \"received\": 3}, \"messages\": {\"received\": {\"total\": 4}, "
	"\"sent\": {\"total\": 5}}, \"sessions\": 6, \"last_error\": \"old\", \"router_id\": "
	"\"1.1.1.1\", \"local_address\": \"10.0.0.9\", \"local_as\": 65001, \"negotiated\": "
	"{\"ipv4_unicast\": true, \"ipv6_unicast\": false, \"four_octet_as\": true, "
	"\"hold_time_seconds\": 90, \"keepalive_seconds\": 30}, \"next_hop\": \"10.0.0.9\", "
	"\"next_hop6\": \"::9\"}, {\"source\": \"api\", \"added\": {\"by\": \"uid 0\", "
	"\"since_seconds\": 60}, \"address\": \"10.0.0.2\", \"peer_as\": 65002, \"type\": "
	"\"ibgp\", \"state\": \"active\", \"since_seconds\": 5, \"retry_seconds\": 0, "
	"\"path_error\": \"no route\", \"last_error\": \"refused\", \"hint\": \"look\", "
	"\"last_notification\": {\"direction\": \"received\", \"last_seconds\": 7, \"count\": 2, "
	"\"code\": 6, \"subcode\": 4, \"text\": \"Cease\"}, \"routes\": {\"sent\": 0, "
	"\"pending\": 0, \"received\": 0}, \"messages\": {\"received\": {\"total\": 0}, "
	"\"sent\": {\"total\": 0}}, \"sessions\": 0, \"negotiated\": {\"hold_time_seconds\": "
	"0, \"keepalive_seconds\": 0}}, {\"address\": \"10.0.0.3\", \"peer_as\": 65003, "
	"\"state\": \"idle\", \"last_error\": \"refused\", \"routes\": {\"sent\": 0}, "
	"\"messages\": {\"received\": {\"total\": 0}, \"sent\": {\"total\": 0}}, \"sessions\": "
	"0}, {\"address\": \"10.0.0.4\", \"peer_as\": 65004, \"state\": \"connect\", "
	"\"routes\": {\"sent\": 0}, \"messages\": {\"received\": {\"total\": 0}, \"sent\": "
	"{\"total\": 0}}, \"sessions\": 0}]}";

static void test_peers(void **state)
{
	(void)state;
	expect(VERB_PEERS, none, peers,
	       "PEER      AS     STATE        FOR    ROUTES  MSG RCVD  MSG SENT  SESSIONS  SOURCE  "
	       "PROBLEM\n"
	       "10.0.0.1  65000  established  1m00s  2       4         5         6         config  "
	       "-\n"
	       "10.0.0.2  65002  active       5s     0       0         0         0         api     "
	       "no route\n"
	       "10.0.0.3  65003  idle         -      0       0         0         0         -       "
	       "refused\n"
	       "10.0.0.4  65004  connect      -      0       0         0         0         -       "
	       "-\n");
	expect(VERB_PEERS, WORDS("--names"), peers, "10.0.0.1\n10.0.0.2\n10.0.0.3\n10.0.0.4\n");
	expect_in_color(
		VERB_PEERS, none, peers,
		WORDS(GOOD "established" NORMAL, WARN "active" NORMAL, BAD "no route" NORMAL));
}

static void test_described_peers(void **state)
{
	(void)state;
	static const char described[] =
		"{\"peers\": [{\"address\": \"10.0.0.1\", \"description\": \"rack 7\", "
		"\"peer_as\": "
		"65000, \"state\": \"established\", \"since_seconds\": 60}, {\"address\": "
		"\"10.0.0.2\", \"description\": null, \"peer_as\": 65000, \"state\": \"idle\", "
		"\"since_seconds\": 60}]}";
	char *text = shown_in(VERB_PEERS, none, described, (struct table_style){ 0 }, 0);
	assert_memory_equal(text, "PEER      DESCRIPTION  AS ", 26);
	assert_non_null(strstr(text, "\n10.0.0.1  rack 7       65000  established"));
	assert_non_null(strstr(text, "\n10.0.0.2  -            65000  idle"));
	free(text);
	text = shown_in(VERB_PEER, WORDS("10.0.0.1"), described, (struct table_style){ 0 }, 0);
	assert_non_null(strstr(text, "\nDescription     rack 7\n"));
	free(text);
}

static const char with_bfd[] =
	"{\"peers\": [{\"address\": \"10.0.0.1\", \"peer_as\": 65000, \"state\": "
	"\"established\", \"since_seconds\": 60, \"bfd\": {\"state\": \"up\", "
	"\"since_seconds\": 59, \"interval_seconds\": 0.3, \"receive_interval_seconds\": 0.05, "
	"\"detection_time_seconds\": 0.15, \"diagnostic\": \"none\", "
	"\"multihop\": true, \"required\": true, \"last_down\": \"no packet for 150ms\", "
	"\"last_down_at_seconds\": 180, \"last_down_diagnostic\": \"detection-time-expired\", "
	"\"remote\": {\"state\": \"up\", \"diagnostic\": \"none\", \"multiplier\": 3, "
	"\"control_plane_independent\": true}, \"packets\": {\"sent\": 1, \"received\": 2}, "
	"\"up_events\": 4, \"down_events\": 3, \"error\": null, \"hint\": \"\"}}, "
	"{\"address\": \"10.0.0.2\", \"peer_as\": 65000, \"state\": \"idle\", "
	"\"since_seconds\": 60, \"bfd\": {\"state\": \"down\", \"error\": \"no path\"}}, "
	"{\"address\": \"10.0.0.3\", \"peer_as\": 65000, \"state\": \"idle\", "
	"\"since_seconds\": 60, \"bfd\": null}]}";

static void test_bfd(void **state)
{
	(void)state;
	char *text = shown_in(VERB_PEERS, none, with_bfd, (struct table_style){ 0 }, 0);
	assert_non_null(strstr(text, "SESSIONS  SOURCE  BFD   INTERVAL  DIAGNOSTIC "));
	assert_non_null(strstr(text, "  up    300ms     detection-time-expired 3m00s ago  -\n"));
	assert_non_null(strstr(text, "  down  -         -                                 -\n"));
	assert_non_null(strstr(text, "  -     -         -                                 -\n"));
	free(text);
	text = shown_in(VERB_PEER, WORDS("10.0.0.1"), with_bfd, (struct table_style){ 0 }, 0);
	assert_non_null(strstr(
		text,
		"BFD             up for 59s, multihop, diagnostic none, "
		"required\n"
		"BFD timers      sends every 300ms, receives every 50ms, detection time 150ms\n"
		"BFD of the peer up, diagnostic none, multiplier 3, independent of its control "
		"plane\n"
		"BFD last down   no packet for 150ms, 3m00s ago\n"
		"BFD packets     1 sent, 2 received, up 4, down 3 times\n"));
	free(text);
	text = shown_in(VERB_PEER, WORDS("10.0.0.2"), with_bfd, (struct table_style){ 0 }, 0);
	assert_non_null(
		strstr(text, "BFD             down, diagnostic none\nBFD error       no path\n"));
	free(text);
	text = shown_in(VERB_PEER, WORDS("10.0.0.3"), with_bfd, (struct table_style){ 0 }, 0);
	assert_null(strstr(text, "BFD"));
	free(text);
}

static void test_peer(void **state)
{
	(void)state;
	expect(VERB_PEER, WORDS("10.0.0.1"), peers,
	       "Peer            10.0.0.1, AS 65000, ebgp\n"
	       "State           established for 1m00s\n"
	       "Last error      old\n"
	       "Router id       1.1.1.1\n"
	       "Local           10.0.0.9, AS 65001\n"
	       "Negotiated      ipv4_unicast, four_octet_as\n"
	       "Hold time       90s, keepalive 30s\n"
	       "Next hop        10.0.0.9\n"
	       "Next hop IPv6   ::9\n"
	       "Routes          2 sent, 1 pending, 3 received and dropped\n"
	       "Messages        5 sent, 4 received\n"
	       "Sessions        6\n");
	expect(VERB_PEER, WORDS("10.0.0.2"), peers,
	       "Peer            10.0.0.2, AS 65002, ibgp\n"
	       "State           active for 5s\n"
	       "Source          api, added 1m00s ago by uid 0\n"
	       "Next attempt    in 0ms\n"
	       "Path            no route\n"
	       "Last error      refused\n"
	       "Hint            look\n"
	       "Notification    received 7s ago, 2 in a row: 6/4 Cease\n"
	       "Hold time       0s, keepalive 0s\n"
	       "Routes          0 sent, 0 pending, 0 received and dropped\n"
	       "Messages        0 sent, 0 received\n"
	       "Sessions        0\n");
	static const char down[] =
		"{\"peers\": [{\"address\": \"10.0.0.6\", \"peer_as\": 65006, \"type\": \"ebgp\", "
		"\"state\": \"idle\", \"since_seconds\": 60, \"admin_down\": true, \"disabled\": "
		"{\"text\": \"new cards\", \"by\": \"uid 0\", \"since_seconds\": 3600}, "
		"\"last_error\": \"disabled by the operator: new cards\"}]}";
	expect(VERB_PEER, WORDS("10.0.0.6"), down,
	       "Peer            10.0.0.6, AS 65006, ebgp\n"
	       "State           admin_down for 1m00s\n"
	       "Disabled        1h00m ago by uid 0: new cards\n"
	       "Last error      disabled by the operator: new cards\n"
	       "Routes          -1 sent, -1 pending, -1 received and dropped\n"
	       "Messages        -1 sent, -1 received\n"
	       "Sessions        -1\n");
	expect_in_color(VERB_PEERS, none, down, WORDS(WARN "admin_down" NORMAL));
	char *text = shown_in(VERB_PEER, WORDS("10.0.0.5"), peers, (struct table_style){ 0 }, 1);
	assert_string_equal(text, ""); /* on stderr */
	free(text);
}

/* ---- NAT and Consul ---- */

static void test_nat(void **state)
{
	static const char answer[] =
		"{\"backend\": \"nftables\", \"why\": \"as configured\", \"error\": \"busy\", "
		"\"rules_present\": 1, \"rules_wanted\": 2, \"put_back\": 3, \"rules\": "
		"[{\"vip\": \"192.0.2.1\", \"protocol\": \"udp\", \"listen\": 53, \"to\": "
		"\"10.0.0.1:5353\", \"present\": true}, {\"vip\": \"192.0.2.1\", \"protocol\": "
		"\"tcp\", \"listen\": 53, \"to\": \"10.0.0.1:5353\", \"present\": false}]}";
	(void)state;
	expect(VERB_NAT, none, answer,
	       "Back end        nftables: as configured\n"
	       "Error           busy\n"
	       "Rules           1 of 2 present, 3 put back\n"
	       "\n"
	       "VIP        PROTOCOL  LISTEN  TO             PRESENT\n"
	       "192.0.2.1  udp       53      10.0.0.1:5353  yes\n"
	       "192.0.2.1  tcp       53      10.0.0.1:5353  no\n");
	expect_in_color(VERB_NAT, none, answer, WORDS(GOOD "yes" NORMAL, BAD "no" NORMAL));
	expect(VERB_NAT, none,
	       "{\"backend\": \"none\", \"rules_present\": 0, \"rules_wanted\": 0, "
	       "\"put_back\": 0, \"rules\": []}",
	       "Back end        none\n"
	       "Rules           0 of 0 present, 0 put back\n");
}

static void test_consul(void **state)
{
	static const char answer[] =
		"{\"enabled\": true, \"address\": \"http://127.0.0.1:8500\", \"node\": \"n1\", "
		"\"state\": \"in contact\", \"since_seconds\": 60, \"last_error\": \"timeout\", "
		"\"found\": [{\"service\": \"dns\", \"state\": \"refused\", \"since_seconds\": "
		"5, \"problem\": \"no VIP\"}]}";
	(void)state;
	expect(VERB_CONSUL, none, answer,
	       "Consul          http://127.0.0.1:8500, node n1, in contact for 1m00s\n"
	       "Last error      timeout\n"
	       "\n"
	       "SERVICE  STATE    FOR  PROBLEM\n"
	       "dns      refused  5s   no VIP\n");
	expect_in_color(VERB_CONSUL, none, answer, WORDS(BAD "refused" NORMAL));
	expect(VERB_CONSUL, none, "{\"enabled\": false, \"reason\": \"consul_addr is not set\"}",
	       "Consul          not used: consul_addr is not set\n");
}

/* ---- what if ---- */

static void test_what_if(void **state)
{
	static const char answer[] =
		"{\"apps\": [{\"app\": \"dns\", \"state\": {\"before\": \"up\", \"after\": "
		"\"down\"}, \"checks\": 3, \"noticed_seconds\": 6, \"held_down_seconds\": 10, "
		"\"unregistered_seconds\": 900}, {\"app\": \"web\", \"state\": {\"before\": "
		"\"up\", \"after\": \"kept\"}, \"checks\": 1, \"noticed_seconds\": 0, "
		"\"held_down_seconds\": null, \"unregistered_seconds\": null}], \"vips\": ["
		"{\"prefix\": \"192.0.2.1/32\", \"app\": \"dns\", \"form\": {\"before\": "
		"\"up\", \"after\": \"none\"}, \"announced_to\": {\"before\": 1, \"after\": "
		"0}, \"lost\": true, \"address\": \"removed\", \"nat_removed\": [\"tcp:53:8053\"], "
		"\"address_seconds\": 900, \"routes\": [{\"peer\": \"10.0.0.1\", \"change\": "
		"\"withdrawn\", \"before\": {\"med\": 1}, \"after\": null}]},"
		"{\"prefix\": \"192.0.2.2/32\", \"app\": \"web\", \"form\": {\"before\": "
		"\"up\", \"after\": \"kept\"}, \"announced_to\": {\"before\": 1, \"after\": "
		"1}, \"lost\": false, \"address\": \"added\", \"nat_added\": [], "
		"\"address_seconds\": null, \"routes\": [{\"peer\": \"10.0.0.1\", \"change\": "
		"\"changed\", \"before\": {\"med\": 1, \"prepend\": 0, \"communities\": []}, "
		"\"after\": {\"med\": 2, \"prepend\": 0, \"communities\": [\"65535:0\"]}}]}], "
		"\"aggregates\": [{\"prefix\": \"192.0.2.0/24\", \"form\": {\"before\": \"up\", "
		"\"after\": \"drain\"}, \"announced_to\": {\"before\": 1, \"after\": 1}, "
		"\"lost\": false, \"routes\": []}], \"lost\": 1}";
	static const char nothing[] =
		"{\"apps\": [], \"vips\": [], \"aggregates\": [], \"lost\": 0}";
	(void)state;
	expect(VERB_WHAT_IF, none, answer,
	       "app dns: up -> down, after 3 failed checks, within 6s, held down for 10s, "
	       "unregistered after 15m00s\n"
	       "app web: up -> kept, at once\n"
	       "vip 192.0.2.1/32 of dns: up -> none, announced to 1 -> 0 peers\n"
	       "    10.0.0.1: withdrawn\n"
	       "    address, NAT tcp:53:8053 removed, after 15m00s\n"
	       "vip 192.0.2.2/32 of web: up -> kept, announced to 1 -> 1 peer\n"
	       "    10.0.0.1: changed med: 1 -> 2, communities: [] -> [\"65535:0\"]\n"
	       "    address added\n"
	       "aggregate 192.0.2.0/24: up -> drain, announced to 1 -> 1 peer\n"
	       "1 of them would be announced to no peer any more\n");
	expect(VERB_WHAT_IF, none, nothing, "nothing would change\n");
	expect(VERB_WHAT_IF, none,
	       "{\"apps\": [{\"app\": \"dns\", \"state\": {\"before\": \"drained\", \"after\": "
	       "\"drained\"}, \"health\": {\"before\": \"up\", \"after\": \"down\"}, "
	       "\"checks\": 1, \"noticed_seconds\": 2}], \"lost\": 0}",
	       "app dns: drained, health up -> down, after 1 failed check, within 2s\n");
}

static void test_what_if_of_a_fleet(void **state)
{
	(void)state;
	expect(VERB_WHAT_IF, none,
	       "{\"consul\": {\"apps_stay\": 1, \"monitors_stay\": 2, \"monitors_fail\": 1, "
	       "\"publishing_stops\": true, \"max_stale_seconds\": 60}, \"apps\": [], \"vips\": "
	       "[], "
	       "\"aggregates\": [], \"lost\": 0, \"fleet\": {\"below\": 1, \"vips\": [{\"prefix\": "
	       "\"192.0.2.1/32\", \"up\": 3, \"joining\": 2, \"left\": 1, \"min_up\": 2, "
	       "\"below\": true, "
	       "\"guard\": null, \"left_of_all\": 0}, {\"prefix\": \"192.0.2.2/32\", \"up\": 1, "
	       "\"left\": 1, \"min_up\": 1, \"below\": false, \"guard\": \"keeps\", "
	       "\"left_of_all\": 1}]}}",
	       "Consul is away: 1 app of its services would stay, 2 consul monitors would keep "
	       "their last result, 1 would fail, by consul_max_stale after 1m00s; states of apps "
	       "would not be published\n"
	       "nothing would change\n"
	       "fleet 192.0.2.1/32: announced by 3 agents, 2 of them joining, 1 left of 2 that "
	       "must stay; if all did "
	       "the same: 0\n"
	       "fleet 192.0.2.2/32: announced by 1 agent, 1 left of 1 that must stay, the guard "
	       "keeps this one; if all did the same: 1\n"
	       "1 VIP would be announced by fewer agents than min_up\n");
}

/* An attribute that only one of both has, or none. */
static void test_what_if_attributes(void **state)
{
	(void)state;
	expect(VERB_WHAT_IF, none,
	       "{\"apps\": [], \"vips\": [{\"prefix\": \"192.0.2.1/32\", \"app\": \"dns\", "
	       "\"form\": {\"before\": \"up\", \"after\": \"drain\"}, \"announced_to\": "
	       "{\"before\": 2, \"after\": 2}, \"routes\": ["
	       "{\"peer\": \"10.0.0.1\", \"change\": \"changed\", \"before\": {\"origin\": "
	       "\"igp\", \"weight\": 5}, \"after\": {\"weight\": null, \"med\": 7}}, "
	       "{\"peer\": \"10.0.0.2\", \"change\": \"changed\", \"before\": {\"med\": null, "
	       "\"weight\": 1}, \"after\": {\"weight\": 1}}]}], \"aggregates\": [], "
	       "\"lost\": 0}",
	       "vip 192.0.2.1/32 of dns: up -> drain, announced to 2 -> 2 peers\n"
	       "    10.0.0.1: changed weight: 5 -> null, med: null -> 7, origin: \"igp\" -> null\n"
	       "    10.0.0.2: changed\n");
}

/* ---- the fleet ---- */

static const char *const fleet_status[] = { "status", NULL };

static void test_fleet(void **state)
{
	static const char answer[] =
		"{\"error\": null, \"roll\": {\"apps\": [\"dns\"], \"phase\": \"waiting\", "
		"\"since_seconds\": 4, \"note\": \"1 of 1 slots taken, the longest by a\"}, "
		"\"vips\": [{\"vip\": \"192.0.2.53/32\", \"rule\": \"50%\", \"up\": 1, "
		"\"joining\": 1, \"min_up\": "
		"2, "
		"\"nodes\": [{\"node\": \"a\", \"form\": \"drained\", \"since_seconds\": 12, "
		"\"attributes\": null, \"config\": \"5f1c9e02aa\", \"gone\": false, \"rolling\": "
		"{\"reason\": \"reboot\", \"since_seconds\": 14}}, {\"node\": \"b\", \"form\": "
		"\"degraded\", \"since_seconds\": 5, \"attributes\": \"med 10\", \"place\": 1}, "
		"{\"node\": \"c\", \"form\": null, \"gone\": true, \"seen_seconds\": 60}]}, "
		"{\"vip\": \"192.0.2.54/32\", \"rule\": null, \"up\": 0, \"min_up\": null, "
		"\"nodes\": null}]}";
	(void)state;
	expect(VERB_FLEET, fleet_status, answer,
	       "rolling work on dns here: waiting for 4s, 1 of 1 slots taken, the longest by a\n"
	       "\n"
	       "192.0.2.53/32: announced by 1, 1 of them joining, 2 must stay (50%)\n"
	       "NODE  FORM      SINCE  ATTRIBUTES  CONFIG    NOTE\n"
	       "a     drained   12s    -           5f1c9e02  rolling work for 14s: reboot\n"
	       "b     degraded  5s     med 10      -         kept, waits to leave (1)\n"
	       "c     gone      1m00s  -           -         no session\n"
	       "\n"
	       "192.0.2.54/32: announced by 0, not guarded\n"
	       "too many nodes to list: ask for this VIP alone\n");
	expect(VERB_FLEET, fleet_status,
	       "{\"error\": \"connection refused\", \"roll\": null, \"vips\": []}",
	       "Consul does not answer: connection refused\nThis agent's own view:\n\n");
}

/* ---- the agent ---- */

static void test_status(void **state)
{
	static const char answer[] =
		"{\"alarms\": [{\"alarm\": \"no-peer\", \"text\": \"no session\", "
		"\"since_seconds\": 0}, {\"alarm\": \"lo\", \"text\": \"lo is down\"}], "
		"\"version\": \"1.2\", \"phase\": \"running\", \"started_seconds\": 60, "
		"\"configuration\": {\"path\": \"/etc/a.yaml\", \"modified\": \"2026-01-02\"}, "
		"\"apps\": {\"up\": 1, \"down\": 2, \"unknown\": 3, \"draining\": 4, "
		"\"drained\": 5, \"kept\": 6}, \"vips\": {\"announced\": 1, \"total\": 2, "
		"\"suppressed\": 1, \"bound\": 3, \"troubled\": 4}, \"peers\": {\"established\": "
		"5, \"total\": 6}, "
		"\"drain\": {\"since_seconds\": 7}, \"state_file\": {\"path\": \"/s\", "
		"\"stored\": false, \"error\": \"full\"}}";
	(void)state;
	expect(VERB_STATUS, none, answer,
	       "ALARM no-peer: no session (for 0ms)\n"
	       "ALARM lo: lo is down\n"
	       "\n"
	       "vipherald       1.2, running for 1m00s\n"
	       "Configuration   /etc/a.yaml of 2026-01-02\n"
	       "Apps            1 up, 2 down, 3 unknown, 4 draining, 5 drained, 6 kept\n"
	       "VIPs            1 of 2 announced, 1 suppressed, 3 bound, 4 in trouble\n"
	       "Peers           5 of 6 established\n"
	       "Drain           of the agent, for 7s\n"
	       "State file      /s: not written: full\n");
	expect_in_color(VERB_STATUS, none, answer, WORDS(BAD "ALARM" NORMAL));
}

static void test_status_of_an_agent_at_rest(void **state)
{
	(void)state;
	expect(VERB_STATUS, none,
	       "{\"alarms\": [], \"version\": \"1.2\", \"phase\": \"running\", "
	       "\"started_seconds\": 60, \"apps\": {\"up\": 0, \"down\": 0}, \"vips\": "
	       "{\"announced\": 0, \"total\": 0, \"bound\": 0, \"troubled\": 0}, \"peers\": "
	       "{\"established\": 0, \"total\": 0}, \"drain\": null, \"state_file\": {\"path\": "
	       "\"/s\", \"stored\": true}}",
	       "vipherald       1.2, running for 1m00s\n"
	       "Apps            none\n"
	       "VIPs            0 of 0 announced, 0 bound, 0 in trouble\n"
	       "Peers           0 of 0 established\n"
	       "State file      /s\n");
}

static void test_tones(void **state)
{
	static const struct {
		const char *state;
		enum table_tone tone;
	} tones[] = {
		{ "up", TABLE_GOOD },           { "established", TABLE_GOOD },
		{ "lost", TABLE_BAD },          { "conflict", TABLE_BAD },
		{ "drained", TABLE_WARNING },   { "", TABLE_PLAIN },
		{ "not-announced", TABLE_DIM }, { "new state", TABLE_PLAIN },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tones); i++)
		assert_int_equal(show_tone(tones[i].state), tones[i].tone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apps),
		cmocka_unit_test(test_apps_in_parts),
		cmocka_unit_test(test_a_huge_app_in_small_parts),
		cmocka_unit_test(test_a_count_stands_for_two_vips_or_more),
		cmocka_unit_test(test_app),
		cmocka_unit_test(test_app_without_what_it_need_not_have),
		cmocka_unit_test(test_vips),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_aggregates),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_described_peers),
		cmocka_unit_test(test_bfd),
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_nat),
		cmocka_unit_test(test_consul),
		cmocka_unit_test(test_what_if),
		cmocka_unit_test(test_what_if_of_a_fleet),
		cmocka_unit_test(test_what_if_attributes),
		cmocka_unit_test(test_fleet),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_status_of_an_agent_at_rest),
		cmocka_unit_test(test_tones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
