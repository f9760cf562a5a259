/* SPDX-License-Identifier: MIT */
#include "agent/store/state_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/store/state_encode.h"
#include "lib/backoff.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "process/atomic_file.h"
#include "process/loop.h"

#define RETRY_FIRST (2 * USEC_PER_SEC)
#define RETRY_MAX   (60 * USEC_PER_SEC)
/* How long a write may take before changes are reported as not stored. */
#define SLOW (5 * USEC_PER_SEC)

struct entry {
	char *key;
	char *lines;
	size_t len, n;
	UT_hash_handle hh;
};

struct state_file {
	sd_event *loop;
	char *path;
	struct state_place place;
	struct atomic_file *rewriter;
	struct entry *entries;
	size_t bytes, lines;
	/* Numbers of changes: the last, the last without a delay, the last in the pending write,
	 * the last on the disk. */
	uint64_t last, urgent, writing, stored;
	bool begun, busy, slow;
	mono_t write_at; /* USEC_NEVER: nothing to be written */
	mono_t write_began;
	struct backoff backoff;
	char *trouble;
	sd_event_source *timer, *slow_timer;
	state_file_written_cb *written;
	void *userdata;
	uint64_t writes, failures;
	span_t longest;
};

/* The content */

static void entry_free(struct state_file *f, struct entry *e)
{
	f->bytes -= e->len;
	f->lines -= e->n;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, f->entries, e);
	free(e->key);
	free(e->lines);
	free(e);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
static struct entry *entry_get(struct state_file *f, const char *key, bool make)
{
	struct entry *e;
	HASH_FIND(hh, f->entries, key, strlen(key), e);
	if (e || !make)
		return e;
	e = mem_new(1, sizeof(*e));
	e->key = mem_strdup(key);
	HASH_ADD_KEYPTR(hh, f->entries, e->key, strlen(e->key), e);
	return e;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;
	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

static void entry_set(struct state_file *f, struct entry *e, char *lines)
{
	f->bytes -= e->len;
	f->lines -= e->n;
	free(e->lines);
	e->lines = lines;
	e->len = strlen(lines);
	e->n = count_lines(lines);
	f->bytes += e->len;
	f->lines += e->n;
}

/* The whole file; NULL when it would be too large to be read again. */
static char *image_of(const struct state_file *f, size_t *ret_len, struct err *err)
{
	if (f->bytes > STATE_BYTES_MAX - 1024) {
		err_set(err, -EFBIG, "%s would have %zu bytes, at most %zu are kept", f->path,
			f->bytes, STATE_BYTES_MAX);
		return NULL;
	}
	char *head = state_encode_head(&f->place), *end = state_encode_end(f->lines);
	char *image = mem_new(strlen(head) + f->bytes + strlen(end) + 1, 1), *p = image;
	p = stpcpy(p, head);
	for (const struct entry *e = f->entries; e; e = e->hh.next) {
		memcpy(p, e->lines, e->len);
		p += e->len;
	}
	p = stpcpy(p, end);
	*ret_len = (size_t)(p - image);
	free(head);
	free(end);
	return image;
}

/* Writing */

static void schedule(struct state_file *f);

static void set_trouble(struct state_file *f, const char *text)
{
	if (text && !f->trouble)
		log_warn("state",
			 "%s: changes over HTTP may be lost when vipherald ends. Make the file "
			 "writable or change agent.state_file; retrying",
			 text);
	if (!text && f->trouble)
		log_info("state", "%s can be written again", f->path);
	mem_free(&f->trouble);
	f->trouble = text ? mem_strdup(text) : NULL;
}

static void write_failed(struct state_file *f, const struct err *err)
{
	f->failures++;
	set_trouble(f, err->text);
	f->write_at = usec_add(loop_now(f->loop), backoff_next(&f->backoff, 0));
	schedule(f);
	f->written(f->last, false, f->userdata);
}

static void on_written(const struct err *err, void *userdata)
{
	struct state_file *f = userdata;
	span_t took = loop_now(f->loop) - f->write_began;
	f->busy = f->slow = false;
	loop_timer_set(f->loop, &f->slow_timer, USEC_NEVER, LOOP_APPLY, NULL, NULL);
	if (err) {
		write_failed(f, err);
		return;
	}
	f->writes++;
	f->longest = took > f->longest ? took : f->longest;
	f->stored = f->writing;
	backoff_reset(&f->backoff);
	set_trouble(f, NULL);
	schedule(f);
	f->written(f->stored, true, f->userdata);
}

static int on_slow(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct state_file *f = userdata;
	struct err err;
	f->slow = true;
	err_set(&err, -ETIMEDOUT, "%s: the disk takes longer than %d s", f->path,
		(int)(SLOW / USEC_PER_SEC));
	set_trouble(f, err.text);
	f->written(f->last, false, f->userdata);
	return 0;
}

static void write_out(struct state_file *f)
{
	struct err err;
	size_t len;
	f->write_at = USEC_NEVER;
	char *image = image_of(f, &len, &err);
	if (!image) {
		write_failed(f, &err);
		return;
	}
	f->busy = true;
	f->writing = f->last;
	f->write_began = loop_now(f->loop);
	loop_timer_set(f->loop, &f->slow_timer, usec_add(f->write_began, SLOW), LOOP_APPLY, on_slow,
		       f);
	atomic_file_start(f->rewriter, image, len, on_written, f);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	write_out(userdata);
	return 0;
}

/* By timer even if it is due now, so that it contains all changes of this turn of the loop. */
static void schedule(struct state_file *f)
{
	if (f->begun && !f->busy)
		loop_timer_set(f->loop, &f->timer, f->write_at, LOOP_APPLY, on_timer, f);
}

void state_file_put(struct state_file *f, const char *key, char *lines, span_t delay)
{
	struct entry *e = entry_get(f, key, lines);
	if (!e)
		return;
	if (lines && e->lines && strcmp(lines, e->lines) == 0) {
		free(lines);
		return;
	}
	if (lines)
		entry_set(f, e, lines);
	else
		entry_free(f, e);
	f->last++;
	if (delay == 0)
		f->urgent = f->last;
	/* After a failure the pause comes first. */
	if (!f->trouble || f->write_at == USEC_NEVER)
		f->write_at = usec_min(f->write_at, usec_add(loop_now(f->loop), delay));
	schedule(f);
}

void state_file_begin(struct state_file *f)
{
	f->begun = true;
	schedule(f);
}

uint64_t state_file_urgent(const struct state_file *f)
{
	return f->urgent;
}

bool state_file_has(const struct state_file *f, uint64_t number)
{
	return f->stored >= number;
}

bool state_file_works(const struct state_file *f)
{
	return !f->trouble;
}

void state_file_status(const struct state_file *f, struct state_file_status *ret)
{
	*ret = (struct state_file_status){
		.path = f->path,
		.trouble = f->trouble,
		.stored = !f->trouble,
		.lines = f->lines,
		.bytes = f->bytes,
		.writes = f->writes,
		.failures = f->failures,
		.longest = f->longest,
	};
}

/* Life */

/* A file that cannot be used is kept under another name for the operator. */
static int set_aside(struct state_file *f, bool damaged, const char *why, struct err *err)
{
	char *name, date[32];
	time_t now = time(NULL);
	struct tm tm;
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &tm);
	if (asprintf(&name, "%s.damaged-%s", f->path, date) < 0)
		abort(); /* out of memory, see lib/mem.h */
	int rc = damaged ? atomic_file_set_aside(f->rewriter, name, err)
			 : atomic_file_link(f->rewriter, name, err);
	if (rc == 0)
		log_error("state", "%s: %s; it is kept as %s", f->path, why, name);
	free(name);
	return rc;
}

static int read_all(struct state_file *f, struct state_contents *ret, struct err *err)
{
	char *text = NULL;
	size_t len = 0;
	struct err why;
	int rc = atomic_file_read(f->rewriter, STATE_BYTES_MAX, &text, &len, &why);
	if (rc == -ENOENT)
		return 0;
	if (rc == 0)
		rc = state_decode(text, len, ret, &why);
	free(text);
	if (rc < 0) {
		err_prefix(&why, rc, "damaged, not used: ");
		return set_aside(f, true, why.text, err);
	}
	for (size_t i = 0; i < ret->n_refused; i++)
		log_warn("state", "%s: %s; not registered again", f->path, ret->refused[i]);
	return ret->n_refused > 0 ? set_aside(f, false, "not all of it can be used", err) : 0;
}

void state_file_set_retry(struct state_file *f, span_t first, span_t max)
{
	f->backoff = (struct backoff){ .first = first, .max = max };
}

int state_file_new(sd_event *loop, const char *path, const struct state_place *place,
		   state_file_written_cb *written, void *userdata, struct state_file **ret,
		   struct state_contents *ret_contents, struct err *err)
{
	struct state_file *f = mem_new(1, sizeof(*f));
	struct state_contents contents = { 0 };
	f->loop = loop;
	f->path = mem_strdup(path);
	f->place = *place;
	f->written = written;
	f->userdata = userdata;
	f->write_at = USEC_NEVER;
	state_file_set_retry(f, RETRY_FIRST, RETRY_MAX);
	int rc = atomic_file_new(loop, path, &f->rewriter, err);
	if (rc == 0)
		rc = read_all(f, &contents, err);
	if (rc < 0) {
		state_contents_done(&contents);
		state_file_free(f);
		return rc;
	}
	/* So that the file is written at all: it shows whether it can be, and drops what was not
	 * registered again. */
	f->last++;
	f->write_at = 0;
	*ret = f;
	*ret_contents = contents;
	return 0;
}

static void write_last(struct state_file *f)
{
	struct err err;
	size_t len;
	char *image = image_of(f, &len, &err);
	if (!image || atomic_file_write_now(f->rewriter, image, len, &err) < 0)
		log_error("state", "%s; the last changes are lost", err.text);
	free(image);
}

void state_file_free(struct state_file *f)
{
	struct entry *e, *next;
	if (!f)
		return;
	if (f->begun && f->stored != f->last)
		write_last(f);
	atomic_file_free(f->rewriter);
	sd_event_source_disable_unref(f->timer);
	sd_event_source_disable_unref(f->slow_timer);
	HASH_ITER (hh, f->entries, e, next)
		entry_free(f, e);
	free(f->trouble);
	free(f->path);
	free(f);
}
