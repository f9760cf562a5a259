/* SPDX-License-Identifier: MIT */
#include "bfd/config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"

struct bfd_config bfd_config_default(void)
{
	return (struct bfd_config){ .desired_min_tx = BFD_INTERVAL,
				    .required_min_rx = BFD_INTERVAL,
				    .multiplier = BFD_MULTIPLIER,
				    .hold_time = USEC_NEVER };
}

static bool is_name(const char name[static IF_NAMESIZE])
{
	return memchr(name, 0, IF_NAMESIZE);
}

static bool is_family(const struct addr *a)
{
	return a->family == AF_INET || a->family == AF_INET6;
}

static int check_key(const struct bfd_key *k, struct err *err)
{
	char text[ADDR_TEXT_MAX];
	if (!is_family(&k->peer) || !is_name(k->ifname) || !is_name(k->vrf))
		return err_set(err, -EINVAL, "no address of a peer, or a name without an end");
	if (addr_is_unspecified(&k->peer) || addr_is_multicast(&k->peer))
		return err_set(err, -EINVAL, "peer %s: expected the address of a host",
			       addr_format(&k->peer, text));
	if (addr_is_set(&k->local) && k->local.family != k->peer.family)
		return err_set(err, -EINVAL, "local address %s: of another family than the peer",
			       addr_format(&k->local, text));
	if (k->multihop && k->ifname[0])
		return err_set(err, -EINVAL, "interface %s: a session over several hops has none",
			       k->ifname);
	if (k->peer.family == AF_INET6 && addr_is_link_local(&k->peer) && !k->ifname[0])
		return err_set(err, -EINVAL, "peer %s: a link-local address needs an interface",
			       addr_format(&k->peer, text));
	return 0;
}

static int check_interval(const char *name, span_t value, struct err *err)
{
	if (value >= BFD_INTERVAL_MIN && value <= BFD_INTERVAL_MAX)
		return 0;
	return err_set(err, -EINVAL, "%s %" PRIu64 " µs: expected %u ms to %u s", name, value,
		       (unsigned)(BFD_INTERVAL_MIN / USEC_PER_MSEC),
		       (unsigned)(BFD_INTERVAL_MAX / USEC_PER_SEC));
}

static int check_auth(const struct bfd_auth *a, struct err *err)
{
	switch (a->type) {
	case BFD_AUTH_NONE:
		return 0;
	case BFD_AUTH_KEYED_SHA1:
	case BFD_AUTH_METICULOUS_SHA1:
		if (a->key_len >= 1 && a->key_len <= BFD_AUTH_KEY_MAX)
			return 0;
		return err_set(err, -EINVAL, "a key of %u octets: expected 1 to %d", a->key_len,
			       BFD_AUTH_KEY_MAX);
	}
	return err_set(err, -EINVAL, "authentication of type %u is not known", (unsigned)a->type);
}

int bfd_check(const struct bfd_key *key, const struct bfd_config *c, struct err *err)
{
	int rc = check_key(key, err);
	if (rc == 0)
		rc = check_interval("transmit interval", c->desired_min_tx, err);
	if (rc == 0)
		rc = check_interval("receive interval", c->required_min_rx, err);
	if (rc == 0 && c->multiplier == 0)
		rc = err_set(err, -EINVAL, "multiplier 0: expected 1 to 255");
	return rc < 0 ? rc : check_auth(&c->auth, err);
}

bool bfd_key_equal(const struct bfd_key *a, const struct bfd_key *b)
{
	return addr_equal(&a->peer, &b->peer) && addr_equal(&a->local, &b->local) &&
	       a->multihop == b->multihop && str_equal(a->ifname, b->ifname) &&
	       str_equal(a->vrf, b->vrf);
}

static bool auth_equal(const struct bfd_auth *a, const struct bfd_auth *b)
{
	return a->type == b->type && a->key_id == b->key_id && a->key_len == b->key_len &&
	       memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

bool bfd_config_equal(const struct bfd_config *a, const struct bfd_config *b)
{
	return a->desired_min_tx == b->desired_min_tx && a->required_min_rx == b->required_min_rx &&
	       a->multiplier == b->multiplier && a->min_ttl == b->min_ttl &&
	       a->passive == b->passive && a->hold_time == b->hold_time &&
	       auth_equal(&a->auth, &b->auth);
}

const char *bfd_key_format(const struct bfd_key *k, char buf[static BFD_KEY_TEXT_MAX])
{
	char text[ADDR_TEXT_MAX];
	const char *device = k->vrf[0] ? k->vrf : k->ifname;
	snprintf(buf, BFD_KEY_TEXT_MAX, "%s%s%s%s", addr_format(&k->peer, text),
		 device[0] ? "%" : "", device, k->multihop ? " (multihop)" : "");
	return buf;
}
