/* SPDX-License-Identifier: MIT */
#include "agent/cli/completions.h"

#include "agent/cli/verb.h"
#include "lib/str.h"

/* Of the whole program, beside the verbs. */
#define OTHERS "check listen healthcheck help version"

static void write_options(const struct verb *v, FILE *out)
{
	const char *gap = "";
	for (const struct verb_option *o = verb_common_options(); o->name; o++)
		if (verb_accepts(v, o)) {
			fprintf(out, "%s--%s", gap, o->name);
			gap = " ";
		}
	for (const struct verb_option *o = v->options; o->name; o++)
		fprintf(out, " --%s", o->name);
	const struct config_key *k = v->keys ? config_section_keys(v->keys) : NULL;
	for (; k && k->name; k++)
		fprintf(out, " --%s", k->name);
}

static void write_words(const char *const *words, FILE *out)
{
	for (const char *const *w = words; *w; w++)
		fprintf(out, "%s%s", w == words ? "" : " ", *w);
}

static void write_bash(FILE *out)
{
	fputs("# vipherald completions bash\n_vipherald() {\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} options= names=\n"
	      "\tif ((COMP_CWORD == 1)); then\n\t\tCOMPREPLY=($(compgen -W \"",
	      out);
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(out, "%s ", verb_at((enum verb_id)i)->name);
	fputs(OTHERS "\" -- \"$word\"))\n\t\treturn\n\tfi\n\tcase ${COMP_WORDS[1]} in\n", out);
	for (size_t i = 0; i < N_VERBS; i++) {
		const struct verb *v = verb_at((enum verb_id)i);
		fprintf(out, "\t%s%s%s) options=\"", v->name, v->alias ? "|" : "",
			v->alias ? v->alias : "");
		write_options(v, out);
		fputc('"', out);
		if (v->names)
			fprintf(out, " names=$(vipherald %s --names 2>/dev/null)", v->names);
		if (v->orders) {
			fputs("\n\t\t((COMP_CWORD == 3)) && names=\"", out);
			write_words(v->orders, out);
			fputc('"', out);
		}
		if (v->kinds) {
			if (v->has_rest)
				fputs("\n\t\tnames=$(compgen -f -- \"$word\")", out);
			fputs("\n\t\t((COMP_CWORD == 2)) && names=\"", out);
			write_words(v->kinds, out);
			fputc('"', out);
		}
		fputs(" ;;\n", out);
	}
	fputs("\tcheck) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n\tesac\n"
	      "\tif [[ $word == -* ]]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n\telse\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$names\" -- \"$word\"))\n\tfi\n}\n"
	      "complete -F _vipherald vipherald\n",
	      out);
}

/* Quotes of these shells end at a quote; our texts have none. */
static void write_zsh(FILE *out)
{
	fputs("#compdef vipherald\n_vipherald() {\n\tlocal -a verbs\n\tverbs=(\n", out);
	for (size_t i = 0; i < N_VERBS; i++)
		fprintf(out, "\t\t'%s:%s'\n", verb_at((enum verb_id)i)->name,
			verb_at((enum verb_id)i)->summary);
	fputs("\t)\n\tif ((CURRENT == 2)); then\n\t\t_describe verb verbs\n\t\treturn\n\tfi\n"
	      "\tcase $words[2] in\n",
	      out);
	for (size_t i = 0; i < N_VERBS; i++) {
		const struct verb *v = verb_at((enum verb_id)i);
		fprintf(out, "\t%s) compadd -- ", v->name);
		write_options(v, out);
		if (v->names)
			fprintf(out, "; compadd -- ${(f)\"$(vipherald %s --names 2>/dev/null)\"}",
				v->names);
		if (v->orders) {
			fputs("; ((CURRENT == 4)) && compadd -- ", out);
			write_words(v->orders, out);
		}
		if (v->kinds) {
			fputs("; ((CURRENT == 3)) && compadd -- ", out);
			write_words(v->kinds, out);
			fputs(v->has_rest ? " || _files" : "", out);
		}
		fputs(" ;;\n", out);
	}
	fputs("\t*) _files ;;\n\tesac\n}\ncompdef _vipherald vipherald\n", out);
}

static void write_fish(FILE *out)
{
	fputs("# vipherald completions fish\ncomplete -c vipherald -f\n", out);
	for (size_t i = 0; i < N_VERBS; i++) {
		const struct verb *v = verb_at((enum verb_id)i);
		fprintf(out, "complete -c vipherald -n __fish_use_subcommand -a %s -d '%s'\n",
			v->name, v->summary);
		for (const struct verb_option *o = v->options; o->name; o++)
			fprintf(out,
				"complete -c vipherald -n '__fish_seen_subcommand_from %s' -l %s%s "
				"-d '%s'\n",
				v->name, o->name, o->value ? " -r" : "", o->help);
		if (v->names)
			fprintf(out,
				"complete -c vipherald -n '__fish_seen_subcommand_from %s' -a "
				"'(vipherald %s --names 2>/dev/null)'\n",
				v->name, v->names);
		if (v->orders) {
			fprintf(out,
				"complete -c vipherald -n '__fish_seen_subcommand_from %s' -a '",
				v->name);
			write_words(v->orders, out);
			fputs("'\n", out);
		}
		if (v->kinds) {
			fprintf(out,
				"complete -c vipherald %s-n '__fish_seen_subcommand_from %s' -a '",
				v->has_rest ? "-F " : "", v->name);
			write_words(v->kinds, out);
			fputs("'\n", out);
		}
	}
}

bool completions_write(const char *shell, FILE *out)
{
	if (str_equal(shell, "bash"))
		write_bash(out);
	else if (str_equal(shell, "zsh"))
		write_zsh(out);
	else if (str_equal(shell, "fish"))
		write_fish(out);
	else
		return false;
	return true;
}
