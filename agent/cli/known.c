/* SPDX-License-Identifier: MIT */
#include "agent/cli/known.h"

#include <jansson.h>
#include <stdio.h>

#include "agent/cli/json_at.h"
#include "lib/str.h"

#define TARGET_MAX 1024

/* 400: the name cannot be one of a peer. Whatever else the agent refuses says nothing of the
 * name. */
static bool is_missing(unsigned status)
{
	return status == 404 || status == 400;
}

static enum verb_exit unreachable(const struct err *err)
{
	fprintf(stderr, "vipherald: %s\n", err->text);
	return VERB_UNREACHABLE;
}

/* VERB_REFUSED: it is not there. */
static enum verb_exit find(const struct client *client, const char *target)
{
	struct client_reply reply;
	struct err err;
	if (client_request(client, "GET", target, &reply, &err) < 0)
		return unreachable(&err);
	bool missing = is_missing(reply.status);
	client_reply_done(&reply);
	return missing ? VERB_REFUSED : VERB_DONE;
}

static enum verb_exit find_peer(const struct client *client, const char *peer)
{
	char target[TARGET_MAX] = "/v1/peers/";
	if (client_add_segment(target, sizeof(target), peer) < 0)
		return VERB_REFUSED;
	return find(client, target);
}

static enum verb_exit find_app_or_vip(const struct client *client, const char *name)
{
	char target[TARGET_MAX] = "/v1/explain";
	if (client_add_parameter(target, sizeof(target), "name", name) < 0)
		return VERB_REFUSED;
	return find(client, target);
}

static enum verb_exit find_group(const struct client *client, const char *name)
{
	struct client_reply reply;
	struct err err;
	size_t i;
	const json_t *app;
	bool found = false;
	if (client_request(client, "GET", "/v1/apps", &reply, &err) < 0)
		return unreachable(&err);
	json_t *answer = json_loadb(reply.body, reply.len, 0, NULL);
	json_array_foreach(json_at(answer, "apps"), i, app) found =
		found || str_equal(text_at(app, "group.name"), name);
	json_decref(answer);
	client_reply_done(&reply);
	return found ? VERB_DONE : VERB_REFUSED;
}

enum verb_exit known_peer(const struct client *client, const char *peer)
{
	enum verb_exit status = find_peer(client, peer);
	if (status == VERB_REFUSED)
		fprintf(stderr, "vipherald: no peer '%s', 'vipherald peers' lists them\n", peer);
	return status;
}

enum verb_exit known_subject(const struct client *client, const char *name)
{
	enum verb_exit status = find_app_or_vip(client, name);
	if (status == VERB_REFUSED)
		status = find_peer(client, name);
	if (status == VERB_REFUSED)
		status = find_group(client, name);
	if (status == VERB_REFUSED)
		fprintf(stderr,
			"vipherald: no app, VIP, peer or group '%s' and no event of one, "
			"'vipherald apps', 'vips' and 'peers' list them\n",
			name);
	return status;
}
