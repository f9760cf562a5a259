/* SPDX-License-Identifier: MIT */
#include "agent/config/check_programs.h"

#include "agent/model/admission.h"
#include "lib/str.h"

static bool is_default_route(const struct config_node *node)
{
	struct prefix p;
	return node->text && prefix_parse(node->text, &p, NULL) == 0 && p.len == 0;
}

/* As other VIPs. */
static void check_allow(const struct config_node *node, struct config_findings *findings)
{
	const struct config_node *list = config_node_get(node, "allow");
	const struct config_node *first =
		list && list->kind == CONFIG_SEQUENCE ? list->first : list;
	for (const struct config_node *p = first; p; p = p == list ? NULL : p->next)
		if (is_default_route(p))
			config_error(findings, config_at(p),
				     "a default route is not announced, name the prefixes");
}

static void check_run(const struct config_draft *draft, const struct program_spec *s,
		      const struct config_node *node, struct config_findings *findings)
{
	const struct config_node *run = config_node_get(node, "run");
	if (!run && !s->fifo)
		config_error(findings, config_at_missing(node, "run"),
			     "missing: without it and without fifo there is nothing to read from");
	if (s->run && draft->agent.admission.exec == MONITORS_FROM_NONE)
		config_error(findings, config_at(run),
			     "no command is run with agent.exec.allow_from: none, specify 'config' "
			     "there");
	if (s->run && !s->run[0][0])
		config_error(findings, config_at(run), "the name of the program is empty");
	if (!s->run && s->user)
		config_warn(findings, config_at(config_node_get(node, "user")),
			    "has no effect: nothing is run");
}

static void check_name(const struct config_draft *draft, size_t at, const struct config_node *node,
		       struct config_findings *findings)
{
	const char *name = draft->programs.items[at].name;
	const struct config_node *key = config_node_get(node, "name");
	for (size_t i = 0; name && i < at; i++) {
		const char *other = draft->programs.items[i].name;
		if (other && str_equal(other, name))
			config_error(findings, config_at(key), "duplicate name '%s'", name);
	}
	for (size_t i = 0; name && i < draft->n_apps; i++)
		if (draft->apps[i].name && str_equal(draft->apps[i].name, name))
			config_error(findings, config_at(key),
				     "'%s' is the name of an app already, and the routes of a "
				     "process are an app of its name",
				     name);
}

/* Warns of routes that outlive the program that decides on them. */
static void check_exit(const struct program_spec *s, const struct config_node *node,
		       struct config_findings *findings)
{
	const struct config_node *key = config_node_get(node, "on_exit");
	if (s->on_exit == PROGRAM_EXIT_KEEPS)
		config_warn(findings, config_at(key),
			    "the routes stay announced when the program that decides on them has "
			    "ended");
}

void config_check_programs(struct config_draft *draft, const struct config_node *root,
			   struct config_findings *findings)
{
	const struct config_node *list = config_node_get(root, "processes");
	const struct config_node *node = list ? list->first : NULL;
	if (draft->programs.n > PROGRAMS_MAX)
		config_error(findings, config_at(list), "more than %d processes", PROGRAMS_MAX);
	for (size_t i = 0; i < draft->programs.n && node; i++, node = node->next) {
		struct program_spec *s = &draft->programs.items[i];
		const struct config_node *run = config_node_get(node, "run");
		s->is_line = run && run->kind == CONFIG_SCALAR;
		check_run(draft, s, node, findings);
		check_allow(node, findings);
		check_name(draft, i, node, findings);
		check_exit(s, node, findings);
	}
}
