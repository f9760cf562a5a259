/* SPDX-License-Identifier: MIT */
#include "agent/discovery/discovered.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"

const char *discovered_state_name(enum discovered_state s)
{
	switch (s) {
	case DISCOVERED_REGISTERED:
		return "registered";
	case DISCOVERED_BROKEN:
		return "broken";
	case DISCOVERED_REFUSED:
		return "refused";
	case DISCOVERED_CONFLICT:
		return "conflict";
	case DISCOVERED_DISMISSED:
		return "unregistered";
	}
	return "unknown";
}

struct discovered *discovered_new(const char *name, mono_t now)
{
	struct discovered *s = mem_new(1, sizeof(*s));
	s->name = mem_strdup(name);
	s->since = now;
	s->retained_since = USEC_NEVER;
	return s;
}

void discovered_free(struct discovered *s)
{
	list_remove(&s->queue);
	discovered_set_spec(s, NULL);
	free(s->problem);
	free(s->note);
	free(s->rival);
	free(s->name);
	free(s);
}

void discovered_set_spec(struct discovered *s, struct app_spec *spec)
{
	if (s->spec) {
		app_spec_done(s->spec);
		free(s->spec);
	}
	s->spec = spec ? mem_copy(spec, sizeof(*spec)) : NULL;
}

static void set_text(char **text, const char *value)
{
	char *copy = value && value[0] ? mem_strdup(value) : NULL;
	free(*text);
	*text = copy;
}

void discovered_set_note(struct discovered *s, const char *note)
{
	set_text(&s->note, note);
}

bool discovered_set_state(struct discovered *s, enum discovered_state state, const char *problem,
			  const char *rival, mono_t now)
{
	bool changed = s->state != state || !str_same(s->problem, problem);
	if (s->state != state)
		s->since = now;
	s->state = state;
	if (changed)
		set_text(&s->problem, problem);
	set_text(&s->rival, rival);
	return changed;
}
