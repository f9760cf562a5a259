/* SPDX-License-Identifier: MIT */
/* Configurations of several files: as one text and back, what is found, and what replaces a file
 * with errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config/config.h"
#include "lib/array.h"
#include "lib/str.h"

static void add(struct config_set *set, const char *file, const char *text)
{
	struct config_text *t = config_set_add(set, file);
	config_text_set(t, strdup(text), strlen(text));
	sha256_text(text, strlen(text), t->sha256);
}

/* ---- as one text ---- */

static void test_a_set_as_one_text_and_back(void **state)
{
	(void)state;
	struct config_set set = { 0 }, again = { 0 };
	char before[SHA256_TEXT_MAX], after[SHA256_TEXT_MAX];
	size_t len;
	add(&set, "/etc/c.yaml", "bgp: 1\n");
	add(&set, "/etc/conf.d/a b.yaml", "apps:\n\n#| x\n");
	add(&set, "/etc/conf.d/c.yaml", "no end");
	add(&set, "/etc/conf.d/d.yaml", "");
	add(&set, "/etc/conf.d/out.yaml", "");
	set.items[4].state = CONFIG_TEXT_OUT;
	char *text = config_set_bundle(&set, &len);
	assert_non_null(text);
	assert_int_equal(config_set_unbundle(text, len, &again), 0);
	assert_int_equal(again.n, 4);
	for (size_t i = 0; i < again.n; i++) {
		assert_int_equal(again.items[i].len, set.items[i].len);
		assert_memory_equal(again.items[i].data, set.items[i].data, set.items[i].len);
	}
	assert_string_equal(again.items[1].file, "/etc/conf.d/a b.yaml");
	for (size_t i = 1; i < again.n; i++)
		assert_string_equal(again.items[i].sha256, set.items[i].sha256);
	memcpy(again.items[0].sha256, set.items[0].sha256, SHA256_TEXT_MAX);
	config_set_sha256(&set, before);
	config_set_sha256(&again, after);
	assert_string_equal(before, after);
	config_set_done(&again);
	/* Cut off in the middle, or changed by hand. */
	for (size_t n = len - 1; n > strlen("bgp: 1\n"); n--) {
		struct config_set cut = { 0 };
		if (config_set_unbundle(text, n, &cut) == 0 && cut.n == 4)
			fail_msg("%zu of %zu octets are accepted", n, len);
		config_set_done(&cut);
	}
	config_set_done(&set);
	free(text);
}

static void test_a_text_that_looks_like_a_bundle(void **state)
{
	(void)state;
	struct config_set set = { 0 };
	size_t len;
	add(&set, NULL, "bgp: 1\n# vipherald include x\n");
	assert_null(config_set_bundle(&set, &len));
	config_set_done(&set);
}

static void expect_bundle(const struct config_set *set, const char *want)
{
	size_t len;
	char *text = config_set_bundle(set, &len);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	free(text);
}

static void test_the_text_of_a_bundle(void **state)
{
	(void)state;
	struct config_set set = { 0 };
	char want[512], sum[SHA256_TEXT_MAX];
	add(&set, "/etc/c.yaml", "bgp: 1 # vipherald include x");
	expect_bundle(&set, "bgp: 1 # vipherald include x");
	add(&set, "/etc/conf.d/a.yaml", "a\n\nb");
	snprintf(want, sizeof(want),
		 "bgp: 1 # vipherald include x\n"
		 "# vipherald include %s 4 /etc/conf.d/a.yaml\n#|a\n#|\n#|b\n",
		 sha256_text("a\n\nb", 4, sum));
	expect_bundle(&set, want);
	config_text_set(&set.items[0], strdup(""), 0);
	expect_bundle(&set, strchr(want, '\n') + 1);
	config_text_set(&set.items[0], strdup("x # vipherald include\n# vipherald include \n"), 42);
	assert_null(config_set_bundle(&set, &(size_t){ 0 }));
	config_set_done(&set);
}

/* The sum of the lines "SUM FILE", those of the files that are in effect; of one file its own. */
static void test_the_sum_of_a_set(void **state)
{
	(void)state;
	struct config_set set = { 0 };
	char sum[SHA256_TEXT_MAX], want[SHA256_TEXT_MAX], text[512];
	add(&set, "/etc/c.yaml", "main");
	config_set_sha256(&set, sum);
	assert_string_equal(sum, sha256_text("main", 4, want));
	add(&set, "/etc/a.yaml", "a");
	add(&set, "/etc/out.yaml", "out");
	add(&set, "/etc/kept.yaml", "kept");
	set.items[2].state = CONFIG_TEXT_OUT;
	set.items[3].state = CONFIG_TEXT_KEPT;
	snprintf(text, sizeof(text), "%s\n%s /etc/a.yaml\n%s /etc/kept.yaml\n", set.items[0].sha256,
		 set.items[1].sha256, set.items[3].sha256);
	config_set_sha256(&set, sum);
	assert_string_equal(sum, sha256_text(text, strlen(text), want));
	assert_int_equal(config_set_octets(&set),
			 strlen("main") + strlen("a") + strlen("out") + strlen("kept"));
	set.items[0].state = CONFIG_TEXT_OUT; /* never of the file itself, which does not count */
	assert_int_equal(config_set_broken(&set), 2);
	config_set_done(&set);
}

/* The first text is the file itself, which nothing replaces; one without a text is not there. */
static void test_texts_are_found_by_their_file(void **state)
{
	(void)state;
	struct config_set set = { 0 };
	add(&set, "/etc/c.yaml", "main");
	config_set_add(&set, "/etc/a.yaml");
	add(&set, "/etc/b.yaml", "b");
	assert_null(config_set_find(NULL, "/etc/b.yaml"));
	assert_null(config_set_find(&set, "/etc/c.yaml"));
	assert_null(config_set_find(&set, "/etc/a.yaml"));
	assert_null(config_set_find(&set, "/etc/d.yaml"));
	assert_ptr_equal(config_set_find(&set, "/etc/b.yaml"), &set.items[2]);
	config_set_done(&set);
}

#define SUM "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_heads_of_included_texts(void **state)
{
	static const struct {
		const char *bundle;
		int status;
	} cases[] = {
		{ "", 0 },
		{ "# vipherald include " SUM " 2 /a\n#|a\n", 0 },
		{ "# vipherald include " SUM " 1 /a\n#|a\n", 0 },
		{ "x\n# vipherald include " SUM " 0 /a\n", 0 },
		{ "# vipherald include " SUM " 3 /a\n#|a\n", -EINVAL },
		{ "# vipherald include " SUM " 0 /a\n#|a\n", -EINVAL },
		{ "# vipherald include " SUM " 18446744073709551615 /a\n", -EINVAL },
		{ "# vipherald include " SUM " 2 /a\n#a\n", -EINVAL },
		{ "# vipherald include " SUM " 2 /a\n#|a\nrest\n", -EINVAL },
		{ "# vipherald include " SUM " 2 /a\n#|a", -EINVAL },
		{ "# vipherald include " SUM " 2 /a", -EINVAL },
		{ "# vipherald include " SUM " 2\n#|a\n", -EINVAL },
		{ "# vipherald include " SUM " 2 \n#|a\n", -EINVAL },
		{ "# vipherald include " SUM " x /a\n#|a\n", -EINVAL },
		{ "# vipherald include \n", -EINVAL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config_set set = { 0 };
		/* Not one octet more than the text is there. */
		size_t len = strlen(cases[i].bundle);
		char *text = malloc(len + 1);
		memcpy(text, cases[i].bundle, len);
		text = realloc(text, len ? len : 1);
		if (config_set_unbundle(text, len, &set) != cases[i].status)
			fail_msg("%s", cases[i].bundle);
		assert_true(set.n > 0);
		config_set_done(&set);
		free(text);
	}
}

/* A head of 4223 octets is the longest that is read. */
static void test_names_of_included_files_have_an_end(void **state)
{
	char text[5000], name[5000];
	size_t room = 4223 - strlen("# vipherald include " SUM " 0 ");
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct config_set set = { 0 };
		memset(name, 'x', room + more);
		name[room + more] = 0;
		int len = snprintf(text, sizeof(text), "# vipherald include " SUM " 0 %s\n", name);
		assert_int_equal(config_set_unbundle(text, (size_t)len, &set), more ? -EINVAL : 0);
		assert_int_equal(set.n, more ? 1 : 2);
		if (!more)
			assert_string_equal(set.items[1].file, name);
		config_set_done(&set);
	}
}

/* ---- files ---- */

#define MAIN                                                                                       \
	"bgp: { local_as: 65001, peers: [ { peer_ip: 10.1.1.1, peer_as: 65000 } ] }\n"             \
	"include: conf.d/*.yaml\n"
#define APP(name, n)                                                                               \
	"apps: [ { name: " name ", vip: 198.51.100." n "/32, monitors: 'port:tcp:53' } ]\n"

static char directory[] = "/tmp/vipherald-test-XXXXXX";
static char main_file[PATH_MAX];

static const char *path_of(const char *name)
{
	static char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int load_bundle(const char *text, size_t len, struct config **ret, char finding[256])
{
	struct config_findings f = { 0 };
	struct config_loader *l = config_loader_new(
		&(struct config_source){ .text = text, .len = len, .bundle = true }, &f);
	int rc;
	while ((rc = config_loader_step(l, ret)) > 0)
		;
	config_loader_free(l);
	snprintf(finding, 256, "%s", f.n > 0 ? f.items[0].text : "");
	config_findings_done(&f);
	return rc;
}

/* A stored bundle is only accepted unmodified. */
static void test_a_bundle_that_was_changed(void **state)
{
	(void)state;
	struct config_set set = { 0 };
	struct config *config = NULL;
	char finding[256];
	size_t len;
	add(&set, "/etc/c.yaml", MAIN);
	add(&set, "/etc/conf.d/a.yaml", APP("a", "1"));
	char *text = config_set_bundle(&set, &len);
	assert_int_equal(load_bundle(text, len, &config, finding), 0);
	assert_int_equal(config->n_apps, 1);
	assert_string_equal(config->set.items[1].sha256, set.items[1].sha256);
	config_free(config);
	strstr(text, "198.51.100.1")[strlen("198.51.100.")] = '2';
	assert_int_equal(load_bundle(text, len, &config, finding), -EINVAL);
	assert_string_equal(finding, "the included files in it are not as they were written");
	assert_int_equal(load_bundle(text, len - 1, &config, finding), -EINVAL);
	assert_string_equal(finding, "the included files in it are not as they were written");
	free(text);
	config_set_done(&set);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	mkdir(path_of("conf.d"), 0700);
	snprintf(main_file, sizeof(main_file), "%s/main.yaml", directory);
	write_file("main.yaml", MAIN);
	return 0;
}

/* As the agent keeps it in a file of its own. */
static void test_a_bundle_in_a_file(void **state)
{
	(void)state;
	struct config_set set = { 0 };
	struct config *c = NULL;
	struct config_findings f = { 0 };
	char path[PATH_MAX];
	size_t len;
	add(&set, "/etc/c.yaml", MAIN);
	add(&set, "/etc/conf.d/a.yaml", APP("a", "1"));
	add(&set, "/etc/conf.d/b.yaml", APP("b", "2"));
	char *text = config_set_bundle(&set, &len);
	write_file("bundle", text);
	str_copy(path, sizeof(path), path_of("bundle"));
	const struct config_source source = { .file = path, .bundle = true };
	assert_int_equal(config_load_source(&source, &c, &f), 0);
	assert_int_equal(c->n_apps, 2);
	assert_int_equal(c->set.n, 3);
	assert_string_equal(c->set.items[2].file, "/etc/conf.d/b.yaml");
	assert_string_equal(c->sha256, set.items[0].sha256);
	config_free(c);
	text[len - 2] = '\n';
	write_file("bundle", text);
	assert_int_equal(config_load_source(&source, &c, &f), -EINVAL);
	assert_string_equal(f.items[0].text,
			    "the included files in it are not as they were written");
	config_findings_done(&f);
	unlink(path);
	assert_int_equal(config_load_source(&source, &c, &f), -ENOENT);
	assert_int_equal(f.n, 1);
	assert_string_equal(f.items[0].text, "cannot be read: No such file or directory");
	config_findings_done(&f);
	free(text);
	config_set_done(&set);
}

static const char *const files[] = { "a.yaml", "b.yaml", "c.yaml", ".hidden.yaml", "not.txt" };

static int remove_files(void **state)
{
	(void)state;
	char name[64];
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(name, sizeof(name), "conf.d/%s", files[i]);
		unlink(path_of(name));
	}
	return 0;
}

static int tear_down(void **state)
{
	remove_files(state);
	unlink(main_file);
	rmdir(path_of("conf.d"));
	return rmdir(directory);
}

static int load(const struct config_set *present, struct config **ret, char **ret_findings)
{
	struct config_findings f = { 0 };
	size_t len;
	const struct config_source source = { .file = main_file, .present = present };
	struct config_loader *l = config_loader_new(&source, &f);
	int rc;
	while ((rc = config_loader_step(l, ret)) > 0)
		;
	config_loader_free(l);
	*ret_findings = NULL;
	FILE *out = open_memstream(ret_findings, &len);
	config_findings_print(&f, "main.yaml", out);
	fclose(out);
	config_findings_done(&f);
	return rc;
}

static struct config *expect(const struct config_set *present, const char *apps, size_t broken,
			     const char *says)
{
	struct config *c = NULL;
	char *findings, buf[256] = "";
	struct strbuf names = strbuf_over(buf, sizeof(buf));
	if (load(present, &c, &findings) < 0)
		fail_msg("%s", findings);
	for (size_t i = 0; i < c->n_apps; i++)
		strbuf_add(&names, "%s ", c->apps[i].name);
	assert_string_equal(buf, apps);
	assert_int_equal(config_set_broken(&c->set), broken);
	if (says && !strstr(findings, says))
		fail_msg("'%s' does not say '%s'", findings, says);
	if (!says)
		assert_string_equal(findings, "");
	free(findings);
	return c;
}

static void test_files_in_the_order_of_their_names(void **state)
{
	(void)state;
	write_file("conf.d/b.yaml", APP("b", "2"));
	write_file("conf.d/a.yaml", APP("a", "1"));
	write_file("conf.d/.hidden.yaml", "bgp: 3");
	write_file("conf.d/not.txt", "bgp: 3");
	struct config *c = expect(NULL, "a b ", 0, NULL);
	assert_string_not_equal(c->sha256, c->set_sha256);
	config_free(c);
}

/* Its own apps only, as they were; without a text of before they are left out. */
static void test_errors_stay_with_their_file(void **state)
{
	(void)state;
	write_file("conf.d/a.yaml", APP("a", "1"));
	write_file("conf.d/b.yaml", APP("b", "2"));
	struct config *before = expect(NULL, "a b ", 0, NULL);
	write_file("conf.d/a.yaml", APP("new", "3"));
	write_file("conf.d/b.yaml", "apps: [ { name: b, vip: x } ]\n");
	write_file("conf.d/c.yaml", "apps: [");
	struct config *c = expect(&before->set, "new b ", 2,
				  "/conf.d/b.yaml:1:25: error: apps[0].vip: 'x' is not");
	assert_int_equal(c->set.items[1].state, CONFIG_TEXT_LOADED);
	assert_int_equal(c->set.items[2].state, CONFIG_TEXT_KEPT);
	assert_int_equal(c->set.items[2].n_apps, 1);
	assert_int_equal(c->set.items[3].state, CONFIG_TEXT_OUT);
	config_free(c);
	config_free(expect(NULL, "new ", 2, "/conf.d/c.yaml:2:1: error: "));
	/* Gone is gone. */
	unlink(path_of("conf.d/b.yaml"));
	unlink(path_of("conf.d/c.yaml"));
	config_free(expect(&before->set, "new ", 0, NULL));
	config_free(before);
}

static void test_an_app_in_two_files(void **state)
{
	(void)state;
	write_file("conf.d/a.yaml", APP("a", "1"));
	write_file("conf.d/b.yaml", APP("b", "2"));
	struct config *before = expect(NULL, "a b ", 0, NULL);
	write_file("conf.d/b.yaml", APP("a", "3"));
	config_free(expect(&before->set, "a b ", 1,
			   "b.yaml:1:17: error: apps[0].name: duplicate app 'a', first defined in "
			   "line 1 of "));
	write_file("conf.d/b.yaml", APP("c", "1"));
	config_free(expect(&before->set, "a b ", 1,
			   "'198.51.100.1/32' is already a VIP of app 'a' in line 1 of "));
	/* An app that was moved out of a file that is kept as it was stays there. */
	write_file("conf.d/a.yaml", "bgp: 3\n");
	write_file("conf.d/b.yaml",
		   "apps: [ { name: a, vip: 198.51.100.1/32, monitors: 'port:tcp:53' } ]\n");
	config_free(expect(&before->set, "a b ", 2, "'apps' only"));
	config_free(before);
}

/* All or nothing: it is the configuration file that has the error. */
static void test_errors_of_the_file_itself(void **state)
{
	(void)state;
	char *findings;
	struct config *c = NULL;
	write_file("conf.d/a.yaml", APP("a", "1"));
	struct config *before = expect(NULL, "a ", 0, NULL);
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ MAIN "nat: 3\n", "main.yaml:3:6: error: nat: expected" },
		{ "bgp: { local_as: 1, peer_ip: 10.1.1.1, peer_as: 2 }\ninclude: none/*.yaml\n",
		  "/none' cannot be read: No such file or directory" },
		{ "bgp: { local_as: 1, peer_ip: 10.1.1.1, peer_as: 2 }\ninclude: '*.yaml'\n",
		  "'*.yaml' matches this file itself" },
		{ "bgp: { local_as: 1, peer_ip: 10.1.1.1, peer_as: 2 }\ninclude: '*/a.yaml'\n",
		  "is not a name of files in one directory" },
		{ "bgp: { local_as: 1, peer_ip: 10.1.1.1, peer_as: 2 }\ninclude: conf.d/\n",
		  "is not a name of files in one directory" },
		{ "bgp: { local_as: 1, peer_ip: 198.51.100.1, peer_as: 2 }\n"
		  "include: conf.d/*.yaml\n",
		  NULL },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		write_file("main.yaml", cases[i].text);
		assert_int_equal(load(&before->set, &c, &findings), -EINVAL);
		if (cases[i].says && !strstr(findings, cases[i].says))
			fail_msg("'%s' does not say '%s'", findings, cases[i].says);
		free(findings);
	}
	write_file("main.yaml", MAIN);
	config_free(before);
}

/* Each file is replaced because of the one in front of it: seven times all is checked anew. */
static void test_a_chain_of_conflicts(void **state)
{
	char *findings, name[64], text[256];
	(void)state;
	for (unsigned n = 7; n <= 8; n++) {
		struct config *before, *c = NULL;
		for (unsigned round = 0; round < 2; round++) {
			for (unsigned i = 1; i <= n; i++) {
				snprintf(name, sizeof(name), "conf.d/%c.yaml", 'a' + i);
				snprintf(text, sizeof(text),
					 "apps: [ { name: app%u, vip: 198.51.100.%u/32, monitors: "
					 "'port:tcp:53' } ]\n",
					 i, i - round);
				write_file(name, i == 1 && round ? "apps: [" : text);
			}
			if (round == 0)
				assert_int_equal(load(NULL, &before, &findings), 0);
			else if (n == 7)
				assert_int_equal(load(&before->set, &c, &findings), 0);
			else
				assert_int_equal(load(&before->set, &c, &findings), -EINVAL);
			free(findings);
		}
		if (c) {
			assert_int_equal(config_set_broken(&c->set), 7);
			assert_string_equal(c->set_sha256, before->set_sha256);
		}
		config_free(c);
		config_free(before);
		for (unsigned i = 1; i <= n; i++) {
			snprintf(name, sizeof(name), "conf.d/%c.yaml", 'a' + i);
			unlink(path_of(name));
		}
	}
}

/* The sums are those of the files, in however many steps they are made. */
static void test_sums_of_long_files(void **state)
{
	static const char line[] = "# a line of no importance, number forty-two\n";
	static const size_t lengths[] = { 65535, 65536, 65537, 131072, 200000 };
	char sum[SHA256_TEXT_MAX], *findings;
	struct config *c = NULL;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		char *text = malloc(lengths[i] + 1);
		for (size_t k = 0; k < lengths[i]; k++)
			text[k] = line[k % (sizeof(line) - 1)];
		memcpy(text, APP("a", "1") "#", strlen(APP("a", "1") "#"));
		text[lengths[i]] = 0;
		write_file("conf.d/a.yaml", text);
		memcpy(text, MAIN "#", strlen(MAIN "#"));
		write_file("main.yaml", text);
		assert_int_equal(load(NULL, &c, &findings), 0);
		assert_string_equal(c->sha256, sha256_text(text, lengths[i], sum));
		memcpy(text, c->set.items[1].data, lengths[i]);
		assert_string_equal(c->set.items[1].sha256, sha256_text(text, lengths[i], sum));
		free(findings);
		free(text);
		config_free(c);
	}
	write_file("main.yaml", MAIN);
}

/* Names as in the pattern: relative ones are behind the directory of the file. */
static void test_names_of_included_files(void **state)
{
	static const struct {
		const char *file, *pattern, *first; /* NULL: none */
	} cases[] = {
		{ "main.yaml", "conf.d/*.yaml", "conf.d/a.yaml" },
		{ "./main.yaml", "conf.d/*.yaml", "./conf.d/a.yaml" },
		{ "main.yaml", "a.inc", "a.inc" },
		{ "main.yaml", "./a.inc", "./a.inc" },
		{ "./main.yaml", "a.inc", "./a.inc" },
		{ "conf.d/../main.yaml", "a.inc", "conf.d/../a.inc" },
		{ "main.yaml", "/proc/self/cwd/a.inc", "/proc/self/cwd/a.inc" },
		{ "./main.yaml", "./a.inc", "././a.inc" },
		{ "main.yaml", "/none-of-this-name.yaml", NULL },
		{ "main.yaml", "conf.d/none*", NULL },
	};
	char text[256], here[PATH_MAX];
	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	write_file("conf.d/a.yaml", APP("a", "1"));
	write_file("a.inc", APP("b", "2"));
	assert_int_equal(chdir(directory), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config *c = NULL;
		struct config_findings f = { 0 };
		snprintf(text, sizeof(text),
			 "bgp: { local_as: 1, peer_ip: 10.1.1.1, peer_as: 2 }\ninclude: '%s'\n",
			 cases[i].pattern);
		write_file("main.yaml", text);
		if (config_load(cases[i].file, &c, &f) < 0) {
			config_findings_print(&f, "", stderr);
			fail_msg("%s of %s", cases[i].pattern, cases[i].file);
		}
		assert_int_equal(c->set.n, cases[i].first ? 2 : 1);
		if (cases[i].first)
			assert_string_equal(c->set.items[1].file, cases[i].first);
		config_findings_done(&f);
		config_free(c);
	}
	write_file("main.yaml",
		   "bgp: { local_as: 1, peer_ip: 10.1.1.1, peer_as: 2 }\ninclude: '*.yaml'\n");
	struct config *c = NULL;
	struct config_findings f = { 0 };
	assert_int_equal(config_load("./main.yaml", &c, &f), -EINVAL);
	assert_non_null(strstr(f.items[0].text, "'*.yaml' matches this file itself"));
	config_findings_done(&f);
	assert_int_equal(chdir(here), 0);
	unlink(path_of("a.inc"));
	write_file("main.yaml", MAIN);
}

/* A name with a line break would be two lines in a bundle; a pipe has no end. */
static void test_files_that_are_not_included(void **state)
{
	char *findings;
	struct config *c = NULL;
	(void)state;
	write_file("conf.d/a\nb.yaml", APP("a", "1"));
	assert_int_equal(load(NULL, &c, &findings), -EINVAL);
	assert_non_null(strstr(findings, "is too long or has a line break in it"));
	free(findings);
	unlink(path_of("conf.d/a\nb.yaml"));
	assert_int_equal(mkfifo(path_of("conf.d/a.yaml"), 0600), 0);
	config_free(expect(NULL, "", 1, "/conf.d/a.yaml: error: cannot be read: no regular file"));
	unlink(path_of("conf.d/a.yaml"));
	assert_int_equal(mkdir(path_of("conf.d/a.yaml"), 0700), 0);
	config_free(expect(NULL, "", 1, "/conf.d/a.yaml: error: cannot be read: Is a directory"));
	rmdir(path_of("conf.d/a.yaml"));
	assert_int_equal(symlink("/nonexistent", path_of("conf.d/a.yaml")), 0);
	config_free(expect(NULL, "", 1, "/conf.d/a.yaml: error: cannot be read: No such file"));
	unlink(path_of("conf.d/a.yaml"));
}

/* Which apps are whose, with files that have none between them. */
static void test_the_apps_of_each_file(void **state)
{
	static const size_t n_apps[] = { 1, 2, 0, 3 };
	(void)state;
	write_file("main.yaml", MAIN APP("m", "9"));
	write_file("conf.d/a.yaml",
		   "apps:\n"
		   "  - { name: a1, vip: 198.51.100.1/32, monitors: 'port:tcp:1' }\n"
		   "  - { name: a2, vip: 198.51.100.2/32, monitors: 'port:tcp:1' }\n");
	write_file("conf.d/b.yaml", "apps: []\n");
	write_file("conf.d/c.yaml",
		   "apps:\n"
		   "  - { name: c1, vip: 198.51.100.3/32, monitors: 'port:tcp:1' }\n"
		   "  - { name: c2, vip: 198.51.100.4/32 }\n"
		   "  - { name: c3, vip: 198.51.100.5/32, monitors: 'port:tcp:1' }\n");
	struct config *c = expect(NULL, "m a1 a2 c1 c2 c3 ", 0,
				  "/c.yaml:3:5: warning: apps[1].monitors: no monitors");
	for (size_t i = 0; i < ARRAY_SIZE(n_apps); i++)
		assert_int_equal(c->set.items[i].n_apps, n_apps[i]);
	config_free(c);
	write_file("main.yaml", MAIN);
}

static void write_long(const char *name, const char *head, size_t len)
{
	char *text = malloc(len + 1);
	memset(text, '#', len);
	memcpy(text, head, strlen(head));
	text[len] = 0;
	write_file(name, text);
	free(text);
}

/* All files together are 16 MB at most. */
static void test_files_that_are_too_large_together(void **state)
{
	const size_t half = (size_t)8 << 20;
	(void)state;
	write_long("main.yaml", MAIN, half);
	write_long("conf.d/a.yaml", APP("a", "1"), half);
	config_free(expect(NULL, "a ", 0, NULL));
	write_long("conf.d/a.yaml", APP("a", "1"), half + 1);
	config_free(
		expect(NULL, "", 1,
		       "/a.yaml: error: with it, the files are larger than the maximum of 16 MB "
		       "together"));
	write_file("main.yaml", MAIN);
}

static void test_patterns_that_name_no_files(void **state)
{
	static char text[PATH_MAX + 200];
	static const char head[] = "bgp: { local_as: 1, peer_ip: 10.1.1.1, peer_as: 2 }\ninclude: ";
	struct config *c = NULL;
	struct config_findings f = { 0 };
	char *findings;
	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, head, strlen(head));
	text[strlen(head) + PATH_MAX] = 0;
	write_file("main.yaml", text);
	assert_int_equal(load(NULL, &c, &findings), -EINVAL);
	assert_non_null(strstr(findings, "is not a name of files in one directory"));
	free(findings);
	write_file("main.yaml", MAIN);
	assert_int_equal(config_load_text(MAIN, strlen(MAIN), &c, &f), -EINVAL);
	assert_int_equal(f.n, 1);
	assert_string_equal(f.items[0].path, "include");
	assert_string_equal(f.items[0].text, "there is no file that it could be relative to");
	config_findings_done(&f);
	config_loader_free(NULL);
}

static void test_the_number_of_files(void **state)
{
	char name[64], *findings;
	struct config *c = NULL;
	(void)state;
	for (unsigned i = 0; i <= 1024; i++) {
		snprintf(name, sizeof(name), "conf.d/n%04u.yaml", i);
		write_file(name, "apps: []\n");
		if (i == 1023)
			config_free(expect(NULL, "", 0, NULL));
	}
	assert_int_equal(load(NULL, &c, &findings), -EINVAL);
	assert_non_null(strstr(findings, "main.yaml:2:10: error: include: '"));
	assert_non_null(strstr(findings, "/*.yaml' matches more than 1024 files"));
	free(findings);
	for (unsigned i = 0; i <= 1024; i++) {
		snprintf(name, sizeof(name), "conf.d/n%04u.yaml", i);
		unlink(path_of(name));
	}
}

static void test_what_an_included_file_has(void **state)
{
	static const struct {
		const char *text, *says; /* NULL: it is in effect */
	} cases[] = {
		{ "apps: []\n", NULL },
		{ "", " error: the file is empty: expected 'apps:' with a list" },
		{ "apps:\n", "/a.yaml:1:1: error: apps: expected a list, found nothing" },
		{ "[]\n", "/a.yaml:1:1: error: expected a mapping with 'apps:', found a list" },
		{ "x\n", "/a.yaml:1:1: error: expected a mapping with 'apps:', found a value" },
		{ "bgp: 1\n", "/a.yaml:1:1: error: bgp: an included file has 'apps' only" },
		{ "bgp: 1\n", "/a.yaml:1:1: error: apps: missing" },
		{ "apps: {}\n", "/a.yaml:1:7: error: apps: expected a list of mappings" },
		{ "apps: []\napps: []\n", "/a.yaml:2:1: error: apps: duplicate key" },
		{ "apps: []\nx: 1\n", "/a.yaml:2:1: error: x: an included file has 'apps' only" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		write_file("conf.d/a.yaml", cases[i].text);
		config_free(expect(NULL, "", cases[i].says != NULL, cases[i].says));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_set_as_one_text_and_back),
		cmocka_unit_test(test_a_text_that_looks_like_a_bundle),
		cmocka_unit_test(test_the_text_of_a_bundle),
		cmocka_unit_test(test_the_sum_of_a_set),
		cmocka_unit_test(test_texts_are_found_by_their_file),
		cmocka_unit_test(test_heads_of_included_texts),
		cmocka_unit_test(test_names_of_included_files_have_an_end),
		cmocka_unit_test(test_a_bundle_that_was_changed),
		cmocka_unit_test(test_a_bundle_in_a_file),
		cmocka_unit_test_teardown(test_files_in_the_order_of_their_names, remove_files),
		cmocka_unit_test_teardown(test_errors_stay_with_their_file, remove_files),
		cmocka_unit_test_teardown(test_an_app_in_two_files, remove_files),
		cmocka_unit_test_teardown(test_errors_of_the_file_itself, remove_files),
		cmocka_unit_test_teardown(test_a_chain_of_conflicts, remove_files),
		cmocka_unit_test_teardown(test_sums_of_long_files, remove_files),
		cmocka_unit_test_teardown(test_names_of_included_files, remove_files),
		cmocka_unit_test_teardown(test_files_that_are_not_included, remove_files),
		cmocka_unit_test_teardown(test_the_apps_of_each_file, remove_files),
		cmocka_unit_test_teardown(test_files_that_are_too_large_together, remove_files),
		cmocka_unit_test(test_patterns_that_name_no_files),
		cmocka_unit_test_teardown(test_the_number_of_files, remove_files),
		cmocka_unit_test_teardown(test_what_an_included_file_has, remove_files),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
