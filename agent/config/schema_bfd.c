/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_bfd.h"

#include <errno.h>
#include <string.h>

#include "agent/config/format.h"
#include "agent/config/types.h"
#include "agent/config/types_bgp.h"
#include "bgp/config.h"
#include "lib/array.h"
#include "lib/str.h"

static int set_hops(const struct config_key *key, const char *text, void *target, struct err *err)
{
	bool multihop = false;
	if (!config_parse_bool(text, &multihop))
		return err_set(err, -EINVAL, "'%.80s' is not a boolean, expected true or false",
			       text);
	*(enum bgp_bfd_hops *)config_field(key, target) =
		multihop ? BGP_BFD_MULTIHOP : BGP_BFD_SINGLE_HOP;
	return 0;
}

/* RFC 5880 6.8.7 has rules for 1, so it is valid. */
static int set_multiplier(const struct config_key *key, const char *text, void *target,
			  struct err *err)
{
	uint64_t v = 0;
	if (str_to_u64(text, UINT8_MAX, &v) < 0 || v == 0)
		return err_set(err, -EINVAL, "'%.80s' is not a multiplier, expected 1 to 255",
			       text);
	*(uint8_t *)config_field(key, target) = (uint8_t)v;
	if (v == 1)
		return err_set(err, 1, "with 1, a single lost packet ends the session");
	return 0;
}

static const struct config_word auth_words[] = {
	{ "none", BGP_BFD_AUTH_NONE },
	{ "sha1", BGP_BFD_AUTH_SHA1 },
	{ "meticulous-sha1", BGP_BFD_AUTH_METICULOUS_SHA1 },
};

static int set_auth(const struct config_key *key, const char *text, void *target, struct err *err)
{
	unsigned auth = 0;
	int rc = config_parse_word(auth_words, ARRAY_SIZE(auth_words), "authentication", text,
				   &auth, err);
	if (rc == 0)
		*(enum bgp_bfd_auth *)config_field(key, target) = auth;
	return rc;
}

static void format_auth(const struct config_key *key, const void *target, FILE *out)
{
	fputs(auth_words[*(const enum bgp_bfd_auth *)config_value(key, target)].name, out);
}

static int set_key_id(const struct config_key *key, const char *text, void *target, struct err *err)
{
	uint64_t v = 0;
	if (str_to_u64(text, UINT8_MAX, &v) < 0)
		return err_set(err, -EINVAL, "'%.80s' is not a key ID, expected 0 to 255", text);
	*(uint8_t *)config_field(key, target) = (uint8_t)v;
	return 0;
}

static void format_key_id(const struct config_key *key, const void *target, FILE *out)
{
	fprintf(out, "%u", *(const uint8_t *)config_value(key, target));
}

/* Of the text nothing is shown. */
static int set_password(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	char *password = config_field(key, target);
	if (strlen(text) > BGP_BFD_PASSWORD_MAX)
		return err_set(err, -EINVAL,
			       "the password is %zu bytes long, keys of BFD are limited to %d",
			       strlen(text), BGP_BFD_PASSWORD_MAX);
	memset(password, 0, BGP_BFD_PASSWORD_MAX + 1);
	str_copy(password, BGP_BFD_PASSWORD_MAX + 1, text);
	return 0;
}

static void format_password(const struct config_key *key, const void *target, FILE *out)
{
	fputs(config_value(key, target), out);
}

static const struct config_type type_auth = { "`none`, `sha1` or `meticulous-sha1`", set_auth,
					      format_auth };
static const struct config_type type_key_id = { "number, 0 to 255", set_key_id, format_key_id };
static const struct config_type type_password = { "string, at most 20 bytes", set_password,
						  format_password };
static const struct config_type type_hops = { "`true` or `false`", set_hops,
					      config_format_bfd_hops };
static const struct config_type type_multiplier = { "number, 1 to 255", set_multiplier,
						    config_format_ttl };

#define FIELD(member) .offset = offsetof(struct bgp_bfd_config, member)

/* A scalar in place of the mapping is written to `on`. */
_Static_assert(offsetof(struct bgp_bfd_config, on) == 0, "the key bfd of a peer is a boolean, too");

static const struct config_key bfd_keys[] = {
	{ .name = "interval",
	  .alias = "transmit_interval",
	  .alias2 = "desired_minimum_tx_interval",
	  .type = &config_type_duration,
	  FIELD(interval),
	  .default_text = "300ms",
	  .min = MSEC(10),
	  .max = SEC(10),
	  .doc = "Interval between packets to the peer (Desired Min TX Interval). The longer one "
		 "of this and the peer's receive interval is used; at least 1s while the session "
		 "is not up." },
	{ .name = "min_receive",
	  .alias = "receive_interval",
	  .alias2 = "required_minimum_receive",
	  .type = &config_type_duration,
	  FIELD(min_receive),
	  .default_words = "as `interval`",
	  .min = MSEC(10),
	  .max = SEC(10),
	  .doc = "Shortest interval at which the peer may send (Required Min RX Interval). The "
		 "detection time here is the longer one of this and the peer's interval, times the "
		 "peer's multiplier." },
	{ .name = "multiplier",
	  .alias = "detect_multiplier",
	  .alias2 = "detection_multiplier",
	  .type = &type_multiplier,
	  FIELD(multiplier),
	  .default_text = "3",
	  .doc = "The peer takes the session down when it has missed this many of our packets "
		 "(Detect Mult)." },
	{ .name = "multihop",
	  .alias = "multi_hop",
	  .type = &type_hops,
	  FIELD(hops),
	  .default_words = "eBGP: the peer's `multi_hop`; iBGP: whether a gateway leads to it",
	  .doc = "Multihop BFD (RFC 5883, UDP port 4784) instead of single hop (RFC 5881, port "
		 "3784). Both sides must agree." },
	{ .name = "min_ttl",
	  .alias = "minimum_ttl",
	  .type = &config_type_ttl,
	  FIELD(min_ttl),
	  .default_words = "multihop: any; single hop: 255",
	  .doc = "Multihop packets with a lower TTL are dropped." },
	{ .name = "passive",
	  .alias = "passive_mode",
	  .type = &config_type_bool,
	  FIELD(passive),
	  .default_text = "false",
	  .doc = "Send nothing until a packet of the peer has arrived (RFC 5880 6.1)." },
	{ .name = "authentication",
	  .alias = "auth",
	  .type = &type_auth,
	  FIELD(auth),
	  .default_text = "none",
	  .doc = "Keyed or Meticulous Keyed SHA1 authentication of BFD packets (RFC 5880 6.7), "
		 "with `key_id` and `password`. The router must have the same; FRR has none." },
	{ .name = "key_id",
	  .type = &type_key_id,
	  FIELD(key_id),
	  .default_text = "1",
	  .doc = "ID of the key: in BIRD, `id` of its `password`." },
	{ .name = "password",
	  .type = &type_password,
	  FIELD(password),
	  .flags = CONFIG_SECRET,
	  .doc = "Key of the authentication. An empty string means none and overrides the one of "
		 "`bgp`." },
	{ .name = "required",
	  .alias = "strict",
	  .type = &config_type_bool,
	  FIELD(required),
	  .default_text = "false",
	  .doc = "Neither open nor accept the BGP session while BFD is not up. Without it, BGP "
		 "also runs with a router whose BFD does not answer, and an alarm says so." },
	{ 0 },
};

const struct config_section config_bfd_section = {
	.path = "bgp.peers[].bfd",
	.doc = "`bfd: true` is BFD with the defaults, `bfd: false` is none; a mapping is BFD with "
	       "these keys, whose second names are FRR's, and third ones GoBGP's: write a unit, as "
	       "GoBGP counts in microseconds. Under `bgp` it holds for all peers; keys of a peer "
	       "take precedence over it one by one.",
	.keys = bfd_keys,
};
