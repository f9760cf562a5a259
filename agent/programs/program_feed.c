/* SPDX-License-Identifier: MIT */
/*
 * A wake-up reads at most LINE_BUFFER_ADD octets and carries out at most UNITS_A_TURN lines or
 * prefixes; the pipe is read again when all of them are done. So a program that writes without end
 * is slowed down by its own pipe, and the loop turns.
 */
#include "agent/programs/program_feed.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "agent/programs/answer.h"
#include "agent/programs/program_routes.h"
#include "lib/log.h"
#include "lib/version.h"
#include "process/fd.h"
#include "process/loop.h"

#define UNITS_A_TURN 200
#define SHOWN_MAX    200
/* A listing goes on when the program has read so much of it that less is held. */
#define LISTING_MAX (OUTBOX_MAX / 2)
/* One that reads nothing for so long gets what there is room for. */
#define READ_WAIT USEC_PER_SEC

static void run_turn(struct program_feed *f);

/* ---- Answers. ---- */

static void say(const struct program_feed *f, const char *text)
{
	if (!f->is_fifo)
		outbox_line(&f->program->answers, text);
}

static void answer(const struct program_feed *f, bool ok)
{
	if (!f->program->silent)
		say(f, ok ? "done" : "error");
}

/* A program may write the same refused line a thousand times. */
static void refuse(struct program_feed *f, const char *line, size_t len, const struct err *err)
{
	char shown[SHOWN_MAX];
	struct program *p = f->program;
	p->n_errors++;
	str_copy(p->last_error, sizeof(p->last_error), "");
	str_printable(p->last_error, sizeof(p->last_error), err->text, strlen(err->text));
	if (program_may_log(p, &p->refused_lines, "lines were refused"))
		log_event(LOG_WARNING, "exec", EVENT("process.refused", .app = p->spec.name),
			  "process %s: %s: %s", p->spec.name, err->text,
			  str_printable(shown, sizeof(shown), line, len));
	answer(f, false);
}

/* ---- Commands that are not about routes. ---- */

static void say_all(const struct program_feed *f, const char *const *lines)
{
	for (; *lines; lines++)
		say(f, *lines);
}

static void show_summary(const struct program_feed *f)
{
	char text[200];
	struct bgp_peer_status peer;
	const struct programs_env *env = f->program->env;
	say(f, answer_summary_head);
	for (size_t i = 0; i < bgp_speaker_n_peers(env->speaker); i++) {
		struct strbuf sb = strbuf_over(text, sizeof(text));
		bgp_speaker_peer_status(env->speaker, i, &peer);
		if (peer.established_since == USEC_NEVER)
			continue;
		answer_summary(&peer, loop_now(env->loop), &sb);
		say(f, text);
	}
}

/* A fifo has no answers. */
static void begin_listing(struct program_feed *f, bool extensive)
{
	if (f->is_fifo)
		return;
	f->job.listing = route_listing_new(&f->program->routes, extensive);
	f->busy = true;
}

static void finish(struct program_feed *f, bool ok)
{
	answer(f, ok);
	program_job_done(&f->job);
	f->busy = false;
}

/* One step: peers that the route is not for take one, too, so that a turn is bounded. It ends with
 * its reader. */
static void go_on_listing(struct program_feed *f)
{
	char text[4096];
	size_t i;
	if (f->ended || f->program->answers.fd < 0) {
		finish(f, true);
		return;
	}
	struct strbuf sb = strbuf_over(text, sizeof(text));
	const struct bgp_speaker *speaker = f->program->env->speaker;
	const struct listed_route *r =
		route_listing_next(f->job.listing, bgp_speaker_n_peers(speaker), &i);
	if (!r) {
		finish(f, true);
		return;
	}
	const struct bgp_peer_config *peer = bgp_speaker_peer_config(speaker, i);
	if (!bgp_peer_filter_allows(f->job.peers, peer)) {
		route_listing_skip_peer(f->job.listing);
		return;
	}
	const struct route_spec *spec = route_spec_for(r->spec, peer);
	if (!spec)
		return;
	answer_route(peer, &r->prefix, spec, f->job.listing->extensive, &sb);
	say(f, text);
}

static void go_on(struct program_feed *f);

static int on_unread(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct program_feed *f = userdata;
	if (f->taken == f->program->answers.taken)
		f->unread_at = f->taken;
	go_on(f);
	return 0;
}

/* A listing is longer than what is held of the answers. */
static bool waits_for_reader(struct program_feed *f)
{
	const struct outbox *answers = &f->program->answers;
	if (!f->job.listing || f->ended || answers->len < LISTING_MAX ||
	    answers->taken == f->unread_at)
		return false;
	f->taken = answers->taken;
	loop_timer_set(f->program->env->loop, &f->wait,
		       usec_add(loop_now(f->program->env->loop), READ_WAIT), LOOP_INPUT, on_unread,
		       f);
	return true;
}

/* Who writes into the fifo gets no answers, and has no say in those of the program. */
static void set_silent(const struct program_feed *f, bool silent)
{
	if (!f->is_fifo)
		f->program->silent = silent;
}

static void control(struct program_feed *f, enum line_verb verb)
{
	struct program *p = f->program;
	switch (verb) {
	case LINE_NOTHING:
	case LINE_ANNOUNCE:
	case LINE_WITHDRAW:
		return;
	case LINE_COMMENT:
		break;
	case LINE_ENABLE_ACK:
		set_silent(f, false);
		break;
	case LINE_DISABLE_ACK:
		answer(f, true);
		set_silent(f, true);
		return;
	case LINE_SILENCE_ACK:
		set_silent(f, true);
		return;
	case LINE_VERSION:
		say(f, "exabgp 4.2.21 (vipherald " VIPHERALD_VERSION ")");
		break;
	case LINE_PING:
		say(f, "pong vipherald active=true");
		break;
	case LINE_HELP:
		say_all(f, answer_help);
		break;
	case LINE_SHOW_SUMMARY:
		show_summary(f);
		break;
	case LINE_SHOW_NEIGHBOR:
		say_all(f, answer_neighbor);
		break;
	case LINE_SHOW_RIB:
	case LINE_SHOW_RIB_EXTENSIVE:
		begin_listing(f, verb == LINE_SHOW_RIB_EXTENSIVE);
		return;
	case LINE_RELOAD:
		say(f, "reload in progress");
		if (p->state != PROGRAM_STOPS && p->owner)
			p->owner->reload(p, p->owner_userdata);
		break;
	}
	answer(f, true);
}

/* ---- Lines. ---- */

static void warn_of_path_id(struct program *p)
{
	if (p->warned_of_path_id)
		return;
	p->warned_of_path_id = true;
	log_warn(
		"exec",
		"process %s: path-information is ignored: routes are sent without path identifiers "
		"(RFC 7911)",
		p->spec.name);
}

static void begin_line(struct program_feed *f, const char *text, size_t len)
{
	struct err err = { "" };
	struct program *p = f->program;
	struct program_job *job = &f->job;
	int rc = line_parse(text, len, p->spec.max_routes, &job->line, &err);
	enum line_verb verb = job->line.verb;
	bool is_route = verb == LINE_ANNOUNCE || verb == LINE_WITHDRAW;
	bool is_listing = verb == LINE_SHOW_RIB || verb == LINE_SHOW_RIB_EXTENSIVE;
	p->n_lines += rc < 0 || verb != LINE_NOTHING;
	if (rc == 0 && (is_route || is_listing))
		rc = program_job_begin(p, job, &err);
	if (rc == 0 && is_route) {
		/* The end of a restart waits for what the program itself says. */
		if (!f->is_fifo || !p->spec.run)
			p->last_route = loop_now(p->env->loop);
		if (job->line.has_path_id)
			warn_of_path_id(p);
		f->busy = true;
		return;
	}
	if (rc < 0)
		refuse(f, text, len, &err);
	else
		control(f, verb);
	if (!f->busy)
		program_job_done(job);
}

/* Of several prefixes that fail one is told. */
static void go_on_with_prefixes(struct program_feed *f)
{
	struct err err = { "" };
	char text[PREFIX_TEXT_MAX];
	struct program_job *job = &f->job;
	if (program_job_next(f->program, job, f->is_fifo, &err) < 0 && !job->failed) {
		job->failed = true;
		prefix_format(&job->line.prefixes[job->next - 1], text);
		f->program->n_errors++;
		str_printable(f->program->last_error, sizeof(f->program->last_error), err.text,
			      strlen(err.text));
		if (program_may_log(f->program, &f->program->refused_lines, "lines were refused"))
			log_event(
				LOG_WARNING, "exec",
				EVENT("process.refused", .app = f->program->spec.name, .vip = text),
				"process %s: %s: %s", f->program->spec.name, text, err.text);
	}
	if (job->next < job->line.n_prefixes)
		return;
	finish(f, !job->failed);
}

/* False: there is no whole line left. */
static bool step(struct program_feed *f)
{
	const char *text = "";
	size_t len = 0;
	struct err err;
	if (f->busy) {
		if (f->job.listing)
			go_on_listing(f);
		else
			go_on_with_prefixes(f);
		return true;
	}
	enum line_found found = line_buffer_next(&f->buffer, &text, &len);
	if (found == LINE_NONE && f->drained)
		found = line_buffer_last(&f->buffer, &text, &len);
	if (found == LINE_NONE)
		return false;
	if (found == LINE_TOO_LONG) {
		f->program->n_lines++;
		err_set(&err, -EINVAL, "a line is longer than %zu octets", LINE_MAX_OCTETS);
		refuse(f, text, len, &err);
		return true;
	}
	begin_line(f, text, len);
	return true;
}

/* ---- The pipe. ---- */

/* At most `max` octets. How many they are; 0: nothing is there; -1: the end. */
static ssize_t read_some(struct program_feed *f, size_t max)
{
	char octets[LINE_BUFFER_ADD];
	if (f->fd < 0)
		return -1;
	ssize_t n = read(f->fd, octets, max < sizeof(octets) ? max : sizeof(octets));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	line_buffer_add(&f->buffer, octets, (size_t)n);
	return n;
}

/* False: that was all. */
static bool read_rest(struct program_feed *f)
{
	ssize_t n = f->left > 0 ? read_some(f, f->left) : 0;
	f->left -= n > 0 ? (size_t)n : 0;
	return n > 0;
}

static void watch(struct program_feed *f, bool on)
{
	if (f->io)
		sd_event_source_set_enabled(f->io, on ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int on_more(sd_event_source *source, void *userdata)
{
	(void)source;
	run_turn(userdata);
	return 0;
}

static void go_on(struct program_feed *f)
{
	f->wait = sd_event_source_disable_unref(f->wait);
	loop_defer(f->program->env->loop, &f->more, LOOP_INPUT, on_more, f);
}

void program_feed_answers_read(struct program_feed *f)
{
	if (f->wait && (f->program->answers.len < LISTING_MAX / 2 || f->program->answers.fd < 0))
		go_on(f);
}

/* A fifo that is opened after its writers have left does not become readable at their end: with
 * part of a line, look for that. False: nothing is there now. */
static bool read_on(struct program_feed *f)
{
	if (!f->is_fifo || f->ended || line_buffer_is_empty(&f->buffer))
		return false;
	ssize_t n = read_some(f, SIZE_MAX);
	f->ended = n < 0;
	return n != 0;
}

/* A fifo stays open until it is opened anew. */
static void drained(struct program_feed *f)
{
	f->drained = true;
	f->io = sd_event_source_disable_unref(f->io);
	if (!f->is_fifo)
		fd_close(&f->fd);
}

/* All that was read is carried out, and, once the process has ended, all that was in the pipe
 * then. */
static void run_turn(struct program_feed *f)
{
	for (unsigned i = 0; i < UNITS_A_TURN; i++) {
		if (waits_for_reader(f)) {
			watch(f, false);
			return;
		}
		if (step(f))
			continue;
		if (read_on(f))
			continue;
		if (f->ended && !f->drained) {
			if (!read_rest(f))
				drained(f); /* its last line may have no end */
			continue;
		}
		if (f->ended)
			program_on_feed_done(f);
		else
			watch(f, true);
		return;
	}
	watch(f, false);
	loop_defer(f->program->env->loop, &f->more, LOOP_INPUT, on_more, f);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct program_feed *f = userdata;
	ssize_t n = read_some(f, SIZE_MAX);
	if (n < 0 && !f->is_fifo) {
		/* A process that has closed its stdout may go on. */
		f->io = sd_event_source_disable_unref(f->io);
		fd_close(&f->fd);
		return 0;
	}
	if (n < 0)
		f->ended = true;
	run_turn(f);
	return 0;
}

void program_feed_init(struct program_feed *f, struct program *p, bool is_fifo)
{
	*f = (struct program_feed){ .program = p, .fd = -1, .is_fifo = is_fifo };
}

int program_feed_open(struct program_feed *f, int fd)
{
	f->io = sd_event_source_disable_unref(f->io);
	fd_close(&f->fd);
	f->fd = fd;
	f->ended = f->drained = false;
	f->unread_at = UINT64_MAX;
	return loop_io_add(f->program->env->loop, &f->io, fd, EPOLLIN, LOOP_INPUT, on_readable, f);
}

void program_feed_close(struct program_feed *f)
{
	f->io = sd_event_source_disable_unref(f->io);
	f->more = sd_event_source_disable_unref(f->more);
	f->wait = sd_event_source_disable_unref(f->wait);
	fd_close(&f->fd);
	if (f->busy)
		program_job_done(&f->job);
	f->busy = false;
	line_buffer_done(&f->buffer);
}

/* Another process that holds the pipe open may add to it for ever. */
static size_t in_pipe(int fd)
{
	int n = 0;
	return fd >= 0 && ioctl(fd, FIONREAD, &n) == 0 ? (size_t)n : 0;
}

void program_feed_end(struct program_feed *f)
{
	f->ended = true;
	f->left = in_pipe(f->fd);
	watch(f, false);
	go_on(f);
}
