/* SPDX-License-Identifier: MIT */
#include "agent/store/store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/app/drains.h"
#include "agent/app/joins.h"
#include "agent/app/leases.h"
#include "agent/store/clock.h"
#include "agent/store/place.h"
#include "agent/store/restore.h"
#include "agent/store/state_encode.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/wallclock.h"
#include "process/clock_watch.h"
#include "process/loop.h"
#include "process/unit_directory.h"

/* Without StateDirectory= of systemd. */
#define DEFAULT_DIRECTORY "/var/lib/vipherald"
#define FILE_NAME         "state.json"

/* How long a renewed lease may wait to be written together with others. The file has the previous
 * end of the lease meanwhile. */
#define RENEW_DELAY USEC_PER_SEC

/* Of the state file, for what requests make it keep. */
#define ROOM (STATE_BYTES_MAX / 4 * 3)
/* An octet in JSON: "\u0007", and what is around a text. */
#define ESCAPED_MAX 8

struct store {
	sd_event *loop;
	struct registry *registry;
	struct actuator *actuator;
	struct state_file *file; /* NULL: there is none */
	struct state_contents contents;
	size_t next_app, n_restored;
	struct refused_apps refused;
	const struct api_rules *rules;
	struct clock_watch *clock;
	bool stopped;
	store_written_cb *written;
	void *userdata;
};

static struct store_clock clock_of(const struct store *s)
{
	return (struct store_clock){ loop_now(s->loop), wall_now() };
}

/* Writing */

static char *drain_line(const struct store *s, const char *name, const struct drain *d)
{
	const struct drain_request *request = d ? &d->requests[DRAIN_BY_API] : NULL;
	struct store_clock clock = clock_of(s);
	if (!request || !request->on)
		return NULL;
	wall_t since = usec_sub(store_clock_to_wall(clock, request->since), request->earlier);
	return state_encode_drain(name, since, store_clock_to_wall(clock, request->until),
				  request->reason);
}

static char *app_line(const struct store *s, const struct app *app)
{
	if (app->spec->source != APP_FROM_HTTP)
		return NULL;
	return state_encode_app(app->spec, store_clock_to_wall(clock_of(s), app_lease_end(app)));
}

static char *promotion_line(const struct app *app)
{
	const struct joining *j = app->joining;
	return j && j->promoted[0] ? state_encode_promotion(app->spec->name, j->promoted) : NULL;
}

/* Both may be NULL; takes both over. */
static char *joined(char *a, char *b)
{
	char *both = NULL;
	if (!a || !b)
		return a ? a : b;
	if (asprintf(&both, "%s%s", a, b) < 0)
		abort(); /* out of memory, see lib/mem.h */
	free(a);
	free(b);
	return both;
}

static void put(struct store *s, const char *name, const struct app *app, span_t delay)
{
	char *lines = NULL;
	if (!name)
		lines = drain_line(s, NULL, registry_agent_drain(s->registry));
	else if (app)
		lines = joined(joined(app_line(s, app), drain_line(s, name, app->drain)),
			       promotion_line(app));
	state_file_put(s->file, name ? name : STORE_AGENT_KEY, lines, delay);
}

static void on_changed(const char *name, const struct app *app, bool renewed, void *userdata)
{
	struct store *s = userdata;
	span_t lease = app && renewed ? app->spec->lease : 0;
	if (name && app)
		refused_apps_remove(&s->refused, name); /* another took its place */
	put(s, name, app, usec_min(RENEW_DELAY, lease / 4));
}

/* All dates in the file are wrong now. */
static void on_clock_set(void *userdata)
{
	struct store *s = userdata;
	struct app_cursor cursor;
	if (s->stopped)
		return;
	log_info("state", "the clock was set, writing all dates again");
	put(s, NULL, NULL, 0);
	app_cursor_init(s->registry, &cursor);
	for (const struct app *app; (app = app_cursor_next(&cursor));)
		put(s, app->spec->name, app, 0);
	app_cursor_done(&cursor);
}

static int note_vip(const struct prefix *vip, const char *ifname, const char *label, void *userdata)
{
	struct store *s = userdata;
	char key[STORE_VIP_KEY_MAX];
	state_file_put(s->file, store_vip_key(vip, ifname, key),
		       state_encode_vip(vip, ifname, label), 0);
	if (state_file_has(s->file, state_file_urgent(s->file)) || !state_file_works(s->file))
		return 0;
	return -EINPROGRESS;
}

static void forget_vip(const struct prefix *vip, const char *ifname, void *userdata)
{
	struct store *s = userdata;
	char key[STORE_VIP_KEY_MAX];
	state_file_put(s->file, store_vip_key(vip, ifname, key), NULL, RENEW_DELAY);
}

static void on_written(uint64_t up_to, bool stored, void *userdata)
{
	struct store *s = userdata;
	actuator_noted(s->actuator);
	s->written(up_to, stored, s->userdata);
}

/* Restoring */

static void restore_next(struct store *s)
{
	struct state_app *app = &s->contents.apps[s->next_app++];
	struct err err = { "" };
	/* An administrator of then may be none today. */
	bool was_admin = app->spec.admin;
	app->spec.admin = was_admin && principal_name_is_admin(s->rules, app->spec.by, geteuid());
	int r = restore_app(app, s->registry, clock_of(s), &err);
	app->spec.admin = was_admin;
	s->n_restored += r == 0;
	if (r != -EACCES && r != -EMFILE && r != -EDQUOT)
		return;
	refused_apps_add(&s->refused, app->spec.name, err.text);
	state_file_put(s->file, app->spec.name, state_encode_app(&app->spec, app->lease_until), 0);
}

bool store_forget(struct store *s, const char *name)
{
	bool known = refused_apps_remove(&s->refused, name);
	if (known)
		put(s, name, NULL, 0);
	return known;
}

const struct refused_apps *store_refused(const struct store *s)
{
	return &s->refused;
}

bool store_restore(struct store *s, mono_t end)
{
	while (s->next_app < s->contents.n_apps && loop_clock() < end)
		restore_next(s);
	return s->next_app < s->contents.n_apps;
}

size_t store_n_restored(const struct store *s)
{
	return s->n_restored;
}

static void on_dropped(const char *name, void *userdata)
{
	struct store *s = userdata;
	log_info("state", "%s: drain over HTTP dropped, the app no longer exists", name);
	state_file_put(s->file, name, NULL, 0);
}

void store_begin(struct store *s, bool more_to_come)
{
	state_contents_done(&s->contents);
	s->next_app = 0;
	if (!s->file)
		return;
	registry_drop_promotions(s->registry); /* apps of catalogues do not join */
	if (!more_to_come)
		registry_drop_pending_drains(s->registry, on_dropped, s);
	state_file_begin(s->file);
}

/* Peers */

const struct peer_orders *store_peers(const struct store *s)
{
	return &s->contents.peers;
}

void store_put_peer(struct store *s, const struct peer_id *id, const struct peer_order *order)
{
	char name[PEER_ID_TEXT_MAX], key[PEER_ID_TEXT_MAX + 8];
	if (!s->file)
		return;
	snprintf(key, sizeof(key), "/%s", peer_id_format(id, name));
	state_file_put(s->file, key, order ? state_encode_peer(order) : NULL, 0);
}

/* The roll */

/* A key that no app, VIP or peer has. */
#define ROLL_KEY "//roll"

const struct roll *store_roll(const struct store *s)
{
	return s->contents.roll;
}

int store_put_roll(struct store *s, const struct roll *roll)
{
	if (!s->file)
		return -ENOENT;
	state_file_put(s->file, ROLL_KEY, roll ? state_encode_roll(roll) : NULL, 0);
	return 0;
}

/* Life */

const char *store_directory(char *buf, size_t size)
{
	return unit_directory("STATE_DIRECTORY", DEFAULT_DIRECTORY, buf, size);
}

char *store_path(const char *name)
{
	char *path, buf[PATH_MAX];
	if (asprintf(&path, "%s/%s", store_directory(buf, sizeof(buf)), name) < 0)
		abort(); /* out of memory, see lib/mem.h */
	return path;
}

char *store_file_path(const struct config_agent *config)
{
	if (config->state_file)
		return *config->state_file ? mem_strdup(config->state_file) : NULL;
	return store_path(FILE_NAME);
}

static void open_file(struct store *s, const char *path)
{
	static const struct vip_notes notes = { note_vip, forget_vip };
	struct err err;
	struct state_place here;
	state_place_find(&here);
	if (state_file_new(s->loop, path, &here, on_written, s, &s->file, &s->contents, &err) < 0) {
		log_warn("state",
			 "%s: no state file: apps registered over HTTP, leases and drains will be "
			 "lost when vipherald ends. Set agent.state_file to a file that it can "
			 "write, or to off",
			 err.text);
		return;
	}
	actuator_set_notes(s->actuator, &notes, s);
	registry_on_changed(s->registry, on_changed, s);
	s->clock = clock_watch_new(s->loop, on_clock_set, s);
	restore_vips(&s->contents, &here, s->actuator, s->file);
	restore_drains(&s->contents, s->registry, s->file, clock_of(s));
	restore_promotions(&s->contents, s->registry);
}

static void log_kernel_without_tags(const struct store *s)
{
	if (s->file)
		log_info("vip", "this kernel keeps no tag on addresses (Linux before 5.18): the "
				"state file says which VIPs on lo are ours");
	else
		log_warn("vip",
			 "this kernel keeps no tag on addresses (Linux before 5.18), and there is "
			 "no state file: after a crash, VIPs that are still on lo are taken for "
			 "another process's and not announced; set agent.state_file");
}

struct store *store_new(sd_event *loop, const struct config_agent *config,
			struct registry *registry, struct actuator *actuator,
			store_written_cb *written, void *userdata)
{
	struct store *s = mem_new(1, sizeof(*s));
	s->loop = loop;
	s->rules = &config->api;
	s->registry = registry;
	s->actuator = actuator;
	s->written = written;
	s->userdata = userdata;
	char *path = store_file_path(config);
	if (path)
		open_file(s, path);
	free(path);
	if (!actuator_has_tags(actuator))
		log_kernel_without_tags(s);
	return s;
}

void store_stop(struct store *s)
{
	s->stopped = true;
	registry_on_changed(s->registry, NULL, NULL);
}

void store_free(struct store *s)
{
	if (!s)
		return;
	if (s->file) {
		registry_on_changed(s->registry, NULL, NULL);
		actuator_set_notes(s->actuator, NULL, NULL);
	}
	clock_watch_free(s->clock);
	refused_apps_done(&s->refused);
	state_file_free(s->file);
	state_contents_done(&s->contents);
	free(s);
}

enum store_progress store_progress(const struct store *s, uint64_t *ret_number)
{
	*ret_number = s->file ? state_file_urgent(s->file) : 0;
	if (s->file && state_file_has(s->file, *ret_number))
		return STORE_DONE;
	return s->file && state_file_works(s->file) ? STORE_PENDING : STORE_FAILED;
}

int store_check_room(const struct store *s, size_t bytes, struct err *err)
{
	struct state_file_status status;
	if (!store_status(s, &status) || status.bytes + bytes * ESCAPED_MAX <= ROOM)
		return 0;
	return err_set(err, -ENOSPC,
		       "the state file has %zu kB, and no more than %zu are for apps and drains; "
		       "unregister some",
		       status.bytes / 1024, ROOM / 1024);
}

bool store_status(const struct store *s, struct state_file_status *ret)
{
	if (s->file)
		state_file_status(s->file, ret);
	return s->file;
}
