/* SPDX-License-Identifier: MIT */
/* Apps as JSON objects. An accepted app is shown as the same; an error names its key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "agent/config/define.h"
#include "agent/config/show.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

static const char *const good[] = {
	"{\"vip\": \"192.0.2.53/32\"}",
	("{\"name\": \"dns\", \"vip\": [\"192.0.2.53/32\", \"2001:db8::1/128\"], \"quorum\": 1, "
	 "\"monitors\": [\"port:udp:53\", {\"http\": \"http://127.0.0.1/x\", \"interval\": \"2s\", "
	 "\"rise\": 3, \"status\": \"200-204\"}], \"hold_down\": \"5s\", \"nats\": "
	 "[\"tcp:53:8053\"], "
	 "\"states\": {\"up\": {\"med\": 5, \"communities\": [\"1:2\"]}, \"down\": {\"announce\": "
	 "true}, "
	 "\"drain\": {\"prepend\": 3}}, \"group\": \"g\", \"keep_last\": true, "
	 "\"vip_config\": {\"bgp_communities\": [\"3:4\"], \"bgp_large_communities\": "
	 "[\"1:2:3\"]}, "
	 "\"disable_file\": \"/run/x\"}"),
	("{\"vip\": \"192.0.2.53/32\", \"group\": null, \"monitors\": [\"exec:echo \\ud83d\\ude00 "
	 "\\/\"]}"),
	"{\"vip\": \"192.0.2.53/32\", \"group\": \"null\"}",
};

static void accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct config_findings f = { 0 };
		struct app_spec spec, again;
		if (config_define_text(good[i], strlen(good[i]), "dns", &spec, &f) < 0)
			fail_msg("%s: %s: %s", good[i], f.items[0].path, f.items[0].text);
		assert_string_equal(spec.name, "dns");
		json_t *shown = config_show_app(&spec, CONFIG_SHOW_ALL);
		assert_int_equal(config_define_app(shown, NULL, &again, &f), 0);
		assert_true(app_spec_equal(&spec, &again));
		json_decref(shown);
		app_spec_done(&spec);
		app_spec_done(&again);
		config_findings_done(&f);
	}
}

#define VIP "\"vip\": \"192.0.2.53/32\""

static const struct {
	const char *text, *path, *says;
} bad[] = {
	{ "", "", "not JSON" },
	{ "{", "", "not JSON" },
	{ "{" VIP "} x", "", "not JSON" },
	{ "vip: 192.0.2.53/32", "", "not JSON" },
	{ "{" VIP ", " VIP "}", "", "not JSON: duplicate" },
	{ "{\"vip\": \"192.0.2.53\\u0000/32\"}", "", "not JSON" },
	{ "{\"vip\": \"\xff\"}", "", "not JSON" },
	{ "[]", "", "expected a mapping" },
	{ "null", "", "not JSON" },
	{ "{}", "vip", "missing" },
	{ "{\"vip\": []}", "vip", "empty list" },
	{ "{\"vip\": {}}", "vip", "expected a value" },
	{ "{\"vip\": [[\"192.0.2.53/32\"]]}", "vip[0]", "expected a value" },
	{ "{\"vip\": [null]}", "vip[0]", "empty" },
	{ "{\"vip\": 1.5}", "vip", "1.5" },
	{ "{\"vip\": \"192.0.2.53/24\"}", "vip", "192.0.2.53/24" },
	{ "{" VIP ", \"monitor\": \"port:udp:53\"}", "monitor", "did you mean 'monitors'?" },
	{ "{" VIP ", \"monitors\": [\"port:udp:53\", {\"tcp\": \"127.0.0.1:53\", \"rise\": -1}]}",
	  "monitors[1].rise", "out of range" },
	{ "{" VIP ", \"monitors\": \"nonsense\"}", "monitors", "nonsense" },
	{ "{" VIP ", \"quorum\": 2, \"monitors\": \"port:udp:53\"}", "", "quorum 2" },
	{ "{" VIP ", \"states\": {\"up\": {\"announce\": true}}}", "states.up.announce",
	  "unknown key" },
	{ "{" VIP ", \"states\": {\"up\": {\"med\": true}}}", "states.up.med", "true" },
	{ "{" VIP ", \"keep_last\": \"maybe\"}", "keep_last", "not a boolean" },
	{ "{" VIP ", \"name\": \"other\"}", "name", "'other' is not 'dns'" },
	{ "{" VIP ", \"name\": \"a/b\"}", "name", "a/b" },
	{ "{" VIP ", \"name\": null}", "name", "empty" },
};

static void refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct config_findings f = { 0 };
		struct app_spec spec;
		assert_int_equal(
			config_define_text(bad[i].text, strlen(bad[i].text), "dns", &spec, &f),
			-EINVAL);
		if (strcmp(f.items[0].path, bad[i].path) != 0 ||
		    !strstr(f.items[0].text, bad[i].says))
			fail_msg("%s: %s: %s", bad[i].text, f.items[0].path, f.items[0].text);
		config_findings_done(&f);
	}
}

/* Neither the parser nor the tree goes as deep as a text can. */
static void deep(void **state)
{
	(void)state;
	for (size_t n = 8; n < 60000; n *= 2) {
		struct config_findings f = { 0 };
		struct app_spec spec;
		char *text = mem_new(1, 2 * n + 64);
		size_t len = (size_t)sprintf(text, "{\"vip\": ");
		memset(text + len, '[', n);
		memset(text + len + n, ']', n);
		text[len + 2 * n] = '}';
		assert_int_equal(config_define_text(text, strlen(text), "dns", &spec, &f), -EINVAL);
		config_findings_done(&f);
		free(text);
	}
}

/* "A:0", "A:1", …: `n` of a list, with the format of one. */
static void add_list(FILE *out, const char *key, const char *prefix, unsigned n)
{
	fprintf(out, "\"%s\": [", key);
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "%s\"%s:%u\"", i > 0 ? ", " : "", prefix, i);
	fprintf(out, "]");
}

/* A route carries at most 512, 64 and 64: those of the app and of all states together. */
static void sizes(void **state)
{
	static const struct {
		unsigned n, n_ext, n_large; /* of each part: the app, up, down, drain, join */
		unsigned more, more_ext, more_large;
		const char *says; /* NULL: accepted */
	} cases[] = {
		{ 102, 12, 12, 2, 4, 4, NULL },
		{ 102, 12, 12, 3, 4, 4, "513 communities, 64 extended and 64 large ones" },
		{ 102, 12, 12, 2, 5, 4, "512 communities, 65 extended and 64 large ones" },
		{ 102, 12, 12, 2, 4, 5, "512 communities, 64 extended and 65 large ones" },
	};
	static const char *const states[] = { "up", "down", "drain", "join" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = NULL;
		size_t len;
		struct config_findings f = { 0 };
		struct app_spec spec;
		FILE *out = open_memstream(&text, &len);
		fprintf(out, "{" VIP ", \"vip_config\": {");
		add_list(out, "bgp_communities", "1", cases[i].n + cases[i].more);
		fprintf(out, ", ");
		add_list(out, "bgp_ext_communities", "rt:1", cases[i].n_ext + cases[i].more_ext);
		fprintf(out, ", ");
		add_list(out, "bgp_large_communities", "1:1",
			 cases[i].n_large + cases[i].more_large);
		fprintf(out, "}, \"states\": {");
		for (size_t k = 0; k < ARRAY_SIZE(states); k++) {
			char prefix[16];
			fprintf(out, "%s\"%s\": {", k > 0 ? ", " : "", states[k]);
			snprintf(prefix, sizeof(prefix), "%zu", k + 2);
			add_list(out, "communities", prefix, cases[i].n);
			fprintf(out, ", ");
			snprintf(prefix, sizeof(prefix), "rt:%zu", k + 2);
			add_list(out, "ext_communities", prefix, cases[i].n_ext);
			fprintf(out, ", ");
			snprintf(prefix, sizeof(prefix), "%zu:1", k + 2);
			add_list(out, "large_communities", prefix, cases[i].n_large);
			fprintf(out, "}");
		}
		fprintf(out, "}}");
		fclose(out);
		int r = config_define_text(text, len, "dns", &spec, &f);
		if (r != (cases[i].says ? -EINVAL : 0))
			fail_msg("%zu: %s", i, f.n > 0 ? f.items[0].text : "accepted");
		if (cases[i].says) {
			assert_int_equal(f.n, 1);
			assert_string_equal(f.items[0].path, "states");
			assert_non_null(strstr(f.items[0].text, cases[i].says));
		} else {
			app_spec_done(&spec);
		}
		config_findings_done(&f);
		free(text);
	}
}

static void nothing_is_no_definition(void **state)
{
	struct config_findings f = { 0 };
	struct app_spec spec;
	json_t *null = json_null();
	(void)state;
	assert_int_equal(config_define_app(null, "dns", &spec, &f), -EINVAL);
	assert_int_equal(f.n, 1);
	assert_string_equal(f.items[0].text, "expected a mapping ('key: value'), found nothing");
	config_findings_done(&f);
	json_decref(null);
}

static void where_it_is_not_json(void **state)
{
	struct config_findings f = { 0 };
	struct app_spec spec;
	(void)state;
	assert_int_equal(config_define_text("{\n  \"vip\" 1}", 12, "dns", &spec, &f), -EINVAL);
	assert_int_equal(f.items[0].line, 2);
	assert_int_equal(f.items[0].column, 9);
	config_findings_done(&f);
	assert_int_equal(config_define_text("x", 1, "dns", &spec, &f), -EINVAL);
	assert_int_equal(f.items[0].line, 1);
	assert_int_equal(f.items[0].column, 1);
	config_findings_done(&f);
}

/* As many levels as a file may have, and one more. */
static void the_deepest(void **state)
{
	(void)state;
	for (unsigned n = 15; n <= 16; n++) {
		char text[128], path[128];
		struct strbuf sb = strbuf_over(text, sizeof(text)),
			      at = strbuf_over(path, sizeof(path));
		struct config_findings f = { 0 };
		struct app_spec spec;
		strbuf_add(&sb, "{\"vip\": ");
		for (unsigned i = 0; i < 2 * n; i++)
			strbuf_add(&sb, "%c", i < n ? '[' : ']');
		strbuf_add(&sb, "}");
		assert_int_equal(config_define_text(text, strlen(text), "dns", &spec, &f), -EINVAL);
		strbuf_add(&at, "vip");
		for (unsigned i = 0; i + 1 < n; i++)
			strbuf_add(&at, "[0]");
		bool too_deep = strcmp(f.items[0].text, "nested more than 16 levels deep") == 0;
		assert_int_equal(too_deep, n == 16);
		if (too_deep)
			assert_string_equal(f.items[0].path, path);
		config_findings_done(&f);
	}
}

/* Without a name in the path the definition has one. */
static void names(void **state)
{
	static const char whole[] = "{\"name\": \"web\", " VIP "}", without[] = "{" VIP "}";
	struct config_findings f = { 0 };
	struct app_spec spec;
	(void)state;
	assert_int_equal(config_define_text(whole, strlen(whole), NULL, &spec, &f), 0);
	assert_string_equal(spec.name, "web");
	app_spec_done(&spec);
	assert_int_equal(config_define_text(whole, strlen(whole), "web", &spec, &f), 0);
	app_spec_done(&spec);
	assert_int_equal(f.n, 0);
	assert_int_equal(config_define_text(without, strlen(without), NULL, &spec, &f), -EINVAL);
	assert_string_equal(f.items[0].path, "name");
	config_findings_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(refused),
		cmocka_unit_test(deep),
		cmocka_unit_test(sizes),
		cmocka_unit_test(nothing_is_no_definition),
		cmocka_unit_test(where_it_is_not_json),
		cmocka_unit_test(the_deepest),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
