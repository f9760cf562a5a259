/* SPDX-License-Identifier: MIT */
#include "monitors/dns_data.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <resolv.h>
#include <string.h>

#include "lib/bytes.h"
#include "lib/str.h"

struct format {
	const struct dns_data *d;
	struct reader r;
	struct strbuf out;
};

static void put_address(struct format *f, int family, size_t len)
{
	char text[INET6_ADDRSTRLEN];
	const uint8_t *p = reader_bytes(&f->r, len);
	if (p && inet_ntop(family, p, text, sizeof(text)))
		strbuf_add(&f->out, "%s", text);
}

/* A name may be compressed: it is read with the whole message at hand. */
static void put_name(struct format *f)
{
	char name[NS_MAXDNAME];
	const uint8_t *message = f->d->message;
	int n = f->r.failed ? -1
			    : ns_name_uncompress(message, message + f->d->message_len, f->r.p, name,
						 sizeof(name));
	if (n < 0 || !reader_bytes(&f->r, (size_t)n))
		f->r.failed = true;
	else
		strbuf_add(&f->out, "%s", name[0] ? name : ".");
}

static void put_number(struct format *f)
{
	strbuf_add(&f->out, "%u ", reader_u16(&f->r));
}

/* The strings of a TXT are read as one text (RFC 7208 section 3.3). */
static void put_strings(struct format *f)
{
	while (reader_left(&f->r) > 0 && !f->r.failed) {
		size_t len = reader_u8(&f->r);
		const uint8_t *p = reader_bytes(&f->r, len);
		if (p)
			strbuf_add(&f->out, "%.*s", (int)len, (const char *)p);
	}
}

static void put_soa(struct format *f)
{
	put_name(f);
	strbuf_add(&f->out, " ");
	put_name(f);
	for (int i = 0; i < 5; i++)
		strbuf_add(&f->out, " %u", reader_u32(&f->r));
}

static void put_hex(struct format *f)
{
	strbuf_add(&f->out, "\\# %zu ", reader_left(&f->r));
	while (reader_left(&f->r) > 0)
		strbuf_add(&f->out, "%02x", reader_u8(&f->r));
}

static void put(struct format *f)
{
	switch (f->d->type) {
	case ns_t_a:
		return put_address(f, AF_INET, 4);
	case ns_t_aaaa:
		return put_address(f, AF_INET6, 16);
	case ns_t_ns:
	case ns_t_cname:
	case ns_t_ptr:
	case ns_t_dname:
		return put_name(f);
	case ns_t_srv:
		put_number(f);
		put_number(f);
		put_number(f);
		return put_name(f);
	case ns_t_mx:
		put_number(f);
		return put_name(f);
	case ns_t_txt:
		return put_strings(f);
	case ns_t_soa:
		return put_soa(f);
	default:
		return put_hex(f);
	}
}

const char *dns_data_format(const struct dns_data *d, char *buf, size_t size)
{
	struct format f = { .d = d, .r = reader_over(d->data, d->len) };
	f.out = strbuf_over(buf, size);
	put(&f);
	if (f.r.failed)
		buf[0] = 0;
	return buf;
}
