/* SPDX-License-Identifier: MIT */
#include "agent/store/state_encode.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/show.h"
#include "agent/model/principal.h"
#include "agent/model/register_params.h"
#include "lib/mem.h"
#include "lib/str.h"

static char *line_of(json_t *value)
{
	char *line = NULL, *text = json_dumps(value, JSON_COMPACT);
	if (!text || asprintf(&line, "%s\n", text) < 0)
		abort(); /* out of memory, see lib/mem.h: all texts in it are UTF-8 */
	free(text);
	json_decref(value);
	return line;
}

/* Rounded up, so that a lease does not end early. */
static json_t *msec_of(wall_t usec)
{
	if (usec == USEC_NEVER)
		return json_null();
	return json_integer((json_int_t)((usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC));
}

/* A command may be any octets: text that is not UTF-8 is written as {"hex": "…"}. */
static json_t *text_of(const char *text)
{
	json_t *value = json_string(text);
	if (value)
		return value;
	size_t len = strlen(text);
	char *hex = mem_new(2 * len + 1, 1);
	for (size_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned char)text[i]);
	value = json_pack("{s:s}", "hex", hex);
	free(hex);
	return value;
}

char *state_encode_head(const struct state_place *place)
{
	return line_of(json_pack("{s:i, s:s, s:s}", "vipherald_state", STATE_VERSION, "boot",
				 place->boot, "netns", place->netns));
}

static void add_pair(const char *name, const char *value, void *userdata)
{
	json_array_append_new(userdata, json_pack("[s, o]", name, text_of(value)));
}

char *state_encode_app(const struct app_spec *spec, wall_t lease_until)
{
	json_t *pairs = json_array(), *line;
	if (register_params_suffice(spec)) {
		register_params_walk(spec, add_pair, pairs);
		line = json_pack("{s:O, s:b, s:o}", "register", pairs, "local", spec->local,
				 "lease_until_ms", msec_of(lease_until));
	} else {
		line = json_pack("{s:o, s:b}", "define", config_show_app(spec, CONFIG_SHOW_ALL),
				 "local", spec->local);
	}
	json_decref(pairs);
	if (spec->by && !str_equal(spec->by, principal_unproved(spec->local)))
		json_object_set_new(line, "by", json_string(spec->by));
	if (spec->admin)
		json_object_set_new(line, "admin", json_true());
	return line_of(line);
}

char *state_encode_drain(const char *name, wall_t since, wall_t until, const char *reason)
{
	return line_of(json_pack("{s:o, s:o, s:o, s:o}", "drain",
				 name ? json_string(name) : json_null(), "since_ms", msec_of(since),
				 "until_ms", msec_of(until), "reason", json_string(reason)));
}

char *state_encode_promotion(const char *name, const char *sha256)
{
	return line_of(json_pack("{s:s, s:s}", "promoted", name, "sha256", sha256));
}

/* The kernel may cut a label within a character. */
static json_t *printable(const char *label)
{
	char text[IFNAMSIZ];
	return json_string(str_printable(text, sizeof(text), label, strlen(label)));
}

char *state_encode_vip(const struct prefix *prefix, const char *ifname, const char *label)
{
	char text[PREFIX_TEXT_MAX];
	json_t *line = json_pack("{s:s, s:o}", "vip", prefix_format(prefix, text), "label",
				 printable(label));
	if (!str_equal(ifname, STATE_LO))
		json_object_set_new(line, "interface", printable(ifname));
	return line_of(line);
}

static json_t *peer_name_of(const struct peer_order *order)
{
	char name[PEER_ID_TEXT_MAX];
	struct peer_id id = order->id;
	id.port = BGP_PORT; /* which has a member of its own */
	return json_string(peer_id_format(&id, name));
}

static char *encode_disabled(const struct peer_order *order)
{
	return line_of(json_pack("{s:o, s:i, s:o, s:s, s:s}", "peer_disabled", peer_name_of(order),
				 "port", (int)order->id.port, "since_ms",
				 msec_of(order->disabled_at), "text", order->text, "by",
				 order->disabled_by));
}

static char *encode_added(const struct peer_order *order)
{
	return line_of(json_pack("{s:o, s:o, s:i, s:o, s:s}", "peer_added",
				 json_loads(order->definition, 0, NULL), "peer",
				 peer_name_of(order), "port", (int)order->id.port, "since_ms",
				 msec_of(order->added_at), "by", order->added_by));
}

char *state_encode_peer(const struct peer_order *order)
{
	char *disabled = order->disabled ? encode_disabled(order) : NULL;
	char *added = order->definition ? encode_added(order) : NULL;
	char *both = NULL;
	if (!disabled || !added)
		return disabled ? disabled : added;
	if (asprintf(&both, "%s%s", added, disabled) < 0)
		abort(); /* out of memory, see lib/mem.h */
	free(disabled);
	free(added);
	return both;
}

static json_t *list_vips(const struct roll *r)
{
	char text[PREFIX_TEXT_MAX];
	json_t *list = json_array();
	for (size_t i = 0; i < r->n_vips; i++)
		json_array_append_new(list, json_string(prefix_format(&r->vips[i], text)));
	return list;
}

static json_t *list_apps(const struct roll *r)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->n_apps; i++)
		json_array_append_new(list, text_of(r->apps[i]));
	return list;
}

char *state_encode_roll(const struct roll *r)
{
	json_t *o = json_pack("{s:s, s:o, s:o, s:I, s:I, s:s, s:s, s:s, s:i, s:o}", "id", r->id,
			      "apps", list_apps(r), "vips", list_vips(r), "slots",
			      (json_int_t)r->limit, "quiet", (json_int_t)r->quiet, "why", r->why,
			      "by", r->by, "phase", roll_phase_name(r->phase), "exit_status",
			      r->exit_status, "begun_ms", msec_of(r->begun));
	return line_of(json_pack("{s:o, s:s, s:o}", "roll", o, "boot", r->boot, "since_ms",
				 msec_of(r->since)));
}

char *state_encode_end(size_t n_lines)
{
	return line_of(json_pack("{s:I}", "end", (json_int_t)n_lines));
}
