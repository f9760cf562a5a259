/* SPDX-License-Identifier: MIT */
#include "agent/http/peer_definition.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/peer_orders.h"
#include "lib/array.h"
#include "lib/str.h"
#include "lib/utf8.h"

static int add_key(json_t *keys, const struct api_arg *arg, struct err *err)
{
	const char *text;
	if (utf8_check(arg->name, NULL) < 0)
		return err_set(err, -EINVAL, "the name of a parameter is not text");
	int rc = api_arg_text(arg, &text, err);
	json_t *before = json_object_get(keys, arg->name);
	if (rc < 0)
		return rc;
	if (json_is_array(before))
		json_array_append_new(before, json_string(text));
	else if (before)
		json_object_set_new(keys, arg->name, json_pack("[O, s]", before, text));
	else
		json_object_set_new(keys, arg->name, json_string(text));
	return 0;
}

static int read_args(const struct peer_definition_source *s, json_t *keys, struct err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < s->n_args; i++)
		rc = add_key(keys, &s->args[i], err);
	return rc;
}

static int read_body(const struct peer_definition_source *s, json_t *keys, struct err *err)
{
	json_error_t why;
	char text[160];
	json_t *body = json_loadb(s->body, s->body_len, JSON_REJECT_DUPLICATES, &why);
	if (!body)
		return err_set(err, -EINVAL, "the body is not JSON: line %d: %s", why.line,
			       str_printable(text, sizeof(text), why.text, strlen(why.text)));
	bool is_object = json_is_object(body);
	if (is_object)
		json_object_update(keys, body);
	json_decref(body);
	if (!is_object)
		return err_set(
			err, -EINVAL,
			"the body is not a JSON object, expected the keys of bgp.peers[], like "
			"{\"peer_as\": 65000}");
	return 0;
}

/* "eth0", "192.0.2.1", "fe80::1%eth0", "192.0.2.1%vrf-blue" as the keys of a peer. */
static json_t *who(const char *address)
{
	char text[ADDR_TEXT_MAX];
	struct peer_id id = { 0 };
	if (peer_id_parse(address, BGP_PORT, &id, NULL) < 0)
		return json_pack("{s:s}", "peer_ip", address);
	bool link_local = id.addr.family == AF_INET6 && addr_is_link_local(&id.addr);
	if (addr_is_set(&id.addr) && id.ifname[0] && !link_local)
		return json_pack("{s:s, s:s}", "peer_ip", addr_format(&id.addr, text), "device",
				 id.ifname);
	return json_pack("{s:s}", addr_is_set(&id.addr) ? "peer_ip" : "interface", address);
}

static int finish(const struct peer_definition_source *s, json_t *keys, char **ret, struct err *err)
{
	json_t *whole = who(s->address);
	if (!whole)
		return err_set(err, -EINVAL, "the address of the peer is not text");
	json_object_update(whole, keys);
	char *text = json_dumps(whole, 0);
	json_decref(whole);
	if (!text)
		abort(); /* out of memory, see lib/mem.h */
	if (strlen(text) > PEER_DEFINITION_MAX) {
		free(text);
		return err_set(err, -EINVAL, "the definition is longer than %d octets",
			       PEER_DEFINITION_MAX);
	}
	*ret = text;
	return 0;
}

static const char *const of_path[] = { "peer_ip", "interface", "device" };

int peer_definition_make(const struct peer_definition_source *source, char **ret, struct err *err)
{
	if (source->body_len > 0 && source->n_args > 0)
		return err_set(err, -EINVAL,
			       "keys in the body and as parameters: specify them in one place");
	json_t *keys = json_object();
	int rc = source->body_len > 0 ? read_body(source, keys, err) : read_args(source, keys, err);
	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(of_path); i++)
		if (json_object_get(keys, of_path[i]))
			rc = err_set(err, -EINVAL, "%s: it is in the path", of_path[i]);
	if (rc == 0)
		rc = finish(source, keys, ret, err);
	json_decref(keys);
	return rc;
}
