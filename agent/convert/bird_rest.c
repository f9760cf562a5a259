/* SPDX-License-Identifier: MIT */
#include "agent/convert/bird_rest.h"

#include "lib/array.h"
#include "lib/str.h"

static bool is_disabled(const struct bird *b, const struct statement *protocol)
{
	for (const struct statement *s = protocol->first; s; s = s->next)
		if (statement_is(s, "disabled") && bird_is_on(b, s))
			return true;
	return false;
}

static void carry_protocol(const struct bird *b, const struct statement *s)
{
	static const struct {
		const char *kind, *why; /* NULL: nothing is lost */
	} protocols[] = {
		{ "device", NULL },
		{ "direct", NULL },
		{ "bfd", NULL }, /* bird_bfd.h */
		{ "kernel", "no route is put into the kernel or read from it: a BIRD that is to do "
			    "so runs on, without these sessions" },
		{ "pipe", "there are no routing tables" },
	};
	const char *kind = statement_word(s, 1);
	if (is_disabled(b, s))
		return;
	if (str_equal(kind, "static")) {
		if (s->first)
			convert_note(b->c, s->at, "protocol static",
				     "its routes are not looked at: an app has bind: none, "
				     "and is announced without them");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (str_equal(kind, protocols[i].kind)) {
			if (protocols[i].why)
				statement_lost(b->c, s, protocols[i].why);
			return;
		}
	statement_lost(b->c, s, "vipherald speaks BGP only");
}

static bool is_file(const char *word)
{
	return *word == '/' || *word == '.';
}

static void carry_option(const struct bird *b, const struct statement *s)
{
	static const struct {
		const char *words, *why;
	} options[] = {
		{ "listen bgp", "where is listened is bgp.listen" },
		{ "debug", "what is logged is agent.log.level" },
		{ "mrtdump", "no dumps are written" },
		{ "table", "there are no routing tables" },
		{ "graceful restart wait",
		  "End-of-RIB waits for the checks, for restart_time at most" },
		{ "watchdog", "checks and commands are children, nothing blocks the agent" },
	};
	if (statement_is(s, "include")) {
		convert_note(b->c, s->at, "include",
			     "name what is in %s behind this file, if that is not done",
			     statement_word(s, 1));
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (statement_begins(s, options[i].words)) {
			statement_lost(b->c, s, options[i].why);
			return;
		}
	if (str_equal(statement_word(s, 1), "table"))
		statement_lost(b->c, s, "there are no routing tables");
	else
		statement_lost(b->c, s, "not known");
}

void bird_rest_carry(const struct bird *b, const struct statement *s)
{
	static const char *const silent[] = { "template", "define",     "function", "filter",
					      "eval",     "timeformat", "hostname", "attribute" };
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++)
		if (statement_is(s, silent[i]))
			return;
	if (statement_is(s, "protocol"))
		carry_protocol(b, s);
	else if (!statement_is(s, "log"))
		carry_option(b, s);
	else if (is_file(statement_word(s, 1)))
		statement_lost(
			b->c, s,
			"the log goes to stderr: systemd's journal, or whoever starts the agent, "
			"keeps it");
}
