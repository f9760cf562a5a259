/* SPDX-License-Identifier: MIT */
#include "agent/cli/show.h"

#include <stdarg.h>

#include "lib/array.h"
#include "lib/str.h"

enum table_tone show_tone(const char *state)
{
	static const struct {
		const char *state;
		enum table_tone tone;
	} tones[] = {
		{ "up", TABLE_GOOD },
		{ "established", TABLE_GOOD },
		{ "sent", TABLE_GOOD },
		{ "registered", TABLE_GOOD },
		{ "running", TABLE_GOOD },
		{ "in contact", TABLE_GOOD },
		{ "admin_down", TABLE_WARNING },
		{ "down", TABLE_BAD },
		{ "idle", TABLE_BAD },
		{ "no-session", TABLE_BAD },
		{ "no-next-hop", TABLE_BAD },
		{ "lost", TABLE_BAD },
		{ "broken", TABLE_BAD },
		{ "refused", TABLE_BAD },
		{ "conflict", TABLE_BAD },
		{ "connect", TABLE_WARNING },
		{ "active", TABLE_WARNING },
		{ "opensent", TABLE_WARNING },
		{ "openconfirm", TABLE_WARNING },
		{ "draining", TABLE_WARNING },
		{ "drained", TABLE_WARNING },
		{ "kept", TABLE_WARNING },
		{ "last-resort", TABLE_WARNING },
		{ "joining", TABLE_WARNING },
		{ "pending", TABLE_WARNING },
		{ "unknown", TABLE_WARNING },
		{ "not-announced", TABLE_DIM },
	};
	for (size_t i = 0; i < ARRAY_SIZE(tones); i++)
		if (str_equal(state, tones[i].state))
			return tones[i].tone;
	return TABLE_PLAIN;
}

const char *show_announced(const json_t *to, char buf[static 32])
{
	const json_t *sent = json_object_get(to, "sent"), *peers = json_object_get(to, "peers");
	if (!json_is_integer(sent) || !json_is_integer(peers))
		return "-";
	snprintf(buf, 32, "%lld of %lld", (long long)json_integer_value(sent),
		 (long long)json_integer_value(peers));
	return buf;
}

const char *show_announced_peers(const json_t *to, char buf[static 48])
{
	const json_t *peers = json_object_get(to, "peers");
	char counts[32];
	bool one = json_is_integer(peers) && json_integer_value(peers) == 1;
	snprintf(buf, 48, "%s peer%s", show_announced(to, counts), one ? "" : "s");
	return buf;
}

void show_line(const struct show *s, const char *name, const char *fmt, ...)
{
	char value[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (value[0])
		fprintf(s->out, "%s%-16s%s%s\n", table_tone_begin(&s->style, TABLE_DIM), name,
			table_tone_end(&s->style, TABLE_DIM), value);
}
