/* SPDX-License-Identifier: MIT */
/* Each member of an answer as the verbs print it: missing, zero and at its bounds, in its tone.
 * The answers have ' where JSON has ". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/show.h"
#include "lib/array.h"
#include "tests/unit/show_bed.h"

static const char *const none[] = { NULL };

/* The tones as [g…], [b…], [w…] and [d…]. Free the result. */
static char *marked(const char *text)
{
	static const struct {
		const char *escape, *mark;
	} marks[] = {
		{ GOOD, "[g" }, { BAD, "[b" }, { WARN, "[w" }, { DIM, "[d" }, { NORMAL, "]" },
	};
	char *made = NULL;
	size_t size = 0, len;
	FILE *out = open_memstream(&made, &size);
	for (; *text; text += len) {
		len = 1;
		for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
			if (strncmp(text, marks[i].escape, strlen(marks[i].escape)) == 0) {
				len = strlen(marks[i].escape);
				fputs(marks[i].mark, out);
				break;
			}
		if (len == 1)
			fputc(*text, out);
	}
	fclose(out);
	return made;
}

static char *printed(enum verb_id verb, const char *const *args, const char *answer, bool colors)
{
	char json[4096];
	assert_true(strlen(answer) < sizeof(json));
	for (size_t i = 0; i <= strlen(answer); i++)
		json[i] = (char)(answer[i] == '\'' ? '\"' : answer[i]);
	char *text = shown_in(verb, args, json, (struct table_style){ .colors = colors }, 0);
	char *made = marked(text);
	free(text);
	return made;
}

static void expect_text(enum verb_id verb, const char *const *args, const char *answer,
			const char *wanted)
{
	char *text = printed(verb, args, answer, false);
	assert_string_equal(text, wanted);
	free(text);
}

static void expect_tones(enum verb_id verb, const char *const *args, const char *answer,
			 const char *wanted)
{
	char *text = printed(verb, args, answer, true);
	assert_string_equal(text, wanted);
	free(text);
}

/* ---- sessions ---- */

static void test_the_columns_of_peers_in_their_tones(void **state)
{
	static const char peers[] =
		"{'peers': [{'address': 'p1', 'peer_as': 1, 'state': 'established', "
		"'source': 'config', 'description': 'd', 'path_error': 'was', 'since_seconds': 0, "
		"'bfd': {'state': 'up', 'interval_seconds': 0.00000145, 'diagnostic': 'none', "
		"'last_down_at_seconds': 0, 'last_down_diagnostic': 'expired'}}, "
		"{'address': 'p2', 'state': 'idle', 'source': 'config', 'path_error': 'path', "
		"'last_error': 'last', 'bfd': {'state': 'up', 'interval_seconds': 0, "
		"'last_down_at_seconds': 5, 'last_down_diagnostic': 'none', 'diagnostic': 'now'}}, "
		"{'address': 'p3', 'state': 'opensent', 'source': 'config', 'last_error': 'last', "
		"'bfd': {'state': 'up', 'interval_seconds': 1.5, 'last_down_diagnostic': 'x', "
		"'diagnostic': 'now'}}, "
		"{'address': 'p4', 'source': 'config', 'admin_down': true, 'bfd': {'state': "
		"'down', 'last_down_diagnostic': 'x', 'last_down_at_seconds': 5, 'diagnostic': "
		"'now'}}]}";
	(void)state;
	expect_tones(
		VERB_PEERS, none, peers,
		"[dPEER]  [dDESCRIPTION]  [dAS]  [dSTATE]        [dFOR]  [dROUTES]  [dMSG RCVD]  "
		"[dMSG SENT]  [dSESSIONS]  [dBFD]   [dINTERVAL]  [dDIAGNOSTIC]       [dPROBLEM]\n"
		"p1    d            1   [gestablished]  0ms  -1      -1        -1        -1        "
		"[gup]    1us       expired 0ms ago  [b-]\n"
		"p2    -            -1  [bidle]         -    -1      -1        -1        -1        "
		"[gup]    -         now              [bpath]\n"
		"p3    -            -1  [wopensent]     -    -1      -1        -1        -1        "
		"[gup]    1s500ms   now              [blast]\n"
		"p4    -            -1  [wadmin_down]   -    -1      -1        -1        -1        "
		"[bdown]  -         now              [b-]\n");
	expect_text(VERB_PEERS, none,
		    "{'peers': [{'address': 'p1', 'source': 'config'}, {'address': 'p2', 'source': "
		    "'api', 'bfd': null}]}",
		    "PEER  AS  STATE  FOR  ROUTES  MSG RCVD  MSG SENT  SESSIONS  SOURCE  PROBLEM\n"
		    "p1    -1  -      -    -1      -1        -1        -1        config  -\n"
		    "p2    -1  -      -    -1      -1        -1        -1        api     -\n");
}

static void test_a_peer_in_full(void **state)
{
	(void)state;
	expect_tones(
		VERB_PEER, WORDS("p2"),
		"{'peers': [{'address': 'p1'}, {'address': 'p2', 'peer_as': 0, 'type': 'ebgp', "
		"'description': 'rack', 'state': 'active', 'since_seconds': 0, 'admin_down': "
		"false, 'disabled': {'by': 'root', 'since_seconds': 1}, 'retry_seconds': 1, "
		"'role': 'customer', 'peer_role': 'provider', 'negotiated': {'ipv4_unicast': "
		"true, 'ipv6_unicast': true, 'four_octet_as': true, 'route_refresh': true, "
		"'enhanced_refresh': true, 'extended_messages': true, 'extended_next_hop': "
		"true, 'hold_time_seconds': 1, 'keepalive_seconds': 2}, 'bfd': {'state': "
		"'down', 'since_seconds': 0, 'diagnostic': 'd', 'interval_seconds': 1, "
		"'detection_time_seconds': 0, 'remote': {'state': 'init', 'diagnostic': 'r', "
		"'multiplier': 0}, 'last_down': 'why', 'last_down_at_seconds': 0, 'hint': 'h'}}]}",
		"[dPeer            ]p2, AS 0, ebgp\n"
		"[dDescription     ]rack\n"
		"[dState           ][wactive] for 0ms\n"
		"[dDisabled        ]1s ago by root\n"
		"[dNext attempt    ]in 1s\n"
		"[dRole            ]customer, of the peer provider\n"
		"[dNegotiated      ]ipv4_unicast, ipv6_unicast, four_octet_as, route_refresh, "
		"enhanced_refresh, extended_messages, extended_next_hop\n"
		"[dHold time       ]1s, keepalive 2s\n"
		"[dBFD             ][bdown] for 0ms, diagnostic d\n"
		"[dBFD of the peer ]init, diagnostic r, multiplier 0\n"
		"[dBFD last down   ]why, 0ms ago\n"
		"[dBFD hint        ]h\n"
		"[dRoutes          ]-1 sent, -1 pending, -1 received and dropped\n"
		"[dMessages        ]-1 sent, -1 received\n"
		"[dSessions        ]-1\n");
	expect_text(VERB_PEER, WORDS("p1"),
		    "{'peers': [{'address': 'p1', 'role': 'peer', 'bfd': {'state': 'up', "
		    "'last_down': 'why'}}, {'address': 'p1', 'type': 'second'}]}",
		    "Peer            p1, AS -1, \n"
		    "State            for -\n"
		    "Role            peer, of the peer none\n"
		    "BFD             up, diagnostic none\n"
		    "BFD last down   why\n"
		    "Routes          -1 sent, -1 pending, -1 received and dropped\n"
		    "Messages        -1 sent, -1 received\n"
		    "Sessions        -1\n");
}

/* ---- apps ---- */

static void test_the_columns_of_apps_in_their_tones(void **state)
{
	(void)state;
	expect_tones(
		VERB_APPS, none,
		"{'apps': [{'name': 'a', 'state': 'up', 'since_seconds': 0, 'announced': true, "
		"'announced_to': {'sent': 0, 'peers': 0}, 'source': 's', 'vips': [], 'reason': "
		"'r'}, {'name': 'b\\u00fc', 'state': 'kept', 'since_seconds': -0.5, 'announced': "
		"false, 'announced_to': {'sent': 1, 'peers': null}, 'vips': [{'prefix': '1'}, "
		"{'prefix': '2'}, {'prefix': '3'}]}, {'name': 7, 'announced_to': {'sent': null, "
		"'peers': 1}, 'since_seconds': 1000000000000.0000000000000000000000000, 'vips': "
		"[{'prefix': '1'}, {'prefix': '2'}, {'prefix': '3'}, {'prefix': '4'}, {'prefix': "
		"'5'}]}, {'name': '', 'announced': 'true', 'since_seconds': '1', 'vips': {}}, "
		"{'since_seconds': 1000000000000.00000000000000000000000000, 'vips': 1, "
		"'announced_to': {'sent': 1e19, 'peers': 1e12}}, {}]}",
		"[dAPP]  [dSTATE]  [dFOR]        [dPEERS]                            [dSOURCE]  "
		"[dVIPS]    [dREASON]\n"
		"a    [gup]     0ms        0 of 0                           s       -       r\n"
		"bü   [wkept]   -          [w-]                                -       1 2 3   -\n"
		"-    -      11574074d  [w-]                                -       1 2 +3  -\n"
		"-    -      -          [w-]                                -       -       -\n"
		"-    -      -          [w10000000000000000000 of 1000000]  -       -       -\n"
		"-    -      -          [w-]                                -       -       -\n");
}

static void test_an_app_in_full(void **state)
{
	(void)state;
	expect_tones(
		VERB_APP, WORDS("a"),
		"{'name': 'a', 'source': 's', 'state': 'joining', 'since_seconds': 0, "
		"'announced_to': {'sent': 1}, 'announcement_errors': 'e', 'drain': "
		"{'since_seconds': 0, 'withdraw_seconds': 0, 'holds': [{'by': 'b', 'of': 'o', "
		"'reason': 'r'}, {'by': 'c', 'of': 'p'}]}, 'joining': {'since_seconds': 3, "
		"'reason': 'not yet'}, 'lease': {'expires_seconds': 0}, "
		"'held_down_until_seconds': 1, 'vips': [{'prefix': 'v', 'bound': true, 'form': "
		"'up', 'announced_to': {'peers': 1}}], 'monitors': [{'monitor': 'm', 'health': "
		"'up', 'since_seconds': 0, 'last_check_seconds': 1, 'took_seconds': 2, "
		"'failures': 0, 'checks': 0, 'said': 'ok'}]}",
		"[dApp             ]a, from s\n"
		"[dState           ][wjoining] for 0ms\n"
		"[dAnnounced to    ]- peers\n"
		"[dLost            ]e\n"
		"[dDrain           ]for 0ms, withdrawn in 0ms\n"
		"[d                ]requested by b of the o: r\n"
		"[d                ]requested by c of the p\n"
		"[dJoining         ]for 3s: not yet\n"
		"[dLease           ]expires in 0ms\n"
		"[dHeld down       ]for another 1s (flap damping)\n"
		"[dTransitions     ]-1 up, -1 down\n"
		"\n"
		"[dVIP]  [dBOUND]  [dFORM]  [dPEERS]  [dTROUBLE]\n"
		"v    yes    up    -      [b-]\n"
		"\n"
		"[dCHECK]  [dHEALTH]  [dFOR]  [dLAST]  [dTOOK]  [dFAILED]  [dSAID]\n"
		"m      [gup]      0ms  1s    2s    0 of 0  ok\n");
}

/* ---- VIPs and routes ---- */

static void test_vips_in_their_tones(void **state)
{
	(void)state;
	expect_tones(
		VERB_VIPS, none,
		"{'aggregates': [{'prefix': 'g', 'min': 0, 'apps': {'announced': 0}, 'form': "
		"'up', 'announced': true, 'announced_to': {'sent': 1, 'peers': 1}, "
		"'since_seconds': 0}, {'prefix': 'h', 'announced': false}], 'routes': "
		"[{'prefix': 'v', 'app': 'a', 'bound': true, 'form': 'up', 'announced': true, "
		"'announced_to': {'sent': 0, 'peers': 1}, 'since_seconds': 0, 'traffic': "
		"{'packets_per_second': 0.4}, 'reason': 'r'}, {'prefix': 'w', 'error': 'e', "
		"'reason': 'r'}]}",
		"[dVIP]  [dAPP]          [dBOUND]  [dFORM]  [dPEERS]   [dFOR]  [dPPS]  [dREASON]\n"
		"g    (aggregate)  -      up    [g1 of 1]  0ms  -    0 of its apps announced, min "
		"0\n"
		"h    (aggregate)  -      -     [w-]       -    -    -1 of its apps announced, min "
		"-1\n"
		"v    a            yes    up    [g0 of 1]  0ms  0    r\n"
		"w    -            no     -     [w-]       -    -    [be]\n");
}

static void test_attributes_of_routes(void **state)
{
	(void)state;
	expect_tones(
		VERB_ROUTES, none,
		"{'routes': [{'prefix': 'v', 'peers': [{'peer': '1', 'state': 'sent', "
		"'reason': 'r', 'local_pref': 0, 'prepend': 1, 'weight': 0.5, 'communities': "
		"['c']}, {'peer': '2', 'state': 'sent', 'prepend': 1, 'weight': 0}, {'peer': "
		"'3', 'state': 'pending', 'med': 1, 'weight': 1, 'large_communities': ['l', "
		"'m']}, {'peer': '4', 'state': 'pending', 'reason': 'r', 'med': 1}, {'peer': "
		"'5', 'weight': 1}, {'peer': '6', 'prepend': 0, 'ext_communities': ['x', 'y'], "
		"'large_communities': ['l']}]}], 'aggregates': [{'prefix': 'g', 'peers': "
		"[{'peer': '1', 'state': 'lost', 'next_hop': 'n', 'local_pref': 5}]}]}",
		"[dPREFIX]  [dPEER]  [dSTATE]    [dNEXT HOP]  [dATTRIBUTES]\n"
		"g       1     [blost]     n         local-pref 5\n"
		"v       1     [gsent]     -         local-pref 0 prepend 1 weight 0.5 c\n"
		"v       2     [gsent]     -         prepend 1\n"
		"v       3     [wpending]  -         med 1 weight 1 l m\n"
		"v       4     [wpending]  -         r\n"
		"v       5     -        -         weight 1\n"
		"v       6     -        -         x y l\n");
}

static void test_conditions_in_their_tones(void **state)
{
	(void)state;
	expect_tones(
		VERB_EXPLAIN, WORDS("a"),
		"{'app': 'a', 'vips': [{'prefix': 'v', 'announced_to': {'sent': 1, 'peers': "
		"1}, 'conditions': [{'condition': 'c', 'holds': true, 'text': 't'}, "
		"{'condition': 'd', 'holds': false, 'text': 'u', 'since_seconds': 1, 'do': "
		"'x'}, {'condition': 'e', 'text': 'v', 'since_seconds': 0}], 'peers': [{'peer': "
		"'p', 'conditions': [{'condition': 'f', 'holds': true, 'text': 'w'}]}, {'peer': "
		"'q', 'conditions': [{'condition': 'f', 'holds': false}]}]}, {'prefix': 'w'}, "
		"{'prefix': 'x'}]}",
		"v of a: announced to 1 of 1 peer\n"
		"  [gyes ]c           t\n"
		"  [bNO  ]d           u (for 1s)\n"
		"      do: x\n"
		"  [d-   ]e           v (for 0ms)\n"
		"  [gyes ]f           p w\n"
		"  [bNO  ]f           q \n"
		"\n"
		"w of a: announced to - peers\n"
		"\n"
		"x of a: announced to - peers\n");
	expect_text(VERB_EXPLAIN, WORDS("g"),
		    "{'aggregate': 'g', 'vips': [{'prefix': 'g', 'announced_to': {'sent': 2, "
		    "'peers': 2}}]}",
		    "g, an aggregate: announced to 2 of 2 peers\n");
}

static void test_nat_and_discovery_in_their_tones(void **state)
{
	(void)state;
	expect_tones(
		VERB_NAT, none,
		"{'backend': 'b', 'rules': [{'vip': 'v', 'protocol': 'tcp', 'listen': 0, 'to': "
		"'t', 'present': true}]}",
		"[dBack end        ]b\n"
		"[dRules           ]-1 of -1 present, -1 put back\n"
		"\n"
		"[dVIP]  [dPROTOCOL]  [dLISTEN]  [dTO]  [dPRESENT]\n"
		"v    tcp       0       t   [gyes]\n");
	expect_tones(VERB_CONSUL, none,
		     "{'enabled': true, 'address': 'h', 'node': 'n', 'state': 'lost', "
		     "'since_seconds': 0, 'found': [{'service': 's', 'state': 'registered', "
		     "'since_seconds': 0, 'problem': 'p'}, {'service': 't', 'state': 'conflict'}]}",
		     "[dConsul          ]h, node n, lost for 0ms\n"
		     "\n"
		     "[dSERVICE]  [dSTATE]       [dFOR]  [dPROBLEM]\n"
		     "s        [gregistered]  0ms  p\n"
		     "t        [bconflict]    -    -\n");
	expect_text(VERB_NOMAD, none, "{'enabled': false, 'reason': 'r', 'found': []}",
		    "Nomad           not used: r\n");
	expect_text(VERB_NOMAD, none, "{'enabled': true, 'node': 'n'}",
		    "Nomad           , node n,  for -\n");
}

/* ---- the agent ---- */

static void test_the_counts_of_a_status(void **state)
{
	(void)state;
	expect_tones(
		VERB_STATUS, none,
		"{'alarms': [{'alarm': 'a', 'text': 't', 'since_seconds': 1}], 'version': '1', "
		"'phase': 'p', 'started_seconds': 0, 'apps': {'up': 0, 'unknown': 1, "
		"'joining': 2}, 'vips': {'announced': 0, 'total': 0, 'suppressed': 0, 'bound': "
		"0, 'troubled': 0}, 'peers': {'established': 0, 'total': 0, 'disabled': 0}, "
		"'drain': {'since_seconds': 0}, 'state_file': {'path': 'f', 'stored': true}}",
		"[bALARM] a: t (for 1s)\n"
		"\n"
		"[dvipherald       ]1, p for 0ms\n"
		"[dApps            ]1 unknown, 2 joining\n"
		"[dVIPs            ]0 of 0 announced, 0 bound, 0 in trouble\n"
		"[dPeers           ]0 of 0 established\n"
		"[dDrain           ]of the agent, for 0ms\n"
		"[dState file      ]f\n");
	expect_text(
		VERB_STATUS, none,
		"{'apps': {'up': 1, 'down': 1, 'kept': 1, 'joining': 1}, 'vips': {'suppressed': "
		"1}, 'peers': {'established': 1, 'total': 2, 'disabled': 1}, 'state_file': "
		"{'path': 'f', 'error': 'e'}, 'configuration': {'path': 'c', 'modified': 'm'}}",
		"vipherald       ,  for -\n"
		"Configuration   c of m\n"
		"Apps            1 up, 1 down, 1 kept, 1 joining\n"
		"VIPs            -1 of -1 announced, 1 suppressed, -1 bound, -1 in trouble\n"
		"Peers           1 of 2 established, 1 disabled\n"
		"State file      f: not written: e\n");
}

static const char *const states[] = {
	[TABLE_GOOD] = "up established sent registered running in_contact ",
	[TABLE_BAD] = "down idle no-session no-next-hop lost broken refused conflict ",
	[TABLE_WARNING] = ("admin_down connect active opensent openconfirm draining drained kept "
			   "last-resort joining pending unknown "),
	[TABLE_DIM] = "not-announced ",
	[TABLE_PLAIN] = "upp u  ",
};

static void test_the_tone_of_each_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		char text[256], *rest = text;
		snprintf(text, sizeof(text), "%s", states[i]);
		for (char *word; *rest && (word = strsep(&rest, " "));)
			if (show_tone(strcmp(word, "in_contact") == 0 ? "in contact" : word) != i)
				fail_msg("%s has tone %d", word, (int)show_tone(word));
	}
}

/* As long as a column may be. */
static void test_counts_that_are_too_long_are_cut(void **state)
{
	json_t *to = json_pack("{s:I, s:I}", "sent", (json_int_t)INT64_MAX, "peers",
			       (json_int_t)INT64_MAX);
	char buf[32], text[48];
	(void)state;
	assert_string_equal(show_announced(to, buf), "9223372036854775807 of 92233720");
	assert_string_equal(show_announced_peers(to, text),
			    "9223372036854775807 of 92233720 peers");
	json_decref(to);
}

/* ---- a forecast ---- */

static void test_changes_of_apps(void **state)
{
	(void)state;
	expect_text(
		VERB_WHAT_IF, none,
		"{'apps': [{'app': 'a', 'definition': 'added', 'state': {'after': 'unknown'}}, "
		"{'app': 'b', 'definition': 'removed', 'state': {'before': 'up'}}, {'app': 'c', "
		"'definition': 'added', 'state': {'after': 'up'}}, {'app': 'd', 'state': "
		"{'before': 'up', 'after': 'kept'}, 'checks': 1, 'noticed_seconds': 1, "
		"'guarded': true, 'held_down_seconds': 0, 'unregistered_seconds': 0}, {'app': "
		"'e', 'state': {'before': 'up', 'after': 'down'}, 'checks': 0, "
		"'noticed_seconds': 1, 'guarded': false, 'held_down_seconds': 1, "
		"'unregistered_seconds': 1}, {'app': 'f', 'state': {'before': 'up', 'after': "
		"'down'}, 'checks': 2, 'noticed_seconds': 0}, {'app': 'g', 'state': {'before': "
		"'kept', 'after': 'kept'}, 'health': {'before': 'up', 'after': 'down'}, "
		"'checks': 2, 'noticed_seconds': 0.5}], 'lost': 0}",
		"app a: added, not checked yet\n"
		"app b: removed\n"
		"app c: added, up\n"
		"app d: up -> kept, after 1 failed check, within 1s, kept by the fleet guard, "
		"unregistered after 0ms\n"
		"app e: up -> down, held down for 1s, unregistered after 1s\n"
		"app f: up -> down, at once\n"
		"app g: kept, health up -> down, after 2 failed checks, within 500ms\n");
}

static void test_changes_of_vips(void **state)
{
	(void)state;
	expect_tones(
		VERB_WHAT_IF, none,
		"{'vips': [{'prefix': 'v', 'app': 'a', 'form': {'before': 'up', 'after': 'none'}, "
		"'announced_to': {'before': 1, 'after': 0}, 'lost': true, 'address': 'moved', "
		"'bind': {'before': 'address', 'after': 'route'}, 'routes': [{'peer': 'p', "
		"'change': 'withdrawn', 'when': 'session'}, {'peer': 'q', 'change': 'announced', "
		"'when': 'checks'}]}, {'prefix': 'w', 'app': 'b', 'form': {'before': 'none', "
		"'after': 'up'}, 'announced_to': {'before': 0, 'after': 1}, 'address': 'added', "
		"'nat_added': ['m', 'n'], 'when': 'checks', 'address_seconds': 1}, {'prefix': 'x', "
		"'app': 'c', 'announced_to': {'before': 2, 'after': 2}, 'nat_removed': ['m', 'n'], "
		"'nat_added': ['o'], 'address_seconds': 0, 'routes': [{'peer': 'p', 'change': "
		"'changed', 'before': {'x': null, 'y': 1, 'z': 1}, 'after': {'w': null, 'y': 1, "
		"'z': "
		"2}}, {'peer': 'q', 'change': 'changed', 'before': {'a': 1, 'b': 2}, 'after': "
		"{'c': "
		"3}}, {'peer': 'r', 'change': 'changed', 'before': {'a': 1, 'b': 2}}]}, {'prefix': "
		"'y', 'app': 'd', 'address': 'removed', 'address_seconds': 1}], "
		"'aggregates': [{'prefix': 'g', 'form': {'before': 'up', 'after': 'none'}, "
		"'announced_to': {'before': 1, 'after': 0}, 'lost': true, 'routes': [{'peer': 'p', "
		"'change': 'withdrawn'}]}], 'lost': 2}",
		"vip v of a: up -> none, announced to 1 -> [b0 peers]\n"
		"    p: withdrawn, when the session is up\n"
		"    q: announced, when its checks pass\n"
		"    address -> route\n"
		"vip w of b: none -> up, announced to 0 -> 1 peer\n"
		"    address, NAT m, NAT n added, when its checks pass\n"
		"vip x of c:  -> , announced to 2 -> 2 peers\n"
		"    p: changed z: 1 -> 2\n"
		"    q: changed c: null -> 3, a: 1 -> null, b: 2 -> null\n"
		"    r: changed a: 1 -> null, b: 2 -> null\n"
		"    NAT m, NAT n removed\n"
		"    NAT o added\n"
		"vip y of d:  -> , announced to -1 -> -1 peers\n"
		"    address removed, after 1s\n"
		"aggregate g: up -> none, announced to 1 -> [b0 peers]\n"
		"    p: withdrawn\n"
		"2 of them would be announced to no peer any more\n");
}

static void test_changes_of_peers_and_consul(void **state)
{
	(void)state;
	expect_text(VERB_WHAT_IF, none,
		    "{'peers': [{'peer': 'p', 'change': 'reset'}, {'peer': 'q', 'change': "
		    "'added'}], 'lost': 0, 'consul': {'apps_stay': 0, 'monitors_stay': 1, "
		    "'monitors_fail': 0, 'publishing_stops': false, 'max_stale_seconds': 60}}",
		    "Consul is away: 0 apps of its services would stay, 1 consul monitor would "
		    "keep its last result\n"
		    "peer p: session reset, expected to re-establish\n"
		    "peer q: added\n");
	expect_text(VERB_WHAT_IF, none,
		    "{'apps': [{'app': 'a'}], 'lost': 1, 'consul': {'apps_stay': 2, "
		    "'monitors_stay': 2, 'monitors_fail': 1, 'max_stale_seconds': 0}}",
		    "Consul is away: 2 apps of its services would stay, 2 consul monitors would "
		    "keep their last result, 1 would fail\n"
		    "app a: \n"
		    "1 of them would be announced to no peer any more\n");
	expect_text(VERB_WHAT_IF, none, "{'aggregates': [{'prefix': 'g'}], 'consul': null}",
		    "aggregate g:  -> , announced to -1 -> -1 peers\n");
	expect_text(VERB_WHAT_IF, none,
		    "{'vips': [{'prefix': 'g'}], 'lost': -1, 'consul': {'monitors_fail': 2, "
		    "'max_stale_seconds': 1}}",
		    "Consul is away: -1 apps of its services would stay, -1 consul monitors would "
		    "keep their last result, 2 would fail, by consul_max_stale after 1s\n"
		    "vip g of :  -> , announced to -1 -> -1 peers\n");
}

/* Of whatever kind, and as many as there are. */
static void test_something_would_change(void **state)
{
	static const char *const kinds[] = { "apps", "vips", "aggregates", "peers" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (size_t k = i + 1; k < ARRAY_SIZE(kinds); k++) {
			char answer[64];
			snprintf(answer, sizeof(answer), "{'%s': [{}], '%s': [{}]}", kinds[i],
				 kinds[k]);
			char *text = printed(VERB_WHAT_IF, none, answer, false);
			assert_null(strstr(text, "nothing would change"));
			free(text);
		}
}

static void test_the_fleet_in_a_forecast(void **state)
{
	(void)state;
	expect_tones(
		VERB_WHAT_IF, none,
		"{'fleet': {'below': 2, 'vips': [{'prefix': 'v', 'up': 2, 'joining': 0, "
		"'left': 1, 'min_up': 2, 'below': true, 'guard': 'lets-go', 'left_of_all': 0}, "
		"{'prefix': 'w', 'up': 1, 'joining': 1, 'left': 0, 'min_up': 1, 'guard': "
		"'waits', 'left_of_all': 0}]}}",
		"nothing would change\n"
		"fleet v: announced by 2 agents, [b1 left] of 2 that must stay, the guard lets "
		"this one go; if all did the same: 0\n"
		"fleet w: announced by 1 agent, 1 of them joining, 0 left of 1 that must stay, the "
		"guard keeps this one in line; if all did the same: 0\n"
		"2 VIPs would be announced by fewer agents than min_up\n");
	expect_text(VERB_WHAT_IF, none, "{'fleet': {'below': 0, 'vips': []}}",
		    "nothing would change\n");
	expect_text(VERB_WHAT_IF, none, "{'fleet': {'below': 1}}",
		    "nothing would change\n"
		    "1 VIP would be announced by fewer agents than min_up\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_columns_of_peers_in_their_tones),
		cmocka_unit_test(test_a_peer_in_full),
		cmocka_unit_test(test_the_columns_of_apps_in_their_tones),
		cmocka_unit_test(test_an_app_in_full),
		cmocka_unit_test(test_vips_in_their_tones),
		cmocka_unit_test(test_attributes_of_routes),
		cmocka_unit_test(test_conditions_in_their_tones),
		cmocka_unit_test(test_nat_and_discovery_in_their_tones),
		cmocka_unit_test(test_the_counts_of_a_status),
		cmocka_unit_test(test_the_tone_of_each_state),
		cmocka_unit_test(test_counts_that_are_too_long_are_cut),
		cmocka_unit_test(test_changes_of_apps),
		cmocka_unit_test(test_changes_of_vips),
		cmocka_unit_test(test_changes_of_peers_and_consul),
		cmocka_unit_test(test_something_would_change),
		cmocka_unit_test(test_the_fleet_in_a_forecast),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
