/* SPDX-License-Identifier: MIT */
#include "agent/convert/exabgp_healthcheck.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

/* ---- options ---- */

static const struct option {
	const char *name;
	char letter; /* 0: none */
	bool flag;
} options[] = {
	{ "silent", 's', true },
	{ "syslog-facility", 0, false },
	{ "no-syslog", 0, true },
	{ "no-ack", 'a', true },
	{ "sudo", 0, true },
	{ "debug", 'd', true },
	{ "name", 'n', false },
	{ "config", 'F', false },
	{ "pid", 'p', false },
	{ "user", 0, false },
	{ "group", 0, false },
	{ "interval", 'i', false },
	{ "fast-interval", 'f', false },
	{ "timeout", 't', false },
	{ "rise", 0, false },
	{ "fall", 0, false },
	{ "disable", 0, false },
	{ "command", 'c', false },
	{ "cmd", 0, false },
	{ "next-hop", 'N', false },
	{ "ip", 0, false },
	{ "local-preference", 0, false },
	{ "deaggregate-networks", 0, true },
	{ "no-ip-setup", 0, true },
	{ "dynamic-ip-setup", 0, true },
	{ "label", 0, false },
	{ "label-exact-match", 0, true },
	{ "start-ip", 0, false },
	{ "up-metric", 0, false },
	{ "down-metric", 0, false },
	{ "disabled-metric", 0, false },
	{ "increase", 0, false },
	{ "community", 0, false },
	{ "extended-community", 0, false },
	{ "large-community", 0, false },
	{ "disabled-community", 0, false },
	{ "as-path", 0, false },
	{ "up-as-path", 0, false },
	{ "down-as-path", 0, false },
	{ "disabled-as-path", 0, false },
	{ "withdraw-on-down", 0, true },
	{ "path-id", 0, false },
	{ "neighbor", 0, false },
	{ "execute", 0, false },
	{ "up-execute", 0, false },
	{ "down-execute", 0, false },
	{ "disabled-execute", 0, false },
	{ "debounce", 0, true },
};

/* As argparse takes it: also the beginning of a name, when it is that of one option only. */
static const struct option *find_option(const char *name, size_t len)
{
	const struct option *found = NULL;
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strncmp(options[i].name, name, len) != 0)
			continue;
		if (!options[i].name[len])
			return &options[i];
		found = &options[i];
		n++;
	}
	return n == 1 ? found : NULL;
}

static const struct option *find_letter(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (letter && options[i].letter == letter)
			return &options[i];
	return NULL;
}

static void add_value(struct exabgp_healthcheck *h, const struct option *o, const char *value)
{
	const char *name = str_equal(o->name, "cmd") ? "command" : o->name;
	json_t *list = json_object_get(h->values, name);
	if (!list) {
		list = json_array();
		json_object_set_new(h->values, name, list);
	}
	json_array_append_new(list, json_string(value));
}

const char *exabgp_healthcheck_value(const struct exabgp_healthcheck *h, const char *name)
{
	const json_t *list = json_object_get(h->values, name);
	return json_string_value(json_array_get(list, json_array_size(list) - 1));
}

/* ---- the options, from the command line and the file of --config ---- */

static void unknown(const struct exabgp_healthcheck *h, struct convert_at at, const char *word)
{
	(void)h;
	convert_lost(h->c, at, word, "not an option of ExaBGP's health check");
}

/* "-i5", "-i 5", "--interval=5", "--interval 5": the number of words that it takes. */
static size_t read_option(struct exabgp_healthcheck *h, const char *word, const char *next)
{
	bool is_long = word[1] == '-';
	size_t len = strcspn(word, "=");
	const struct option *o = is_long ? find_option(word + 2, len - 2) : find_letter(word[1]);
	if (!o) {
		unknown(h, h->run->at, word);
		return 1;
	}
	const char *inside =
		is_long ? (word[len] ? word + len + 1 : NULL) : (word[2] ? word + 2 : NULL);
	if (o->flag) {
		add_value(h, o, "");
		return 1;
	}
	add_value(h, o, inside ? inside : next);
	return inside ? 1 : 2;
}

static void read_words(struct exabgp_healthcheck *h, size_t first)
{
	for (size_t i = first; i < h->run->n_words;) {
		const char *word = h->run->words[i];
		if (*word == '-')
			i += read_option(h, word, statement_word(h->run, i + 1));
		else
			unknown(h, h->run->at, h->run->words[i++]);
	}
}

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static char *trimmed(const char *from, size_t len)
{
	while (len > 0 && isspace((unsigned char)*from)) {
		from++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)from[len - 1]))
		len--;
	char *text = mem_new(len + 1, 1);
	memcpy(text, from, len);
	return text;
}

/* "name = value" or "name" */
static void read_line(struct exabgp_healthcheck *h, const char *line, size_t len,
		      struct convert_at at)
{
	const char *equals = memchr(line, '=', len);
	size_t n = equals ? (size_t)(equals - line) : len;
	char *name = trimmed(line, n),
	     *text = trimmed(equals ? equals + 1 : "", equals ? len - n - 1 : 0);
	const struct option *o = find_option(name, strlen(name));
	if (o)
		add_value(h, o, text);
	else if (*name && *name != '#')
		unknown(h, at, name);
	free(name);
	free(text);
}

static void read_file(struct exabgp_healthcheck *h, const struct convert_input *in)
{
	unsigned line = 1;
	for (size_t at = 0; at < in->len; line++) {
		const char *start = in->text + at, *end = memchr(start, '\n', in->len - at);
		size_t len = end ? (size_t)(end - start) : in->len - at;
		read_line(h, start, len, (struct convert_at){ in->name, line });
		at += len + 1;
	}
}

/* Options of the command line override those of the file. */
static void read_config(struct exabgp_healthcheck *h)
{
	const char *file = exabgp_healthcheck_value(h, "config");
	json_t *said = h->values;
	const char *name;
	json_t *list;
	for (size_t i = 0; file && i < h->n_inputs; i++) {
		if (!str_equal(base(h->inputs[i].name), base(file)))
			continue;
		h->values = json_object();
		read_file(h, &h->inputs[i]);
		json_object_foreach(said, name, list)
		{
			json_t *before = json_object_get(h->values, name);
			if (before)
				json_array_extend(before, list);
			else
				json_object_set(h->values, name, list);
		}
		json_decref(said);
		return;
	}
	if (file)
		convert_lost(h->c, h->run->at, file,
			     "its options are not known: name this file too, behind the others");
}

bool exabgp_healthcheck_read(struct exabgp_healthcheck *h)
{
	size_t i = 1;
	for (; i < h->run->n_words; i++)
		if (str_equal(h->run->words[i], "healthcheck") ||
		    str_equal(base(h->run->words[i]), "healthcheck.py") ||
		    str_equal(h->run->words[i], "exabgp.application.healthcheck"))
			break;
	if (i == h->run->n_words)
		return false;
	h->values = json_object();
	read_words(h, i + 1);
	read_config(h);
	return true;
}

const json_t *exabgp_healthcheck_prefixes(const struct exabgp_healthcheck *h)
{
	return json_object_get(h->values, "ip");
}
