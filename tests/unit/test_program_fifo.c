/* SPDX-License-Identifier: MIT */
/* The fifo of a program whose writers come and go, each at a chosen moment. */
#include "agent/programs/program_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/programs/program_routes.h"
#include "tests/unit/fake_registry.h"
#include "tests/unit/loop_until.h"

/* More routes than a turn of the loop carries out, by a line that ends with its writer. */
#define MANY_ROUTES 1024
#define MANY_LINE   "announce route 198.18.0.0/22 next-hop self split /32"

struct bed {
	struct fake_registry f;
	struct bgp_speaker *speaker;
	struct bgp_config bgp;
	struct programs_env env;
	struct program *p;
	char dir[32], path[48];
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
					   .max_routes = MANY_ROUTES + 1 };
	b.p = program_new(&b.env, &spec);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	sd_event *loop = b->f.loop;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_next_writer_finds_a_reader, setup, teardown),
		cmocka_unit_test_setup_teardown(a_writer_across_the_reopening, setup, teardown),
		cmocka_unit_test_setup_teardown(a_fifo_that_is_refused_is_closed, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
