/* SPDX-License-Identifier: MIT */
/* Passwords of peers in files of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config/config.h"
#include "lib/array.h"
#include "tests/unit/own_netns.h"
#include "tests/unit/pem.h"

#define PEER   "peer_ip: 10.0.0.2, peer_as: 2"
#define LONG   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEAD   "bgp: {local_as: 1, router_id: 10.0.0.1"
#define OWN    HEAD ", peers: [{" PEER ", password_file: '%d/md5'}]}\n"
#define OF_ALL HEAD ", password_file: '%d/md5', peers: [{" PEER "}]}\n"

static char directory[] = "/tmp/vipherald-secrets-XXXXXX";

static void write_file(const char *text, size_t len, mode_t mode)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/md5", directory);
	unlink(path);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fwrite(text, 1, len, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
}

static const struct {
	const char *name, *config, *file; /* NULL: there is none */
	const char *password;             /* NULL: not valid, or none */
	const char *says;
} cases[] = {
	{ "a line", OWN, "secret\n", "secret", NULL },
	{ "without its end", OWN, "secret", "secret", NULL },
	{ "of DOS", OWN, "secret\r\n", "secret", NULL },
	{ "the longest", OWN, LONG "\n", LONG, NULL },
	{ "of all peers", OF_ALL, "secret\n", "secret", NULL },
	{ "the older form", HEAD ", " PEER ", password_file: '%d/md5'}\n", "secret\n", "secret",
	  NULL },
	{ "overrides that of all",
	  HEAD ", password: x, peers: [{" PEER ", password_file: '%d/md5'}]}\n", "secret\n",
	  "secret", NULL },
	{ "is overridden", HEAD ", password_file: '%d/md5', peers: [{" PEER ", password: own}]}\n",
	  "secret\n", "own", NULL },
	{ "too long", OWN, LONG "0\n", NULL, "at most 80 bytes" },
	{ "two lines", OWN, "one\ntwo\n", NULL, "a line of at most" },
	{ "the longest, of DOS", OWN, LONG "\r\n", LONG, NULL },
	{ "too long, of DOS", OWN, LONG "0\r\n", NULL, "at most 80 bytes" },
	{ "too long, without its end", OWN, LONG "000", NULL, "at most 80 bytes" },
	{ "one character", OWN, "x", "x", NULL },
	{ "empty", OWN, "\n", NULL, "is empty" },
	{ "empty, of DOS", OWN, "\r\n", NULL, "is empty" },
	{ "nothing at all", OWN, "", NULL, "is empty" },
	{ "missing", OWN, NULL, NULL, "No such file" },
	{ "a directory", HEAD ", peers: [{" PEER ", password_file: /tmp}]}\n", NULL, NULL,
	  "not a regular file" },
	{ "both", HEAD ", peers: [{" PEER ", password: x, password_file: '%d/md5'}]}\n", "y\n",
	  NULL, "specify one of them" },
	{ "relative", HEAD ", peers: [{" PEER ", password_file: md5}]}\n", NULL, NULL,
	  "absolute file name" },
};

static bool says(const struct config_findings *f, const char *text)
{
	for (size_t i = 0; i < f->n; i++)
		if (strstr(f->items[i].text, text))
			return true;
	return false;
}

static void check(size_t i)
{
	struct config *c = NULL;
	struct config_findings findings = { 0 };
	char path[64];
	snprintf(path, sizeof(path), "%s/md5", directory);
	if (cases[i].file)
		write_file(cases[i].file, strlen(cases[i].file), 0600);
	else
		unlink(path);
	config_load_text(cases[i].config, strlen(cases[i].config), &c, &findings);
	if (cases[i].says && !says(&findings, cases[i].says)) {
		config_findings_print(&findings, cases[i].name, stderr);
		fail_msg("%s: expected '%s'", cases[i].name, cases[i].says);
	}
	if (!cases[i].password != !c)
		fail_msg("%s: valid or not", cases[i].name);
	if (c)
		assert_string_equal(c->bgp.peers[0].password, cases[i].password);
	config_findings_done(&findings);
	config_free(c);
}

static void files(void **state)
{
	(void)state;
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(i);
}

static void warnings(void **state)
{
	(void)state;
	struct config *c = NULL;
	struct config_findings findings = { 0 };
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	write_file("secret\n", 7, 0644);
	assert_int_equal(config_load_text(OWN, strlen(OWN), &c, &findings), 0);
	assert_true(says(&findings, "world-readable"));
	config_findings_done(&findings);
	config_free(c);
}

static void without_systemd(void **state)
{
	(void)state;
	struct config *c = NULL;
	struct config_findings findings = { 0 };
	static const char consul[] =
		"agent: {consul_token_file: '%d/token'}\n" HEAD ", peers: [{" PEER "}]}\n";
	static const struct {
		const char *config, *key;
		size_t n;
	} unset[] = {
		{ consul, "agent.consul_token_file", 1 },
		{ "agent: {nomad_token_file: '%d/token'}\n" HEAD ", peers: [{" PEER "}]}\n",
		  "agent.nomad_token_file", 1 },
		{ "agent: {api: {tls: {cert: '%d/c', key: /k, client_ca: '%d/a'}}}\n" HEAD
		  ", peers: [{" PEER "}]}\n",
		  "agent.api.tls.cert", 2 },
	};
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_true(config_load_text(OWN, strlen(OWN), &c, &findings) < 0);
	assert_true(says(&findings, "LoadCredential="));
	config_findings_done(&findings);
	for (size_t i = 0; i < ARRAY_SIZE(unset); i++) {
		assert_true(config_load_text(unset[i].config, strlen(unset[i].config), &c,
					     &findings) < 0);
		assert_int_equal(findings.n, unset[i].n);
		assert_string_equal(findings.items[0].path, unset[i].key);
		assert_true(says(&findings, "LoadCredential="));
		config_findings_done(&findings);
	}
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x", 1);
	assert_int_equal(config_load_text(consul, strlen(consul), &c, &findings), 0);
	assert_string_equal(c->agent.consul.token_file, "/run/credentials/x/token");
	config_findings_done(&findings);
	config_free(c);
}

#define TLS_FILES_OF(rest) "agent: {api: {tls: {" rest "}}}\n" HEAD ", peers: [{" PEER "}]}\n"

static const struct {
	const char *config;
	const char *key; /* of the finding; NULL: none */
	const char *says;
	bool valid;
} tls[] = {
	{ TLS_FILES_OF("cert: '%d/cert', key: '%d/key', client_ca: '%d/cert'"), NULL, NULL, true },
	{ TLS_FILES_OF("cert: '%d/cert'"), "agent.api.tls.key", "missing", false },
	{ TLS_FILES_OF("key: '%d/key'"), "agent.api.tls.cert", "missing", false },
	{ TLS_FILES_OF("cert: '%d/cert', key: key"), "agent.api.tls.key", "absolute file name",
	  false },
	{ TLS_FILES_OF("cert: '%d/cert', key: '%d/other'"), "agent.api.tls.key",
	  "is not that of the certificate", false },
	{ TLS_FILES_OF("cert: '%d/none', key: '%d/key'"), "agent.api.tls.cert", "No such file",
	  false },
	{ TLS_FILES_OF("cert: '%d/cert', key: '%d/key', client_ca: '%d/key'"),
	  "agent.api.tls.client_ca", "holds no certificate", false },
	{ TLS_FILES_OF("cert: '%d/old', key: '%d/other'"), "agent.api.tls.cert", "has expired at",
	  true },
	{ TLS_FILES_OF("cert: '%d/cert', key: '%d/open'"), "agent.api.tls.key", "chmod o-rw",
	  true },
	{ "agent: {api: {certificates: [{name: x}]}}\n" HEAD ", peers: [{" PEER "}]}\n",
	  "agent.api.certificates", "requires agent.api.tls.client_ca", false },
	{ "agent: {listen_addr: 'unix:/run/x', api: {tls: {cert: '%d/cert', key: '%d/key'}}}\n" HEAD
	  ", peers: [{" PEER "}]}\n",
	  "agent.api.tls", "has no effect", true },
};

static const char *in_directory(const char *name)
{
	static char paths[2][64];
	static unsigned at;
	char *path = paths[at++ % 2];
	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static void write_pems(void)
{
	struct pem a, b;
	pem_make(&(struct pem_wish){ .cn = "a" }, NULL, &a);
	pem_make(&(struct pem_wish){ .cn = "b", .days = -1 }, NULL, &b);
	pem_write_cert(&a, in_directory("cert"));
	pem_write_cert(&b, in_directory("old"));
	pem_write_key(&a, in_directory("key"));
	pem_write_key(&a, in_directory("open"));
	pem_write_key(&b, in_directory("other"));
	chmod(in_directory("key"), 0600);
	chmod(in_directory("other"), 0640);
	chmod(in_directory("open"), 0644);
	pem_done(&a);
	pem_done(&b);
}

static void tls_files(void **state)
{
	(void)state;
	static const char *const names[] = { "cert", "old", "key", "open", "other" };
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	write_pems();
	for (size_t i = 0; i < ARRAY_SIZE(tls); i++) {
		struct config *c = NULL;
		struct config_findings f = { 0 };
		config_load_text(tls[i].config, strlen(tls[i].config), &c, &f);
		bool ok = !c == !tls[i].valid && f.n == (tls[i].says ? 1 : 0) &&
			  (f.n == 0 || (strstr(f.items[0].text, tls[i].says) &&
					strcmp(f.items[0].path, tls[i].key) == 0));
		if (!ok) {
			config_findings_print(&f, "text", stderr);
			fail_msg("%s", tls[i].config);
		}
		assert_int_equal(c && c->tls_keys, c && c->agent.tls.key);
		config_findings_done(&f);
		config_free(c);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlink(in_directory(names[i]));
}

static int remove_directory(void **state)
{
	(void)state;
	char path[64];
	snprintf(path, sizeof(path), "%s/md5", directory);
	unlink(path);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(warnings),
		cmocka_unit_test(tls_files),
		cmocka_unit_test(without_systemd),
	};
	own_netns_enter();
	if (!mkdtemp(directory))
		return 1;
	return cmocka_run_group_tests(tests, NULL, remove_directory);
}
