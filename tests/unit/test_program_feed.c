/* SPDX-License-Identifier: MIT */
/* Lines of a program: of a fifo whose writers come and go, each at a chosen moment, and answers
 * that are read late. */
#include "agent/programs/program_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/programs/program_feed.h"
#include "agent/programs/program_routes.h"
#include "tests/unit/captured_log.h"
#include "tests/unit/fake_registry.h"
#include "tests/unit/loop_until.h"

/* More routes than a turn of the loop carries out, by a line that ends with its writer. */
#define MANY_ROUTES 1024
/* More than the outbox and a pipe hold. */
#define LISTED      16384
#define LISTED_LINE "announce route 198.18.0.0/18 next-hop self split /32\n"
#define MANY_LINE   "announce route 198.18.0.0/22 next-hop self split /32"
/* Lines or prefixes, in a turn of the loop. */
#define A_TURN 200

struct bed {
	struct fake_registry f;
	struct bgp_speaker *speaker;
	struct bgp_config bgp;
	struct programs_env env;
	struct program *p;
	char dir[32], path[48];
	int lines, answers; /* the ends of the program, once its pipes are open */
	size_t n_read, n_done, n_rubbish;
	size_t before, most; /* lines that a turn has carried out */
};

static int no_user(const struct program_spec *spec, const struct child_user **ret, struct err *err,
		   void *userdata)
{
	(void)spec, (void)err, (void)userdata;
	*ret = NULL;
	return 0;
}

static int setup(void **state)
{
	static struct bed b;
	static const struct bgp_speaker_ops ops = { 0 };
	static const struct bgp_peer_config peers[] = {
		{ .addr = { AF_INET, { 10, 0, 0, 1 } }, .peer_as = 65000, .port = 179 },
	};
	static struct prefix allowed[] = { PREFIX4(16, 198, 18, 0, 0) };
	sd_event *loop;
	b = (struct bed){
		.bgp = { .local_as = 65001, .router_id = 9, .peers = peers, .n_peers = 1 },
		.dir = "/tmp/fifo-XXXXXX"
	};
	assert_non_null(mkdtemp(b.dir));
	snprintf(b.path, sizeof(b.path), "%s/in", b.dir);
	assert_int_equal(mkfifo(b.path, 0600), 0);
	assert_true(sd_event_new(&loop) >= 0);
	fake_registry_init(&b.f, loop);
	assert_int_equal(bgp_speaker_new(loop, &b.bgp, &ops, NULL, &b.speaker, NULL), 0);
	b.env = (struct programs_env){ .loop = loop,
				       .registry = b.f.reg,
				       .speaker = b.speaker,
				       .bgp = &b.bgp,
				       .user = no_user };
	const struct program_spec spec = { .name = (char *)"p",
					   .fifo = b.path,
					   .allow = { allowed, 1 },
					   .max_routes = LISTED + 1 };
	b.p = program_new(&b.env, &spec);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	sd_event *loop = b->f.loop;
	if (b->lines >= 0)
		close(b->lines);
	if (b->answers >= 0)
		close(b->answers);
	program_free(b->p);
	fake_registry_done(&b->f);
	bgp_speaker_free(b->speaker);
	sd_event_unref(loop);
	unlink(b->path);
	rmdir(b->dir);
	return 0;
}

/* Refused where there is no reader. */
static int writer(const struct bed *b)
{
	return open(b->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

static void put(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static bool has_many(void *userdata)
{
	const struct bed *b = userdata;
	return route_table_n(&b->p->routes) >= MANY_ROUTES;
}

static bool has_one_more(void *userdata)
{
	const struct bed *b = userdata;
	return route_table_n(&b->p->routes) > MANY_ROUTES;
}

static bool end_is_read(void *userdata)
{
	const struct bed *b = userdata;
	return b->p->fifo.ended;
}

/* The last writer has left, and its line is being carried out. */
static void write_many(struct bed *b)
{
	int fd = writer(b);
	put(fd, MANY_LINE);
	close(fd);
	loop_until(b->f.loop, end_is_read, b);
	assert_false(has_many(b));
}

/* The next one has come and gone before the fifo is opened anew. */
static void the_next_writer_finds_a_reader(void **state)
{
	struct bed *b = *state;
	write_many(b);
	int fd = writer(b);
	assert_true(fd >= 0);
	put(fd, "announce route 198.18.4.1 next-hop self"); /* without its line feed */
	close(fd);
	loop_until(b->f.loop, has_one_more, b);
	assert_int_equal(b->p->n_lines, 2);
}

/* The next one comes before the fifo is opened anew, and writes later. */
static void a_writer_across_the_reopening(void **state)
{
	struct bed *b = *state;
	write_many(b);
	int fd = writer(b);
	assert_true(fd >= 0);
	loop_until(b->f.loop, has_many, b);
	loop_drain(b->f.loop);
	put(fd, "announce route 198.18.4.1 next-hop self");
	loop_drain(b->f.loop);
	assert_false(has_one_more(b));
	close(fd);
	loop_until(b->f.loop, has_one_more, b);
}

/* One that others may write meanwhile is not read on. */
static void a_fifo_that_is_refused_is_closed(void **state)
{
	struct bed *b = *state;
	int fd = writer(b);
	assert_int_equal(chmod(b->path, 0602), 0);
	close(fd);
	while (b->p->fifo.fd >= 0)
		assert_true(sd_event_run(b->f.loop, UINT64_MAX) >= 0);
	assert_int_equal(writer(b), -1);
	assert_int_equal(errno, ENXIO);
}

/* ---- answers ---- */

static void on_read(void *userdata)
{
	struct program *p = userdata;
	program_feed_answers_read(&p->out);
}

static void open_pipes(struct bed *b)
{
	int lines[2], answers[2];
	assert_int_equal(pipe2(lines, O_NONBLOCK | O_CLOEXEC), 0);
	assert_int_equal(pipe2(answers, O_NONBLOCK | O_CLOEXEC), 0);
	b->lines = lines[1];
	b->answers = answers[0];
	program_feed_open(&b->p->out, lines[0]);
	outbox_open(&b->p->answers, b->f.loop, answers[1]);
	b->p->answers.read = on_read;
	b->p->answers.userdata = b->p;
}

static bool is_listed(void *userdata)
{
	const struct bed *b = userdata;
	return route_table_n(&b->p->routes) == LISTED;
}

static bool is_one_more(void *userdata)
{
	const struct bed *b = userdata;
	return route_table_n(&b->p->routes) > LISTED;
}

static bool waits(void *userdata)
{
	const struct bed *b = userdata;
	return b->p->out.wait;
}

static bool read_all(void *userdata)
{
	struct bed *b = userdata;
	char text[4096];
	ssize_t n;
	while ((n = read(b->answers, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			b->n_read += text[i] == '\n';
			b->n_done += text[i] == 'd'; /* of done, and of no route */
		}
	return b->n_done == 2;
}

static void a_listing_goes_on_as_it_is_read(void **state)
{
	struct bed *b = *state;
	open_pipes(b);
	put(b->lines, LISTED_LINE "show adj-rib out\n");
	loop_until(b->f.loop, waits, b);
	assert_true(is_listed(b));
	loop_until(b->f.loop, read_all, b);
	assert_int_equal(b->n_read, LISTED + 2);
	assert_int_equal(b->p->answers.dropped, 0);
}

/* Answers that do not fit are dropped, and further listings are not waited for. */
static void a_program_that_reads_nothing_goes_on(void **state)
{
	struct bed *b = *state;
	open_pipes(b);
	put(b->lines, LISTED_LINE "show adj-rib out\nshow adj-rib out\n"
				  "announce route 198.18.64.1 next-hop self\n");
	loop_until(b->f.loop, waits, b);
	loop_until(b->f.loop, is_one_more, b);
	assert_true(b->p->answers.dropped > LISTED);
}

static void a_program_that_closes_its_stdin_goes_on(void **state)
{
	struct bed *b = *state;
	open_pipes(b);
	put(b->lines, LISTED_LINE "show adj-rib out\nannounce route 198.18.64.1 next-hop self\n");
	loop_until(b->f.loop, waits, b);
	close(b->answers);
	b->answers = -1;
	loop_until(b->f.loop, is_one_more, b);
	assert_int_equal(b->p->answers.dropped, 0);
}

/* ---- refusals ---- */

static bool read_rubbish(void *userdata)
{
	const struct bed *b = userdata;
	return b->p->n_errors == b->n_rubbish;
}

static void write_rubbish(struct bed *b, size_t n)
{
	b->n_rubbish += n;
	while (n-- > 0)
		put(b->lines, "rubbish\n");
	loop_until(b->f.loop, read_rubbish, b);
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;
	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* The first few of a minute, for as long as the program lives. */
static void refusals_in_the_log(void **state)
{
	static const char refused[] =
		"process p: 'rubbish' is not a command that is known: rubbish";
	static struct captured_log lines;
	struct bed *b = *state;
	open_pipes(b);
	captured_log_begin(&lines);
	write_rubbish(b, LINES_MAX + 3);
	size_t first = count_of(captured_log_read(&lines), refused);
	b->p->refused_lines.end = 1; /* the minute is over */
	write_rubbish(b, 1);
	const char *text = captured_log_read(&lines);
	size_t again = count_of(text, refused);
	size_t sums = count_of(text, "process p: 3 more lines were refused in 1m");
	captured_log_end(&lines);
	assert_int_equal(first, LINES_MAX);
	assert_int_equal(again, 1);
	assert_int_equal(sums, 1);
}

/* ---- turns ---- */

static void count_turn(struct bed *b, size_t n)
{
	if (n - b->before > b->most)
		b->most = n - b->before;
	b->before = n;
}

static bool many_by_turns(void *userdata)
{
	struct bed *b = userdata;
	count_turn(b, route_table_n(&b->p->routes));
	return has_many(b);
}

static bool all_lines_by_turns(void *userdata)
{
	struct bed *b = userdata;
	count_turn(b, b->p->n_lines);
	return b->p->n_lines == MANY_ROUTES + 1;
}

/* Other work of the loop comes in between. */
static void a_turn_is_bounded(void **state)
{
	struct bed *b = *state;
	open_pipes(b);
	put(b->lines, MANY_LINE "\n");
	loop_until(b->f.loop, many_by_turns, b);
	assert_int_equal(b->most, A_TURN);
	b->before = 1;
	b->most = 0;
	for (size_t i = 0; i < MANY_ROUTES; i++)
		put(b->lines, "ping\n");
	loop_until(b->f.loop, all_lines_by_turns, b);
	assert_int_equal(b->most, A_TURN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_turn_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(the_next_writer_finds_a_reader, setup, teardown),
		cmocka_unit_test_setup_teardown(a_writer_across_the_reopening, setup, teardown),
		cmocka_unit_test_setup_teardown(a_listing_goes_on_as_it_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_program_that_reads_nothing_goes_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(refusals_in_the_log, setup, teardown),
		cmocka_unit_test_setup_teardown(a_program_that_closes_its_stdin_goes_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_fifo_that_is_refused_is_closed, setup, teardown),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
