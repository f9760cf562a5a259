/* SPDX-License-Identifier: MIT */
#include "agent/daemon/confirm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/store/store.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/atomic_file.h"
#include "process/loop.h"
#include "process/trusted_file.h"

#define FILE_NAME "confirm"
/* Between two attempts to go back. */
#define RETRY (10 * USEC_PER_SEC)

struct confirm {
	sd_event *loop;
	struct config_file *shown;
	const struct confirm_ops *ops;
	void *userdata;
	struct atomic_file *file; /* NULL: no mark can be kept */
	struct err no_file;
	struct confirm_mark mark;   /* on the disk, or on its way there */
	struct confirm_mark former; /* before confirm_prepare() */
	bool open, writing, again, failed;
	sd_event_source *timer;
};

void confirm_find(const char *file, struct confirm_mark *ret)
{
	char text[CONFIRM_MARK_MAX];
	char *path = store_path(FILE_NAME);
	int rc = trusted_file_read(path, text, sizeof(text));
	*ret = (struct confirm_mark){ .state = CONFIRM_NONE };
	if (rc == 0 && confirm_mark_parse(text, ret) < 0)
		log_warn("config", "%s: ignored, not written by vipherald", path);
	else if (rc < 0 && rc != -ENOENT)
		log_warn("config", "%s: ignored: %s", path,
			 rc == -EPERM ? "others than root and this user could have written it"
				      : strerror(-rc));
	if (!str_equal(ret->file, file)) /* of another agent, or the file has another name now */
		*ret = (struct confirm_mark){ .state = CONFIRM_NONE };
	free(path);
}

/* ---- the disk ---- */

static void write_mark(struct confirm *c);

static void on_written(const struct err *err, void *userdata)
{
	struct confirm *c = userdata;
	c->writing = false;
	c->failed = err;
	if (err)
		log_error("config", "the confirmation of a reload was not written: %s", err->text);
	if (c->again)
		write_mark(c);
	else
		c->ops->settled(c->userdata);
}

static void write_mark(struct confirm *c)
{
	char *text = mem_new(1, CONFIRM_MARK_MAX);
	c->again = c->writing;
	if (c->writing || !c->file) {
		free(text);
		return;
	}
	confirm_mark_format(&c->mark, text, CONFIRM_MARK_MAX); /* checked by confirm_prepare() */
	c->writing = true;
	atomic_file_start(c->file, text, strlen(text), on_written, c);
}

bool confirm_is_writing(const struct confirm *c)
{
	return c->writing;
}

bool confirm_is_stored(const struct confirm *c)
{
	return !c->writing && !c->failed;
}

/* ---- life ---- */

struct confirm *confirm_new(sd_event *loop, struct config_file *shown,
			    const struct confirm_mark *found, const struct confirm_ops *ops,
			    void *userdata)
{
	struct confirm *c = mem_new(1, sizeof(*c));
	c->loop = loop;
	c->shown = shown;
	c->ops = ops;
	c->userdata = userdata;
	c->mark = *found;
	char *path = store_path(FILE_NAME);
	atomic_file_new(loop, path, &c->file, &c->no_file);
	free(path);
	if (c->mark.state == CONFIRM_UNCONFIRMED) { /* the previous instance ended before it was */
		c->mark.state = CONFIRM_ROLLED_BACK;
		write_mark(c);
	}
	return c;
}

void confirm_stop(struct confirm *c)
{
	if (c)
		c->timer = sd_event_source_disable_unref(c->timer);
}

void confirm_free(struct confirm *c)
{
	if (!c)
		return;
	confirm_stop(c);
	atomic_file_free(c->file);
	free(c);
}

bool confirm_is_open(const struct confirm *c)
{
	return c && c->open;
}

bool confirm_has_mark(const struct confirm *c)
{
	return c && c->mark.state != CONFIRM_NONE;
}

/* ---- the window ---- */

static void show(struct confirm *c, wall_t deadline)
{
	struct config_trial *t = &c->shown->trial;
	*t = (struct config_trial){ .deadline = deadline };
	if (!deadline)
		return;
	str_copy(t->sha256, sizeof(t->sha256), c->mark.sha256);
	str_copy(t->by, sizeof(t->by), c->mark.by);
}

int confirm_prepare(struct confirm *c, const char *sha256, const char *by, struct err *err)
{
	struct confirm_mark mark = { .state = CONFIRM_UNCONFIRMED };
	char text[CONFIRM_MARK_MAX];
	if (!c->file)
		return err_set(err, -ENOENT, "%s", c->no_file.text);
	str_copy(mark.sha256, sizeof(mark.sha256), sha256);
	str_copy(mark.by, sizeof(mark.by), by);
	date_format(wall_now(), mark.at);
	if (str_copy(mark.file, sizeof(mark.file), c->shown->path) < 0 ||
	    confirm_mark_format(&mark, text, sizeof(text)) < 0)
		return err_set(err, -EINVAL,
			       "the name of the configuration file is too long or contains a line "
			       "break");
	c->former = c->mark;
	c->mark = mark;
	write_mark(c);
	return 0;
}

void confirm_abandon(struct confirm *c)
{
	c->mark = c->former;
	write_mark(c);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct confirm *c = userdata;
	c->ops->expired(c->userdata);
	return 0;
}

static void set_timer(struct confirm *c, span_t span)
{
	loop_timer_set(c->loop, &c->timer, usec_add(loop_clock(), span), LOOP_APPLY, on_deadline,
		       c);
}

void confirm_open(struct confirm *c, span_t span)
{
	char date[DATE_TEXT_MAX];
	c->open = true;
	set_timer(c, span);
	show(c, usec_add(wall_now(), span));
	log_event(LOG_WARNING, "config", EVENT("reload.unconfirmed"),
		  "%s is on trial for %s: the previous configuration returns at %s unless it is "
		  "confirmed (vipherald confirm)",
		  c->shown->path, c->mark.by, date_format(c->shown->trial.deadline, date));
}

void confirm_close(struct confirm *c)
{
	confirm_stop(c);
	c->open = false;
	show(c, 0);
	if (c->mark.state == CONFIRM_NONE)
		return;
	c->mark = (struct confirm_mark){ .state = CONFIRM_NONE };
	write_mark(c);
}

void confirm_rolled_back(struct confirm *c)
{
	confirm_stop(c);
	c->open = false;
	c->mark.state = CONFIRM_ROLLED_BACK;
	date_format(wall_now(), c->mark.at);
	show(c, 0);
	c->shown->rollbacks++;
	config_file_rolled_back(c->shown, c->mark.sha256, c->mark.by, c->mark.at);
	write_mark(c);
	log_event(LOG_ERROR, "config", EVENT("reload.rollback"),
		  "%s as reloaded by %s was not confirmed: the previous configuration is in effect "
		  "again; fix the file, then reload",
		  c->shown->path, c->mark.by);
}

void confirm_retry(struct confirm *c)
{
	if (!c->open)
		return;
	c->shown->trial.failed = true;
	set_timer(c, RETRY);
}
