/* SPDX-License-Identifier: MIT */
/*
 * Answers of the API as text for people. Pure: from JSON to a stream.
 *
 * Each function gets the whole answer, the words and options of the verb, and returns its exit
 * status: 1 when what was asked for is not there.
 */
#ifndef AGENT_CLI_SHOW_H
#define AGENT_CLI_SHOW_H

#include <jansson.h>
#include <stdio.h>

#include "agent/cli/table.h"
#include "agent/cli/verb.h"

struct show {
	const struct verb_call *call;
	struct table_style style;
	FILE *out;
};

typedef int show_fn(const struct show *s, const json_t *answer);
show_fn show_status, show_app, show_vips, show_explain, show_peers, show_peer, show_routes,
	show_nat, show_consul, show_config, show_fleet;
/* Its exit status is that of the forecast (cmd_what_if). */
void show_what_if(const struct show *s, const json_t *answer);

/* The answer in parts as they come (client_octets_cb); names are printed at once, the table at the
 * end. `s` must outlive it. The end frees it; -EINVAL: that was no list of apps. */
struct app_list;
struct app_list *show_apps_begin(const struct show *s);
void show_apps_octets(const char *octets, size_t n, void *userdata);
int show_apps_end(struct app_list *list);
/* How many octets were walked so far, those again that were walked in vain: for tests. */
size_t show_apps_walked(const struct app_list *list);

/* The tone of a state of apps, sessions and routes. */
enum table_tone show_tone(const char *state);
/* "2 of 3" of an object with `sent` and `peers`. */
const char *show_announced(const json_t *announced_to, char buf[static 32]);
/* "2 of 3 peers" of the same. */
const char *show_announced_peers(const json_t *announced_to, char buf[static 48]);
/* "name: value" on a line, values below each other; nothing when there is no value. */
void show_line(const struct show *s, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
