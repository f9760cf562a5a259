/* SPDX-License-Identifier: MIT */
#include "agent/status/config_file.h"

#include <string.h>
#include <sys/stat.h>

#include "agent/status/view_json.h"
#include "lib/clock.h"
#include "lib/str.h"

static const char *state_name(enum config_text_state state)
{
	switch (state) {
	case CONFIG_TEXT_LOADED:
		return "loaded";
	case CONFIG_TEXT_KEPT:
		return "kept";
	case CONFIG_TEXT_OUT:
		return "left-out";
	}
	return "";
}

static void add_file(struct config_file *f, const struct config_text *t)
{
	json_t *o = json_pack("{s:o, s:s, s:o, s:I}", "file", view_text(t->file), "state",
			      state_name(t->state), "sha256",
			      t->data ? json_string(t->sha256) : json_null(), "apps",
			      VIEW_INT(t->n_apps));
	f->n_kept += t->state == CONFIG_TEXT_KEPT;
	f->n_left_out += t->state == CONFIG_TEXT_OUT;
	if (t->state != CONFIG_TEXT_LOADED && !f->first_broken)
		f->first_broken = json_string_value(json_object_get(o, "file"));
	json_array_append_new(f->files, o);
}

static void set_files(struct config_file *f, const struct config_set *set)
{
	json_decref(f->files);
	f->files = json_array();
	f->n_kept = f->n_left_out = 0;
	f->first_broken = NULL;
	for (size_t i = 1; i < set->n; i++)
		add_file(f, &set->items[i]);
}

static wall_t modified_at(const struct stat *st)
{
	return (wall_t)st->st_mtim.tv_sec * USEC_PER_SEC + (wall_t)st->st_mtim.tv_nsec / 1000;
}

void config_file_loaded(struct config_file *f, const char *path, const struct config *config)
{
	struct stat st = { 0 };
	f->path = path;
	f->last_good[0] = 0;
	f->rolled_back = (struct config_rolled_back){ 0 };
	f->loaded_at = wall_now();
	memcpy(f->sha256, config->sha256, sizeof(f->sha256));
	set_files(f, &config->set);
	if (stat(path, &st) == 0)
		f->modified = modified_at(&st);
}

bool config_file_is_accepted(const struct config_file *f)
{
	return !f->last_good[0] && (!f->reload_at || f->reload_ok);
}

bool config_file_is_changed(const struct config_file *f)
{
	struct stat st = { 0 };
	json_t *file;
	size_t i;
	if (stat(f->path, &st) < 0 || modified_at(&st) != f->modified)
		return true;
	json_array_foreach(f->files, i,
			   file) if (stat(json_string_value(json_object_get(file, "file")), &st) <
					     0 ||
				     modified_at(&st) > f->loaded_at) return true;
	return false;
}

void config_file_rolled_back(struct config_file *f, const char *sha256, const char *by,
			     const char *at)
{
	struct config_rolled_back *r = &f->rolled_back;
	str_copy(r->sha256, sizeof(r->sha256), sha256);
	str_copy(r->by, sizeof(r->by), by);
	str_copy(r->at, sizeof(r->at), at);
}

void config_file_reloaded(struct config_file *f, enum reload_end end, json_t *errors,
			  json_t *needs_restart)
{
	f->reload_at = wall_now();
	f->reload_ok = end == RELOAD_DONE;
	f->incomplete = end == RELOAD_INCOMPLETE;
	json_decref(f->errors);
	f->errors = errors;
	if (end == RELOAD_FAILED) { /* the keys are those of the configuration in effect */
		json_decref(needs_restart);
		return;
	}
	json_decref(f->needs_restart);
	f->needs_restart = needs_restart;
}

void config_file_done(struct config_file *f)
{
	json_decref(f->errors);
	json_decref(f->needs_restart);
	json_decref(f->files);
	*f = (struct config_file){ 0 };
}

static json_t *array_or_empty(json_t *array)
{
	return array ? json_incref(array) : json_array();
}

static json_t *last_reload(const struct config_file *f)
{
	char date[DATE_TEXT_MAX];
	if (!f->reload_at)
		return json_null();
	return json_pack("{s:s, s:b, s:o}", "at", date_format(f->reload_at, date), "ok",
			 f->reload_ok, "errors", array_or_empty(f->errors));
}

json_t *view_config_trial(const struct config_file *f)
{
	char date[DATE_TEXT_MAX];
	const struct config_trial *t = &f->trial;
	if (!t->deadline)
		return json_null();
	return json_pack("{s:s, s:s, s:o}", "deadline", date_format(t->deadline, date), "sha256",
			 t->sha256, "by", view_text(t->by));
}

static json_t *rolled_back(const struct config_file *f)
{
	const struct config_rolled_back *r = &f->rolled_back;
	if (!r->sha256[0])
		return json_null();
	return json_pack("{s:o, s:s, s:o}", "at", view_text(r->at), "sha256", r->sha256, "by",
			 view_text(r->by));
}

json_t *view_config_file(const struct config_file *f)
{
	char date[DATE_TEXT_MAX];
	return json_pack("{s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:o}", "file", view_text(f->path),
			 "sha256", f->sha256, "files", array_or_empty(f->files), "loaded_at",
			 date_format(f->loaded_at, date), "last_reload", last_reload(f),
			 "needs_restart", array_or_empty(f->needs_restart), "confirm",
			 view_config_trial(f), "rolled_back", rolled_back(f));
}
