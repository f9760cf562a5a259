/* SPDX-License-Identifier: MIT */
#include "agent/config/types.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/format.h"
#include "agent/model/admission.h"
#include "agent/model/vip_policy.h"
#include "lib/addr.h"
#include "lib/array.h"
#include "lib/log_level.h"
#include "lib/endpoint.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "nat/choice.h"

/* ---- texts ---- */

static int set_text(const struct config_key *key, const char *text, void *target, struct err *err)
{
	char **field = config_field(key, target);
	(void)err;
	free(*field);
	*field = *text ? mem_strdup(text) : NULL;
	return 0;
}

static int set_path(const struct config_key *key, const char *text, void *target, struct err *err)
{
	size_t len = strlen(text);
	if (text[0] != '/' || text[len - 1] == '/' || len >= PATH_MAX)
		return err_set(err, -EINVAL,
			       "'%.80s' is not an absolute file name, expected one like "
			       "/run/vipherald/disable",
			       text);
	return set_text(key, text, target, err);
}

static int set_path_or_off(const struct config_key *key, const char *text, void *target,
			   struct err *err)
{
	char **field = config_field(key, target);
	if (*text && !str_equal(text, "off"))
		return set_path(key, text, target, err);
	free(*field);
	*field = mem_strdup("");
	return 0;
}

static int set_consul_addr(const struct config_key *key, const char *text, void *target,
			   struct err *err)
{
	static const char *const schemes[] = { "http://", "https://", "unix://" };
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (str_starts(text, schemes[i]) && text[strlen(schemes[i])])
			return set_text(key, text, target, err);
	return err_set(err, -EINVAL,
		       "'%.100s' is not a %s address, expected http://HOST:PORT, "
		       "https://HOST:PORT or unix:///PATH, with or without /v1",
		       text, str_starts(key->name, "nomad") ? "Nomad" : "Consul");
}

/* ---- words and numbers ---- */

int config_parse_word(const struct config_word *words, size_t n, const char *what, const char *text,
		      unsigned *ret, struct err *err)
{
	char names[128];
	struct strbuf sb = strbuf_over(names, sizeof(names));
	for (size_t i = 0; i < n; i++) {
		if (str_equal(text, words[i].name)) {
			*ret = words[i].value;
			return 0;
		}
		strbuf_add(&sb, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", words[i].name);
	}
	return err_set(err, -EINVAL, "unknown %s '%.80s', expected %s", what, text, names);
}

static int set_consul_warning(const struct config_key *key, const char *text, void *target,
			      struct err *err)
{
	static const struct config_word words[] = { { "pass", false }, { "fail", true } };
	unsigned fails = 0;
	int rc = config_parse_word(words, ARRAY_SIZE(words), "value", text, &fails, err);
	if (rc == 0)
		*(bool *)config_field(key, target) = fails;
	return rc;
}

static int set_nat_backend(const struct config_key *key, const char *text, void *target,
			   struct err *err)
{
	static const struct config_word words[] = { { "auto", NAT_AUTO },
						    { "iptables", NAT_IPTABLES },
						    { "nftables", NAT_NFTABLES } };
	unsigned choice = 0;
	int rc = config_parse_word(words, ARRAY_SIZE(words), "NAT back end", text, &choice, err);
	if (rc == 0)
		*(enum nat_choice *)config_field(key, target) = choice;
	return rc;
}

static int set_bind(const struct config_key *key, const char *text, void *target, struct err *err)
{
	return bind_parse(text, config_field(key, target), err);
}

static int add_monitors_from(const struct config_key *key, const char *text, void *target,
			     struct err *err)
{
	return monitor_admission_add(config_field(key, target), text, err);
}

static int add_env_name(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	char ***names = config_field(key, target);
	size_t n = 0;
	if (!text[0] || strspn(text, plain) != strlen(text) || (text[0] >= '0' && text[0] <= '9'))
		return err_set(err, -EINVAL,
			       "'%.80s' is not the name of an environment variable, expected "
			       "letters, digits and '_'",
			       text);
	if (str_starts(text, "VIPHERALD_"))
		return err_set(err, -EINVAL, "'%.80s' is set by vipherald itself", text);
	while (*names && (*names)[n])
		n++;
	*names = mem_grow_by_one(*names, n + 1, sizeof(**names));
	(*names)[n] = mem_strdup(text);
	return 0;
}

static int add_prefix(const struct config_key *key, const char *text, void *target, struct err *err)
{
	struct prefix_list *list = config_field(key, target);
	struct prefix p;
	int r = prefix_parse(text, &p, err);
	if (r < 0)
		return r;
	list->items = mem_grow_by_one(list->items, list->n, sizeof(*list->items));
	list->items[list->n++] = p;
	return 0;
}

static int set_lengths(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	struct vip_lengths *lengths = config_field(key, target);
	char first[8] = "";
	uint64_t v4, v6;
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : 0;
	if (n > 0 && n < sizeof(first))
		memcpy(first, text, n);
	if (!slash || str_to_u64(first, 32, &v4) < 0 || str_to_u64(slash + 1, 128, &v6) < 0 ||
	    v4 == 0 || v6 == 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is not a pair of prefix lengths, expected IPv4/IPv6 like "
			       "24/48",
			       text);
	*lengths = (struct vip_lengths){ .v4 = (uint8_t)v4, .v6 = (uint8_t)v6 };
	return 0;
}

/* As accepted by YAML 1.1 and by GoCast's parser, including the letter case. */
static const struct {
	bool value;
	const char *names[11];
} bool_names[] = {
	{ true, { "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y" } },
	{ false, { "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N" } },
};

bool config_parse_bool(const char *text, bool *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(bool_names); i++)
		for (size_t j = 0; j < ARRAY_SIZE(bool_names[i].names); j++)
			if (str_equal(text, bool_names[i].names[j])) {
				*ret = bool_names[i].value;
				return true;
			}
	return false;
}

static int set_bool(const struct config_key *key, const char *text, void *target, struct err *err)
{
	if (!config_parse_bool(text, config_field(key, target)))
		return err_set(err, -EINVAL, "'%.80s' is not a boolean, expected true or false",
			       text);
	return 0;
}

static int set_log_level(const struct config_key *key, const char *text, void *target,
			 struct err *err)
{
	enum log_level level;
	if (log_level_parse(text, &level) < 0)
		return err_set(
			err, -EINVAL,
			"'%.80s' is not a level, expected error, warning, info, debug or trace",
			text);
	*(uint8_t *)config_field(key, target) = (uint8_t)(level + 1);
	return 0;
}

static int set_log_format(const struct config_key *key, const char *text, void *target,
			  struct err *err)
{
	enum log_format *format = config_field(key, target);
	if (!str_equal(text, "text") && !str_equal(text, "json"))
		return err_set(err, -EINVAL, "'%.80s' is not a format, expected text or json",
			       text);
	*format = str_equal(text, "json") ? LOG_JSON : LOG_TEXT;
	return 0;
}

static int out_of_range(const struct config_key *key, const char *text, struct err *err)
{
	char min[DURATION_TEXT_MAX], max[DURATION_TEXT_MAX];
	const char *zero = key->flags & CONFIG_ZERO_ALLOWED ? "0, or " : "";
	duration_format(key->min, min);
	if (key->max == 0)
		return err_set(err, -EINVAL, "'%.80s' is out of range, expected %s%s or more", text,
			       zero, min);
	return err_set(err, -EINVAL, "'%.80s' is out of range, expected %s%s to %s", text, zero,
		       min, duration_format(key->max, max));
}

static int set_duration(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	span_t span = 0;
	int r = duration_parse(text, &span, err);
	if (r < 0)
		return r;
	if (span == 0 && key->flags & CONFIG_ZERO_IS_DEFAULT) {
		duration_parse(key->default_text, config_field(key, target), NULL);
		return err_set(err, 1, "'%.80s' is read as the default, %s", text,
			       key->default_text);
	}
	bool zero_allowed = span == 0 && key->flags & CONFIG_ZERO_ALLOWED;
	if (!zero_allowed && (span < key->min || (key->max > 0 && span > key->max)))
		return out_of_range(key, text, err);
	memcpy(config_field(key, target), &span, sizeof(span));
	return 0;
}

static int set_seconds(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	span_t span = 0;
	int r = duration_parse(text, &span, err);
	if (r < 0)
		return r;
	if (span % USEC_PER_SEC != 0)
		return err_set(err, -EINVAL, "'%.80s' is not a whole number of seconds", text);
	return set_duration(key, text, target, err);
}

static int set_count(const struct config_key *key, const char *text, void *target, struct err *err)
{
	uint64_t v = 0;
	if (str_to_u64(text, key->max, &v) < 0 || v < key->min)
		return err_set(err, -EINVAL, "'%.80s' is out of range, expected %u to %u", text,
			       (unsigned)key->min, (unsigned)key->max);
	*(uint16_t *)config_field(key, target) = (uint16_t)v;
	return 0;
}

static int set_rate(const struct config_key *key, const char *text, void *target, struct err *err)
{
	char number[16];
	uint64_t v = 0;
	size_t digits = strspn(text, "0123456789");
	snprintf(number, sizeof(number), "%.*s", (int)digits, text);
	if (digits == 0 || !str_equal(text + digits, "pps"))
		return err_set(err, -EINVAL,
			       "'%.80s' is not a rate of packets, expected one like 10pps", text);
	if (digits >= sizeof(number) || str_to_u64(number, key->max, &v) < 0 || v < key->min)
		return err_set(err, -EINVAL, "'%.80s' is out of range, expected %upps to %upps",
			       text, (unsigned)key->min, (unsigned)key->max);
	*(uint32_t *)config_field(key, target) = (uint32_t)v;
	return 0;
}

static int set_port(const struct config_key *key, const char *text, void *target, struct err *err)
{
	uint64_t v = 0;
	if (str_to_u64(text, UINT16_MAX, &v) < 0 || v == 0)
		return err_set(err, -EINVAL, "'%.80s' is not a port, expected 1 to 65535", text);
	*(uint16_t *)config_field(key, target) = (uint16_t)v;
	return 0;
}

/* ---- addresses ---- */

static int set_addr(const struct config_key *key, const char *text, void *target, struct err *err)
{
	struct addr a = { 0 };
	if (addr_parse(text, &a) < 0)
		return err_set(
			err, -EINVAL,
			"'%.80s' is not an address, expected one like 192.0.2.10 or 2001:db8::10",
			text);
	if (addr_is_unspecified(&a) || addr_is_multicast(&a))
		return err_set(err, -EINVAL, "'%s' cannot be the address of a host", text);
	*(struct addr *)config_field(key, target) = a;
	return 0;
}

static int set_addr6(const struct config_key *key, const char *text, void *target, struct err *err)
{
	struct addr a = { 0 };
	if (addr_parse(text, &a) < 0 || a.family != AF_INET6)
		return err_set(err, -EINVAL,
			       "'%.80s' is not an IPv6 address, expected one like 2001:db8::10",
			       text);
	return set_addr(key, text, target, err);
}

static int set_endpoint(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	return endpoint_parse(text, 0, config_field(key, target), err);
}

const struct config_type config_type_text = { "string", set_text, config_format_text };
const struct config_type config_type_path = { "absolute file name", set_path, config_format_text };
const struct config_type config_type_path_or_off = { "absolute file name, or `off`",
						     set_path_or_off, config_format_path_or_off };
const struct config_type config_type_consul_addr = { "URL", set_consul_addr, config_format_text };
const struct config_type config_type_consul_warning = { "`pass` or `fail`", set_consul_warning,
							config_format_consul_warning };
const struct config_type config_type_monitors_from = {
	"`config`, `http-admin`, `http-local`, `http`, `consul`, `nomad`, `none`",
	add_monitors_from, config_format_monitors_from
};
const struct config_type config_type_prefixes = { "prefixes", add_prefix, config_format_prefixes };
const struct config_type config_type_lengths = { "IPv4/IPv6 prefix lengths", set_lengths,
						 config_format_lengths };
const struct config_type config_type_env_names = { "variables", add_env_name,
						   config_format_env_names };
const struct config_type config_type_log_level = { "`error`, `warning`, `info`, `debug` or `trace`",
						   set_log_level, config_format_log_level };
const struct config_type config_type_log_format = { "`text` or `json`", set_log_format,
						    config_format_log_format };
const struct config_type config_type_bool = { "`true` or `false`", set_bool, config_format_bool };
const struct config_type config_type_duration = { "duration", set_duration,
						  config_format_duration };
const struct config_type config_type_seconds = { "duration in whole seconds", set_seconds,
						 config_format_duration };
const struct config_type config_type_count = { "number", set_count, config_format_count };
const struct config_type config_type_rate = { "rate in packets a second, like `10pps`", set_rate,
					      config_format_rate };
const struct config_type config_type_port = { "port, 1 to 65535", set_port, config_format_count };
const struct config_type config_type_addr = { "address", set_addr, config_format_addr };
const struct config_type config_type_addr6 = { "IPv6 address", set_addr6, config_format_addr };
const struct config_type config_type_endpoint = { "HOST:PORT, :PORT, [V6]:PORT or unix:/PATH",
						  set_endpoint, config_format_endpoint };
const struct config_type config_type_nat_backend = { "`auto`, `iptables`, `nftables`",
						     set_nat_backend, config_format_nat_backend };
const struct config_type config_type_bind = { "`address`, `route`, `present`, `none`", set_bind,
					      config_format_bind };
