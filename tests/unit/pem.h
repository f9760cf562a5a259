/* SPDX-License-Identifier: MIT */
/* Keys and certificates of one test's own, made when it runs, as PEM files in its directory. */
#ifndef TESTS_UNIT_PEM_H
#define TESTS_UNIT_PEM_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <time.h>

#define PEM_DAY ((time_t)86400)

struct pem {
	gnutls_x509_crt_t cert;
	gnutls_x509_privkey_t key;
};

struct pem_wish {
	const char *cn, *dns; /* NULL: none */
	const char *names;    /* subjectAltName in DER, for what the library would not make */
	size_t names_len;
	const char *purpose; /* the OID of its extended key usage; NULL: none */
	int days;            /* it is valid; < 0: it has expired */
	int authority;
};

static inline void pem_check(int rc)
{
	if (rc < 0)
		fail_msg("gnutls: %s", gnutls_strerror(rc));
}

static inline void pem_put(const char *path, const char *mode, const gnutls_datum_t *text)
{
	FILE *f = fopen(path, mode);
	assert_non_null(f);
	assert_int_equal(fwrite(text->data, 1, text->size, f), text->size);
	fclose(f);
	gnutls_free(text->data);
}

/* `issuer` NULL: it signs itself. */
static inline void pem_make(const struct pem_wish *w, const struct pem *issuer, struct pem *ret)
{
	static unsigned char serial = 1;
	time_t now = time(NULL), end = now + (w->days ? w->days : 1) * PEM_DAY;
	pem_check(gnutls_x509_privkey_init(&ret->key));
	pem_check(gnutls_x509_privkey_generate(
		ret->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	pem_check(gnutls_x509_crt_init(&ret->cert));
	pem_check(gnutls_x509_crt_set_version(ret->cert, 3));
	pem_check(gnutls_x509_crt_set_serial(ret->cert, &serial, 1));
	serial++;
	pem_check(gnutls_x509_crt_set_activation_time(ret->cert, now - 9 * PEM_DAY));
	pem_check(gnutls_x509_crt_set_expiration_time(ret->cert, end));
	pem_check(gnutls_x509_crt_set_key(ret->cert, ret->key));
	pem_check(gnutls_x509_crt_set_basic_constraints(ret->cert, (unsigned)w->authority, -1));
	if (w->cn)
		pem_check(gnutls_x509_crt_set_dn_by_oid(ret->cert, GNUTLS_OID_X520_COMMON_NAME, 0,
							w->cn, (unsigned)strlen(w->cn)));
	if (w->dns)
		pem_check(gnutls_x509_crt_set_subject_alt_name(ret->cert, GNUTLS_SAN_DNSNAME,
							       w->dns, (unsigned)strlen(w->dns),
							       GNUTLS_FSAN_SET));
	if (w->names)
		pem_check(gnutls_x509_crt_set_extension_by_oid(ret->cert, "2.5.29.17", w->names,
							       w->names_len, 0));
	if (w->purpose)
		pem_check(gnutls_x509_crt_set_key_purpose_oid(ret->cert, w->purpose, 0));
	pem_check(gnutls_x509_crt_sign2(ret->cert, issuer ? issuer->cert : ret->cert,
					issuer ? issuer->key : ret->key, GNUTLS_DIG_SHA256, 0));
}

/* Adds to the file. */
static inline void pem_write_cert(const struct pem *p, const char *path)
{
	gnutls_datum_t text;
	pem_check(gnutls_x509_crt_export2(p->cert, GNUTLS_X509_FMT_PEM, &text));
	pem_put(path, "a", &text);
}

static inline void pem_write_key(const struct pem *p, const char *path)
{
	gnutls_datum_t text;
	pem_check(gnutls_x509_privkey_export2(p->key, GNUTLS_X509_FMT_PEM, &text));
	pem_put(path, "w", &text);
}

static inline void pem_done(struct pem *p)
{
	gnutls_x509_crt_deinit(p->cert);
	gnutls_x509_privkey_deinit(p->key);
}

#endif
