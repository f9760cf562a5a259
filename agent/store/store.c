/* SPDX-License-Identifier: MIT */
#include "agent/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/app/drains.h"
#include "agent/app/leases.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/wallclock.h"
#include "process/clock_watch.h"
#include "process/loop.h"

/* Where systemd (StateDirectory=) or we put it. */
#define DEFAULT_DIRECTORY "/var/lib/vipherald"
#define FILE_NAME         "state.json"

/* How long a renewed lease may wait for company. The former end of the lease stands in the file
 * meanwhile. */
#define RENEW_DELAY USEC_PER_SEC

#define AGENT_KEY "" /* no app is called that */

struct store {
	sd_event *loop;
	const struct config_agent *config;
	struct registry *registry;
	struct actuator *actuator;
	struct state_file *file; /* NULL: there is none */
	struct state_contents contents;
	size_t next_app, n_restored;
	struct clock_watch *clock;
	bool stopped;
	store_told_cb *told;
	void *userdata;
};

/* Two clocks */

static uint64_t real_now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t to_real(const struct store *r, usec_t at)
{
	usec_t now = loop_now(r->loop);
	if (at == USEC_NEVER)
		return USEC_NEVER;
	return at > now ? real_now() + (at - now) : usec_sub(real_now(), now - at);
}

/* A date that is past is now. */
static usec_t to_mono(const struct store *r, uint64_t real)
{
	if (real == USEC_NEVER)
		return USEC_NEVER;
	return usec_add(loop_now(r->loop), usec_sub(real, real_now()));
}

/* What is written */

static char *drain_line(const struct store *r, const char *name, const struct drain *d)
{
	const struct drain_request *hold = d ? &d->requests[DRAIN_BY_API] : NULL;
	if (!hold || !hold->on)
		return NULL;
	uint64_t since = usec_sub(to_real(r, hold->since), hold->earlier);
	return state_encode_drain(name, since, to_real(r, hold->until), hold->reason);
}

static char *app_line(const struct store *r, const struct app *app)
{
	if (app->spec->source != APP_FROM_HTTP)
		return NULL;
	return state_encode_app(app->spec, to_real(r, app_lease_end(app)));
}

/* NULL and NULL are NULL. Takes both over. */
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

static void put(struct store *r, const char *name, const struct app *app, usec_t delay)
{
	char *lines = NULL;
	if (!name)
		lines = drain_line(r, NULL, registry_agent_drain(r->registry));
	else if (app)
		lines = joined(app_line(r, app), drain_line(r, name, app->drain));
	state_file_put(r->file, name ? name : AGENT_KEY, lines, delay);
}

static void on_changed(const char *name, const struct app *app, bool renewed, void *userdata)
{
	put(userdata, name, app, renewed ? usec_min(RENEW_DELAY, app->spec->lease / 4) : 0);
}

/* Every date that is written is wrong now. */
static void on_clock_set(void *userdata)
{
	struct store *r = userdata;
	struct app_cursor cursor;
	if (r->stopped)
		return;
	log_info("state", "the clock was set, writing all dates again");
	put(r, NULL, NULL, 0);
	app_cursor_init(r->registry, &cursor);
	for (const struct app *app; (app = app_cursor_next(&cursor));)
		put(r, app->spec->name, app, 0);
	app_cursor_done(&cursor);
}

static int note_vip(const struct prefix *vip, const char *label, void *userdata)
{
	struct store *r = userdata;
	char key[PREFIX_TEXT_MAX]; /* has a '/', which no app's name has */
	state_file_put(r->file, prefix_format(vip, key), state_encode_vip(vip, label), 0);
	if (state_file_has(r->file, state_file_urgent(r->file)) || !state_file_works(r->file))
		return 0;
	return -EINPROGRESS;
}

static void forget_vip(const struct prefix *vip, void *userdata)
{
	struct store *r = userdata;
	char key[PREFIX_TEXT_MAX];
	state_file_put(r->file, prefix_format(vip, key), NULL, RENEW_DELAY);
}

static void on_told(uint64_t up_to, bool stored, void *userdata)
{
	struct store *r = userdata;
	actuator_noted(r->actuator);
	r->told(up_to, stored, r->userdata);
}

/* What is read */

static void read_line(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : -1;
	buf[n > 0 ? n : 0] = 0;
	buf[strcspn(buf, "\n")] = 0;
	if (fd >= 0)
		close(fd);
}

static void find_place(struct state_place *ret)
{
	read_line("/proc/sys/kernel/random/boot_id", ret->boot, sizeof(ret->boot));
	ssize_t n = readlink("/proc/self/ns/net", ret->netns, sizeof(ret->netns) - 1);
	ret->netns[n > 0 ? n : 0] = 0;
}

static bool same_place(const struct state_place *a, const struct state_place *b)
{
	return a->boot[0] && a->netns[0] && str_equal(a->boot, b->boot) &&
	       str_equal(a->netns, b->netns);
}

/* Those that are there no more are not noted again. */
static void adopt_vips(struct store *r, const struct state_place *here)
{
	char key[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < r->contents.n_vips && same_place(here, &r->contents.place); i++) {
		const struct state_vip *v = &r->contents.vips[i];
		if (actuator_adopt(r->actuator, &v->prefix, v->label))
			state_file_put(r->file, prefix_format(&v->prefix, key),
				       state_encode_vip(&v->prefix, v->label), 0);
	}
}

/* No drain has more left than it had when it began, whatever the clock says now: on a host without
 * one it is 1970 until NTP has answered. */
static uint64_t end_of_drain(const struct state_drain *d)
{
	if (d->until == USEC_NEVER)
		return USEC_NEVER;
	return usec_min(d->until, usec_add(real_now(), usec_sub(d->until, d->since)));
}

static void recall_drains(struct store *r)
{
	for (size_t i = 0; i < r->contents.n_drains; i++) {
		const struct state_drain *d = &r->contents.drains[i];
		uint64_t until = end_of_drain(d);
		if (until <= real_now())
			continue;
		/* Until its app takes it. */
		state_file_put(r->file, d->name ? d->name : AGENT_KEY,
			       state_encode_drain(d->name, d->since, until, d->reason), 0);
		registry_restore_drain(r->registry, d->name, d->reason, to_mono(r, until),
				       usec_sub(real_now(), d->since), loop_now(r->loop));
	}
}

static void restore_app(struct store *r, struct state_app *app)
{
	struct err err = { "" };
	char date[DATE_TEXT_MAX];
	enum register_result result;
	const char *name = app->spec.name;
	usec_t now = loop_now(r->loop);
	usec_t end = usec_min(to_mono(r, app->lease_until), usec_add(now, app->spec.lease));
	if (app->spec.lease && end <= now) {
		log_info("state", "%s: its lease ended at %s, not registering it again", name,
			 date_format(app->lease_until, date));
		return;
	}
	int rc = registry_register(r->registry, &app->spec, now, &result, &err);
	if (rc < 0) {
		log_warn("state", "%s: not registered again: %s", name, err.text);
		return;
	}
	if (app->spec.lease)
		registry_set_lease_end(r->registry, name, end);
	r->n_restored++;
}

bool store_restore(struct store *r, usec_t end)
{
	while (r->next_app < r->contents.n_apps && loop_clock() < end)
		restore_app(r, &r->contents.apps[r->next_app++]);
	return r->next_app < r->contents.n_apps;
}

size_t store_n_restored(const struct store *r)
{
	return r->n_restored;
}

static void on_forgotten(const char *name, void *userdata)
{
	struct store *r = userdata;
	log_info("state", "%s: was drained over HTTP, and there is no such app any more", name);
	state_file_put(r->file, name, NULL, 0);
}

void store_begin(struct store *r, bool more_to_come)
{
	state_contents_done(&r->contents);
	r->next_app = 0;
	if (!r->file)
		return;
	if (!more_to_come)
		registry_drop_pending_drains(r->registry, on_forgotten, r);
	state_file_begin(r->file);
}

/* Life */

/* NULL when it is switched off. Free it. */
static char *path_of(const struct config_agent *config)
{
	char *path;
	const char *systemd = getenv("STATE_DIRECTORY");
	if (config->state_file)
		return *config->state_file ? mem_strdup(config->state_file) : NULL;
	/* It may be a list. */
	const char *dir = systemd && *systemd == '/' ? systemd : DEFAULT_DIRECTORY;
	if (asprintf(&path, "%.*s/" FILE_NAME, (int)strcspn(dir, ":"), dir) < 0)
		abort(); /* out of memory, see lib/mem.h */
	return path;
}

static void open_file(struct store *r, const char *path)
{
	static const struct actuator_notes notes = { note_vip, forget_vip };
	struct err err;
	struct state_place here;
	find_place(&here);
	if (state_file_new(r->loop, path, &here, on_told, r, &r->file, &r->contents, &err) < 0) {
		log_warn("state",
			 "%s: there is no state file, so apps registered over HTTP, leases and "
			 "drains are forgotten when vipherald ends. Name a file that it can write "
			 "in agent.state_file, or switch it off with state_file: off",
			 err.text);
		return;
	}
	actuator_set_notes(r->actuator, &notes, r);
	registry_on_changed(r->registry, on_changed, r);
	r->clock = clock_watch_new(r->loop, on_clock_set, r);
	adopt_vips(r, &here);
	recall_drains(r);
}

static void log_kernel_without_tags(const struct store *r)
{
	if (r->file)
		log_info("vip", "this kernel keeps no tag on addresses (Linux before 5.18): the "
				"state file says which VIPs on lo are ours");
	else
		log_warn("vip",
			 "this kernel keeps no tag on addresses (Linux before 5.18), and there is "
			 "no state file: after a crash, VIPs that are still on lo are taken for "
			 "another process's and not announced; set agent.state_file");
}

struct store *store_new(sd_event *loop, const struct config_agent *config,
			struct registry *registry, struct actuator *actuator, store_told_cb *told,
			void *userdata)
{
	struct store *r = mem_new(1, sizeof(*r));
	r->loop = loop;
	r->config = config;
	r->registry = registry;
	r->actuator = actuator;
	r->told = told;
	r->userdata = userdata;
	char *path = path_of(config);
	if (path)
		open_file(r, path);
	free(path);
	if (!actuator_has_tags(actuator))
		log_kernel_without_tags(r);
	return r;
}

void store_stop(struct store *r)
{
	r->stopped = true;
	registry_on_changed(r->registry, NULL, NULL);
}

void store_free(struct store *r)
{
	if (!r)
		return;
	if (r->file) {
		registry_on_changed(r->registry, NULL, NULL);
		actuator_set_notes(r->actuator, NULL, NULL);
	}
	clock_watch_free(r->clock);
	state_file_free(r->file);
	state_contents_done(&r->contents);
	free(r);
}

enum store_progress store_progress(const struct store *r, uint64_t *ret_number)
{
	*ret_number = r->file ? state_file_urgent(r->file) : 0;
	if (r->file && state_file_has(r->file, *ret_number))
		return STORE_DONE;
	return r->file && state_file_works(r->file) ? STORE_PENDING : STORE_FAILED;
}

bool store_status(const struct store *r, struct state_file_status *ret)
{
	if (r->file)
		state_file_status(r->file, ret);
	return r->file;
}
