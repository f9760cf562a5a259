/* SPDX-License-Identifier: MIT */
/*
 * anycast-healthchecker writes a list of prefixes that BIRD may export; each of its sections is an
 * app here. The sessions are in BIRD's configuration.
 */
#include "agent/convert/anycast.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/convert/bird.h"
#include "agent/convert/ini.h"
#include "agent/convert/prefix.h"
#include "agent/convert/shell.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

struct taking {
	struct convert *c;
	struct ini ini;
};

static void lost(struct taking *t, const struct ini_value *v, const char *why)
{
	convert_lost(t->c, v->at, v->key, "%s: %s", v->text, why);
}

static bool is_true(const struct ini_value *v)
{
	static const char *const words[] = { "true", "yes", "on", "1" };
	for (size_t i = 0; v && i < ARRAY_SIZE(words); i++)
		if (strcasecmp(v->text, words[i]) == 0)
			return true;
	return false;
}

/* ---- the daemon ---- */

static void carry_log_level(struct taking *t, const struct ini_value *v)
{
	static const char *const levels[] = { "error", "warning", "info", "debug" };
	json_t *log = convert_inner(convert_section(t->c, "agent"), "log");
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (str_equal(v->text, levels[i]))
			convert_set(log, "level", levels[i]);
	if (str_equal(v->text, "critical"))
		convert_set(log, "level", "error");
	else if (!json_object_get(log, "level"))
		lost(t, v, "not a level");
}

static void carry_json(struct taking *t, const struct ini_value *v)
{
	if (is_true(v))
		convert_set(convert_inner(convert_section(t->c, "agent"), "log"), "format", "json");
}

static void carry_log_target(struct taking *t, const struct ini_value *v)
{
	lost(t, v,
	     "the log goes to stderr: systemd's journal, or whoever starts the agent, keeps it");
}

static void carry_reconfigure(struct taking *t, const struct ini_value *v)
{
	if (!strstr(v->text, "birdc"))
		lost(t, v,
		     "there is no BIRD to be told; a command on changes is a hook, agent.hooks");
}

static void carry_splay(struct taking *t, const struct ini_value *v)
{
	lost(t, v, "all first checks run at the start, up to agent.exec_max at a time");
}

static void carry_nothing(struct taking *t, const struct ini_value *v)
{
	(void)t;
	(void)v;
}

static const struct {
	const char *key;
	void (*carry)(struct taking *t, const struct ini_value *v);
} daemon_keys[] = {
	{ "loglevel", carry_log_level },
	{ "json_stdout", carry_json },
	{ "json_log_file", carry_json },
	{ "json_log_server", carry_json },
	{ "log_file", carry_log_target },
	{ "log_server", carry_log_target },
	{ "log_server_port", carry_nothing },
	{ "log_maxbytes", carry_nothing },
	{ "log_backups", carry_nothing },
	{ "stderr_file", carry_log_target },
	{ "stdout_file", carry_log_target },
	{ "bird_reconfigure_cmd", carry_reconfigure },
	{ "bird6_reconfigure_cmd", carry_reconfigure },
	{ "splay_startup", carry_splay },
	{ "pidfile", carry_nothing },
	{ "ipv4", carry_nothing },
	{ "ipv6", carry_nothing },
	{ "bird_conf", carry_nothing },
	{ "bird6_conf", carry_nothing },
	{ "bird_variable", carry_nothing },
	{ "bird6_variable", carry_nothing },
	{ "dummy_ip_prefix", carry_nothing },
	{ "dummy_ip6_prefix", carry_nothing },
	{ "bird_keep_changes", carry_nothing },
	{ "bird6_keep_changes", carry_nothing },
	{ "bird_changes_counter", carry_nothing },
	{ "bird6_changes_counter", carry_nothing },
	{ "purge_ip_prefixes", carry_nothing },
};

static void carry_daemon(struct taking *t, const struct ini_value *v)
{
	for (size_t i = 0; i < ARRAY_SIZE(daemon_keys); i++)
		if (str_equal(v->key, daemon_keys[i].key)) {
			daemon_keys[i].carry(t, v);
			return;
		}
	lost(t, v, "not known");
}

/* ---- a check ---- */

/* It is run without a shell there, split at blanks and quotes. */
static char *command_for_shell(const char *command)
{
	char *text = NULL, *word = mem_new(strlen(command) + 1, 1), quote = 0;
	size_t len = 0, n = 0;
	bool in_word = false, first = true;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		abort(); /* as lib/mem.h, which says why */
	for (const char *p = command;; p++) {
		bool blank = !*p || (!quote && strchr(" \t\r\n", *p));
		if (blank && in_word) {
			word[n] = 0;
			fputs(first ? "" : " ", out);
			shell_print_word(word, out);
			first = in_word = false;
			n = 0;
		}
		if (!*p)
			break;
		if (blank)
			continue;
		in_word = true;
		if (quote && *p == quote)
			quote = 0;
		else if (!quote && (*p == '"' || *p == '\''))
			quote = *p;
		else if (*p == '\\' && quote != '\'' && p[1])
			word[n++] = *++p;
		else
			word[n++] = *p;
	}
	fclose(out);
	free(word);
	return text;
}

static const struct ini_value *find(const struct taking *t, const char *section, const char *key)
{
	return ini_find(&t->ini, section, key);
}

/* Seconds, also with a fraction. */
static void set_span(struct taking *t, const char *section, json_t *monitor, const char *key,
		     const char *theirs, double otherwise)
{
	char text[32], *end;
	const struct ini_value *v = find(t, section, theirs);
	double seconds = v ? strtod(v->text, &end) : otherwise;
	if (v && (*end || end == v->text || !(seconds > 0) || seconds > 86400)) {
		lost(t, v, "not a number of seconds up to a day");
		seconds = otherwise;
	}
	uint64_t ms = (uint64_t)(seconds * 1000 + 0.5);
	snprintf(text, sizeof(text), ms % 1000 ? "%llums" : "%llus",
		 (unsigned long long)(ms % 1000 ? ms : ms / 1000));
	convert_set(monitor, key, text);
}

static void set_count(struct taking *t, const char *section, json_t *monitor, const char *key,
		      const char *theirs)
{
	uint64_t n = 2;
	const struct ini_value *v = find(t, section, theirs);
	if (v && str_to_u64(v->text, UINT16_MAX, &n) < 0)
		lost(t, v, "not a number");
	convert_set_number(monitor, key, n);
}

static void set_monitor(struct taking *t, const char *section, const char *command, json_t *app)
{
	char *text = command_for_shell(command);
	json_t *monitor = json_object(), *list = json_array();
	convert_set(monitor, "exec", text);
	set_span(t, section, monitor, "interval", "check_interval", 10);
	/* There is no shorter interval while a change is pending. */
	set_span(t, section, monitor, "fast_interval", "check_interval", 10);
	set_span(t, section, monitor, "timeout", "check_timeout", 2);
	set_count(t, section, monitor, "rise", "check_rise");
	set_count(t, section, monitor, "fall", "check_fail");
	json_array_append_new(list, monitor);
	json_object_set_new(app, "monitors", list);
	free(text);
}

static void set_vip(struct taking *t, const struct ini_value *v, json_t *app)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix p;
	bool host_bits;
	if (convert_prefix(v->text, &p, &host_bits) == 0 && !host_bits)
		convert_set(app, "vip", prefix_format(&p, text));
	else
		convert_set(app, "vip", v->text);
	convert_place(t->c, app, "vip", v->at);
}

static void set_bind(struct taking *t, const char *section, json_t *app)
{
	const struct ini_value *interface = find(t, section, "interface");
	if (is_true(find(t, section, "ip_check_disabled"))) {
		convert_set(app, "bind", "none");
		return;
	}
	convert_set(app, "bind", "present");
	convert_set(app, "interface", interface ? interface->text : "lo");
}

static void remark_commands(struct taking *t, const char *section)
{
	static const char *const keys[] = { "custom_bird_reconfigure_cmd",
					    "custom_bird6_reconfigure_cmd" };
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct ini_value *v = find(t, section, keys[i]);
		if (v)
			lost(t, v,
			     "there is no BIRD to be told; what else it does is a hook, "
			     "agent.hooks on app.up and app.down");
	}
}

/* A key of one's own, for %(key)s in others. */
static bool is_used(const struct ini *ini, const char *key)
{
	char text[80];
	snprintf(text, sizeof(text), "%%(%.60s)s", key);
	for (size_t i = 0; i < ini->n; i++)
		if (ini->values[i].key && strstr(ini->values[i].text, text))
			return true;
	return false;
}

static void remark_unknown(struct taking *t, const char *section)
{
	static const char *const keys[] = {
		"check_cmd",
		"check_interval",
		"check_timeout",
		"check_rise",
		"check_fail",
		"check_disabled",
		"on_disabled",
		"ip_prefix",
		"ip_check_disabled",
		"interface",
		"custom_bird_reconfigure_cmd",
		"custom_bird6_reconfigure_cmd",
		"custom_bird_reconfigure_cmd_timeout",
		"custom_bird6_reconfigure_cmd_timeout",
		"purge_ip_prefixes",
	};
	for (size_t i = 0; i < t->ini.n; i++) {
		const struct ini_value *v = &t->ini.values[i];
		bool known = !v->key || !str_equal(v->section, section) || is_used(&t->ini, v->key);
		for (size_t j = 0; !known && j < ARRAY_SIZE(keys); j++)
			known = str_equal(v->key, keys[j]);
		if (!known)
			lost(t, v, "not known");
	}
}

static void carry_service(struct taking *t, const char *section, struct convert_at at)
{
	char name[129];
	const struct ini_value *prefix = find(t, section, "ip_prefix");
	const struct ini_value *command = find(t, section, "check_cmd");
	const struct ini_value *action = find(t, section, "on_disabled");
	bool disabled = is_true(find(t, section, "check_disabled"));
	bool advertise = action && str_equal(action->text, "advertise");
	remark_unknown(t, section);
	if (!prefix || (!command && !disabled)) {
		convert_lost(t->c, at, section, "without %s it is not a check",
			     prefix ? "check_cmd" : "ip_prefix");
		return;
	}
	if (disabled && !advertise) {
		convert_lost(t->c, at, section,
			     "check_disabled with on_disabled = withdraw: it is never announced");
		return;
	}
	char *text = NULL;
	if (!disabled && ini_expand(&t->ini, command, &text) < 0) {
		lost(t, command, "%(…)s names a key that there is not, or itself, or too many");
		return;
	}
	json_t *app = convert_add(t->c, "apps", at);
	convert_set(app, "name", convert_app_name(t->c, section, name));
	set_vip(t, prefix, app);
	set_bind(t, section, app);
	if (text)
		set_monitor(t, section, text, app);
	free(text);
	remark_commands(t, section);
}

/* ---- the whole ---- */

static bool is_first(const struct ini *ini, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (str_equal(ini->values[j].section, ini->values[i].section))
			return false;
	return true;
}

static void carry_all(struct taking *t)
{
	for (size_t i = 0; i < t->ini.n; i++) {
		const struct ini_value *v = &t->ini.values[i];
		if (str_equal(v->section, "daemon") && v->key)
			carry_daemon(t, v);
		else if (!str_equal(v->section, "DEFAULT") && !str_equal(v->section, "daemon") &&
			 is_first(&t->ini, i))
			carry_service(t, v->section, v->at);
	}
	remark_unknown(t, "DEFAULT");
}

/* The lists of prefixes that BIRD may export. */
static const char *variable(const struct taking *t, const char *key, const char *otherwise)
{
	const struct ini_value *v = find(t, "daemon", key);
	return v ? v->text : otherwise;
}

int convert_anycast(struct convert *c, const struct convert_input *inputs, size_t n,
		    const struct convert_options *options, struct err *err)
{
	struct taking t = { .c = c };
	struct bird bird = { .c = c };
	int rc = 0;
	(void)options;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = ini_is(&inputs[i]) ? ini_parse(&inputs[i], &t.ini, err)
					: bird_read(&bird, &inputs[i], err);
	if (rc == 0 && t.ini.n == 0)
		rc = err_set(err, -EINVAL,
			     "no [section] in these files, are they anycast-healthchecker's?");
	if (rc == 0) {
		bird.lists[0] = variable(&t, "bird_variable", "ACAST_PS_ADVERTISE");
		bird.lists[1] = variable(&t, "bird6_variable", "ACAST6_PS_ADVERTISE");
		carry_all(&t);
		bird_carry(&bird);
	}
	if (rc == 0 && !convert_item(c, "peers", 0))
		convert_lost(c, (struct convert_at){ 0 }, "bgp",
			     "the sessions are in BIRD's configuration: name bird.conf, and what "
			     "it includes, behind the other files");
	bird_done(&bird);
	ini_done(&t.ini);
	return rc;
}
