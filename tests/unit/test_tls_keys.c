/* SPDX-License-Identifier: MIT */
/* Files of keys and certificates, and whom certificates of clients name: a client and a server
 * shake hands over a socket pair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/mono.h"
#include "net/tls_keys.h"
#include "tests/unit/pem.h"

#define NAME_MAX 64

static char directory[] = "/tmp/vipherald-tls-XXXXXX";
static struct pem authority, other_authority, server;

static const char *path(const char *name)
{
	static char paths[8][128];
	static unsigned at;
	char *p = paths[at++ % ARRAY_SIZE(paths)];
	snprintf(p, sizeof(paths[0]), "%s/%s", directory, name);
	return p;
}

static void write_text(const char *name, const char *text)
{
	FILE *f = fopen(path(name), "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void write_encrypted(const char *name)
{
	gnutls_datum_t text;
	size_t size = 4096;
	text.data = gnutls_malloc(size);
	pem_check(gnutls_x509_privkey_export_pkcs8(server.key, GNUTLS_X509_FMT_PEM, "secret",
						   GNUTLS_PKCS_PBES2_AES_128, text.data, &size));
	text.size = (unsigned)size;
	pem_put(path(name), "w", &text);
}

static int setup(void **state)
{
	(void)state;
	struct pem expired, stranger;
	assert_non_null(mkdtemp(directory));
	pem_make(&(struct pem_wish){ .cn = "ca", .authority = 1, .days = 30 }, NULL, &authority);
	pem_make(&(struct pem_wish){ .cn = "ca2", .authority = 1 }, NULL, &other_authority);
	pem_make(&(struct pem_wish){ .cn = "s", .dns = "s.example.net", .days = 20 }, &authority,
		 &server);
	pem_make(&(struct pem_wish){ .cn = "s", .days = -2 }, &authority, &expired);
	pem_make(&(struct pem_wish){ .cn = "s" }, NULL, &stranger);
	pem_write_cert(&server, path("cert"));
	pem_write_cert(&server, path("chain"));
	pem_write_cert(&authority, path("chain"));
	pem_write_cert(&expired, path("expired"));
	pem_write_key(&expired, path("expired.key"));
	pem_write_key(&server, path("key"));
	pem_write_key(&stranger, path("stranger.key"));
	pem_write_cert(&authority, path("ca"));
	pem_write_cert(&other_authority, path("cas"));
	pem_write_cert(&authority, path("cas"));
	write_encrypted("encrypted.key");
	write_text("empty", "");
	write_text("text", "no PEM\n");
	assert_int_equal(chmod(path("key"), 0640), 0);
	pem_done(&expired);
	pem_done(&stranger);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	static const char *const files[] = { "cert",        "chain", "expired",
					     "expired.key", "key",   "stranger.key",
					     "ca",          "cas",   "encrypted.key",
					     "empty",       "text" };
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlink(path(files[i]));
	pem_done(&authority);
	pem_done(&other_authority);
	pem_done(&server);
	return rmdir(directory);
}

/* ---- files ---- */

static int load(const char *cert, const char *key, const char *ca, struct tls_keys **ret,
		enum tls_file *which, struct err *err)
{
	const char *const files[TLS_FILES] = { path(cert), path(key), ca ? path(ca) : NULL };
	return tls_keys_load(files, ret, which, err);
}

static const struct {
	const char *cert, *key, *ca;
	enum tls_file which;
	const char *says; /* NULL: it can be used */
} files[] = {
	{ "cert", "key", NULL, 0, NULL },
	{ "chain", "key", "cas", 0, NULL },
	{ "expired", "expired.key", NULL, 0, NULL },
	{ "missing", "key", NULL, TLS_CERT, "No such file" },
	{ "cert", "missing", NULL, TLS_KEY, "No such file" },
	{ "cert", "key", "missing", TLS_CLIENT_CA, "No such file" },
	{ ".", "key", NULL, TLS_CERT, "not a regular file, or empty" },
	{ "empty", "key", NULL, TLS_CERT, "not a regular file, or empty" },
	{ "text", "key", NULL, TLS_CERT, "holds no certificate that can be used" },
	{ "key", "key", NULL, TLS_CERT, "holds no certificate that can be used" },
	{ "cert", "cert", NULL, TLS_KEY, "holds no key that can be used" },
	{ "cert", "encrypted.key", NULL, TLS_KEY, "that is not encrypted" },
	{ "cert", "stranger.key", NULL, TLS_KEY, "is not that of the certificate" },
	{ "cert", "key", "text", TLS_CLIENT_CA, "holds no certificate that can be used" },
};

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct tls_keys *keys = NULL;
		enum tls_file which = TLS_FILES;
		struct err err = { "" };
		int rc = load(files[i].cert, files[i].key, files[i].ca, &keys, &which, &err);
		if ((rc == 0) != !files[i].says ||
		    (rc < 0 && (which != files[i].which || !strstr(err.text, files[i].says))))
			fail_msg("%s %s: %d %s", files[i].cert, files[i].key, rc, err.text);
		tls_keys_unref(keys);
	}
}

static void test_mode(void **state)
{
	(void)state;
	static const struct {
		mode_t mode;
		bool open;
	} modes[] = { { 0600, false }, { 0640, false }, { 0644, true }, { 0602, true } };
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct tls_keys *keys;
		enum tls_file which;
		struct err err;
		chmod(path("key"), modes[i].mode);
		assert_int_equal(load("cert", "key", NULL, &keys, &which, &err), 0);
		assert_int_equal(tls_keys_key_is_open(keys), modes[i].open);
		tls_keys_unref(keys);
	}
	chmod(path("key"), 0640);
}

static bool is_in_days(wall_t end, int days)
{
	time_t distance = (time_t)(end / USEC_PER_SEC) - time(NULL) - days * PEM_DAY;
	return distance > -PEM_DAY / 2 && distance < PEM_DAY / 2;
}

/* That of the certificate in the file that expires first. */
static void test_ends(void **state)
{
	(void)state;
	struct tls_keys *keys;
	enum tls_file which;
	struct err err;
	assert_int_equal(load("chain", "key", "cas", &keys, &which, &err), 0);
	assert_true(is_in_days(tls_keys_end(keys, TLS_CERT), 20));
	assert_true(is_in_days(tls_keys_end(keys, TLS_CLIENT_CA), 1));
	tls_keys_unref(keys);
	assert_int_equal(load("expired", "expired.key", NULL, &keys, &which, &err), 0);
	assert_true(is_in_days(tls_keys_end(keys, TLS_CERT), -2));
	assert_int_equal(tls_keys_end(keys, TLS_CLIENT_CA), 0);
	assert_false(tls_keys_ask_clients(keys));
	tls_keys_unref(keys);
}

/* ---- clients ---- */

static gnutls_session_t session(unsigned side, gnutls_certificate_credentials_t credentials, int fd)
{
	gnutls_session_t s;
	pem_check(gnutls_init(&s, side | GNUTLS_NONBLOCK));
	pem_check(gnutls_set_default_priority(s));
	pem_check(gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, credentials));
	gnutls_transport_set_int(s, fd);
	return s;
}

static void shake_hands(gnutls_session_t a, gnutls_session_t b)
{
	int ra = GNUTLS_E_AGAIN, rb = GNUTLS_E_AGAIN;
	while (ra == GNUTLS_E_AGAIN || rb == GNUTLS_E_AGAIN) {
		ra = ra == GNUTLS_E_AGAIN ? gnutls_handshake(a) : ra;
		rb = rb == GNUTLS_E_AGAIN ? gnutls_handshake(b) : rb;
	}
	pem_check(ra);
	pem_check(rb);
}

/* As tls_keys_find_client(), for a client that presents `p`; NULL: nothing. */
static int find(const char *ca, const struct pem *p, char *name, struct err *why)
{
	int fds[2];
	struct tls_keys *keys;
	enum tls_file which;
	gnutls_certificate_credentials_t credentials;
	assert_int_equal(load("cert", "key", ca, &keys, &which, why), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	pem_check(gnutls_certificate_allocate_credentials(&credentials));
	gnutls_x509_crt_t chain[] = { p ? p->cert : NULL };
	if (p)
		pem_check(gnutls_certificate_set_x509_key(credentials, chain, 1, p->key));
	gnutls_session_t here = session(GNUTLS_SERVER, tls_keys_credentials(keys), fds[0]);
	gnutls_session_t there = session(GNUTLS_CLIENT, credentials, fds[1]);
	gnutls_certificate_server_set_request(here, GNUTLS_CERT_REQUEST);
	gnutls_certificate_send_x509_rdn_sequence(here, 1);
	shake_hands(here, there);
	int rc = tls_keys_find_client(keys, here, name, NAME_MAX, why);
	gnutls_deinit(here);
	gnutls_deinit(there);
	gnutls_certificate_free_credentials(credentials);
	tls_keys_unref(keys);
	close(fds[0]);
	close(fds[1]);
	return rc;
}

/* A sequence of one dNSName of 17 octets. */
#define NUL_IN_NAME "\x30\x13\x82\x11root\0.example.org"
#define TOO_LONG    "a123456789b123456789c123456789d123456789e123456789f123456789x.example.net"

static const struct {
	const char *name;
	struct pem_wish wish;
	const struct pem *issuer;
	const char *is;   /* the name; NULL: refused */
	const char *says; /* then */
} clients[] = {
	{ "a DNS name", { .cn = "c", .dns = "c.example.net" }, &authority, "c.example.net", NULL },
	{ "a CN", { .cn = "deploy" }, &authority, "deploy", NULL },
	{ "for clients",
	  { .cn = "c", .purpose = GNUTLS_KP_TLS_WWW_CLIENT },
	  &authority,
	  "c",
	  NULL },
	{ "for servers",
	  { .cn = "c", .purpose = GNUTLS_KP_TLS_WWW_SERVER },
	  &authority,
	  NULL,
	  "lacks clientAuth" },
	{ "expired", { .cn = "c", .days = -1 }, &authority, NULL, "has expired" },
	{ "of another authority",
	  { .cn = "c" },
	  &other_authority,
	  NULL,
	  "none of the authorities" },
	{ "of its own", { .cn = "c" }, NULL, NULL, "none of the authorities" },
	{ "without a name", { .cn = NULL }, &authority, NULL, "neither a DNS name" },
	{ "a name that is too long", { .dns = TOO_LONG }, &authority, NULL, "longer than 63" },
	{ "a name with a NUL",
	  { .names = NUL_IN_NAME, .names_len = sizeof(NUL_IN_NAME) - 1 },
	  &authority,
	  NULL,
	  "its name" },
};

static void test_clients(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		struct pem p;
		struct err why = { "" };
		char name[NAME_MAX] = "";
		pem_make(&clients[i].wish, clients[i].issuer, &p);
		int rc = find("ca", &p, name, &why);
		bool ok = clients[i].is ? rc == 1 && strcmp(name, clients[i].is) == 0
					: rc == -EACCES && strstr(why.text, clients[i].says);
		if (!ok)
			fail_msg("%s: %d '%s' %s", clients[i].name, rc, name, why.text);
		/* Without an authority no certificate proves anything. */
		assert_int_equal(find(NULL, &p, name, &why), 0);
		pem_done(&p);
	}
}

static void test_no_certificate(void **state)
{
	(void)state;
	struct err why;
	char name[NAME_MAX];
	assert_int_equal(find("ca", NULL, name, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),          cmocka_unit_test(test_mode),
		cmocka_unit_test(test_ends),           cmocka_unit_test(test_clients),
		cmocka_unit_test(test_no_certificate),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
