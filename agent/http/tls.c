/* SPDX-License-Identifier: MIT */
#include "agent/http/tls.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hash.h"
#include "lib/mem.h"

/* TLS 1.2 with keys that a later break-in does not reveal, and TLS 1.3. */
#define PRIORITIES                                                                                 \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-CIPHER-ALL:+AES-256-GCM:"                \
	"+CHACHA20-POLY1305:+AES-128-GCM:%SERVER_PRECEDENCE"

struct session {
	const struct MHD_Connection *conn; /* the key */
	struct tls_keys *keys;
	UT_hash_handle hh;
};

struct tls {
	struct tls_keys *keys;
	struct session *sessions;
};

/* libmicrohttpd asks for a source of certificates, but tls_begin() has set the session's own. A
 * connection that it did not get to does not come about. */
static int no_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
			  gnutls_pcert_st **certs, unsigned *n_certs, gnutls_ocsp_data_st **ocsp,
			  unsigned *n_ocsp, gnutls_privkey_t *key, unsigned *flags)
{
	(void)session, (void)info, (void)certs, (void)n_certs, (void)ocsp, (void)n_ocsp, (void)key,
		(void)flags;
	return -1;
}

const struct MHD_OptionItem *tls_options(void)
{
	static struct MHD_OptionItem options[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)PRIORITIES },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	gnutls_certificate_retrieve_function3 *callback = no_certificate;
	memcpy(&options[1].ptr_value, &callback, sizeof(callback));
	return options;
}

static gnutls_session_t session_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	return info ? info->tls_session : NULL;
}

void tls_begin(struct tls *tls, struct MHD_Connection *conn)
{
	gnutls_session_t session = session_of(conn);
	if (!session)
		return;
	struct session *s = mem_new(1, sizeof(*s));
	s->conn = conn;
	s->keys = tls_keys_ref(tls->keys);
	HASH_ADD_PTR(tls->sessions, conn, s);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls_keys_credentials(s->keys));
	if (!tls_keys_ask_clients(s->keys))
		return;
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
	gnutls_certificate_send_x509_rdn_sequence(session, 1); /* it chooses on its own */
}

static void forget(struct tls *tls, struct session *s)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it loses track of uthash's head. */
	HASH_DEL(tls->sessions, s);
	tls_keys_unref(s->keys);
	free(s);
}

void tls_end(struct tls *tls, struct MHD_Connection *conn)
{
	struct session *s;
	HASH_FIND_PTR(tls->sessions, &conn, s);
	if (s)
		forget(tls, s);
}

int tls_find_client(const struct tls *tls, struct MHD_Connection *conn,
		    char ret_name[static PRINCIPAL_LABEL_MAX], struct err *why)
{
	gnutls_session_t session = session_of(conn);
	if (!session)
		return 0;
	int rc = tls_keys_find_client(tls->keys, session, ret_name, PRINCIPAL_LABEL_MAX, why);
	if (rc > 0 && !principal_label_is_valid(ret_name))
		return err_set(why, -EACCES,
			       "its name '%.80s' has a character other than letters, digits, '-', "
			       "'.', '_' and '@'",
			       ret_name);
	return rc;
}

void tls_set_keys(struct tls *tls, struct tls_keys *keys)
{
	tls_keys_ref(keys);
	tls_keys_unref(tls->keys);
	tls->keys = keys;
}

struct tls *tls_new(struct tls_keys *keys)
{
	struct tls *tls = mem_new(1, sizeof(*tls));
	tls->keys = tls_keys_ref(keys);
	return tls;
}

void tls_free(struct tls *tls)
{
	struct session *s, *next;
	if (!tls)
		return;
	HASH_ITER (hh, tls->sessions, s, next)
		forget(tls, s);
	tls_keys_unref(tls->keys);
	free(tls);
}
