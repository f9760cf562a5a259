/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_hooks.h"

#include "agent/config/format.h"
#include "agent/config/types.h"
#include "agent/model/hook.h"
#include "lib/mem.h"
#include "lib/str.h"

#define FIELD(member) .offset = offsetof(struct hook, member)

static int add_kind(const struct config_key *key, const char *text, void *target, struct err *err)
{
	char ***on = config_field(key, target);
	size_t n = 0;
	int rc = hook_check_pattern(text, err);
	if (rc < 0)
		return rc;
	while (*on && (*on)[n])
		n++;
	*on = mem_grow_by_one(*on, n ? n + 1 : 0, sizeof(**on));
	if (n == 0)
		*on = mem_grow_by_one(*on, 1, sizeof(**on));
	(*on)[n] = mem_strdup(text);
	return 0;
}

static void format_kinds(const struct config_key *key, const void *target, FILE *out)
{
	char *const *on = *(char *const *const *)config_value(key, target);
	for (size_t i = 0; on && on[i]; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", on[i]);
}

static const struct config_type type_kinds = { "kinds of events", add_kind, format_kinds };

static const struct config_key hook_keys[] = {
	{ .name = "on",
	  .shape = CONFIG_VALUES,
	  .type = &type_kinds,
	  FIELD(on),
	  .flags = CONFIG_REQUIRED,
	  .doc = "Kinds of events that it is run for, such as `app.down`, or `app` for all of its "
		 "kinds, see [events.md](events.md#kinds)." },
	{ .name = "exec",
	  .type = &config_type_text,
	  FIELD(exec),
	  .flags = CONFIG_REQUIRED,
	  .doc = "The command, run by bash, or sh where there is none, as `agent.exec.user`. The "
		 "event is on its stdin, as JSON, and in its environment." },
	{ .name = "timeout",
	  .type = &config_type_duration,
	  FIELD(timeout),
	  .default_text = "10s",
	  .min = MSEC(100),
	  .max = HOURS(1),
	  .doc = "A command that runs for longer is killed." },
	{ 0 },
};

const struct config_section config_hooks_section = {
	.path = "agent.hooks[]",
	.doc = "Commands that are run when something has happened, one after the other, see "
	       "[events.md](events.md#hooks).",
	.keys = hook_keys,
};

void *config_add_hook(void *hook_list)
{
	struct hook_list *list = hook_list;
	list->items = mem_grow(list->items, &list->cap, list->n + 1, sizeof(*list->items));
	config_section_defaults(&config_hooks_section, &list->items[list->n]);
	return &list->items[list->n++];
}

static void format_hooks(const struct config_key *key, const void *target, FILE *out)
{
	const struct hook_list *list = config_value(key, target);
	for (size_t i = 0; i < list->n; i++) {
		const struct hook *hook = &list->items[i];
		char timeout[DURATION_TEXT_MAX];
		fprintf(out, "%son ", i > 0 ? "; " : "");
		format_kinds(&hook_keys[0], hook, out);
		fprintf(out, " within %s: %s", duration_format(hook->timeout, timeout),
			hook->exec ? hook->exec : "");
	}
}

const struct config_type config_type_hooks = { "list of mappings", NULL, format_hooks };
