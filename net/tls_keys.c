/* SPDX-License-Identifier: MIT */
#include "net/tls_keys.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "process/regular_file.h"

#define FILE_MAX  (1u << 20) /* the authorities of a system take a quarter of it */
#define CHAIN_MAX 16

struct tls_keys {
	unsigned refs;
	bool key_is_open;
	gnutls_certificate_credentials_t credentials;
	gnutls_x509_trust_list_t authorities; /* NULL: clients are not asked for a certificate */
	wall_t ends[TLS_FILES];
};

/* ---- files ---- */

static int read_all(int fd, size_t size, char *buf)
{
	size_t len = 0;
	ssize_t n;
	while (len < size && (n = read(fd, buf + len, size - len)) > 0)
		len += (size_t)n;
	return len == size ? 0 : -EIO;
}

/* The text is the caller's to free. */
static int read_pem(const char *file, struct stat *st, gnutls_datum_t *ret, struct err *err)
{
	int fd = regular_file_open(file, st);
	if (fd < 0) {
		err_set(err, fd, "cannot read '%.200s': %s", file,
			fd == -EINVAL ? "not a regular file, or empty" : strerror(-fd));
		return fd;
	}
	int rc = st->st_size > FILE_MAX ? -EFBIG : 0;
	ret->size = rc == 0 ? (unsigned)st->st_size : 0;
	ret->data = mem_new(ret->size + 1, 1);
	if (rc == 0)
		rc = read_all(fd, ret->size, (char *)ret->data);
	close(fd);
	if (rc == 0)
		return 0;
	free(ret->data);
	err_set(err, rc, "cannot read '%.200s': %s", file,
		rc == -EFBIG ? "longer than 1 MB, expected a PEM file" : "it changed meanwhile");
	return rc;
}

static void wipe(gnutls_datum_t *pem)
{
	if (pem->data)
		explicit_bzero(pem->data, pem->size);
	free(pem->data);
}

/* ---- certificates ---- */

struct chain {
	gnutls_x509_crt_t *items;
	unsigned n;
};

static void chain_done(struct chain *chain)
{
	for (unsigned i = 0; i < chain->n; i++)
		gnutls_x509_crt_deinit(chain->items[i]);
	gnutls_free(chain->items);
}

static wall_t first_end(const struct chain *chain)
{
	wall_t end = 0;
	for (unsigned i = 0; i < chain->n; i++) {
		time_t t = gnutls_x509_crt_get_expiration_time(chain->items[i]);
		wall_t at = t > 0 ? (wall_t)t * 1000000 : 1;
		if (end == 0 || at < end)
			end = at;
	}
	return end;
}

static int parse_chain(const char *file, const gnutls_datum_t *pem, unsigned flags,
		       struct chain *ret, struct err *err)
{
	int rc =
		gnutls_x509_crt_list_import2(&ret->items, &ret->n, pem, GNUTLS_X509_FMT_PEM, flags);
	return rc < 0 ? err_set(err, -EINVAL,
				"'%.200s' holds no certificate that can be used: %s; expected a "
				"PEM file with '-----BEGIN CERTIFICATE-----'",
				file, gnutls_strerror(rc))
		      : 0;
}

static int load_chain(const char *file, unsigned flags, struct chain *ret, struct err *err)
{
	struct stat st;
	gnutls_datum_t pem = { 0 };
	int rc = read_pem(file, &st, &pem, err);
	if (rc)
		return rc;
	rc = parse_chain(file, &pem, flags, ret, err);
	free(pem.data);
	return rc;
}

static int load_key(struct tls_keys *keys, const char *file, gnutls_x509_privkey_t key,
		    struct err *err)
{
	struct stat st;
	gnutls_datum_t pem = { 0 };
	int rc = read_pem(file, &st, &pem, err);
	if (rc)
		return rc;
	keys->key_is_open = st.st_mode & (S_IROTH | S_IWOTH);
	rc = gnutls_x509_privkey_import2(key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	wipe(&pem);
	return rc < 0 ? err_set(err, -EINVAL,
				"'%.200s' holds no key that can be used: %s; expected a PEM file "
				"with a private key that is not encrypted",
				file, gnutls_strerror(rc))
		      : 0;
}

static int pair(struct tls_keys *keys, const char *const files[], struct chain *chain,
		struct err *err)
{
	gnutls_x509_privkey_t key;
	if (gnutls_x509_privkey_init(&key) < 0)
		abort(); /* out of memory, see lib/mem.h */
	int rc = load_key(keys, files[TLS_KEY], key, err);
	int set = rc < 0 ? 0
			 : gnutls_certificate_set_x509_key(keys->credentials, chain->items,
							   (int)chain->n, key);
	gnutls_x509_privkey_deinit(key);
	if (set < 0)
		rc = err_set(err, -EINVAL,
			     "the key in '%.200s' is not that of the certificate in '%.200s': %s",
			     files[TLS_KEY], files[TLS_CERT], gnutls_strerror(set));
	return rc;
}

static int load_authorities(struct tls_keys *keys, const char *file, struct err *err)
{
	struct chain chain = { 0 };
	int rc = load_chain(file, 0, &chain, err);
	if (rc < 0)
		return rc;
	keys->ends[TLS_CLIENT_CA] = first_end(&chain);
	if (gnutls_x509_trust_list_init(&keys->authorities, 0) < 0)
		abort(); /* out of memory, see lib/mem.h */
	/* The list owns the certificates that it takes, and ignores duplicates. */
	gnutls_x509_trust_list_add_cas(keys->authorities, chain.items, (int)chain.n,
				       GNUTLS_TL_NO_DUPLICATES);
	gnutls_free(chain.items);
	return 0;
}

static int load(struct tls_keys *keys, const char *const files[], enum tls_file *ret_which,
		struct err *err)
{
	struct chain chain = { 0 };
	*ret_which = TLS_CERT;
	int rc = load_chain(files[TLS_CERT], GNUTLS_X509_CRT_LIST_SORT, &chain, err);
	if (rc < 0)
		return rc;
	keys->ends[TLS_CERT] = first_end(&chain);
	*ret_which = TLS_KEY;
	rc = pair(keys, files, &chain, err);
	chain_done(&chain);
	if (rc < 0 || !files[TLS_CLIENT_CA])
		return rc;
	*ret_which = TLS_CLIENT_CA;
	return load_authorities(keys, files[TLS_CLIENT_CA], err);
}

int tls_keys_load(const char *const files[static TLS_FILES], struct tls_keys **ret,
		  enum tls_file *ret_which, struct err *err)
{
	struct tls_keys *keys = mem_new(1, sizeof(*keys));
	keys->refs = 1;
	if (gnutls_certificate_allocate_credentials(&keys->credentials) < 0)
		abort(); /* out of memory, see lib/mem.h */
	int rc = load(keys, files, ret_which, err);
	if (rc < 0)
		tls_keys_unref(keys);
	else
		*ret = keys;
	return rc;
}

struct tls_keys *tls_keys_ref(struct tls_keys *keys)
{
	keys->refs++;
	return keys;
}

void tls_keys_unref(struct tls_keys *keys)
{
	if (!keys || --keys->refs > 0)
		return;
	gnutls_certificate_free_credentials(keys->credentials);
	if (keys->authorities)
		gnutls_x509_trust_list_deinit(keys->authorities, 1);
	free(keys);
}

bool tls_keys_key_is_open(const struct tls_keys *keys)
{
	return keys->key_is_open;
}

wall_t tls_keys_end(const struct tls_keys *keys, enum tls_file which)
{
	return keys->ends[which];
}

gnutls_certificate_credentials_t tls_keys_credentials(const struct tls_keys *keys)
{
	return keys->credentials;
}

bool tls_keys_ask_clients(const struct tls_keys *keys)
{
	return keys->authorities != NULL;
}

/* ---- clients ---- */

static const char *reason(unsigned status)
{
	static const struct {
		unsigned bit;
		const char *text;
	} reasons[] = {
		{ GNUTLS_CERT_SIGNER_NOT_FOUND, "it is signed by none of the authorities" },
		{ GNUTLS_CERT_SIGNER_NOT_CA, "its issuer is not a certificate authority" },
		{ GNUTLS_CERT_EXPIRED, "it, or one of its issuers, has expired" },
		{ GNUTLS_CERT_NOT_ACTIVATED, "it, or one of its issuers, is not valid yet" },
		{ GNUTLS_CERT_PURPOSE_MISMATCH, "its extended key usage lacks clientAuth" },
		{ GNUTLS_CERT_INSECURE_ALGORITHM, "its signature algorithm is not secure" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (status & reasons[i].bit)
			return reasons[i].text;
	return "its signature does not verify";
}

static int verify(const struct tls_keys *keys, const struct chain *chain, struct err *why)
{
	gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
					  .data = (void *)GNUTLS_KP_TLS_WWW_CLIENT };
	unsigned status = 0;
	int rc = gnutls_x509_trust_list_verify_crt2(keys->authorities, chain->items, chain->n,
						    &purpose, 1, 0, &status, NULL);
	if (rc < 0)
		return err_set(why, -EACCES, "it cannot be verified: %s", gnutls_strerror(rc));
	return status ? err_set(why, -EACCES, "%s", reason(status)) : 0;
}

/* `size` is left alone with an error. */
static int find_dns_name(gnutls_x509_crt_t cert, char *ret, size_t *size)
{
	int type;
	for (unsigned i = 0;; i++) {
		size_t len = *size;
		type = gnutls_x509_crt_get_subject_alt_name(cert, i, ret, &len, NULL);
		if (type == GNUTLS_SAN_DNSNAME)
			*size = len;
		if (type == GNUTLS_SAN_DNSNAME || type == GNUTLS_E_SHORT_MEMORY_BUFFER)
			return type == GNUTLS_SAN_DNSNAME ? 0 : -ENAMETOOLONG;
		if (type < 0)
			return -ENOENT;
	}
}

static int find_name(gnutls_x509_crt_t cert, char *ret, size_t size, struct err *why)
{
	char name[256];
	size_t len = sizeof(name) - 1;
	int rc = find_dns_name(cert, name, &len);
	if (rc == -ENOENT) {
		len = sizeof(name);
		rc = gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name,
						   &len);
	}
	if (rc < 0)
		return err_set(why, -EACCES,
			       "it has neither a DNS name of up to 255 characters nor a CN");
	name[len] = 0;
	/* A NUL in a name would end it early. */
	if (memchr(name, 0, len) || len >= size)
		return err_set(why, -EACCES, "its name '%.80s' is longer than %zu characters", name,
			       size - 1);
	memcpy(ret, name, len + 1);
	return 0;
}

static int import(const gnutls_datum_t *list, unsigned n, struct chain *ret)
{
	for (ret->n = 0; ret->n < n; ret->n++) {
		gnutls_x509_crt_t *cert = &ret->items[ret->n];
		if (gnutls_x509_crt_init(cert) < 0)
			abort(); /* out of memory, see lib/mem.h */
		if (gnutls_x509_crt_import(*cert, &list[ret->n], GNUTLS_X509_FMT_DER) < 0) {
			gnutls_x509_crt_deinit(*cert);
			return -EINVAL;
		}
	}
	return 0;
}

int tls_keys_find_client(const struct tls_keys *keys, gnutls_session_t session, char *ret_name,
			 size_t size, struct err *why)
{
	gnutls_x509_crt_t items[CHAIN_MAX];
	struct chain chain = { .items = items };
	unsigned n = 0;
	const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &n);
	if (!keys->authorities || !list || n == 0)
		return 0;
	int rc = n > CHAIN_MAX || import(list, n, &chain) < 0
			 ? err_set(why, -EACCES, "it cannot be read")
			 : 0;
	if (rc == 0)
		rc = verify(keys, &chain, why);
	if (rc == 0)
		rc = find_name(items[0], ret_name, size, why);
	for (unsigned i = 0; i < chain.n; i++)
		gnutls_x509_crt_deinit(items[i]);
	return rc < 0 ? rc : 1;
}
