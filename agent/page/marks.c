/* SPDX-License-Identifier: MIT */
#include "agent/page/marks.h"

#include "lib/str.h"

void mark_add(struct html *h, const char *class, const char *word)
{
	html_add(h, "<span class=\"%s\">%s</span>", class, word);
}

const char *mark_of_health(const char *health)
{
	return str_equal(health, "up")     ? MARK_GOOD
	       : str_equal(health, "down") ? MARK_BAD
					   : MARK_ODD;
}

const char *mark_of_app(const char *state, bool trouble)
{
	return str_equal(state, "up") && trouble ? MARK_ODD : mark_of_health(state);
}

const char *mark_of_session(const char *state, bool disabled)
{
	return disabled ? MARK_ODD : str_equal(state, "established") ? MARK_GOOD : MARK_BAD;
}

const char *mark_of_route(const char *state)
{
	if (str_equal(state, "sent"))
		return MARK_GOOD;
	if (str_equal(state, "pending"))
		return MARK_ODD;
	bool as_configured = str_equal(state, "not-announced") || str_equal(state, "filtered") ||
			     str_equal(state, "suppressed");
	return as_configured ? MARK_NONE : MARK_BAD;
}
