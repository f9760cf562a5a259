/* SPDX-License-Identifier: MIT */
#include "agent/discovery/sidecar.h"

#include "lib/str.h"

static bool is_vip(const char *tag)
{
	return str_starts(tag, "gocast_vip=");
}

static bool has_tag(const struct consul_service *s, const char *tag)
{
	for (size_t i = 0; i < s->n_tags; i++)
		if (str_equal(s->tags[i], tag))
			return true;
	return false;
}

static bool vips_within(const struct consul_service *a, const struct consul_service *b)
{
	for (size_t i = 0; i < a->n_tags; i++)
		if (is_vip(a->tags[i]) && !has_tag(b, a->tags[i]))
			return false;
	return true;
}

static bool has_vip(const struct consul_service *s)
{
	for (size_t i = 0; i < s->n_tags; i++)
		if (is_vip(s->tags[i]))
			return true;
	return false;
}

static bool inherits(const struct consul_service *proxy, const struct consul_entry *service)
{
	for (size_t i = 0; i < service->n; i++)
		if (vips_within(proxy, &service->instances[i]) &&
		    vips_within(&service->instances[i], proxy))
			return true;
	return false;
}

bool sidecar_is_app(const struct consul_catalog *c, const struct consul_service *instance,
		    bool known)
{
	if (!instance->tags || !instance->proxied)
		return instance->tags;
	if (!has_vip(instance))
		return false;
	const struct consul_entry *service = consul_catalog_find(c, instance->proxied);
	return service ? !inherits(instance, service) : known;
}
