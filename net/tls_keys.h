/* SPDX-License-Identifier: MIT */
/*
 * The TLS identity of a server, read from PEM files: its certificate with the key, and the
 * authorities that clients' certificates are verified against. Never changed: a reload reads
 * another one, and connections keep theirs.
 */
#ifndef NET_TLS_KEYS_H
#define NET_TLS_KEYS_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"
#include "lib/wallclock.h"

struct tls_keys;

enum tls_file { TLS_CERT, TLS_KEY, TLS_CLIENT_CA, TLS_FILES };

/* Reads files[TLS_CERT], with the chain of its issuers behind it, files[TLS_KEY] and, unless NULL,
 * files[TLS_CLIENT_CA]. An error names the file, which *ret_which says too. */
int tls_keys_load(const char *const files[static TLS_FILES], struct tls_keys **ret,
		  enum tls_file *ret_which, struct err *err);
struct tls_keys *tls_keys_ref(struct tls_keys *keys);
void tls_keys_unref(struct tls_keys *keys);

/* May others than owner and group read or write the file of the key? */
bool tls_keys_key_is_open(const struct tls_keys *keys);
/* The first end of validity in the file; 0: it was not given. */
wall_t tls_keys_end(const struct tls_keys *keys, enum tls_file which);

gnutls_certificate_credentials_t tls_keys_credentials(const struct tls_keys *keys);
bool tls_keys_ask_clients(const struct tls_keys *keys);

/* Whom the certificate that the client of a session presented names, by the authorities of `keys`
 * and at the present time: 1, and the first DNS name of its subjectAltName or else its CN; 0: there
 * is none, or no authority is given; -EACCES with the reason why it is not accepted. */
int tls_keys_find_client(const struct tls_keys *keys, gnutls_session_t session, char *ret_name,
			 size_t size, struct err *why);

#endif
