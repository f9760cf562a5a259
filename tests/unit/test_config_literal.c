/* SPDX-License-Identifier: MIT */
/* No text of a configuration is expanded: ${VAR} is what it is, whatever the environment has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/config.h"
#include "agent/config/show.h"
#include "lib/array.h"
#include "tests/unit/config_texts.h"
#include "tests/unit/own_netns.h"

/* A text of each kind of key: secrets, commands, paths, names, what a check sends and expects. @ is
 * the form. */
static const char text[] =
	"agent:\n"
	"  disable_file: '/run/@'\n"
	"  state_file: '/var/lib/@'\n"
	"  consul_addr: http://127.0.0.1:8500\n"
	"  consul_token: 'token-@'\n"
	"  hooks: [ { on: [ app.down ], exec: 'page @' } ]\n"
	"bgp:\n"
	"  local_as: 65001\n"
	"  peers:\n"
	"  - { peer_ip: 192.0.2.1, peer_as: 65000, password: 'md5-@', description: 'tor @' }\n"
	"  - { peer_ip: 192.0.2.2, peer_as: 65000, password: '@' }\n"
	"apps:\n"
	"- name: web\n"
	"  vip: 198.51.100.1/32\n"
	"  group: 'site @'\n"
	"  monitors:\n"
	"  - 'exec:check \"@\"'\n"
	"  - 'file:/run/@'\n"
	"processes:\n"
	"- { name: p, run: 'exec @', allow: [ 203.0.113.0/24 ], env: [ 'A=@' ] }\n";

static const char *const forms[] = {
	"${VIPHERALD_TEST}", "$VIPHERALD_TEST",  "$(id -u)",
	"%{VIPHERALD_TEST}", "%VIPHERALD_TEST%", "${VIPHERALD_TEST:-x}"
};

static size_t count(const char *in, const char *what)
{
	size_t n = 0;
	for (const char *at = in; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

/* `form` in the place of each @. */
static char *with(const char *form)
{
	char *made = NULL;
	size_t len;
	FILE *out = open_memstream(&made, &len);
	assert_non_null(out);
	for (const char *c = text; *c; c++)
		if (*c == '@')
			fputs(form, out);
		else
			fputc(*c, out);
	fclose(out);
	return made;
}

static void every_text_stays(void **state)
{
	(void)state;
	setenv("VIPHERALD_TEST", "expanded", 1);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		char *made = with(forms[i]);
		struct config *c = load(made);
		json_t *shown = show(c, CONFIG_SHOW_ALL);
		char *json = json_dumps(shown, JSON_COMPACT);
		if (count(json, forms[i]) != count(text, "@"))
			fail_msg("%s: %zu of %zu in %s", forms[i], count(json, forms[i]),
				 count(text, "@"), json);
		assert_null(strstr(json, "expanded"));
		char password[64];
		snprintf(password, sizeof(password), "md5-%s", forms[i]);
		assert_string_equal(c->bgp.peers[0].password, password);
		free(json);
		json_decref(shown);
		config_free(c);
		free(made);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_stays),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
