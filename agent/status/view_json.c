/* SPDX-License-Identifier: MIT */
#include "agent/status/view_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/app_spec.h"
#include "agent/model/community.h"
#include "lib/mem.h"
#include "lib/redact.h"
#include "lib/str.h"

json_t *view_text(const char *text)
{
	bool has_secret = redact_is_needed(text);
	json_t *value = has_secret ? NULL : json_string(text);
	if (value)
		return value;
	size_t size = strlen(text) + 1;
	char *clean = mem_new(size, 1);
	str_printable(clean, size, text, size - 1);
	redact(clean);
	value = json_string(clean);
	free(clean);
	return value ? value : json_string("");
}

json_t *view_text_or_null(const char *text)
{
	return text ? view_text(text) : json_null();
}

json_t *view_span(span_t span)
{
	return json_real((double)span / (double)USEC_PER_SEC);
}

const char *view_member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

json_t *view_addr(const struct addr *a)
{
	char text[ADDR_TEXT_MAX];
	return addr_is_set(a) ? json_string(addr_format(a, text)) : json_null();
}

json_t *view_peer_name(const struct bgp_peer_config *peer)
{
	char text[BGP_PEER_NAME_MAX];
	return json_string(bgp_peer_name(peer, text));
}

json_t *view_prefix(const struct prefix *p)
{
	char text[PREFIX_TEXT_MAX];
	return json_string(prefix_format(p, text));
}

static void add_distance(json_t *object, const char *key, wall_t at, span_t distance)
{
	char key_seconds[64], date[DATE_TEXT_MAX];
	snprintf(key_seconds, sizeof(key_seconds), "%s_seconds", key);
	json_object_set_new(object, key, json_string(date_format(at, date)));
	span_t msec = distance / USEC_PER_MSEC; /* finer is noise */
	json_object_set_new(object, key_seconds, json_real((double)msec / 1000));
}

static void add_never(json_t *object, const char *key)
{
	char key_seconds[64];
	snprintf(key_seconds, sizeof(key_seconds), "%s_seconds", key);
	json_object_set_new(object, key, json_null());
	json_object_set_new(object, key_seconds, json_null());
}

wall_t view_wall_of(const struct view_clock *clock, mono_t at, span_t *ret_distance)
{
	if (at > clock->now) {
		*ret_distance = at - clock->now;
		return clock->wall + *ret_distance;
	}
	*ret_distance = usec_sub(clock->now, at);
	return usec_sub(clock->wall, *ret_distance);
}

void view_add_time(json_t *object, const struct view_clock *clock, const char *key, mono_t at)
{
	span_t distance;
	if (at == USEC_NEVER) {
		add_never(object, key);
		return;
	}
	wall_t wall = view_wall_of(clock, at, &distance);
	add_distance(object, key, wall, distance);
}

void view_add_past(json_t *object, const struct view_clock *clock, const char *key, mono_t at,
		   span_t earlier)
{
	span_t distance = usec_add(usec_sub(clock->now, at), earlier);
	add_distance(object, key, usec_sub(clock->wall, distance), distance);
}

static bool seen(const struct bgp_communities *const lists[], size_t list, size_t at)
{
	uint32_t value = lists[list]->values[at];
	for (size_t i = 0; i <= list; i++)
		for (size_t j = 0; j < (i == list ? at : lists[i]->n); j++)
			if (lists[i]->values[j] == value)
				return true;
	return false;
}

json_t *view_communities(const struct bgp_communities *const lists[], size_t n)
{
	char text[COMMUNITY_TEXT_MAX];
	json_t *array = json_array();
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < lists[i]->n; j++)
			if (!seen(lists, i, j))
				json_array_append_new(array, json_string(community_format(
								     lists[i]->values[j], text)));
	return array;
}
