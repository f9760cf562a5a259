/* SPDX-License-Identifier: MIT */
#include "agent/config/key.h"

#include "lib/str.h"

const struct config_key *config_section_keys(const struct config_section *s)
{
	return s->make_keys ? s->make_keys() : s->keys;
}

const struct config_key *config_section_find(const struct config_section *s, const char *name,
					     size_t *ret_offset)
{
	for (const struct config_key *k = config_section_keys(s); k->name; k++)
		if (config_key_has_name(k, name)) {
			*ret_offset = 0;
			return k;
		}
	if (!s->shared)
		return NULL;
	const struct config_key *k = config_section_find(s->shared, name, ret_offset);
	if (!k || k->flags & CONFIG_NOT_SHARED)
		return NULL;
	*ret_offset = s->shared_offset;
	return k;
}

void config_section_defaults(const struct config_section *s, void *target)
{
	for (const struct config_key *k = config_section_keys(s); k->name; k++)
		if (k->default_text)
			k->type->set(k, k->default_text, target, NULL);
	for (const struct config_key *k = config_section_keys(s); k->name; k++)
		if (k->shape == CONFIG_SECTION)
			config_section_defaults(k->section, (char *)target + k->offset);
	if (s->shared)
		config_section_defaults(s->shared, (char *)target + s->shared_offset);
}
