/* SPDX-License-Identifier: MIT */
/* Types of keys: texts, numbers, times and addresses. Pure. */
#ifndef AGENT_CONFIG_TYPES_H
#define AGENT_CONFIG_TYPES_H

#include <stdbool.h>

#include "agent/config/key.h"

/* Behind each: the type of the field that key->offset points at. */
extern const struct config_type config_type_text;           /* char *, owned; "" is NULL */
extern const struct config_type config_type_path;           /* the same, absolute */
extern const struct config_type config_type_path_or_off;    /* the same; off is "" */
extern const struct config_type config_type_consul_addr;    /* the same, a URL */
extern const struct config_type config_type_consul_warning; /* bool: fails */
extern const struct config_type config_type_monitors_from;  /* unsigned, MONITORS_FROM_…; adds */
extern const struct config_type config_type_env_names;      /* char **, ends with NULL; adds */
extern const struct config_type config_type_log_level;      /* uint8_t, enum log_level + 1 */
extern const struct config_type config_type_log_format;     /* enum log_format */
extern const struct config_type config_type_prefixes;       /* struct prefix_list; adds */
extern const struct config_type config_type_lengths;        /* struct vip_lengths */
extern const struct config_type config_type_bool;           /* bool */
extern const struct config_type config_type_duration;       /* span_t */
extern const struct config_type config_type_seconds;        /* span_t, whole seconds */
extern const struct config_type config_type_count;          /* uint16_t */
extern const struct config_type config_type_rate;           /* uint32_t, packets a second */
extern const struct config_type config_type_port;           /* uint16_t */
extern const struct config_type config_type_addr;           /* struct addr, of this host */
extern const struct config_type config_type_addr6;          /* the same, IPv6 only */
extern const struct config_type config_type_endpoint;       /* struct endpoint */
extern const struct config_type config_type_nat_backend;    /* enum nat_choice */
extern const struct config_type config_type_bind;           /* enum bind */

/* One table of an enum's words: the first name of a value is its own, others are aliases. */
struct config_word {
	const char *name;
	unsigned value;
};
/* -EINVAL and "unknown NAT back end 'x', expected auto, iptables or nftables", with "NAT back end"
 * as `what`. */
int config_parse_word(const struct config_word *words, size_t n, const char *what, const char *text,
		      unsigned *ret, struct err *err);

/* "true", "no", "On", …; false for anything else. */
bool config_parse_bool(const char *text, bool *ret);

#endif
