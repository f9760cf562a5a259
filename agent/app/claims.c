/* SPDX-License-Identifier: MIT */
#include "agent/app/claims.h"

#include <errno.h>

#include "lib/str.h"

#include "process/fd_limit.h"

struct app *claims_owner(const struct registry *reg, const struct prefix *vip)
{
	const struct vip *v = vip_find(reg->reconcile, vip);
	return v ? v->owner : NULL;
}

static bool is_heir(const struct registry *reg, const struct app_spec *spec,
		    const struct prefix *vip)
{
	const char *heir = reg->heir && spec->source == APP_FROM_CONFIG
				   ? reg->heir(vip, reg->heir_userdata)
				   : NULL;
	return heir && str_equal(heir, spec->name);
}

static bool yields(const struct app *owner, const struct app_spec *spec, const struct prefix *vip)
{
	const struct registry *reg = owner->registry;
	if (owner->spec->source == spec->source)
		return is_heir(reg, spec, vip);
	return owner->spec->source > spec->source; /* the enum is in this order */
}

static int check_vips(const struct registry *reg, const struct app_spec *spec,
		      const struct app *self, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < spec->n_vips; i++) {
		const struct app *owner = claims_owner(reg, &spec->vips[i]);
		if (owner && owner != self && !yields(owner, spec, &spec->vips[i]))
			return err_set(err, -EEXIST, "vip %s already belongs to app '%s'",
				       prefix_format(&spec->vips[i], text), owner->spec->name);
	}
	return 0;
}

static int check_name(const struct app_spec *spec, const struct app *self, struct err *err)
{
	/* GoCast lets a request replace it, and the next restart brings the old one back. */
	if (self && self->spec->source == APP_FROM_CONFIG && spec->source != APP_FROM_CONFIG)
		return err_set(err, -EBUSY,
			       "app '%s' is defined in the configuration file, change it there",
			       spec->name);
	if (self && self->spec->source == APP_FROM_PROCESS && spec->source > APP_FROM_PROCESS)
		return err_set(err, -EBUSY,
			       "app '%s' is a process of the configuration file, change it there",
			       spec->name);
	if (self && self->spec->source < spec->source)
		return err_set(err, -EBUSY, "app '%s' is from %s, which comes before %s",
			       spec->name, app_source_name(self->spec->source),
			       app_source_name(spec->source));
	return 0;
}

static int ask_guard(const struct registry *reg, const struct app_spec *spec, struct err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && reg->guard && i < spec->n_vips; i++)
		rc = reg->guard(&spec->vips[i], err, reg->guard_userdata);
	return rc;
}

int claims_check(const struct registry *reg, const struct app_spec *spec, const struct app *self,
		 struct err *err)
{
	int rc = check_name(spec, self, err);
	if (rc == 0 && !self && HASH_COUNT(reg->apps) >= APPS_MAX)
		return err_set(err, -ENOSPC, "the maximum of %d apps is reached", APPS_MAX);
	/* Those of the file are in it because they have to run. */
	if (rc == 0 && !self && spec->source > APP_FROM_PROCESS)
		rc = fd_limit_check(FD_FOR_NEW, err);
	if (rc == 0)
		rc = ask_guard(reg, spec, err);
	return rc < 0 ? rc : check_vips(reg, spec, self, err);
}
