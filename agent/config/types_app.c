/* SPDX-License-Identifier: MIT */
#include "agent/config/types_app.h"

#include <errno.h>
#include <string.h>

#include "agent/config/format.h"
#include "agent/config/types.h"
#include "agent/config/types_bgp.h"
#include "agent/model/app_spec_parse.h"
#include "agent/model/community.h"
#include "lib/array.h"
#include "lib/scoped_addr.h"
#include "lib/str.h"

static int set_app_name(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	return app_spec_set_name(config_field(key, target), text, err);
}

static int add_app_vip(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	return app_spec_add_vip(config_field(key, target), text, err);
}

static int add_app_community(const struct config_key *key, const char *text, void *target,
			     struct err *err)
{
	return app_spec_add_community(config_field(key, target), text, err);
}

static int add_app_ext_community(const struct config_key *key, const char *text, void *target,
				 struct err *err)
{
	struct announce_specs *s = app_spec_announce(config_field(key, target));
	return ext_communities_add(&s->ext_communities, text, err);
}

static int add_app_large_community(const struct config_key *key, const char *text, void *target,
				   struct err *err)
{
	struct announce_specs *s = app_spec_announce(config_field(key, target));
	return large_communities_add(&s->large_communities, text, err);
}

static int set_app_u32(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	return config_type_u32.set(key, text, app_spec_announce(target), err);
}

static int set_app_weight(const struct config_key *key, const char *text, void *target,
			  struct err *err)
{
	return config_type_weight.set(key, text, app_spec_announce(target), err);
}

static void format_app_weight(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_spec *s = target;
	if (s->announce)
		config_type_weight.format(key, s->announce, out);
}

static int set_app_prepend(const struct config_key *key, const char *text, void *target,
			   struct err *err)
{
	return config_type_prepend.set(key, text, app_spec_announce(target), err);
}

static int add_app_monitor(const struct config_key *key, const char *text, void *target,
			   struct err *err)
{
	return app_spec_add_monitor(config_field(key, target), text, err);
}

static int set_app_quorum(const struct config_key *key, const char *text, void *target,
			  struct err *err)
{
	return app_spec_set_quorum(config_field(key, target), text, err);
}

static int add_app_nat(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	return app_spec_add_nat(config_field(key, target), text, err);
}

/* In the file each is a value of its own. */
static int check_one_name(const char *text, struct err *err)
{
	return strchr(text, ',') ? err_set(err, -EINVAL,
					   "'%.80s' has a comma, expected a list; a peer with a "
					   "comma in its description is named by its address",
					   text)
				 : 0;
}

static int add_app_peer(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	int r = check_one_name(text, err);
	return r < 0 ? r : app_spec_add_peers(config_field(key, target), text, err);
}

static int add_app_except_peer(const struct config_key *key, const char *text, void *target,
			       struct err *err)
{
	int r = check_one_name(text, err);
	return r < 0 ? r : app_spec_add_except_peers(config_field(key, target), text, err);
}

static int set_app_group(const struct config_key *key, const char *text, void *target,
			 struct err *err)
{
	return app_spec_set_group(config_field(key, target), text, err);
}

static int set_app_interface(const struct config_key *key, const char *text, void *target,
			     struct err *err)
{
	struct app_spec *s = config_field(key, target);
	if (!ifname_is_valid(text))
		return err_set(err, -EINVAL,
			       "'%.80s' is not the name of an interface, expected one like dummy0, "
			       "at most %d characters",
			       text, IFNAMSIZ - 1);
	str_copy(s->interface, sizeof(s->interface), text);
	return 0;
}

static int set_app_nonlocal(const struct config_key *key, const char *text, void *target,
			    struct err *err)
{
	static const struct config_word words[] = { { "required", false }, { "ok", true } };
	struct app_spec *s = config_field(key, target);
	unsigned ok = false;
	int rc = config_parse_word(words, ARRAY_SIZE(words), "nonlocal", text, &ok, err);
	s->nonlocal_ok = ok;
	return rc;
}

const struct config_type config_type_app_name = { "string", set_app_name, config_format_app_name };
const struct config_type config_type_app_vips = { "prefixes", add_app_vip, config_format_app_vips };
const struct config_type config_type_app_communities = { "communities", add_app_community,
							 config_format_app_communities };
const struct config_type config_type_app_ext_communities = { "extended communities",
							     add_app_ext_community,
							     config_format_app_ext_communities };
const struct config_type config_type_app_large_communities = {
	"large communities", add_app_large_community, config_format_app_large_communities
};
const struct config_type config_type_app_u32 = { "0 to 4294967295", set_app_u32,
						 config_format_app_number };
const struct config_type config_type_app_weight = { "number, or bits per second", set_app_weight,
						    format_app_weight };
const struct config_type config_type_app_prepend = { "0 to 32", set_app_prepend,
						     config_format_app_number };
const struct config_type config_type_app_monitors = { "monitors", add_app_monitor,
						      config_format_app_monitors };
const struct config_type config_type_app_quorum = { "`all`, `any` or a number", set_app_quorum,
						    config_format_app_quorum };
const struct config_type config_type_app_nats = { "NAT mappings", add_app_nat,
						  config_format_app_nats };
const struct config_type config_type_app_peers = { "names of peers", add_app_peer,
						   config_format_app_peers };
const struct config_type config_type_app_except_peers = { "names of peers", add_app_except_peer,
							  config_format_app_except_peers };
const struct config_type config_type_app_group = { "string", set_app_group,
						   config_format_app_group };
const struct config_type config_type_app_interface = { "interface, like `dummy0`",
						       set_app_interface,
						       config_format_app_interface };
const struct config_type config_type_app_nonlocal = { "`required`, `ok`", set_app_nonlocal,
						      config_format_app_nonlocal };
